//! The beginning of a CSV file: how its lines end, and its columns' names.

use std::collections::HashMap;

use headwater_sdk::{Blame, Error};

use super::{CsvCells, CsvOptions, CsvRows, Dialect, NullTokens, scan};
use crate::codes;
use crate::columns::{Cells, MAX_COLUMNS, Rows, Value, Why, shown};
use crate::files::input::Feed;

/// A CSV file whose header has been read.
pub(crate) struct CsvFile {
    /// The text after the header.
    pub(crate) feed: Feed,
    /// How its rows are found.
    pub(crate) rows: CsvRows,
    /// The names of its columns, each once.
    pub(crate) names: Vec<String>,
    /// Physical lines of the header and before it.
    pub(crate) lines: u64,
}

/// Reads the header of a file. `declared` names the fields of a file without one. `None` when the file is empty.
///
/// # Errors
/// When the file cannot be read, or its header cannot be used.
pub(crate) fn open(
    mut feed: Feed,
    options: &CsvOptions,
    max_line: usize,
    declared: &[String],
    file: &str,
) -> Result<Option<CsvFile>, Error> {
    let CsvOptions { delimiter, quote, comment, .. } = *options;
    // What stands above the header is text of any kind.
    let terminator = find_terminator(&mut feed, quote.filter(|_| options.skip == 0), comment, max_line)?;
    let dialect = Dialect { delimiter, quote, comment, terminator, max_line };
    let mut lines = 0;
    while lines < u64::from(options.skip) && feed.skip_line(terminator)? {
        lines += 1;
    }
    let mut found = Rows::default();
    let used = loop {
        let used = scan(feed.bytes(), feed.ended(), &dialect, None, 1, &mut found);
        if feed.ended() || !found.rows.is_empty() || !found.broken.is_empty() {
            break used;
        }
        // Blank lines and comments.
        lines += u64::from(found.lines);
        feed.consume(used);
        if found.skip {
            lines += u64::from(feed.skip_line(terminator)?);
        }
        feed.more()?;
    };
    let Some(&row) = found.rows.first() else {
        return match found.broken.first() {
            None => Ok(None),
            Some(_) if !options.header && !declared.is_empty() => {
                // The first row is bad; how many fields there are is declared.
                let rows = CsvRows { dialect, fields: declared.len() };
                Ok(Some(CsvFile { feed, rows, names: declared.to_vec(), lines }))
            }
            Some((_, why)) => Err(unusable(file, *why, options, max_line)),
        };
    };
    let fields = found.ends.len();
    if fields > MAX_COLUMNS {
        return Err(Error::new(
            codes::TOO_MANY_COLUMNS,
            Blame::Data,
            format!("the file {file} has {fields} columns; a table has at most {MAX_COLUMNS}"),
        )
        .help("check `delimiter`, and that the file has its rows on lines; split wider tables into several"));
    }
    if !options.header {
        // The first row is data: it is left in the feed.
        let named = |at: usize| declared.get(at).cloned().unwrap_or_else(|| format!("column_{}", at + 1));
        let names: Vec<String> = (0..fields).map(named).collect();
        refuse_duplicates(&names, file)?;
        return Ok(Some(CsvFile { feed, rows: CsvRows { dialect, fields }, names, lines }));
    }
    let text = feed.bytes();
    if simdutf8::basic::from_utf8(&text[row.range()]).is_err() {
        let header = shown(&text[row.range()]);
        return Err(bad(file, format!("the header of {file} is not valid UTF-8: {header}"))
            .help("declare the file's encoding, e.g. `format: { encoding: windows-1252 }`"));
    }
    let no_nulls = NullTokens::new(&[]);
    let mut scratch = Vec::new();
    let mut names = Vec::with_capacity(fields);
    for field in 0..fields {
        let cells = CsvCells { text, found: &found, fields, field, nulls: &no_nulls, quote: options.quote };
        let name = match cells.value(0, &mut scratch) {
            Value::Text(text) => String::from_utf8_lossy(text).into_owned(),
            Value::Null | Value::Broken(_) => String::new(),
        };
        if name.trim().is_empty() {
            return Err(bad(file, format!("column {} of {file} has no name", field + 1)).help(
                "name every column in the header; if the first row is data, say `header: false` and declare the columns",
            ));
        }
        names.push(name);
    }
    refuse_duplicates(&names, file)?;
    lines += u64::from(found.lines);
    feed.consume(used);
    if found.skip {
        // A long comment below the header.
        lines += u64::from(feed.skip_line(terminator)?);
    }
    Ok(Some(CsvFile { feed, rows: CsvRows { dialect, fields }, names, lines }))
}

fn bad(_file: &str, message: String) -> Error {
    Error::new(codes::BAD_HEADER, Blame::Data, message)
}

/// A table's columns differ in more than letter case.
///
/// # Errors
/// `HW0306` when two of them do not.
pub(crate) fn refuse_duplicates(names: &[String], file: &str) -> Result<(), Error> {
    let mut seen: HashMap<String, usize> = HashMap::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        if let Some(first) = seen.insert(name.to_lowercase(), at) {
            let (one, two) = (shown(names[first].as_bytes()), shown(name.as_bytes()));
            let message = if one == two {
                format!("columns {} and {} of {file} are both named '{one}'", first + 1, at + 1)
            } else {
                format!("columns '{one}' and '{two}' of {file} differ in letter case only")
            };
            return Err(bad(file, message)
                .help("give every column a name of its own; if the first row is data, say `header: false`"));
        }
    }
    Ok(())
}

fn unusable(file: &str, why: Why, options: &CsvOptions, max_line: usize) -> Error {
    let what = if options.header { "header" } else { "first row" };
    let (problem, help) = match why {
        Why::TooLong => (
            format!("is longer than {max_line} bytes"),
            "check that the file has line ends and is the CSV it is thought to be; `max_line` allows longer rows",
        ),
        Why::Unclosed => ("has a quote that is not closed".to_owned(), "correct the file, or declare another `quote`"),
        Why::AfterQuote | Why::Fields(_) => {
            ("has text after a closing quote".to_owned(), "correct the file, or declare another `quote`")
        }
    };
    bad(file, format!("the {what} of {file} {problem}")).help(help)
}

/// What ends lines: `\r` where the first one ends with it alone, otherwise `\n`.
fn find_terminator(feed: &mut Feed, quote: Option<u8>, comment: Option<u8>, max_line: usize) -> Result<u8, Error> {
    loop {
        let text = feed.bytes();
        // A comment quotes nothing.
        let quote = quote.filter(|_| comment.is_none_or(|mark| text.first() != Some(&mark)));
        let mut quoted = false;
        for (at, &byte) in text.iter().enumerate() {
            if Some(byte) == quote {
                quoted = !quoted;
            } else if byte == b'\n' && !quoted {
                return Ok(b'\n');
            } else if byte == b'\r' && !quoted {
                match text.get(at + 1) {
                    Some(b'\n') => return Ok(b'\n'),
                    Some(_) => return Ok(b'\r'),
                    None if feed.ended() => return Ok(b'\r'),
                    None => {}
                }
            }
        }
        if feed.ended() || text.len() > max_line {
            return Ok(b'\n');
        }
        feed.more()?;
    }
}
