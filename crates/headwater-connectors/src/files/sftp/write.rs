//! Files that are written under a name of their own and take their place when they are whole.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, TryStreamExt};
use headwater_sdk::{Blame, Error};
use object_store::path::Path;
use object_store::{MultipartUpload, PutPayload, PutResult, Result, UploadPart};
use tokio::sync::Mutex;

use super::failure::{Failure, Tries};
use super::server::Server;
use super::session::OpenHandle;
use super::wire::{Request, flags};
use crate::codes;

/// The name of a file that is being written: hidden, and none that a glob for the finished ones finds.
fn unfinished(name: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!(".{name}.{now:x}.tmp")
}

/// Whether a file is one that was being written, for a name that begins with `prefix`.
pub(crate) fn is_unfinished(name: &str, prefix: &str) -> bool {
    name.strip_prefix('.').is_some_and(|name| name.starts_with(prefix) && name.ends_with(".tmp"))
}

/// What the parts of a file share.
struct Target {
    server: Arc<Server>,
    path: Path,
    /// Where it is written.
    made: Vec<u8>,
    /// `None` when the connection was lost.
    open: Mutex<Option<Arc<OpenHandle>>>,
}

/// A file that is being written.
pub(super) struct Upload {
    target: Arc<Target>,
    at: u64,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.target.server.shown(&self.target.path))
    }
}

impl Upload {
    /// Begins a file, in folders that are made where there are none.
    ///
    /// # Errors
    /// When it cannot be.
    pub(super) async fn begin(server: Arc<Server>, path: Path) -> Result<Self> {
        let (folder, name) = match path.as_ref().rsplit_once('/') {
            Some((folder, name)) => (folder, name),
            None => ("", path.as_ref()),
        };
        let made = unfinished(name);
        let made = if folder.is_empty() { made } else { format!("{folder}/{made}") };
        let made = server.path(&Path::parse(made)?);
        let target = Arc::new(Target { server, path, made, open: Mutex::default() });
        let mut tries = Tries::default();
        loop {
            match target.create().await {
                Ok(handle) => {
                    *target.open.lock().await = Some(handle);
                    return Ok(Self { target, at: 0 });
                }
                Err(failure) => target.again(&mut tries, failure).await?,
            }
        }
    }
}

impl Target {
    async fn again(&self, tries: &mut Tries, failure: Failure) -> Result<()> {
        tries.again(failure).await.map_err(|failure| self.server.told(failure, &self.path))
    }

    /// Makes the file.
    async fn create(&self) -> Result<Arc<OpenHandle>, Failure> {
        let session = self.server.session().await?;
        let create = Request::Open { path: &self.made, flags: flags::WRITE | flags::CREATE | flags::TRUNCATE };
        match session.handle(&create).await {
            Err(failure) if failure.is_missing() => {}
            done => return done.map(Arc::new),
        }
        for (at, _) in self.made.iter().enumerate().filter(|(at, byte)| **byte == b'/' && *at > 0) {
            match session.act(&Request::MakeFolder { path: &self.made[..at] }).await {
                // It is there, or what follows tells why not.
                Ok(()) | Err(Failure::Refused { .. }) => {}
                Err(failure) => return Err(failure),
            }
        }
        session.handle(&create).await.map(Arc::new)
    }

    /// The file, opened again when the connection was lost. What was written before is in it.
    async fn handle(&self) -> Result<Arc<OpenHandle>, Failure> {
        let mut open = self.open.lock().await;
        if let Some(handle) = open.as_ref().filter(|handle| !handle.session.is_closed()) {
            return Ok(Arc::clone(handle));
        }
        let session = self.server.session().await?;
        let handle = session.handle(&Request::Open { path: &self.made, flags: flags::WRITE }).await?;
        Ok(Arc::clone(open.insert(Arc::new(handle))))
    }

    /// Writes a part, as a whole.
    async fn write(&self, offset: u64, data: &PutPayload) -> Result<(), Failure> {
        let open = self.handle().await?;
        let most = open.session.abilities.write.max(1) as usize;
        let mut at = offset;
        let pieces = data.iter().flat_map(|bytes| bytes.chunks(most)).map(|piece| {
            let place = at;
            at += piece.len() as u64;
            (place, piece)
        });
        let writes = FuturesUnordered::new();
        for (offset, data) in pieces {
            let open = &open;
            writes.push(async move {
                // It is closed with the session only, whose calls then tell it.
                let _room = open.session.room.acquire().await;
                let write = Request::Write { handle: &open.handle, offset, data };
                open.session.act(&write).await
            });
        }
        writes.try_collect().await
    }

    /// Makes sure that all of it is there, and puts it into its place.
    async fn finish(&self, size: u64, repeated: bool) -> Result<(), Failure> {
        let place = self.server.path(&self.path);
        let open = match self.handle().await {
            Err(failure) if failure.is_missing() && repeated => {
                // It was put into its place, and the answer was lost.
                let there = self.server.attributes(&place).await?;
                return if there.size == Some(size) { Ok(()) } else { Err(failure) };
            }
            open => open?,
        };
        let session = Arc::clone(&open.session);
        if session.abilities.sync {
            session.act(&Request::Sync { handle: &open.handle }).await?;
        }
        let written = session.attributes(&Request::FileStat { handle: &open.handle }).await?;
        if written.size != Some(size) {
            let message = format!("{} was not written as a whole", self.server.shown(&self.path));
            return Err(Failure::Final(
                Error::new(codes::NOT_WRITTEN, Blame::Environment, message)
                    .help("look whether the server has room, and whether something else writes there")
                    .transient(),
            ));
        }
        // Some servers do not rename what is open.
        open.close().await?;
        let (from, to) = (&self.made[..], &place[..]);
        if session.abilities.posix_rename {
            return session.act(&Request::PosixRename { from, to }).await;
        }
        match session.act(&Request::Rename { from, to }).await {
            Err(refused @ Failure::Refused { .. }) => {
                if session.attributes(&Request::Stat { path: to }).await.is_err() {
                    return Err(refused);
                }
                // Version 3 has no way to put a file into another one's place: what is there goes first.
                session.act(&Request::Remove { path: to }).await?;
                session.act(&Request::Rename { from, to }).await
            }
            done => done,
        }
    }
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (target, offset) = (Arc::clone(&self.target), self.at);
        self.at += data.content_length() as u64;
        async move {
            let mut tries = Tries::default();
            while let Err(failure) = target.write(offset, &data).await {
                target.again(&mut tries, failure).await?;
            }
            Ok(())
        }
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let mut tries = Tries::default();
        while let Err(failure) = self.target.finish(self.at, tries.repeated()).await {
            self.target.again(&mut tries, failure).await?;
        }
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn abort(&mut self) -> Result<()> {
        *self.target.open.lock().await = None;
        self.target
            .server
            .remove(&self.target.made)
            .await
            .map_err(|failure| self.target.server.told(failure, &self.target.path))
    }
}

/// Writes a small file as a whole.
///
/// # Errors
/// When it cannot be written; what was there before is then still there.
pub(super) async fn put(server: Arc<Server>, path: Path, payload: PutPayload) -> Result<PutResult> {
    let mut upload = Upload::begin(server, path).await?;
    upload.put_part(payload).await?;
    upload.complete().await
}
