//! A file's text as one run of bytes that moves along.

use headwater_sdk::Error;

use super::blocks::{Block, Blocks, HEADROOM};

/// The unread text of a file, as much of it as is there.
pub(crate) struct Feed {
    source: Box<dyn Blocks>,
    block: Block,
    ended: bool,
}

impl Feed {
    /// The text of `source`, from its start. Nothing is read yet.
    pub(crate) fn new(source: Box<dyn Blocks>) -> Self {
        Self { source, block: Block::default(), ended: false }
    }

    /// The bytes at hand.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.block.bytes[self.block.start..self.block.end]
    }

    /// The bytes at hand, to be written over.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.block.bytes[self.block.start..self.block.end]
    }

    /// Whether the bytes at hand are the file's last.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// Leaves the first `count` bytes behind.
    pub(crate) fn consume(&mut self, count: usize) {
        self.block.start = (self.block.start + count).min(self.block.end);
    }

    /// Leaves a line behind, however long it is; false at the end of the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn skip_line(&mut self, terminator: u8) -> Result<bool, Error> {
        let mut any = false;
        loop {
            let bytes = self.bytes();
            any |= !bytes.is_empty();
            if let Some(end) = memchr::memchr(terminator, bytes) {
                self.consume(end + 1);
                return Ok(true);
            }
            self.consume(bytes.len());
            if self.ended {
                return Ok(any);
            }
            self.more()?;
        }
    }

    /// Gets more bytes behind those at hand, twice as many when there are a lot already (a long row is then looked
    /// through few times). Sets [`Feed::ended`] when there are no more.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn more(&mut self) -> Result<(), Error> {
        let unread = self.block.end - self.block.start;
        if self.ended {
            return Ok(());
        }
        if unread <= HEADROOM {
            let mut tail = [0; HEADROOM];
            tail[..unread].copy_from_slice(self.bytes());
            let spent = std::mem::take(&mut self.block);
            match self.source.next(spent)? {
                Some(mut next) => {
                    next.bytes[next.start - unread..next.start].copy_from_slice(&tail[..unread]);
                    next.start -= unread;
                    self.block = next;
                }
                None => {
                    self.block = Block { bytes: tail[..unread].to_vec(), start: 0, end: unread };
                    self.ended = true;
                }
            }
            return Ok(());
        }
        self.block.bytes.truncate(self.block.end);
        self.block.bytes.drain(..self.block.start);
        let mut spent = Block::default();
        while self.block.bytes.len() < unread * 2 {
            match self.source.next(std::mem::take(&mut spent))? {
                Some(next) => {
                    self.block.bytes.extend_from_slice(&next.bytes[next.start..next.end]);
                    spent = next;
                }
                None => {
                    self.ended = true;
                    break;
                }
            }
        }
        (self.block.start, self.block.end) = (0, self.block.bytes.len());
        Ok(())
    }
}
