//! How a file of delimited text is written, by a look at its beginning.

use std::collections::BTreeMap;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::cut::{Cut, DELIMITERS, Field};
use super::dates::Dates;
use super::names::Header;
use super::numbers::Numbers;
use crate::files::csv::Dialect;

/// So many of a hundred rows have the same number of fields, or it is another delimiter.
const SAME: usize = 90;
/// So many where there is no other delimiter with more.
const SAME_AT_LEAST: usize = 60;
/// How much less likely lines above a table make a shape, in percents of rows that have the same number of fields, and comments.
const LINES_ABOVE: usize = 10;
const COMMENTS: usize = 5;
/// Below lines that are no rows, a table of fewer columns must be told from texts with commas by its values.
const TOLD_FROM_TEXTS: usize = 3;
/// What comments begin with.
const COMMENT: u8 = b'#';

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sniffed {
    pub(super) delimiter: u8,
    /// What lines begin with that are no rows.
    pub(super) comment: Option<u8>,
    /// Lines above the header, or above the first row.
    pub(super) skip: u32,
    /// Whether the first row holds names.
    pub(super) header: bool,
    /// Whether the columns' names are made.
    pub(super) is_made: bool,
    /// The columns' names: as they stand in the file, or are made.
    pub(super) names: Vec<String>,
    /// What tells how numbers are written.
    pub(super) numbers: Numbers,
    /// How dates are written.
    pub(super) dates: Dates,
    /// What is a guess that may be wrong: clauses.
    pub(super) notes: Vec<String>,
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
    let delimiters = || [first].into_iter().chain(DELIMITERS.into_iter().filter(|other| *other != first));
    let dialects = delimiters().flat_map(|delimiter| comments.iter().map(move |comment| dialect(delimiter, *comment)));
    let shapes = dialects.filter_map(|dialect| Shape::of(Cut::new(text, ended, dialect)));
    // Of several that are as likely the first one.
    let best = shapes.reduce(Shape::likelier);
    best.unwrap_or_else(|| {
        let cut = |delimiter| Cut::new(text, ended, dialect(delimiter, None));
        let usual = cut(first);
        // One column is not cut by what its values hold.
        let is_one = usual.len() > 0 && usual.width(0) == 1;
        let spare = delimiters().find(|delimiter| is_one && !text.contains(delimiter));
        Shape::of_one_column(spare.map_or(usual, cut))
    })
    .told()
}

/// What a text looks like, told apart in one way.
struct Shape<'a> {
    cut: Cut<'a>,
    header: Header,
    /// The first row of the table, be it names or values.
    first: usize,
    /// The greater the likelier.
    likelihood: usize,
    /// Whether many rows have another number of fields.
    is_ragged: bool,
}

impl<'a> Shape<'a> {
    /// `None` where rows have one field, or too many of them another number than the others.
    fn of(cut: Cut<'a>) -> Option<Self> {
        let above = rows_above(&cut);
        let fields = (above < cut.len()).then(|| cut.width(above)).filter(|fields| *fields > 1)?;
        let rows = above..cut.len();
        let same = rows.clone().filter(|row| cut.width(*row) == fields).count() * 100;
        let same = same / (rows.len() + cut.broken_after(above));
        let header = Header::find(&cut, above);
        // What stands above a table stands above its names: commas in numbers make rows, too. And a line below its first row that has as many
        // fields is one of its rows, whatever it begins with.
        if same < SAME_AT_LEAST
            || has_rows_of_comments(&cut, fields)
            || above > 0 && !has_names_alone(&cut, &header, fields)
        {
            return None;
        }
        let first = match header {
            Header::Row(row) | Header::Made(row, _) => row,
            Header::Missing(_) => above,
        };
        let malus = if above > 0 { LINES_ABOVE } else { 0 } + cut.dialect().comment.map_or(0, |_| COMMENTS);
        let likelihood = (same * cut.clean(above) / 100).saturating_sub(malus);
        Some(Self { cut, header, first, likelihood, is_ragged: same < SAME })
    }

    fn likelier(self, other: Self) -> Self {
        let rank = |shape: &Self| (!shape.is_ragged, shape.likelihood);
        if rank(&self) >= rank(&other) { self } else { other }
    }

    fn of_one_column(cut: Cut<'a>) -> Self {
        let header = if cut.len() == 0 { Header::Row(0) } else { Header::find(&cut, 0) };
        Self { cut, header, first: 0, likelihood: 0, is_ragged: false }
    }

    fn told(self) -> Sniffed {
        let Self { cut, header, first, is_ragged, .. } = self;
        let Dialect { delimiter, comment, .. } = cut.dialect();
        let is_there = first < cut.len();
        let mut names: Vec<String> = if is_there { cut.fields(first).map(Field::name).collect() } else { Vec::new() };
        let (mut below, mut notes, mut is_made, has_header) =
            (first + 1, Vec::new(), false, matches!(header, Header::Row(_)));
        // What is skipped ends where the first row begins.
        let start = if let Header::Made(row, _) = header { row + 1 } else { first };
        let skip = if start > 0 && start < cut.len() { cut.lines_before(start) } else { 0 };
        match header {
            Header::Row(_) => {}
            Header::Made(_, new) => {
                let changed = names.iter().zip(&new).filter(|(name, new)| name.trim() != new.as_str());
                let changed: Vec<&str> = changed.map(|(_, new)| new.as_str()).collect();
                notes.push(format!(
                    "names of its header are missing or come twice: it is skipped, and columns are taken by their place; new names are {}",
                    changed.join(", ")
                ));
                names = new;
                is_made = true;
            }
            Header::Missing(why) => {
                notes.push(format!("it is taken to have no header, as {why}: its columns are column_1 and so on"));
                names = (1..=names.len()).map(|number| format!("column_{number}")).collect();
                below = first;
            }
        }
        // A header above the first row of the table is a row of it, where none was found.
        let skip = if first == 0 && !is_made { 0 } else { skip };
        notes.extend(one_column_with_delimiters(&cut, first));
        if is_ragged {
            notes.push("many rows have another number of fields than its first one: they are set aside".to_owned());
        }
        if comment.is_some() {
            notes.push("lines that begin with # are taken for comments".to_owned());
        }
        let (dates, numbers) = (Dates::find(&cut, below, &names), Numbers::find(&cut, below, names.len()));
        Sniffed { delimiter, comment, skip, header: has_header, is_made, names, numbers, dates, notes }
    }
}

/// Whether lines that would be comments have so many fields, below the first row.
fn has_rows_of_comments(cut: &Cut<'_>, fields: usize) -> bool {
    if cut.dialect().comment.is_none() {
        return false;
    }
    let all = cut.with_comments();
    let is_comment = |row: &usize| all.text(*row).first() == Some(&COMMENT);
    (0..all.len()).skip_while(is_comment).filter(is_comment).any(|row| all.width(row) == fields)
}

/// How many rows stand above the table: those at the beginning that have fewer fields than most rows. There are fewer of them than rows of the
/// table.
fn rows_above(cut: &Cut<'_>) -> usize {
    let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
    (0..cut.len()).for_each(|row| *rows.entry(cut.width(row)).or_default() += 1);
    let Some((usual, many)) = rows.into_iter().max_by_key(|(fields, rows)| (*rows, *fields)) else { return 0 };
    let above = (0..cut.len()).take_while(|row| cut.width(*row) < usual).count();
    if above < many { above } else { 0 }
}

/// Whether the table has names of which none has another character that stands between fields. With few columns they must be told from texts.
fn has_names_alone(cut: &Cut<'_>, header: &Header, fields: usize) -> bool {
    let (Header::Row(row) | Header::Made(row, _)) = *header else { return false };
    let is_other = |byte: &u8| *byte != cut.dialect().delimiter && DELIMITERS.contains(byte);
    let alone = !cut.fields(row).any(|field| field.text().iter().any(is_other));
    alone && (fields >= TOLD_FROM_TEXTS || cut.is_told_from_below(row))
}

/// What to say of a table of one column in which nearly all rows hold the same number of a character that stands between fields.
fn one_column_with_delimiters(cut: &Cut<'_>, first: usize) -> Option<String> {
    if first >= cut.len() || cut.width(first) > 1 {
        return None;
    }
    let texts: Vec<&[u8]> =
        (first + 1..cut.len()).map(|row| cut.text(row)).filter(|text| !text.contains(&b'"')).collect();
    let of = |delimiter: u8| {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        texts.iter().for_each(|text| *counts.entry(memchr::memchr_iter(delimiter, text).count()).or_default() += 1);
        let many = counts.into_iter().filter(|(count, _)| *count > 0).map(|(_, rows)| rows).max().unwrap_or_default();
        many * 100 >= texts.len() * SAME
    };
    let found = DELIMITERS.into_iter().filter(|_| !texts.is_empty()).find(|delimiter| of(*delimiter))?;
    let found = if found == b'\t' { "tabs".to_owned() } else { format!("'{}'", char::from(found)) };
    Some(format!(
        "it is taken for one column, though its rows hold {found}: if fields stand between them, say `delimiter`, and `skip` for lines above the names"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_and_headers_are_found() {
        for (text, first, delimiter, header) in [
            ("id,name\n1,one\n2,two\n", b',', b',', true),
            ("id;price\n1;1,5\n2;2,5\n", b',', b';', true),
            ("id\tnote\n1\ta, b\n2\tc, d\n", b',', b'\t', true),
            ("a|b|c\r\n1|2|3\r\n", b',', b'|', true),
            ("1,2013-01-01,x\n2,2013-01-02,y\n", b',', b',', false),
            ("id,\"a, b\"\n1,x\n", b',', b',', true),
            ("a,a\nb,c\n", b',', b',', false),
            ("1,5;2,5\n3,5;4,5\n", b',', b';', false),
            ("\"x\";\"a, b, c\"\n1;\"d, e, f\"\n", b',', b';', true),
            ("land,2019,2020,2021\nCH,8,9,7\nDE,80,81,85\n", b',', b',', true),
            ("x,1,2,3\ny,3,4,5\n", b',', b',', false),
            ("name\nAda\nAlan\n", b',', b',', true),
            ("id,name", b',', b',', true),
            ("a;b\n1;2\n", b'\t', b';', true),
        ] {
            let found = sniff(text.as_bytes(), true, first);
            assert_eq!(
                (found.delimiter, found.comment, found.skip, found.header),
                (delimiter, None, 0, header),
                "{text}"
            );
            assert_eq!(found.notes.is_empty(), header, "{text}: {found:?}");
        }
    }

    #[test]
    fn what_stands_above_the_header_is_found() {
        for (text, delimiter, comment, skip) in [
            ("# of, 2024\n#\nid,name,at\n1,one,x\n# the end\n", b',', Some(b'#'), 0),
            ("#id,name,at\n1,one,x\n", b',', None, 0),
            ("Report\n\nof 2024; all\nid,name,at\n1,one,x\n2,two,y\n", b',', None, 3),
            ("Bericht\nNr;Preis;am\n1;1,5;x\n2;2,5;y\n", b';', None, 1),
            ("name\nSmith, J\nDoe, A\n", b';', None, 0),
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
