//! Small tables as text: comma-separated values as RFC 4180 has them, with places.

use std::ops::Range;

use headwater_diagnostics::{Diagnostic, Span};

use crate::codes;
use crate::unit_test::{CellValue, TestCell, TestRow, TestRows, TestText};

/// From a range of the text to its place in a file.
type Place<'a> = dyn Fn(Range<usize>) -> Span + 'a;

/// A cell: its text, where it stands with its quotes, and whether it has some.
struct Cell {
    text: String,
    range: Range<usize>,
    quoted: bool,
}

/// The rows of a text whose first line names the columns. `None` when something is wrong, which is reported.
pub(super) fn parse(text: &str, place: &Place<'_>, diagnostics: &mut Vec<Diagnostic>) -> Option<TestRows> {
    let before = diagnostics.len();
    let mut report = |message: &str, range: Range<usize>, help: &str| {
        diagnostics.push(Diagnostic::error(codes::UNIT_TEST_CSV, message).at(place(range), "").help(help));
    };
    let mut rows = TestRows::default();
    let mut at = 0;
    let mut has_header = false;
    while at < text.len() {
        let begin = at;
        let record = match record(text, &mut at) {
            Ok(record) => record,
            Err(open) => {
                report("this quote is not closed", open, "end the text with \"; write \"\" for a quote in it");
                return None;
            }
        };
        // A blank line is no row.
        if let [only] = record.as_slice()
            && only.text.is_empty()
            && !only.quoted
        {
            continue;
        }
        let end = record.last().map_or(begin, |cell| cell.range.end);
        if !has_header {
            has_header = true;
            let width = record.len();
            for cell in record {
                if cell.text.is_empty() {
                    report("a column without a name", cell.range, "the first line names the columns");
                } else if rows.columns.iter().any(|column| column.text == cell.text) {
                    report(&format!("the column '{}' is there twice", cell.text), cell.range, "remove one of the two");
                } else {
                    rows.columns.push(TestText { text: cell.text, span: place(cell.range) });
                }
            }
            if rows.columns.len() < width {
                return None;
            }
            continue;
        }
        if record.len() != rows.columns.len() {
            let cells = if record.len() == 1 { "1 cell".to_owned() } else { format!("{} cells", record.len()) };
            let message = format!("this line has {cells}, the first one {}", rows.columns.len());
            report(&message, begin..end, "put a text that holds a comma in double quotes");
            continue;
        }
        let cells = record.into_iter().map(|cell| {
            let is_null = cell.text.is_empty() && !cell.quoted;
            let value = if is_null { CellValue::Null } else { CellValue::Scalar(cell.text) };
            Some(TestCell { span: place(cell.range), value })
        });
        rows.rows.push(TestRow { cells: cells.collect(), span: place(begin..end) });
    }
    if !has_header {
        report("there is no line of column names", 0..text.len(), "no rows are `[]`");
    }
    (diagnostics.len() == before).then_some(rows)
}

/// The cells of a line, which quotes may continue on the next ones. `Err` has the place of a quote that is not closed.
fn record(text: &str, at: &mut usize) -> Result<Vec<Cell>, Range<usize>> {
    let mut cells = Vec::new();
    loop {
        let cell = cell(text, at)?;
        cells.push(cell);
        match text.as_bytes().get(*at) {
            Some(b',') => *at += 1,
            Some(b'\n') => {
                *at += 1;
                return Ok(cells);
            }
            _ => return Ok(cells),
        }
    }
}

/// The cell that starts at a place, without the blanks around it.
fn cell(text: &str, at: &mut usize) -> Result<Cell, Range<usize>> {
    let rest = text.get(*at..).unwrap_or("");
    let start = *at + (rest.len() - rest.trim_start_matches([' ', '\t']).len());
    let rest = text.get(start..).unwrap_or("");
    if !rest.starts_with('"') {
        let length = rest.find([',', '\n']).unwrap_or(rest.len());
        let written = rest.get(..length).unwrap_or("").trim_end();
        *at = start + length;
        return Ok(Cell { text: written.to_owned(), range: start..start + written.len(), quoted: false });
    }
    let mut inside = String::new();
    let mut end = start + 1;
    loop {
        let rest = text.get(end..).unwrap_or("");
        let Some(quote) = rest.find('"') else { return Err(start..start + 1) };
        inside.push_str(rest.get(..quote).unwrap_or(""));
        end += quote + 1;
        if text.get(end..).is_some_and(|rest| rest.starts_with('"')) {
            inside.push('"');
            end += 1;
        } else {
            break;
        }
    }
    // What follows the closing quote belongs to the cell, so that nothing is dropped.
    let rest = text.get(end..).unwrap_or("");
    let length = rest.find([',', '\n']).unwrap_or(rest.len());
    let after = rest.get(..length).unwrap_or("").trim_end();
    inside.push_str(after);
    *at = end + length;
    Ok(Cell { text: inside, range: start..end + after.len(), quoted: true })
}

#[cfg(test)]
mod tests {
    use headwater_diagnostics::SourceMap;

    use super::*;

    /// The columns, then the cells of every row, null as `-`, or the messages.
    fn read(text: &str) -> String {
        let file = SourceMap::default().add("a.csv".to_owned(), text.to_owned());
        let mut diagnostics = Vec::new();
        let Some(rows) = parse(text, &|range| Span::new(file, range), &mut diagnostics) else {
            return diagnostics.into_iter().map(|d| d.message).collect::<Vec<_>>().join("; ");
        };
        let columns: Vec<&str> = rows.columns.iter().map(|column| column.text.as_str()).collect();
        let mut lines = vec![columns.join("|")];
        for row in &rows.rows {
            let cells = row.cells.iter().map(|cell| match cell.as_ref().map(|cell| &cell.value) {
                Some(CellValue::Scalar(text)) => format!("<{text}>"),
                _ => "-".to_owned(),
            });
            lines.push(cells.collect::<Vec<_>>().join("|"));
        }
        lines.join("\n")
    }

    #[test]
    fn cells_are_trimmed_quoted_and_null() {
        assert_eq!(read("a,b\n1, x y \r\n\n,\"\"\n"), "a|b\n<1>|<x y>\n-|<>");
        assert_eq!(read("a,b\n\"1,\n2\",\"say \"\"so\"\"\""), "a|b\n<1,\n2>|<say \"so\">");
        assert_eq!(read("a\n\"\"\n"), "a\n<>");
        assert_eq!(read("a,b\n"), "a|b");
    }

    #[test]
    fn what_is_malformed_is_told() {
        assert_eq!(
            read("a,b\n1\n1,2,3\n"),
            "this line has 1 cell, the first one 2; this line has 3 cells, the first one 2"
        );
        assert_eq!(read("a,a\n"), "the column 'a' is there twice");
        assert_eq!(read("a,\n1,2"), "a column without a name");
        assert_eq!(read("a\n\"x\n"), "this quote is not closed");
        assert_eq!(read(" \n"), "there is no line of column names");
    }
}
