//! How a file of delimited text is written, by a look at its beginning.

use std::collections::BTreeMap;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use crate::columns::{Cells, Rows, Value};
use crate::files::csv::{CsvCells, Dialect, NullTokens, scan};

/// What may stand between fields, the likelier ones first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Rows looked at.
const ROWS: usize = 1_000;
/// So many of a hundred rows have the same number of fields, or it is another delimiter.
const SAME: usize = 90;

/// Lines above the header are found where the table has so many columns: below that, a header of one name and texts with commas look alike.
const COLUMNS_BELOW_LINES: usize = 3;
/// What comments begin with.
const COMMENT: u8 = b'#';

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sniffed {
    pub(super) delimiter: u8,
    /// What lines begin with that are no rows.
    pub(super) comment: Option<u8>,
    /// Lines above the header.
    pub(super) skip: u32,
    /// Whether the first row holds names.
    pub(super) header: bool,
    /// Fields of a row.
    pub(super) fields: usize,
}

/// The encoding that a text must be in, if it is not UTF-8. `text` may end within a character.
pub(super) fn encoding(text: &[u8]) -> &'static Encoding {
    match std::str::from_utf8(text) {
        Err(error) if error.error_len().is_some() => WINDOWS_1252,
        _ => UTF_8,
    }
}

/// Looks at the beginning of a text; `ended` says that it is all of it. `first` is the likeliest delimiter.
pub(super) fn sniff(text: &[u8], ended: bool, first: u8) -> Sniffed {
    let terminator = if text.contains(&b'\n') { b'\n' } else { b'\r' };
    let has_comments = text.split(|byte| *byte == terminator).any(|line| line.first() == Some(&COMMENT));
    let comments = if has_comments { &[None, Some(COMMENT)][..] } else { &[None] };
    let dialect =
        |delimiter, comment| Dialect { delimiter, quote: Some(b'"'), comment, terminator, max_line: text.len().max(1) };
    let delimiters = [first].into_iter().chain(DELIMITERS.into_iter().filter(|other| *other != first));
    let dialects = delimiters.flat_map(|delimiter| comments.iter().map(move |comment| dialect(delimiter, *comment)));
    let shapes = dialects.filter_map(|dialect| Shape::of(text, ended, dialect));
    // Of several that are as likely the first one.
    let best = shapes.reduce(|best, shape| if best.rank() >= shape.rank() { best } else { shape });
    let Shape { dialect, start, skip, fields, .. } =
        best.unwrap_or(Shape { dialect: dialect(first, None), start: 0, skip: 0, fields: 1, same: 0 });
    let mut found = Rows::default();
    let text = &text[start..];
    scan(text, ended, &dialect, None, 1, &mut found);
    let Dialect { delimiter, comment, .. } = dialect;
    Sniffed { delimiter, comment, skip, header: is_header(text, &found, fields), fields }
}

/// What a text looks like, told apart in one way.
#[derive(Clone, Copy)]
struct Shape {
    dialect: Dialect,
    /// Where the first row is, and the lines above it.
    start: usize,
    skip: u32,
    /// Fields of a row, and how many rows of a hundred have so many.
    fields: usize,
    same: usize,
}

impl Shape {
    /// `None` where rows have one field, or too many of them another number than the others.
    fn of(text: &[u8], ended: bool, dialect: Dialect) -> Option<Self> {
        let mut found = Rows::default();
        scan(text, ended, &dialect, None, ROWS, &mut found);
        let counts = fields_of(&found);
        let above = rows_above(&counts);
        let rows = &counts[above..];
        let fields = rows.first().copied().filter(|fields| *fields > 1)?;
        let first = found.rows[above];
        let broken = found.broken.iter().filter(|(row, _)| row.start >= first.start).count();
        let same = rows.iter().filter(|count| **count == fields).count() * 100 / (rows.len() + broken);
        let (start, skip) = if above == 0 { (0, 0) } else { (first.start as usize, first.line) };
        let shape = Self { dialect, start, skip, fields, same };
        // What stands above a table stands above its names: commas in numbers make rows, too.
        (same >= SAME && (skip == 0 || shape.has_names(text))).then_some(shape)
    }

    /// Whether the first row of the table is one of names, of which none has another character that stands between fields.
    fn has_names(&self, text: &[u8]) -> bool {
        let mut found = Rows::default();
        let text = &text[self.start..];
        scan(text, true, &self.dialect, None, 1, &mut found);
        let others = DELIMITERS.into_iter().filter(|other| *other != self.dialect.delimiter);
        let row = found.rows.first().map(|row| &text[row.range()]).unwrap_or_default();
        is_header(text, &found, self.fields) && !others.into_iter().any(|other| row.contains(&other))
    }

    /// The likelier, the greater.
    fn rank(&self) -> (bool, bool, usize, usize) {
        // Below lines that are no rows, less tells a header apart: the one of more columns it is.
        let fields = if self.skip == 0 { 0 } else { self.fields };
        (self.skip == 0, self.dialect.comment.is_none(), self.same, fields)
    }
}

/// How many rows stand above the table: those at the beginning that have fewer fields than most rows. There are fewer of them than rows of the
/// table.
fn rows_above(counts: &[usize]) -> usize {
    let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
    counts.iter().for_each(|fields| *rows.entry(*fields).or_default() += 1);
    let Some((usual, many)) = rows.into_iter().max_by_key(|(fields, rows)| (*rows, *fields)) else { return 0 };
    let above = counts.iter().take_while(|fields| **fields < usual).count();
    if usual >= COLUMNS_BELOW_LINES && above < many { above } else { 0 }
}

/// How many fields each row has.
fn fields_of(found: &Rows) -> Vec<usize> {
    let mut ends = found.ends.iter().peekable();
    let count = |row: &crate::columns::Row| {
        let mut fields = 0;
        while ends.next_if(|end| end.at() <= row.end as usize).is_some() {
            fields += 1;
        }
        fields
    };
    found.rows.iter().map(count).collect()
}

/// Whether a row is one of names: each is there, none comes twice, and none is a number.
fn is_header(text: &[u8], found: &Rows, fields: usize) -> bool {
    if found.rows.is_empty() || found.ends.len() != fields {
        return true;
    }
    let (nulls, mut scratch, mut names) = (NullTokens::new(&[]), Vec::new(), Vec::new());
    for field in 0..fields {
        let cells = CsvCells { text, found, fields, field, nulls: &nulls, quote: Some(b'"') };
        match cells.value(0, &mut scratch) {
            Value::Text(name) => names.push(String::from_utf8_lossy(name).trim().to_lowercase()),
            Value::Null | Value::Broken(_) => return false,
        }
    }
    let is_number = |name: &String| {
        name.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
            && name
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | ':' | '/' | 't' | 'z' | 'e' | ' '))
    };
    let is_name = |name: &String| !name.is_empty() && !is_number(name) && !matches!(name.as_str(), "true" | "false");
    if !names.iter().all(is_name) {
        return false;
    }
    names.sort();
    names.windows(2).all(|pair| pair[0] != pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_and_headers_are_found() {
        for (text, first, delimiter, header, fields) in [
            ("id,name\n1,one\n2,two\n", b',', b',', true, 2),
            ("id;price\n1;1,5\n2;2,5\n", b',', b';', true, 2),
            ("id\tnote\n1\ta, b\n2\tc, d\n", b',', b'\t', true, 2),
            ("a|b|c\r\n1|2|3\r\n", b',', b'|', true, 3),
            ("1,2013-01-01,x\n2,2013-01-02,y\n", b',', b',', false, 3),
            ("id,\"a, b\"\n1,x\n", b',', b',', true, 2),
            ("id,id\n1,2\n", b',', b',', false, 2),
            ("name\nAda\nAlan\n", b',', b',', true, 1),
            ("id,name", b',', b',', true, 2),
            ("a;b\n1;2\n", b'\t', b';', true, 2),
        ] {
            let expected = Sniffed { delimiter, comment: None, skip: 0, header, fields };
            assert_eq!(sniff(text.as_bytes(), true, first), expected, "{text}");
        }
    }

    #[test]
    fn what_stands_above_the_header_is_found() {
        for (text, delimiter, comment, skip) in [
            ("# of, 2024\n#\nid,name,at\n1,one,x\n# the end\n", b',', Some(b'#'), 0),
            ("#id,name,at\n1,one,x\n", b',', None, 0),
            ("Report\n\nof 2024; all\nid,name,at\n1,one,x\n2,two,y\n", b',', None, 3),
            ("Bericht\nNr;Preis;am\n1;1,5;x\n2;2,5;y\n", b';', None, 1),
            ("name\nSmith, J\nDoe, A\n", b',', None, 0),
            ("id,name,at\n1,one,x\n2,two,y\n3,three,z,more\n", b',', None, 0),
            ("Bericht\nk;x;y\n1;1,5;2,5\n2;1,6;2,6\n3;1,7;2,7\n", b';', None, 1),
            // A program that fills up lines, and numbers with commas.
            (
                "Bericht;;\nvom 1.2.\n\nOrt;Umsatz;Anteil;am\nBern;1.234,50;0,25;x\nBasel;99,00;1,5;y\n# Ende\n",
                b';',
                Some(b'#'),
                3,
            ),
        ] {
            let found = sniff(text.as_bytes(), true, b',');
            assert_eq!((found.delimiter, found.comment, found.skip), (delimiter, comment, skip), "{text}");
            assert!(found.header, "{text}");
        }
    }

    #[test]
    fn what_is_no_utf_8_is_taken_for_that_of_western_windows() {
        assert_eq!(encoding("Zürich".as_bytes()), UTF_8);
        assert_eq!(encoding(&"Zü".as_bytes()[..2]), UTF_8);
        assert_eq!(encoding(b"Z\xFCrich"), WINDOWS_1252);
    }
}
