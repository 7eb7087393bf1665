//! What is kept for destinations that cannot remember what they hold.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::id::RunId;

/// What tells a row of a load from all others: the same whenever the load is delivered again.
pub type RowId = [u8; 16];

/// A row that was refused, as it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRow {
    /// What tells it from others that are kept: of its key, so that a row that comes again takes its place.
    pub id: String,
    /// What was to be done with it: the number of an [`Operation`](crate::connector::Operation).
    pub operation: i8,
    /// It, as a JSON object.
    pub row: String,
    /// Why it was refused.
    pub reason: String,
}

/// Remembers, while a load is delivered, what of it the destination has taken. A destination that has no transactions is then sent
/// as little as possible twice.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// The rows of this load that an earlier try has delivered, or that were refused then.
    ///
    /// # Errors
    /// When it cannot be read.
    async fn acknowledged(&self) -> Result<Vec<RowId>>;

    /// The rows that were refused and not delivered since, each with the run that it was refused in last.
    ///
    /// # Errors
    /// When it cannot be read.
    async fn kept(&self) -> Result<Vec<(KeptRow, RunId)>>;

    /// Notes at once which rows of the load are done with, which of them are kept as refused, and which are kept no longer.
    ///
    /// # Errors
    /// When it cannot be written to.
    async fn note(&self, done: &[RowId], refused: &[KeptRow], gone: &[String]) -> Result<()>;
}
