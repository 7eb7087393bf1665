//! What the parts of a load share: one exported snapshot of the database, and the sessions that read in it.

use std::sync::{Mutex, PoisonError};

use headwater_sdk::Result;
use headwater_sdk::progress::Progress;
use tokio::sync::OnceCell;

use super::cdc::Beginning;
use super::connect::{Server, Session};
use super::quote;

/// The moment at which a load reads, from its first part on.
#[derive(Debug)]
pub(super) struct Moment {
    pub(super) server: Server,
    /// Whether there are several parts, so that sessions have to see the same.
    shared: bool,
    exporter: OnceCell<Exporter>,
    /// Sessions in a transaction on the snapshot that no part uses now.
    idle: Mutex<Vec<Session>>,
    /// What comes before the moment, so that nothing that commits later is missed.
    beginning: Option<Beginning>,
}

#[derive(Debug)]
struct Exporter {
    snapshot: String,
    /// The snapshot can be entered as long as its session is in the transaction.
    _session: Session,
}

impl Moment {
    pub(super) fn new(server: Server, shared: bool, beginning: Option<Beginning>) -> Self {
        Self { server, shared, exporter: OnceCell::new(), idle: Mutex::new(Vec::new()), beginning }
    }

    /// A session in a transaction at the moment.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub(super) async fn session(&self, progress: &Progress) -> Result<Session> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(session) = idle.filter(|session| !session.is_closed()) {
            return Ok(session);
        }
        let session = self.server.connect().await?;
        if let Some(beginning) = &self.beginning {
            beginning.come(&session, &self.server, progress).await?;
        }
        self.begin(&session).await?;
        if self.shared {
            let exporter = self.exporter.get_or_try_init(|| self.export()).await?;
            let enter = format!("set transaction snapshot {}", quote::text(&exporter.snapshot));
            let entered = session.batch_execute(&enter).await;
            entered.map_err(|error| self.server.error(&error, "the snapshot of the load cannot be entered"))?;
        } else {
            self.tell(&session).await?;
        }
        Ok(session)
    }

    /// Takes a session back whose answer was read to its end.
    pub(super) fn give_back(&self, session: Session) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
    }

    async fn export(&self) -> Result<Exporter> {
        let session = self.server.connect().await?;
        self.begin(&session).await?;
        self.tell(&session).await?;
        let exported = session.query_one("select pg_export_snapshot()", &[]).await;
        let exported = exported.map_err(|error| self.server.error(&error, "no snapshot can be exported"))?;
        Ok(Exporter { snapshot: exported.get(0), _session: session })
    }

    /// Tells who follows the table in which snapshot it is read.
    async fn tell(&self, session: &Session) -> Result<()> {
        let Some(beginning) = &self.beginning else { return Ok(()) };
        let snapshot = session.query_one("select txid_current_snapshot()::text", &[]).await;
        let snapshot = snapshot.map_err(|error| self.server.error(&error, "the snapshot of the load is not told"))?;
        beginning.reads_in(snapshot.get(0))
    }

    async fn begin(&self, session: &Session) -> Result<()> {
        let begun = session.batch_execute("begin isolation level repeatable read read only").await;
        begun.map_err(|error| self.server.error(&error, "no transaction can be begun"))
    }
}
