//! The messages of the Arrow IPC streaming format, one by one.
//!
//! A message is the marker `FFFFFFFF`, the length of its metadata (little-endian), the metadata (a flatbuffer, which tells the
//! length of the body), and the body; a length of 0 ends the stream
//! (<https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format>). The marker is insisted on, so that a text that
//! got between two messages is found, and is not taken for a length.

use std::io::{self, Read};

use headwater_sdk::{Blame, Error};

use super::NAME;
use crate::codes;
use crate::columns::shown;
use crate::process::Undecoded;

/// What every message begins with.
const MARKER: [u8; 4] = [0xFF; 4];

/// What ends a stream.
pub(super) const END: [u8; 8] = [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];

/// The most bytes of a message's metadata: thousands of columns take some hundred kilobytes.
const MOST_METADATA: usize = 64 << 20;

/// Bytes that are made room for before any have come.
const AT_ONCE: usize = 1 << 20;

/// Reads messages.
pub(super) struct Frames<R> {
    input: R,
    /// How many were read.
    count: u64,
}

impl<R: Read> Frames<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, count: 0 }
    }

    /// The next message, its body apart from what stands before it; `None` at the end of the stream.
    ///
    /// # Errors
    /// When the input ends within a message, or holds something else.
    pub(super) fn next(&mut self) -> Result<Option<[Vec<u8>; 2]>, Undecoded> {
        let mut message = self.take(8)?;
        if message.is_empty() && self.count > 0 {
            // The end may be told by the end of the input alone.
            return Ok(None);
        }
        if !MARKER.starts_with(&message[..message.len().min(MARKER.len())]) {
            message.extend(self.take(200)?);
            return Err(self.foreign(&message).into());
        }
        if message.is_empty() {
            return Err(Undecoded::CutOff(nothing()));
        }
        let Some(length) = message.get(4..8).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes) else {
            return Err(cut_off());
        };
        let length = length as usize;
        if length == 0 {
            return self.end().map(|()| None);
        }
        if length > MOST_METADATA {
            return Err(damaged("a message is impossibly long").into());
        }
        let metadata = self.take(length)?;
        if metadata.len() < length {
            return Err(cut_off());
        }
        let parsed = arrow_ipc::root_as_message(&metadata).map_err(|error| damaged(&error.to_string()))?;
        let body = usize::try_from(parsed.bodyLength()).map_err(|_| damaged("a message has a negative length"))?;
        message.extend_from_slice(&metadata);
        let rows = self.take(body)?;
        if rows.len() < body {
            return Err(cut_off());
        }
        self.count += 1;
        Ok(Some([message, rows]))
    }

    /// As many bytes as there are, at most `count`. Memory is taken as they come, whatever is announced.
    fn take(&mut self, count: usize) -> Result<Vec<u8>, Undecoded> {
        let mut bytes = Vec::with_capacity(count.min(AT_ONCE));
        let read = self.input.by_ref().take(count as u64).read_to_end(&mut bytes);
        read.map_err(|error| Undecoded::CutOff(unreadable(error)))?;
        Ok(bytes)
    }

    /// After the end of the stream there is nothing.
    fn end(&mut self) -> Result<(), Undecoded> {
        let more = self.take(200)?;
        if more.is_empty() {
            return Ok(());
        }
        let help =
            "a program writes exactly one table; messages belong on stderr (in Python: print(…, file=sys.stderr))";
        let message = format!("{NAME} goes on after the end of the Arrow stream: '{}'", shown(&more));
        Err(Error::new(codes::NO_TABLE, Blame::Project, message).help(help).into())
    }

    fn foreign(&self, bytes: &[u8]) -> Error {
        let found = shown(bytes);
        let message = match self.count {
            0 => format!("{NAME} holds no Arrow stream; it begins with '{found}'"),
            _ => format!("between two messages of the Arrow stream {NAME} holds '{found}'"),
        };
        let help = "write the table as an Arrow IPC stream (not a file), and messages to stderr (in Python: \
                    print(…, file=sys.stderr)); for JSON lines or CSV say `output_format`";
        Error::new(codes::NO_TABLE, Blame::Project, message).help(help)
    }
}

fn nothing() -> Error {
    Error::new(
        codes::NO_TABLE,
        Blame::Project,
        format!("{NAME} is empty: there is no Arrow stream, not even of no rows"),
    )
    .help("write the schema even when there are no rows: opening a stream writer and closing it does")
}

fn cut_off() -> Undecoded {
    let message = format!("{NAME} ends within the Arrow stream");
    Undecoded::CutOff(
        Error::new(codes::NO_TABLE, Blame::Project, message)
            .help("close the stream writer and flush the output before the program ends"),
    )
}

/// The error for an Arrow stream that is none after all.
pub(super) fn damaged(why: &str) -> Error {
    Error::new(codes::NO_TABLE, Blame::Project, format!("the Arrow stream in {NAME} is damaged: {why}"))
        .help("write it with an Arrow library, and write nothing else to stdout")
}

fn unreadable(error: io::Error) -> Error {
    Error::new(codes::UNREADABLE, Blame::Environment, format!("{NAME} cannot be read")).caused_by(error)
}
