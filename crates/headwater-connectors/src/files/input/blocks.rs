//! Blocks of text, read on the caller's thread or ahead of it on one of their own.

use std::io::Read;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use headwater_sdk::{Blame, Error};

use super::{Compression, into_error};
use crate::codes;

/// Room before a block's bytes for the end of the block before it, so that a row which two blocks share is put together
/// without copying the second one.
pub(super) const HEADROOM: usize = 32 << 10;

/// Bytes of a block: few enough to stay in a core's cache while every column of its rows is read.
pub(crate) const BLOCK: usize = 256 << 10;

/// Blocks that wait for the reader.
const AHEAD: usize = 4;

/// A run of bytes with room in front of it.
#[derive(Debug, Default)]
pub(crate) struct Block {
    pub(super) bytes: Vec<u8>,
    /// Where its unread bytes begin.
    pub(super) start: usize,
    /// Where they end.
    pub(super) end: usize,
}

/// Where blocks come from.
pub(crate) trait Blocks: Send {
    /// The next block; `None` at the end. `spent` is one that may be used again.
    fn next(&mut self, spent: Block) -> Result<Option<Block>, Error>;
}

/// Blocks read when they are asked for.
pub(crate) struct DirectBlocks {
    reader: Box<dyn Read + Send>,
    name: Arc<str>,
    compression: Compression,
    size: usize,
}

impl DirectBlocks {
    /// Reads blocks of `size` bytes.
    pub(crate) fn new(reader: Box<dyn Read + Send>, name: Arc<str>, compression: Compression, size: usize) -> Self {
        Self { reader, name, compression, size }
    }
}

impl Blocks for DirectBlocks {
    fn next(&mut self, spent: Block) -> Result<Option<Block>, Error> {
        let mut bytes = spent.bytes;
        // A block that grew for a long row is not kept at that size.
        bytes.truncate(HEADROOM + self.size);
        bytes.shrink_to(HEADROOM + self.size);
        bytes.resize(HEADROOM + self.size, 0);
        let mut end = HEADROOM;
        while end < bytes.len() {
            match self.reader.read(&mut bytes[end..]) {
                Ok(0) => break,
                Ok(count) => end += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(into_error(error, &self.name, self.compression)),
            }
        }
        Ok((end > HEADROOM).then_some(Block { bytes, start: HEADROOM, end }))
    }
}

/// Blocks read ahead on a thread, which ends when this is dropped.
pub(crate) struct PipedBlocks {
    blocks: Receiver<Result<Option<Block>, Error>>,
    spent: Sender<Block>,
}

impl PipedBlocks {
    /// Moves a source of blocks to a thread of its own. `open` runs there.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(crate) fn start<B: Blocks>(open: impl FnOnce() -> Result<B, Error> + Send + 'static) -> Result<Self, Error> {
        let (sender, blocks) = sync_channel(AHEAD);
        let (spent, back) = channel();
        let work = move || {
            // A send fails only when nobody wants the blocks any more.
            let _gone = pump(open, &sender, &back);
        };
        std::thread::Builder::new().name("headwater-read".into()).spawn(work).map_err(|error| {
            Error::new(codes::UNREADABLE, Blame::Environment, "no thread can be started to read a file")
                .help("raise the limit on processes (`ulimit -u`) or load fewer things at once")
                .caused_by(error)
        })?;
        Ok(Self { blocks, spent })
    }
}

type Sent = Result<Option<Block>, Error>;

fn pump<B: Blocks>(
    open: impl FnOnce() -> Result<B, Error>,
    sender: &SyncSender<Sent>,
    back: &Receiver<Block>,
) -> Result<(), std::sync::mpsc::SendError<Sent>> {
    let mut source = match open() {
        Ok(source) => source,
        Err(error) => return sender.send(Err(error)),
    };
    loop {
        let next = source.next(back.try_recv().unwrap_or_default());
        let ended = !matches!(next, Ok(Some(_)));
        sender.send(next)?;
        if ended {
            return Ok(());
        }
    }
}

impl Blocks for PipedBlocks {
    fn next(&mut self, spent: Block) -> Result<Option<Block>, Error> {
        if !spent.bytes.is_empty() {
            // After its end the thread takes nothing back.
            let _ended = self.spent.send(spent);
        }
        // The thread always says how it ended; silence means that it died.
        self.blocks.recv().unwrap_or_else(|_| {
            Err(Error::new(codes::DEFECT, Blame::Headwater, "the thread that reads a file ended without a word"))
        })
    }
}
