//! Rows on their way from the engine's stream into a driver, which asks for them from its own thread.

use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{Int16Array, RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use headwater_sdk::connector::Operation;
use headwater_sdk::destination::Outgoing;
use headwater_sdk::{Error, Result};
use tokio::sync::mpsc;

use super::columns::hand_over;

/// What has come of the rows when the driver has taken them.
#[derive(Debug, Default)]
pub(super) struct Come {
    /// Rows that are added, or replace others.
    pub(super) upserts: u64,
    /// Rows that are gone.
    pub(super) deletions: u64,
    /// Why there are no more.
    failed: Option<Error>,
}

/// The reader that a driver is given.
pub(super) struct Incoming {
    schema: SchemaRef,
    rows: mpsc::Receiver<Result<Outgoing>>,
    come: Arc<Mutex<Come>>,
    /// Drivers make no table of no batch.
    has_begun: bool,
}

impl Incoming {
    pub(super) fn new(schema: SchemaRef, rows: mpsc::Receiver<Result<Outgoing>>) -> (Self, Arc<Mutex<Come>>) {
        let come = Arc::default();
        (Self { schema, rows, come: Arc::clone(&come), has_begun: false }, come)
    }

    fn handed(&self, Outgoing { rows, operations }: &Outgoing) -> Result<RecordBatch, ArrowError> {
        let gone = Operation::Delete as i8;
        let operations: Int16Array = match operations {
            Some(operations) => operations.iter().map(|operation| operation.map(i16::from).or(Some(0))).collect(),
            None => std::iter::repeat_n(Some(0), rows.num_rows()).collect(),
        };
        let deletions = operations.values().iter().filter(|operation| **operation == i16::from(gone)).count() as u64;
        let mut come = self.come.lock().unwrap_or_else(PoisonError::into_inner);
        come.deletions += deletions;
        come.upserts += rows.num_rows() as u64 - deletions;
        drop(come);
        hand_over(rows, operations, &self.schema)
    }
}

impl Iterator for Incoming {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.rows.blocking_recv();
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        match next {
            None if is_first => Some(Ok(RecordBatch::new_empty(Arc::clone(&self.schema)))),
            None => None,
            Some(Ok(outgoing)) => Some(self.handed(&outgoing)),
            Some(Err(error)) => {
                let text = error.full_message();
                self.come.lock().unwrap_or_else(PoisonError::into_inner).failed = Some(error);
                Some(Err(ArrowError::ComputeError(text)))
            }
        }
    }
}

impl RecordBatchReader for Incoming {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

/// What has come, when the driver is done.
///
/// # Errors
/// When the rows had an end before their last one.
pub(super) fn done(come: &Mutex<Come>) -> Result<Come> {
    let mut come = std::mem::take(&mut *come.lock().unwrap_or_else(PoisonError::into_inner));
    come.failed.take().map_or(Ok(come), Err)
}
