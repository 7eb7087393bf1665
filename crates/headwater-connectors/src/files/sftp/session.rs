//! One SFTP session over a connection: requests of many, answered in any order.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use russh::client::{Handle, Msg};
use russh::{Channel, ChannelMsg, ChannelReadHalf};
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::failure::Failure;
use super::trust::Doorkeeper;
use super::wire::{self, Attributes, Reply, Request, codes};

/// How long an answer may take. A server whose disks wake up is slow; one that takes longer is gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who waits for answers; `None` when the connection has ended.
#[derive(Default)]
struct Waiting(Mutex<Option<HashMap<u32, oneshot::Sender<Reply>>>>);

impl Waiting {
    fn with<T>(&self, act: impl FnOnce(&mut Option<HashMap<u32, oneshot::Sender<Reply>>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a server can do beside the protocol's version 3.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Abilities {
    pub(super) posix_rename: bool,
    pub(super) sync: bool,
    /// The most bytes of a read.
    pub(super) read: u32,
    /// The most bytes of a write.
    pub(super) write: u32,
}

/// What every server gives and takes at once.
const SMALL: u32 = 32 << 10;
/// What is asked for and sent at once where the server says that it may be: more brings nothing.
const LARGE: u32 = 128 << 10;
/// Writes that are on their way at once.
const WRITES: usize = 64;

/// A session. It ends when it is dropped.
pub(super) struct Session {
    server: Arc<str>,
    requests: mpsc::UnboundedSender<Bytes>,
    waiting: Arc<Waiting>,
    next: AtomicU32,
    pub(super) abilities: Abilities,
    /// Room for writes that are on their way, of all files together.
    pub(super) room: Semaphore,
    /// The connection ends with it.
    _connection: Handle<Doorkeeper>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.server)
    }
}

impl Session {
    /// Begins a session on a channel whose other side has started its SFTP server.
    ///
    /// # Errors
    /// When the other side does not speak SFTP.
    pub(super) async fn begin(
        server: Arc<str>,
        connection: Handle<Doorkeeper>,
        channel: Channel<Msg>,
    ) -> Result<Self, Failure> {
        let (requests, mut outgoing) = mpsc::unbounded_channel::<Bytes>();
        let (incoming, writer) = channel.split();
        let waiting = Arc::new(Waiting(Mutex::new(Some(HashMap::new()))));
        let (greeted, greeting) = oneshot::channel();
        let write = tokio::spawn(async move {
            // Requests are small, and of data only so much is sent at a time as there is room for.
            while let Some(message) = outgoing.recv().await {
                if writer.data_bytes(message).await.is_err() {
                    return;
                }
            }
            // The session is dropped. A connection that is gone needs no farewell.
            let _gone = writer.close().await;
        });
        let answers = Arc::clone(&waiting);
        tokio::spawn(async move {
            read(incoming, &answers, greeted).await;
            answers.with(Option::take);
            // It may wait for room that a dead connection never gives.
            write.abort();
        });
        let mut session = Self {
            server,
            requests,
            waiting,
            next: AtomicU32::new(0),
            abilities: Abilities { read: SMALL, write: SMALL, ..Abilities::default() },
            room: Semaphore::new(WRITES),
            _connection: connection,
        };
        // A send fails when the connection has ended, which the wait below notices.
        let _gone = session.requests.send(wire::greeting());
        let greeting = tokio::time::timeout(PATIENCE, greeting).await;
        let greeting = greeting.ok().and_then(Result::ok).and_then(wire::decode_greeting);
        let Some((wire::VERSION.., extensions)) = greeting else { return Err(Failure::garbled(&session.server)) };
        let has = |name: &str| extensions.iter().any(|extension| extension == name.as_bytes());
        session.abilities.posix_rename = has("posix-rename@openssh.com");
        session.abilities.sync = has("fsync@openssh.com");
        if has("limits@openssh.com")
            && let Reply::Extended(contents) = session.call(&Request::Limits).await?
            && let Some((read, write)) = wire::decode_limits(contents)
        {
            let at_most = |limit: u64| if limit == 0 { LARGE } else { limit.min(LARGE.into()) as u32 };
            (session.abilities.read, session.abilities.write) = (at_most(read), at_most(write));
        }
        Ok(session)
    }

    /// Whether the connection has ended.
    pub(super) fn is_closed(&self) -> bool {
        self.waiting.with(|waiting| waiting.is_none())
    }

    /// Sends a request. What it gives waits for the answer; it may be dropped.
    pub(super) fn call(&self, request: &Request<'_>) -> impl Future<Output = Result<Reply, Failure>> + Send + 'static {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        let open = self.waiting.with(|waiting| waiting.as_mut().map(|waiting| waiting.insert(id, sender)).is_some());
        // A send that fails leaves the answer without a sender, which the wait below notices.
        let sent = open && self.requests.send(request.encode(id)).is_ok();
        let (server, waiting) = (Arc::clone(&self.server), Arc::clone(&self.waiting));
        async move {
            if !sent {
                return Err(Failure::lost(&server, "the connection has ended"));
            }
            match tokio::time::timeout(PATIENCE, answer).await {
                Ok(Ok(Reply::Status { code: codes::NO_CONNECTION | codes::CONNECTION_LOST, text })) => {
                    Err(Failure::lost(&server, &text))
                }
                Ok(Ok(reply)) => Ok(reply),
                Ok(Err(_)) => Err(Failure::lost(&server, "the connection has ended")),
                Err(_) => {
                    // Whoever else waits for it would wait in vain, too.
                    waiting.with(Option::take);
                    Err(Failure::lost(&server, "there was no answer for a minute"))
                }
            }
        }
    }

    /// A request that is done or refused.
    pub(super) async fn act(&self, request: &Request<'_>) -> Result<(), Failure> {
        match self.call(request).await? {
            Reply::Status { code: codes::OK, .. } => Ok(()),
            other => Err(self.unexpected(other)),
        }
    }

    /// What is known of a file, by a request for it.
    pub(super) async fn attributes(&self, request: &Request<'_>) -> Result<Attributes, Failure> {
        match self.call(request).await? {
            Reply::Attributes(attributes) => Ok(attributes),
            other => Err(self.unexpected(other)),
        }
    }

    /// A handle, by a request for it.
    pub(super) async fn handle(self: &Arc<Self>, request: &Request<'_>) -> Result<OpenHandle, Failure> {
        match self.call(request).await? {
            Reply::Handle(handle) => {
                Ok(OpenHandle { session: Arc::clone(self), handle, closed: AtomicBool::new(false) })
            }
            other => Err(self.unexpected(other)),
        }
    }

    /// What stands for an answer that is none to the request.
    pub(super) fn unexpected(&self, reply: Reply) -> Failure {
        match reply {
            Reply::Status { code, text } if code != codes::OK => Failure::Refused { code, text },
            _ => Failure::garbled(&self.server),
        }
    }
}

/// A file or a folder that is open at the server until this is dropped.
#[derive(Debug)]
pub(super) struct OpenHandle {
    pub(super) session: Arc<Session>,
    pub(super) handle: Bytes,
    /// Servers use handles again: one must not be closed twice.
    closed: AtomicBool,
}

impl OpenHandle {
    /// Closes it, and waits until it is.
    pub(super) async fn close(&self) -> Result<(), Failure> {
        if self.closed.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        self.session.act(&Request::Close { handle: &self.handle }).await
    }
}

impl Drop for OpenHandle {
    fn drop(&mut self) {
        if !*self.closed.get_mut() {
            // Nobody waits for the answer.
            drop(self.session.call(&Request::Close { handle: &self.handle }));
        }
    }
}

/// Hands answers on until the connection ends, or says what is no SFTP.
async fn read(mut channel: ChannelReadHalf, waiting: &Waiting, greeted: oneshot::Sender<Bytes>) {
    let mut greeted = Some(greeted);
    let mut unread = BytesMut::new();
    while let Some(message) = channel.wait().await {
        match message {
            ChannelMsg::Data { data } => unread.extend_from_slice(&data),
            ChannelMsg::Eof | ChannelMsg::Close => return,
            _ => continue,
        }
        while let Some(length) = unread.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes) as usize) {
            if length > wire::LONGEST {
                return;
            }
            if unread.len() < 4 + length {
                unread.reserve(4 + length - unread.len());
                break;
            }
            unread.advance(4);
            let message = unread.split_to(length).freeze();
            if let Some(greeted) = greeted.take() {
                // Whoever began the session may have lost its patience.
                let _gone = greeted.send(message);
                continue;
            }
            let Some((id, reply)) = wire::decode(message) else { return };
            let sender = waiting.with(|waiting| waiting.as_mut().and_then(|waiting| waiting.remove(&id)));
            if let Some(sender) = sender {
                // Whoever asked may not want it any more.
                let _gone = sender.send(reply);
            }
        }
    }
}
