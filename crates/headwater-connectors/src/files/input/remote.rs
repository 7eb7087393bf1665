//! Objects of a store, streamed into threads that read.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures::StreamExt;
use headwater_sdk::error::refusal::{Refusal, refusal};
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error};
use object_store::path::Path;
use object_store::{GetOptions, ObjectStore};
use tokio::sync::mpsc;

use super::local::changed;
use crate::codes;

/// Chunks that wait between the network and the reader; a store's chunks are some 16 KiB to 8 MiB.
const CHUNKS: usize = 4;

/// An object being read, whose bytes are counted.
#[derive(Debug)]
pub(crate) struct RemoteFile {
    chunks: mpsc::Receiver<Result<Bytes, Error>>,
    chunk: Bytes,
    left: u64,
    name: Arc<str>,
    progress: Option<Arc<Progress>>,
}

impl RemoteFile {
    /// Starts to fetch an object that was listed with this size and entity tag. Must be called on a Tokio runtime;
    /// the fetch ends when the file is dropped.
    pub(crate) fn open(
        store: Arc<dyn ObjectStore>,
        path: Path,
        name: &Arc<str>,
        size: u64,
        etag: Option<String>,
        progress: Option<Arc<Progress>>,
    ) -> Self {
        let (sender, chunks) = mpsc::channel(CHUNKS);
        let fetched = Arc::clone(name);
        tokio::spawn(async move {
            let options = GetOptions { if_match: etag, ..GetOptions::default() };
            let mut stream = match store.get_opts(&path, options).await {
                Ok(result) => result.into_stream(),
                Err(error) => {
                    // Nobody listens any more when this fails.
                    let _gone = sender.send(Err(store_error(error, &fetched))).await;
                    return;
                }
            };
            while let Some(chunk) = stream.next().await {
                if sender.send(chunk.map_err(|error| store_error(error, &fetched))).await.is_err() {
                    return;
                }
            }
        });
        Self { chunks, chunk: Bytes::new(), left: size, name: Arc::clone(name), progress }
    }
}

/// The error in our terms that a store of ours wraps; the store's own error otherwise.
///
/// # Errors
/// The store's error.
pub(crate) fn own_error(error: object_store::Error) -> Result<Error, object_store::Error> {
    match error {
        object_store::Error::Generic { store, source } => match source.downcast::<Error>() {
            Ok(ours) => Ok(*ours),
            Err(source) => Err(object_store::Error::Generic { store, source }),
        },
        error => Err(error),
    }
}

/// An error of an object store, in our terms.
pub(crate) fn store_error(error: object_store::Error, name: &str) -> Error {
    use object_store::Error as E;
    let error = match own_error(error) {
        Ok(ours) => return ours,
        Err(error) => error,
    };
    let is_sftp = name.starts_with("sftp://");
    if let (E::Generic { .. }, false) = (&error, is_sftp)
        && let Some(refusal) = refusal(&error.to_string())
    {
        return refused(refusal, name).caused_by(error);
    }
    match error {
        E::Precondition { .. } | E::NotModified { .. } => changed(name),
        E::NotFound { .. } => Error::new(codes::UNREADABLE, Blame::Environment, format!("{name} is not there"))
            .help("check `location` and `path`; if something removes files meanwhile, run again")
            .caused_by(error),
        E::PermissionDenied { .. } | E::Unauthenticated { .. } if is_sftp => {
            Error::new(codes::UNREACHABLE, Blame::Environment, format!("{name} may not be read"))
                .help("let the server's operator give the user the right to it, or log in as another one")
                .caused_by(error)
        }
        E::PermissionDenied { .. } | E::Unauthenticated { .. } => refused(Refusal::Rights, name).caused_by(error),
        error => Error::new(codes::UNREACHABLE, Blame::Environment, format!("{name} cannot be read"))
            .help(if is_sftp {
                "what the server says is the reason; where it says no more, its log does"
            } else {
                "check that the bucket or container is there, the network, and the region or endpoint under `storage:`"
            })
            .caused_by(error)
            .transient(),
    }
}

/// What a store refuses to let us read.
fn refused(refusal: Refusal, name: &str) -> Error {
    let (what, help) = match refusal {
        Refusal::Credentials => (
            "cannot be read without credentials",
            "give credentials that are accepted in the environment (AWS_…, AZURE_…, GOOGLE_…) or under `storage:`",
        ),
        Refusal::Rights => (
            "may not be read",
            "give the credentials in the environment (AWS_…, AZURE_…, GOOGLE_…) the right to list and read it",
        ),
        Refusal::Missing => {
            ("is not there", "check that the bucket or container is there, and the region or endpoint under `storage:`")
        }
    };
    Error::new(codes::UNREACHABLE, Blame::Environment, format!("{name} {what}")).help(help)
}

impl Read for RemoteFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.chunks.blocking_recv() {
                Some(Ok(chunk)) => {
                    if let Some(progress) = &self.progress {
                        progress.add_bytes_in(chunk.len() as u64);
                    }
                    self.left = self.left.saturating_sub(chunk.len() as u64);
                    self.chunk = chunk;
                }
                Some(Err(error)) => return Err(io::Error::other(error)),
                None if self.left == 0 => return Ok(0),
                // The fetch ended without its last bytes: the runtime is shutting down, or the object has shrunk.
                None => return Err(io::Error::other(changed(&self.name))),
            }
        }
        let count = self.chunk.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.chunk[..count]);
        self.chunk.advance(count);
        Ok(count)
    }
}
