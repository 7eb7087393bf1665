//! Finds rows and fields in text, without looking at what is in them.
//!
//! The grammar is RFC 4180 with what files out there do: any one-byte delimiter and quote, `\n`, `\r\n` or lone `\r`
//! between rows, a missing last row end, blank lines (skipped), and lines that begin with a character of comments where the dialect has one
//! (skipped). A quote inside a field that does not begin with one is
//! an ordinary character. After a closing quote only a delimiter or a row end may follow.
//!
//! A row that breaks the grammar, or is longer than allowed, is set aside up to the end of its first physical line, and
//! reading goes on after that: a quote that is never closed costs one line, not the rest of the file. What is set aside
//! does not depend on how the text was cut into blocks.

use super::classify::{Marks, STEP, classify};
use crate::columns::{End, Row, Rows, Why};

/// How rows and fields are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Between fields.
    pub(crate) delimiter: u8,
    /// Around fields, if any.
    pub(crate) quote: Option<u8>,
    /// What lines begin with that are no rows, if any do.
    pub(crate) comment: Option<u8>,
    /// Between rows: `\n` (a `\r` before it belongs to it) or `\r`.
    pub(crate) terminator: u8,
    /// The most bytes of a row, without its end.
    pub(crate) max_line: usize,
}

/// How a quoted field ended.
enum Quoted {
    /// At the offset after its closing quote; whether it has doubled quotes, and physical lines in it.
    Closed { after: usize, escaped: bool, lines: u32 },
    /// It does not, in the text at hand.
    Open,
}

/// Scans text for up to `limit` rows of `fields` fields (any number of fields for `None`). Gives the bytes used: all
/// complete rows, or everything when `last` says that the text is the file's end. 0 means that more text is needed.
pub(crate) fn scan(
    text: &[u8],
    last: bool,
    dialect: &Dialect,
    fields: Option<usize>,
    limit: usize,
    found: &mut Rows,
) -> usize {
    found.clear();
    let marks = Marks {
        delimiter: dialect.delimiter,
        terminator: dialect.terminator,
        quote: dialect.quote.unwrap_or(dialect.terminator),
    };
    let mut scan =
        Scan { text, last, dialect, fields, found, row: 0, field: 0, first: 0, inner_lines: 0, waits: false };
    let mut at = scan.begin(0);
    if scan.is_done(limit) {
        return scan.row;
    }
    'steps: while at < text.len() {
        let bits = classify(&text[at..], marks);
        let quotes = if dialect.quote.is_some() { bits.quotes } else { 0 };
        let mut left = bits.delimiters | bits.terminators | quotes;
        while left != 0 {
            let bit = left & left.wrapping_neg();
            let place = at + bit.trailing_zeros() as usize;
            left ^= bit;
            if bits.delimiters & bit != 0 {
                scan.push(place, 0);
                scan.field = place + 1;
            } else if bits.terminators & bit != 0 {
                let next = scan.end_row(place);
                if scan.is_done(limit) {
                    return scan.row;
                }
                if next != place + 1 {
                    at = next;
                    continue 'steps;
                }
            } else if place == scan.field {
                match scan.quoted(place) {
                    Some(_) if scan.is_done(limit) => return scan.row,
                    Some(next) => {
                        at = next;
                        continue 'steps;
                    }
                    None => return scan.row,
                }
            }
        }
        at += STEP;
    }
    scan.finish()
}

struct Scan<'a> {
    text: &'a [u8],
    last: bool,
    dialect: &'a Dialect,
    fields: Option<usize>,
    found: &'a mut Rows,
    /// Where the row begins.
    row: usize,
    /// Where the field begins.
    field: usize,
    /// The index of the row's first field.
    first: usize,
    /// Line ends inside the row's quotes.
    inner_lines: u32,
    /// Whether the row is a comment of which the text at hand does not have the end.
    waits: bool,
}

impl Scan<'_> {
    #[inline]
    fn push(&mut self, end: usize, flags: u32) {
        self.found.ends.push(End::new(end, flags));
    }

    fn is_done(&self, limit: usize) -> bool {
        self.waits || self.found.skip || self.found.rows.len() >= limit || self.found.broken.len() >= limit
    }

    /// Begins a row at an offset, or below the comments that stand there. Gives where.
    #[inline]
    fn begin(&mut self, at: usize) -> usize {
        let at = match self.dialect.comment {
            Some(mark) if self.text.get(at) == Some(&mark) => self.pass_comments(at, mark),
            _ => at,
        };
        self.row = at;
        self.field = at;
        self.first = self.found.ends.len();
        self.inner_lines = 0;
        at
    }

    /// Leaves lines behind that are no rows, however long they are.
    #[cold]
    fn pass_comments(&mut self, at: usize, mark: u8) -> usize {
        let mut at = at;
        while self.text.get(at) == Some(&mark) {
            let rest = &self.text[at..];
            at = match memchr::memchr(self.dialect.terminator, rest) {
                Some(end) => at + end + 1,
                None if self.last => self.text.len(),
                None => {
                    self.found.skip = rest.len() > self.dialect.max_line + 1;
                    self.waits = !self.found.skip;
                    return if self.waits { at } else { self.text.len() };
                }
            };
            self.found.lines += 1;
        }
        at
    }

    /// Ends the row at its row end (or the end of the text) when its last field is not quoted. Gives where the next row
    /// begins.
    #[inline]
    fn end_row(&mut self, place: usize) -> usize {
        let mut end = place;
        if self.dialect.terminator == b'\n' && end > self.field && self.text[end - 1] == b'\r' {
            end -= 1;
        }
        if end == self.row && self.found.ends.len() == self.first {
            // A blank line.
            self.found.lines += 1;
            return self.begin(place + 1);
        }
        self.push(end, 0);
        self.close_row(end, place + 1)
    }

    /// Keeps the row whose fields are all there, or sets it aside.
    #[inline]
    fn close_row(&mut self, end: usize, next: usize) -> usize {
        if end - self.row > self.dialect.max_line {
            return self.set_aside_line(Why::TooLong).unwrap_or(next);
        }
        let row = Row { start: self.row as u32, end: end as u32, line: self.found.lines };
        let count = self.found.ends.len() - self.first;
        if self.fields.is_none_or(|fields| fields == count) {
            self.found.rows.push(row);
        } else {
            self.found.ends.truncate(self.first);
            self.found.broken.push((row, Why::Fields(count)));
        }
        self.found.lines += 1 + self.inner_lines;
        self.begin(next)
    }

    /// Reads a quoted field. Gives where to go on, or `None` when more text is needed.
    fn quoted(&mut self, open: usize) -> Option<usize> {
        let quote = self.dialect.quote?;
        let mut open = open;
        loop {
            let (after, flags) = match self.find_close(open, quote) {
                Quoted::Closed { after, escaped, lines } => {
                    self.inner_lines += lines;
                    (after, End::QUOTED | if escaped { End::ESCAPED } else { 0 })
                }
                Quoted::Open if self.last => return self.set_aside_line(Why::Unclosed),
                Quoted::Open if self.text.len() - self.row > self.dialect.max_line => {
                    return self.set_aside_line(Why::Unclosed);
                }
                Quoted::Open => return None,
            };
            if after - self.row > self.dialect.max_line {
                return self.set_aside_line(Why::Unclosed);
            }
            match self.text.get(after) {
                Some(&next) if next == self.dialect.delimiter => {
                    self.push(after, flags);
                    self.field = after + 1;
                    // Files that quote every field go from quote to quote.
                    if self.text.get(after + 1) == Some(&quote) {
                        open = after + 1;
                        continue;
                    }
                    return Some(after + 1);
                }
                Some(&next) if next == self.dialect.terminator => {
                    self.push(after, flags);
                    return Some(self.close_row(after, after + 1));
                }
                Some(b'\r') if self.dialect.terminator == b'\n' => match self.text.get(after + 1) {
                    Some(b'\n') => {
                        self.push(after, flags);
                        return Some(self.close_row(after, after + 2));
                    }
                    None if self.last => {
                        self.push(after, flags);
                        return Some(self.close_row(after, after + 1));
                    }
                    None => return None,
                    Some(_) => return self.set_aside_line(Why::AfterQuote),
                },
                Some(_) => return self.set_aside_line(Why::AfterQuote),
                None if self.last => {
                    self.push(after, flags);
                    return Some(self.close_row(after, after));
                }
                None => return None,
            }
        }
    }

    /// Looks for the quote that closes the one at `open`.
    fn find_close(&self, open: usize, quote: u8) -> Quoted {
        let (mut from, mut escaped) = (open + 1, false);
        loop {
            let Some(place) = memchr::memchr(quote, &self.text[from..]).map(|place| from + place) else {
                return Quoted::Open;
            };
            match self.text.get(place + 1) {
                Some(&next) if next == quote => {
                    escaped = true;
                    from = place + 2;
                }
                // Whether it is doubled cannot be known yet.
                None if !self.last => return Quoted::Open,
                _ => {
                    let inside = &self.text[open + 1..place];
                    let lines = memchr::memchr_iter(self.dialect.terminator, inside).count() as u32;
                    return Quoted::Closed { after: place + 1, escaped, lines };
                }
            }
        }
    }

    /// Sets the row's first physical line aside. Gives where to go on, or `None` when more text is needed to know where
    /// that line ends.
    #[cold]
    fn set_aside_line(&mut self, why: Why) -> Option<usize> {
        let rest = &self.text[self.row..];
        let (end, next) = match memchr::memchr(self.dialect.terminator, rest) {
            Some(end) => (self.row + end, self.row + end + 1),
            None if self.last => (self.text.len(), self.text.len()),
            // One byte more may be the `\r` of the line's end.
            None if rest.len() > self.dialect.max_line + 1 => {
                self.found.skip = true;
                (self.text.len(), self.text.len())
            }
            None => return None,
        };
        let length = end - self.row;
        let carriage = usize::from(self.dialect.terminator == b'\n' && self.text[self.row..end].ends_with(b"\r"));
        let why = match why {
            _ if length - carriage > self.dialect.max_line => Why::TooLong,
            // The line itself is short: a quote makes the row go on.
            Why::TooLong => Why::Unclosed,
            why => why,
        };
        let row = Row { start: self.row as u32, end: end as u32, line: self.found.lines };
        self.found.ends.truncate(self.first);
        self.found.broken.push((row, why));
        self.found.lines += u32::from(!self.found.skip);
        Some(self.begin(next))
    }

    /// Ends the text: its last row, where it is complete. Gives the bytes used.
    fn finish(&mut self) -> usize {
        let end = self.text.len();
        if self.row < end {
            if self.last {
                self.end_row(end);
                return end;
            }
            if end - self.row > self.dialect.max_line + 1 {
                // Too long, whatever follows (one byte more may be the `\r` of its end).
                let _skips = self.set_aside_line(Why::TooLong);
            } else {
                self.found.ends.truncate(self.first);
            }
        }
        self.row
    }
}
