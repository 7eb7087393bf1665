//! What has come of a delivery, for people and (as JSON) for programs.

use std::time::Duration;

use headwater_project::Delivery;
use headwater_sdk::destination::{Delivered, Undelivered};
use headwater_sdk::store::{DeliveryOutcome, DeliveryRecord};
use headwater_sdk::{Error, RunId, TableName};
use serde::Serialize;

use super::job::Tried;
use crate::clock;
use crate::lake::Base;

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// The destination holds what `main` has, by this delivery.
    Delivered,
    /// There is something to deliver, and nothing was.
    Due,
    /// It did so already.
    UpToDate,
    /// There is no such table on `main` yet.
    NotPublished,
    /// Nothing has changed at the destination, or a part of the rows is there, where it has no transactions.
    Failed,
}

/// What has come of a delivery.
#[derive(Debug, Clone, Serialize)]
pub struct DeliverySummary {
    /// The delivery.
    pub delivery: String,
    /// The table.
    pub table: TableName,
    /// How it ended.
    pub state: DeliveryState,
    /// The snapshot that the destination holds.
    pub snapshot: Option<u64>,
    /// Rows that were added or replaced there.
    pub written: u64,
    /// Rows that were deleted there.
    pub deleted: u64,
    /// Rows that the destination has refused.
    pub undelivered: u64,
    /// Some of these.
    pub samples: Vec<Undelivered>,
    /// Where they are kept, in words.
    pub kept: &'static str,
    /// The snapshot that the destination held before.
    pub from: Option<u64>,
    /// Bytes of what was sent.
    pub bytes: u64,
    /// How often it was tried.
    pub attempts: u32,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// The code of what went wrong.
    pub code: Option<String>,
    /// What went wrong.
    pub message: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// Things worth knowing.
    pub notes: Vec<String>,
}

impl DeliverySummary {
    /// Of what came of it; `None` where there was nothing to do.
    pub(super) fn new(
        delivery: &Delivery,
        base: &Base,
        dry_run: bool,
        outcome: Result<Option<Delivered>, Error>,
        tried: Tried,
        took: Duration,
    ) -> Self {
        let is_there = base.relation(&delivery.table).is_some();
        let (state, delivered, error) = match outcome {
            Ok(Some(delivered)) if dry_run => (DeliveryState::Due, delivered, None),
            Ok(Some(delivered)) => (DeliveryState::Delivered, delivered, None),
            Ok(None) if is_there => (DeliveryState::UpToDate, Delivered::default(), None),
            Ok(None) => (DeliveryState::NotPublished, Delivered::default(), None),
            Err(error) => (DeliveryState::Failed, Delivered::default(), Some(error)),
        };
        let snapshot = matches!(state, DeliveryState::Delivered | DeliveryState::UpToDate).then(|| base.id()).flatten();
        Self {
            delivery: delivery.name().to_owned(),
            table: delivery.table.clone(),
            state,
            snapshot,
            written: delivered.written,
            deleted: delivered.deleted,
            undelivered: delivered.undelivered,
            samples: delivered.samples,
            kept: delivered.kept,
            from: tried.from,
            bytes: delivered.bytes,
            attempts: tried.attempts,
            seconds: took.as_secs_f64(),
            code: error.as_ref().map(|error| error.code.to_owned()),
            message: error.as_ref().map(Error::full_message),
            help: error.and_then(|error| error.help),
            notes: delivered.notes,
        }
    }

    /// What the catalogue keeps of it.
    pub(super) fn record(&self, run: &RunId, connector: &str, to: Option<u64>, started_ms: i64) -> DeliveryRecord {
        DeliveryRecord {
            run: run.clone(),
            delivery: self.delivery.clone(),
            connector: connector.to_owned(),
            table: self.table.clone(),
            outcome: match self.state {
                DeliveryState::Delivered => DeliveryOutcome::Delivered,
                DeliveryState::UpToDate => DeliveryOutcome::UpToDate,
                DeliveryState::NotPublished => DeliveryOutcome::NotPublished,
                DeliveryState::Failed | DeliveryState::Due => DeliveryOutcome::Failed,
            },
            from: self.from,
            to,
            written: self.written,
            deleted: self.deleted,
            undelivered: self.undelivered,
            bytes: self.bytes,
            attempts: self.attempts,
            started_ms,
            ended_ms: clock::now_ms(),
            code: self.code.clone(),
            message: self.message.clone(),
        }
    }
}
