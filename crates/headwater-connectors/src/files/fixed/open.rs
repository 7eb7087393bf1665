//! The beginning of a file: lines left out, and names in the first line.

use headwater_sdk::{Blame, Error};

use super::FixedOptions;
use crate::codes;
use crate::files::csv::refuse_duplicates;
use crate::files::input::Feed;
use crate::files::json::JsonLines;
use crate::files::rows::RowReader;

/// Opens a file: its lines below the header, and its columns' names. The names are `None` when a header should be there and is not.
///
/// # Errors
/// When the file cannot be read, or its header cannot be used.
pub(crate) fn open(
    mut feed: Feed,
    options: &FixedOptions,
    max_line: usize,
    declared: &[String],
    file: &str,
) -> Result<(RowReader<JsonLines>, Option<Vec<String>>), Error> {
    let mut lines = 0;
    while lines < u64::from(options.skip) && feed.skip_line(b'\n')? {
        lines += 1;
    }
    let mut reader = RowReader::new(feed, JsonLines { max_line }, lines);
    if !options.header {
        return Ok((reader, Some(options.layout.names(declared))));
    }
    loop {
        if !reader.advance(1)? {
            return Ok((reader, None));
        }
        let found = reader.found();
        let bad = |message: String| {
            Error::new(codes::BAD_HEADER, Blame::Data, message)
                .help("correct the first line, or leave it out with `skip: 1` and `header: false`")
        };
        if !found.broken.is_empty() {
            return Err(bad(format!("the header of {file} is longer than {max_line} bytes")));
        }
        let Some(row) = found.rows.first() else { continue };
        let line = std::str::from_utf8(&reader.text()[row.range()]);
        let line = line.map_err(|_| bad(format!("the header of {file} is not valid UTF-8")))?;
        let mut spans = Vec::new();
        options.layout.split(line, true, &mut spans).map_err(|why| bad(format!("the header of {file}: {why}")))?;
        let names: Vec<String> =
            spans.iter().map(|(start, end)| line[*start as usize..*end as usize].trim().to_owned()).collect();
        if let Some(at) = names.iter().position(String::is_empty) {
            return Err(bad(format!("column {} of {file} has no name", at + 1)));
        }
        refuse_duplicates(&names, file)?;
        return Ok((reader, Some(names)));
    }
}
