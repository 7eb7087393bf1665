//! Finds the lines of a file. A JSON text never holds a raw line end, so that every one ends a row.

use crate::columns::{Row, Rows, Why};
use crate::files::rows::FindRows;

/// Finds lines; blank ones are skipped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JsonLines {
    /// The most bytes of a line.
    pub(crate) max_line: usize,
}

impl FindRows for JsonLines {
    fn terminator(&self) -> u8 {
        b'\n'
    }

    fn find(&self, text: &[u8], last: bool, limit: usize, found: &mut Rows) -> usize {
        found.clear();
        let mut start = 0;
        while start < text.len() && found.rows.len() < limit && found.broken.len() < limit {
            let rest = &text[start..];
            let (length, next) = match memchr::memchr(b'\n', rest) {
                Some(length) => (length, start + length + 1),
                None if last => (rest.len(), text.len()),
                // One byte more may be the `\r` of the line's end.
                None if rest.len() > self.max_line + 1 => {
                    found.skip = true;
                    (rest.len(), text.len())
                }
                None => break,
            };
            let line = &rest[..length];
            let length = length - usize::from(line.ends_with(b"\r"));
            let row = Row { start: start as u32, end: (start + length) as u32, line: found.lines };
            if length > self.max_line {
                found.broken.push((row, Why::TooLong));
            } else if !line.trim_ascii().is_empty() {
                found.rows.push(row);
            }
            found.lines += u32::from(!found.skip);
            start = next;
        }
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_whatever_their_ends() {
        let mut found = Rows::default();
        let text = b"{}\r\n\n  \n{\"a\": 1}\nxxxxxxxxxxxxx\n{}";
        assert_eq!(JsonLines { max_line: 10 }.find(text, true, 100, &mut found), text.len());
        let rows: Vec<_> = found.rows.iter().map(|row| (row.line, &text[row.range()])).collect();
        assert_eq!(rows, [(0, &b"{}"[..]), (3, b"{\"a\": 1}"), (5, b"{}")]);
        assert_eq!(found.broken.len(), 1);
        assert_eq!(JsonLines { max_line: 10 }.find(text, false, 100, &mut found), text.len() - 2, "more may come");
        assert_eq!(JsonLines { max_line: 3 }.find(b"xxxxx", false, 100, &mut found), 5);
        assert!(found.skip);
    }
}
