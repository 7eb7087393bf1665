//! What has come of a delivery, for people and (as JSON) for programs.

use std::time::Duration;

use headwater_project::Delivery;
use headwater_sdk::destination::{Delivered, Undelivered};
use headwater_sdk::store::{DeliveryOutcome, DeliveryRecord};
use headwater_sdk::{Blame, Error, RunId, TableName};
use serde::Serialize;

use super::job::{Outcome, Tried};
use crate::clock;
use crate::lake::Base;

/// The code of a delivery of which nothing was taken.
const ALL_REFUSED: &str = "HW0990";

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
    /// The destination has refused all rows that there were to be delivered.
    Refused,
    /// There is no such table on `main` yet.
    NotPublished,
    /// Nothing has changed at the destination, or a part of the rows is there, where it has no transactions.
    Failed,
}

impl DeliveryState {
    /// Whether the destination was brought to what `main` has, but for rows that it has refused.
    fn is_held(self) -> bool {
        matches!(self, Self::Delivered | Self::Refused | Self::UpToDate)
    }

    /// Whether a person has to do something.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Failed | Self::Refused)
    }
}

fn is_refused(delivered: &Delivered) -> bool {
    delivered.undelivered > 0 && delivered.written == 0
}

/// Whether a delivery was refused as a whole, as it was recorded.
pub(super) fn was_refused(record: &DeliveryRecord) -> bool {
    record.code.as_deref() == Some(ALL_REFUSED)
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
    /// Of what came of it. `was_refused`: the last delivery was [refused](DeliveryState::Refused).
    pub(super) fn new(
        delivery: &Delivery,
        base: &Base,
        dry_run: bool,
        outcome: Result<Outcome, Error>,
        was_refused: bool,
        tried: Tried,
        took: Duration,
    ) -> Self {
        let (state, delivered, error) = match outcome {
            Ok(Outcome::Shipped(delivered, _)) if dry_run => (DeliveryState::Due, delivered, None),
            Ok(Outcome::Shipped(delivered, is_all)) => (
                if is_all && is_refused(&delivered) { DeliveryState::Refused } else { DeliveryState::Delivered },
                delivered,
                None,
            ),
            Ok(Outcome::UpToDate(delivered)) if delivered.written + delivered.deleted > 0 => {
                (DeliveryState::Delivered, delivered, None)
            }
            // What was refused as a whole is, for as long as nothing of it is taken.
            Ok(Outcome::UpToDate(delivered)) if was_refused && is_refused(&delivered) => {
                (DeliveryState::Refused, delivered, None)
            }
            Ok(Outcome::UpToDate(delivered)) => (DeliveryState::UpToDate, delivered, None),
            Ok(Outcome::Nothing) => (DeliveryState::NotPublished, Delivered::default(), None),
            Err(error) => (DeliveryState::Failed, Delivered::default(), Some(error)),
        };
        let error = error.or_else(|| {
            let message = format!("the destination has refused all {} rows that there were", delivered.undelivered);
            let error = Error::new(ALL_REFUSED, Blame::Data, message);
            (state == DeliveryState::Refused).then(|| {
                error.help("correct the rows, or what the destination takes: they are tried again by the next delivery")
            })
        });
        let snapshot = state.is_held().then(|| base.id()).flatten();
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
                DeliveryState::Delivered | DeliveryState::Refused => DeliveryOutcome::Delivered,
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
