//! The bytes of a file, asked for ahead so that the network's delay costs nothing, and taken up again where a connection is lost.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use headwater_sdk::Error;
use object_store::Result;
use object_store::path::Path;

use super::failure::{Failure, Tries, wrapped};
use super::server::{Server, tag};
use super::session::OpenHandle;
use super::wire::{Reply, Request, codes};
use crate::files::input::changed;

/// Bytes of a file that are asked for and not there yet.
const AHEAD: u64 = 4 << 20;
/// The same at first: of many a file only the beginning is looked at.
const AT_FIRST: u64 = 256 << 10;
/// So many bytes are far: an interruption after them is another one.
const FAR: u64 = 8 << 20;

type Answer = BoxFuture<'static, Result<Reply, Failure>>;

/// Bytes that were asked for.
struct Asked {
    range: Range<u64>,
    answer: Answer,
}

/// A file, or a part of it, being read.
pub(super) struct Reading {
    server: Arc<Server>,
    path: Path,
    /// The state that it has to be in.
    tag: String,
    /// `None` when the connection was lost.
    open: Option<OpenHandle>,
    asked: VecDeque<Asked>,
    start: u64,
    /// Where the next bytes begin that are handed on.
    at: u64,
    /// Up to where bytes were asked for.
    upto: u64,
    end: u64,
    /// Whether it is read to its own end, and has to be what it was there, too.
    whole: bool,
    tries: Tries,
    /// Where it was taken up last.
    from: u64,
}

impl Reading {
    /// Reads a range of an open file.
    pub(super) fn new(
        server: Arc<Server>,
        path: Path,
        open: OpenHandle,
        tag: String,
        range: Range<u64>,
        size: u64,
    ) -> Self {
        Self {
            server,
            path,
            tag,
            open: Some(open),
            asked: VecDeque::new(),
            start: range.start,
            at: range.start,
            upto: range.start,
            end: range.end,
            whole: range.end == size,
            tries: Tries::default(),
            from: range.start,
        }
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// When the file has changed, or cannot be read in spite of further tries.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            match self.step().await {
                Ok(Ok(bytes)) => return Ok(bytes),
                Ok(Err(error)) => return Err(wrapped(error)),
                Err(failure) => {
                    self.asked.clear();
                    self.open = None;
                    self.upto = self.at;
                    if self.at - self.from >= FAR {
                        self.tries.begin_anew();
                    }
                    self.from = self.at;
                    self.tries.again(failure).await.map_err(|failure| self.server.told(failure, &self.path))?;
                }
            }
        }
    }

    fn changed(&self) -> Error {
        changed(&self.server.shown(&self.path))
    }

    async fn step(&mut self) -> Result<Result<Option<Bytes>, Error>, Failure> {
        let open = match &self.open {
            Some(open) => open,
            None => {
                let (open, attributes) = self.server.open(&self.server.path(&self.path)).await?;
                if tag(&attributes) != self.tag {
                    return Ok(Err(self.changed()));
                }
                self.open.insert(open)
            }
        };
        if self.at == self.end {
            if self.whole {
                // Somebody may have written to it meanwhile.
                let attributes = open.session.attributes(&Request::FileStat { handle: &open.handle }).await?;
                if tag(&attributes) != self.tag {
                    return Ok(Err(self.changed()));
                }
            }
            return Ok(Ok(None));
        }
        let ask = |range: Range<u64>| {
            let length = (range.end - range.start) as u32;
            let request = Request::Read { handle: &open.handle, offset: range.start, length };
            Asked { range, answer: open.session.call(&request).boxed() }
        };
        let most = u64::from(open.session.abilities.read.max(1));
        let ahead = (AT_FIRST + 2 * (self.at - self.start)).min(AHEAD);
        while self.upto < self.end && self.upto - self.at < ahead {
            let upto = (self.upto + most).min(self.end);
            self.asked.push_back(ask(self.upto..upto));
            self.upto = upto;
        }
        // What is left of an answer that was shorter was asked for at once, so that there is always one.
        let Some(Asked { range, answer }) = self.asked.pop_front() else { return Ok(Err(self.changed())) };
        match answer.await? {
            Reply::Data(data) if !data.is_empty() && data.len() as u64 <= range.end - range.start => {
                self.at = range.start + data.len() as u64;
                if self.at < range.end {
                    self.asked.push_front(ask(self.at..range.end));
                }
                Ok(Ok(Some(data)))
            }
            // It has become shorter.
            Reply::Status { code: codes::EOF, .. } => Ok(Err(self.changed())),
            other => Err(open.session.unexpected(other)),
        }
    }
}
