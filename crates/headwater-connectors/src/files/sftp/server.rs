//! A server, spoken to over one connection that is made when it is needed, and anew when it is lost.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectMeta, Result};
use tokio::sync::Mutex;

use super::address::Address;
use super::connect::connect;
use super::failure::{Failure, Tries};
use super::session::{OpenHandle, Session};
use super::wire::{Attributes, Kind, Reply, Request, codes, flags};

/// A server and who is logged in.
pub(crate) struct Server {
    pub(super) address: Address,
    session: Mutex<Option<Arc<Session>>>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.address.server)
    }
}

/// Does something at the server, again where another connection may do.
macro_rules! at_server {
    ($server:expr, $session:ident, $tries:ident, $act:expr) => {{
        let mut $tries = Tries::default();
        loop {
            let done = match $server.session().await {
                Ok($session) => $act.await,
                Err(failure) => Err(failure),
            };
            match done {
                Ok(done) => break Ok(done),
                Err(failure) => {
                    if let Err(failure) = $tries.again(failure).await {
                        break Err(failure);
                    }
                }
            }
        }
    }};
}

impl Server {
    pub(super) fn new(address: Address) -> Self {
        Self { address, session: Mutex::default() }
    }

    /// The session, begun if there is none.
    pub(super) async fn session(&self) -> Result<Arc<Session>, Failure> {
        let mut session = self.session.lock().await;
        if let Some(open) = session.as_ref().filter(|open| !open.is_closed()) {
            return Ok(Arc::clone(open));
        }
        let begun = Arc::new(connect(&self.address).await?);
        *session = Some(Arc::clone(&begun));
        Ok(begun)
    }

    /// A path as the server takes it.
    pub(super) fn path(&self, path: &Path) -> Vec<u8> {
        match (self.address.from_home, path.as_ref()) {
            (true, "") => b".".to_vec(),
            (true, path) => path.as_bytes().to_vec(),
            (false, path) => format!("/{path}").into_bytes(),
        }
    }

    /// What a path is called in messages.
    pub(super) fn shown(&self, path: &Path) -> String {
        let home = if self.address.from_home { "~/" } else { "" };
        format!("sftp://{}@{}/{home}{path}", self.address.user, self.address.server)
    }

    /// A failure that is about a path, in a store's terms.
    pub(super) fn told(&self, failure: Failure, path: &Path) -> object_store::Error {
        failure.about(&self.shown(path))
    }

    /// What is known of a file. Links are followed.
    pub(super) async fn attributes(&self, path: &[u8]) -> Result<Attributes, Failure> {
        at_server!(self, session, tries, session.attributes(&Request::Stat { path }))
    }

    /// Where a path leads, without links.
    pub(super) async fn real_path(&self, path: &[u8]) -> Result<Bytes, Failure> {
        let names = at_server!(self, session, tries, async {
            match session.call(&Request::RealPath { path }).await? {
                Reply::Names(names) => Ok(names),
                other => Err(session.unexpected(other)),
            }
        })?;
        names.into_iter().next().map(|(name, _)| name).ok_or_else(|| Failure::garbled(&self.address.server))
    }

    /// Removes a file.
    pub(super) async fn remove(&self, path: &[u8]) -> Result<(), Failure> {
        at_server!(self, session, tries, async {
            match session.act(&Request::Remove { path }).await {
                // The answer to the first time was lost.
                Err(failure) if failure.is_missing() && tries.repeated() => Ok(()),
                done => done,
            }
        })
    }

    /// Opens a file to be read, as long as it is what it was.
    pub(super) async fn open(&self, path: &[u8]) -> Result<(OpenHandle, Attributes), Failure> {
        at_server!(self, session, tries, open(&session, path))
    }

    /// What is in a folder, without the folder and the one above; empty when there is none.
    pub(super) async fn entries(&self, path: &[u8]) -> Result<Vec<(Bytes, Attributes)>, Failure> {
        match at_server!(self, session, tries, entries(&session, path)) {
            Err(failure) if failure.is_missing() => Ok(Vec::new()),
            done => done,
        }
    }

    /// What an entry of a folder is, by asking where its attributes do not tell; `None` for what is neither a file nor a folder, as
    /// a link that leads nowhere.
    pub(super) async fn known(
        &self,
        path: &[u8],
        attributes: Attributes,
    ) -> Result<Option<(Kind, Attributes)>, Failure> {
        let complete = attributes.size.is_some() && attributes.modified.is_some();
        match attributes.kind() {
            Kind::Folder => return Ok(Some((Kind::Folder, attributes))),
            Kind::File if complete => return Ok(Some((Kind::File, attributes))),
            Kind::Other => return Ok(None),
            Kind::File | Kind::Unsure => {}
        }
        let asked = match self.attributes(path).await {
            Ok(asked) => asked,
            Err(failure) if failure.is_missing() => return Ok(None),
            Err(failure) => return Err(failure),
        };
        Ok(match asked.kind() {
            // A server that does not tell what anything is has files with sizes.
            Kind::Unsure if asked.size.is_some() => Some((Kind::File, asked)),
            Kind::Other | Kind::Unsure => None,
            kind => Some((kind, asked)),
        })
    }
}

async fn open(session: &Arc<Session>, path: &[u8]) -> Result<(OpenHandle, Attributes), Failure> {
    let handle = session.handle(&Request::Open { path, flags: flags::READ }).await?;
    let attributes = session.attributes(&Request::FileStat { handle: &handle.handle }).await?;
    Ok((handle, attributes))
}

async fn entries(session: &Arc<Session>, path: &[u8]) -> Result<Vec<(Bytes, Attributes)>, Failure> {
    let folder = session.handle(&Request::OpenFolder { path }).await?;
    let mut entries = Vec::new();
    loop {
        match session.call(&Request::ReadFolder { handle: &folder.handle }).await? {
            Reply::Names(names) => {
                entries.extend(names.into_iter().filter(|(name, _)| !matches!(&name[..], b"." | b"..")));
            }
            Reply::Status { code: codes::EOF, .. } => return Ok(entries),
            other => return Err(session.unexpected(other)),
        }
    }
}

/// What tells one state of a file from another: when it was written last, to the second, and its size.
pub(super) fn tag(attributes: &Attributes) -> String {
    format!("{:x}-{:x}", attributes.modified.unwrap_or(0), attributes.size.unwrap_or(0))
}

/// A file as a store knows it.
pub(super) fn meta(location: Path, attributes: &Attributes) -> ObjectMeta {
    ObjectMeta {
        location,
        last_modified: (UNIX_EPOCH + Duration::from_secs(attributes.modified.unwrap_or(0).into())).into(),
        size: attributes.size.unwrap_or(0),
        e_tag: Some(tag(attributes)),
        version: None,
    }
}
