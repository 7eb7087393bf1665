//! Rows of text files: where they stand, and what is wrong with those that are set aside.

use headwater_sdk::Error;

use super::input::Feed;

/// The end of a CSV field: its offset, and whether the field stands in quotes and has doubled quotes in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End(u32);

impl End {
    /// Flag of a field in quotes.
    pub(crate) const QUOTED: u32 = 1 << 31;
    /// Flag of a field with doubled quotes.
    pub(crate) const ESCAPED: u32 = 1 << 30;

    /// The end at an offset below 2³⁰, with flags.
    #[inline]
    pub(crate) fn new(at: usize, flags: u32) -> Self {
        Self(at as u32 | flags)
    }

    /// The offset of the byte after the field, its closing quote included.
    #[inline]
    pub(crate) fn at(self) -> usize {
        (self.0 & !(Self::QUOTED | Self::ESCAPED)) as usize
    }

    #[inline]
    pub(crate) fn is_quoted(self) -> bool {
        self.0 & Self::QUOTED != 0
    }

    #[inline]
    pub(crate) fn is_escaped(self) -> bool {
        self.0 & Self::ESCAPED != 0
    }
}

/// A row in a run of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    /// Offset of its first byte.
    pub(crate) start: u32,
    /// Offset of the byte after its last.
    pub(crate) end: u32,
    /// Physical lines before it in the text.
    pub(crate) line: u32,
}

impl Row {
    /// The row's bytes in its text.
    pub(crate) fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// What is wrong with a row that is set aside unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// It has this many fields.
    Fields(usize),
    /// It is longer than allowed.
    TooLong,
    /// A field's quote is not closed before the end of the file or within the longest row.
    Unclosed,
    /// Something else than a delimiter follows a closing quote.
    AfterQuote,
}

/// What was found in a run of text.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// The rows to be read.
    pub(crate) rows: Vec<Row>,
    /// CSV: the ends of their fields, row by row.
    pub(crate) ends: Vec<End>,
    /// The rows that are set aside, and why.
    pub(crate) broken: Vec<(Row, Why)>,
    /// Physical lines passed.
    pub(crate) lines: u32,
    /// Whether the text ends in a row that is too long already and whose line has no end yet: it has been set aside,
    /// and what follows up to the next row end belongs to it.
    pub(crate) skip: bool,
}

impl Rows {
    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.rows.clear();
        self.ends.clear();
        self.broken.clear();
        self.lines = 0;
        self.skip = false;
    }
}

/// Finds rows in text.
pub(crate) trait FindRows {
    /// The byte that ends physical lines.
    fn terminator(&self) -> u8;
    /// Finds up to `limit` rows. Gives the bytes used: all complete rows, or everything when `last` says that the text
    /// is the file's end. 0 means that more text is needed.
    fn find(&self, text: &[u8], last: bool, limit: usize, found: &mut Rows) -> usize;
}

/// A file's text, run of rows by run of rows.
pub(crate) struct RowReader<F> {
    feed: Feed,
    finder: F,
    found: Rows,
    /// Bytes of the feed that the rows found stand in.
    used: usize,
    /// Physical lines before them.
    lines: u64,
    skipping: bool,
}

impl<F: FindRows> RowReader<F> {
    /// Reads the rest of `feed`, before which there were `lines` lines.
    pub(crate) fn new(feed: Feed, finder: F, lines: u64) -> Self {
        Self { feed, finder, found: Rows::default(), used: 0, lines, skipping: false }
    }

    /// Goes on to the next rows, `limit` at most; false at the end.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn advance(&mut self, limit: usize) -> Result<bool, Error> {
        self.feed.consume(self.used);
        self.lines += u64::from(self.found.lines);
        self.skipping |= self.found.skip;
        self.used = 0;
        self.found.clear();
        loop {
            if self.skipping {
                self.skip_line()?;
            }
            if self.feed.ended() && self.feed.bytes().is_empty() {
                return Ok(false);
            }
            self.used = self.finder.find(self.feed.bytes(), self.feed.ended(), limit, &mut self.found);
            if self.used > 0 {
                return Ok(true);
            }
            self.feed.more()?;
        }
    }

    /// The text to come, as much of it as is there without reading on; at least some, unless there is none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn peek(&mut self) -> Result<&[u8], Error> {
        while self.feed.bytes().len() <= self.used && !self.feed.ended() {
            self.feed.more()?;
        }
        Ok(&self.feed.bytes()[self.used..])
    }

    /// Leaves the rest of a line behind that was set aside, however long it is.
    fn skip_line(&mut self) -> Result<(), Error> {
        loop {
            match memchr::memchr(self.finder.terminator(), self.feed.bytes()) {
                Some(end) => {
                    self.feed.consume(end + 1);
                    self.lines += 1;
                    break;
                }
                None => {
                    self.feed.consume(self.feed.bytes().len());
                    if self.feed.ended() {
                        break;
                    }
                    self.feed.more()?;
                }
            }
        }
        self.skipping = false;
        Ok(())
    }

    /// The text that the rows stand in.
    pub(crate) fn text(&self) -> &[u8] {
        &self.feed.bytes()[..self.used]
    }

    /// The same, to be written over.
    pub(crate) fn text_mut(&mut self) -> &mut [u8] {
        &mut self.feed.bytes_mut()[..self.used]
    }

    /// The rows.
    pub(crate) fn found(&self) -> &Rows {
        &self.found
    }

    /// The physical line of a row, from 1.
    pub(crate) fn line(&self, row: Row) -> u64 {
        self.lines + u64::from(row.line) + 1
    }
}
