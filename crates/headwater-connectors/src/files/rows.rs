//! Finds the rows of text files.

use headwater_sdk::Error;

use super::input::Feed;
use crate::columns::{Row, Rows};

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
                // The rest of a line that was set aside, or of a comment.
                self.lines += u64::from(self.feed.skip_line(self.finder.terminator())?);
                self.skipping = false;
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
