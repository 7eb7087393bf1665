//! The beginning of a text, cut into rows and fields in one way, and what kinds of values it has then.

use std::ops::Range;

use crate::columns::{End, Row, Rows};
use crate::files::csv::{Dialect, scan};

/// What may stand between fields, the likelier ones first.
pub(super) const DELIMITERS: [u8; 7] = [b',', b';', b'\t', b'|', b'^', b'~', 1];
/// Texts that stand for null in other programs' files.
pub(super) const NULLS: [&str; 12] =
    ["NA", "N/A", "n/a", "NULL", "null", "Null", "\\N", "None", "none", "nil", "-", "#N/A"];
/// Rows looked at.
const ROWS: usize = 1_000;

/// A text cut into rows and fields.
pub(super) struct Cut<'a> {
    text: &'a [u8],
    ended: bool,
    dialect: Dialect,
    rows: Vec<(Row, Range<usize>)>,
    ends: Vec<End>,
    broken: Vec<Row>,
}

/// A field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    /// Without its quotes; doubled ones are as they were written.
    text: &'a [u8],
    quoted: bool,
}

/// What a field holds, as far as it tells names from values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Empty,
    /// A number, a date or a time, however it is written.
    Figure,
    /// `true` or `false`.
    Truth,
    /// Anything else.
    Word,
}

impl<'a> Cut<'a> {
    /// `ended` says that the text is all there is.
    pub(super) fn new(text: &'a [u8], ended: bool, dialect: Dialect) -> Self {
        let mut found = Rows::default();
        scan(text, ended, &dialect, None, ROWS, &mut found);
        let mut at = 0;
        let fields_of = |row: Row| {
            let first = at;
            at += found.ends[first..].iter().take_while(|end| end.at() <= row.end as usize).count();
            (row, first..at)
        };
        let rows = found.rows.iter().copied().map(fields_of).collect();
        let broken = found.broken.iter().map(|(row, _)| *row).collect();
        Self { text, ended, dialect, rows, ends: found.ends, broken }
    }

    /// The same with lines that are comments as rows.
    pub(super) fn with_comments(&self) -> Self {
        Self::new(self.text, self.ended, Dialect { comment: None, ..self.dialect })
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many fields a row has.
    pub(super) fn width(&self, row: usize) -> usize {
        self.rows[row].1.len()
    }

    /// A row as it is written.
    pub(super) fn text(&self, row: usize) -> &'a [u8] {
        &self.text[self.rows[row].0.range()]
    }

    /// Physical lines before a row.
    pub(super) fn lines_before(&self, row: usize) -> u32 {
        self.rows[row].0.line
    }

    /// Rows from this one on that cannot be cut.
    pub(super) fn broken_after(&self, row: usize) -> usize {
        self.broken.iter().filter(|broken| broken.start >= self.rows[row].0.start).count()
    }

    /// The fields of a row.
    pub(super) fn fields(&self, row: usize) -> impl Iterator<Item = Field<'a>> {
        let (Row { start, .. }, places) = &self.rows[row];
        let mut start = *start as usize;
        self.ends[places.clone()].iter().map(move |end| {
            let raw = start..end.at();
            start = end.at() + 1;
            match end.is_quoted() {
                true => Field { text: &self.text[raw.start + 1..raw.end - 1], quoted: true },
                false => Field { text: &self.text[raw], quoted: false },
            }
        })
    }

    /// How many of a hundred fields from a row on do not hold what stands between fields elsewhere, unless in a number or in quotes.
    pub(super) fn clean(&self, from: usize) -> usize {
        let fields = || (from..self.len()).flat_map(|row| self.fields(row));
        let clean = fields().filter(|field| !field.has_other_delimiter(self.dialect.delimiter)).count();
        clean * 100 / fields().count().max(1)
    }

    /// The values of a column from a row on, without those that stand for nothing.
    pub(super) fn column(&self, at: usize, from: usize) -> impl Iterator<Item = &'a str> {
        (from..self.len()).filter_map(move |row| self.fields(row).nth(at)?.told())
    }

    /// Whether a column tells the row of names from those below it: there are values, and of another kind in all of them that have one.
    pub(super) fn is_told_from_below(&self, row: usize) -> bool {
        let mut columns: Vec<Below> = self.fields(row).map(|_| Below::default()).collect();
        for row in row + 1..self.len() {
            for (column, field) in columns.iter_mut().zip(self.fields(row)) {
                match field.kind() {
                    Kind::Empty => {}
                    Kind::Word => column.words = true,
                    Kind::Figure | Kind::Truth => column.values = true,
                }
            }
        }
        let mut told = self.fields(row).zip(columns);
        told.any(|(name, below)| name.kind() == Kind::Word && below.values && !below.words)
    }
}

/// What stands below a name.
#[derive(Default)]
struct Below {
    words: bool,
    values: bool,
}

impl<'a> Field<'a> {
    pub(super) fn kind(self) -> Kind {
        let text = self.text.trim_ascii();
        let begins = |c: &u8| c.is_ascii_digit() || matches!(c, b'-' | b'+' | b'.');
        let goes_on = |c: &u8| c.is_ascii_digit() || b"-+.,:/'tzeTZE \xC2\xA0".contains(c);
        match text {
            [] => Kind::Empty,
            [first, ..] if begins(first) && text.iter().any(u8::is_ascii_digit) && text.iter().all(goes_on) => {
                Kind::Figure
            }
            _ if text.eq_ignore_ascii_case(b"true") || text.eq_ignore_ascii_case(b"false") => Kind::Truth,
            _ => Kind::Word,
        }
    }

    /// The text of it, as a name.
    pub(super) fn name(self) -> String {
        let text = String::from_utf8_lossy(self.text);
        if self.quoted { text.replace("\"\"", "\"") } else { text.into_owned() }
    }

    /// The text without blanks around it, unless it stands for nothing.
    pub(super) fn told(self) -> Option<&'a str> {
        let text = std::str::from_utf8(self.text).ok()?.trim();
        (!text.is_empty() && (self.quoted || !NULLS.contains(&text))).then_some(text)
    }

    /// The text as it is written.
    pub(super) fn text(self) -> &'a [u8] {
        self.text
    }

    fn has_other_delimiter(self, delimiter: u8) -> bool {
        let other = |byte: &u8| *byte != delimiter && DELIMITERS.contains(byte);
        !self.quoted && self.text.iter().any(other) && self.kind() != Kind::Figure
    }
}
