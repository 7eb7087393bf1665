//! What the catalogue keeps of deliveries: what has happened and, for destinations that cannot remember, how far they are.

use serde::{Deserialize, Serialize};

use crate::destination::{KeptRow, Mark};
use crate::id::RunId;
use crate::name::TableName;

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryOutcome {
    /// The destination holds what `main` had, by this delivery.
    Delivered,
    /// It did so already.
    UpToDate,
    /// There was no such table on `main` yet.
    NotPublished,
    /// The destination holds what it held, or a part of it where it has no transactions.
    Failed,
}

/// What has come of one delivery in a run, or in a `headwater deliver`. It tells what happened; nothing is decided by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryRecord {
    /// The run, or the `headwater deliver`.
    pub run: RunId,
    /// The delivery: `<destination>/<table>`.
    pub delivery: String,
    /// The kind of system.
    pub connector: String,
    /// The table.
    pub table: TableName,
    /// How it ended.
    pub outcome: DeliveryOutcome,
    /// The snapshot that the destination held before; `None` when it held none, or could not be asked.
    pub from: Option<u64>,
    /// The snapshot that was to be delivered.
    pub to: Option<u64>,
    /// Rows that were added or replaced there.
    pub written: u64,
    /// Rows that were deleted there.
    pub deleted: u64,
    /// Rows that the destination has refused.
    pub undelivered: u64,
    /// Bytes of what was sent.
    pub bytes: u64,
    /// How often it was tried.
    pub attempts: u32,
    /// Start of the first attempt, in milliseconds since 1970-01-01T00:00:00Z.
    pub started_ms: i64,
    /// End.
    pub ended_ms: i64,
    /// The code of what went wrong.
    pub code: Option<String>,
    /// What went wrong.
    pub message: Option<String>,
}

/// How far a destination is that cannot remember it itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRecord {
    /// The delivery.
    pub delivery: String,
    /// What it holds.
    pub mark: Option<Mark>,
    /// What it is being brought to; some of its rows may be there.
    pub pending: Option<Mark>,
}

/// A row that a destination has refused which cannot keep it itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndeliveredRecord {
    /// The delivery.
    pub delivery: String,
    /// The run, or the `headwater deliver`, by which it was refused last.
    pub run: RunId,
    /// When it was refused first, in milliseconds since 1970-01-01T00:00:00Z.
    pub since_ms: i64,
    /// The row.
    pub row: KeptRow,
}
