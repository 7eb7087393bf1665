//! Rows on their way from the engine's stream into a driver, which asks for them from its own thread.

use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{Int16Array, Int64Array, RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use headwater_sdk::connector::Operation;
use headwater_sdk::destination::Outgoing;
use headwater_sdk::{Blame, Error, Result};
use tokio::sync::mpsc;

use super::columns::hand_over;
use super::watched::Watched;
use crate::codes;

/// What has come of the rows when the driver has taken them.
#[derive(Debug, Default)]
pub(super) struct Come {
    /// Rows that are added, or replace others.
    pub(super) upserts: u64,
    /// Rows that are gone.
    pub(super) deletions: u64,
    /// The place of the next row.
    pub(super) place: i64,
    /// Kept rows whose keys may come.
    pub(super) watched: Watched,
    /// Why there are no more.
    failed: Option<Error>,
}

/// What is sent to [`Incoming`]: rows, and at their end a `None`. Who goes without one was stopped, and what has come is not all.
pub(super) type Sent = Result<Option<Outgoing>>;

/// The reader that a driver is given.
pub(super) struct Incoming {
    schema: SchemaRef,
    /// Rows that were refused by earlier deliveries, one in each; the last one is next.
    again: Vec<Outgoing>,
    rows: mpsc::Receiver<Sent>,
    come: Arc<Mutex<Come>>,
    /// Drivers make no table of no batch.
    has_begun: bool,
    has_ended: bool,
}

impl Incoming {
    pub(super) fn new(
        schema: SchemaRef,
        again: Vec<Outgoing>,
        watched: Watched,
        rows: mpsc::Receiver<Sent>,
    ) -> (Self, Arc<Mutex<Come>>) {
        let come = Arc::new(Mutex::new(Come { watched, ..Come::default() }));
        (Self { schema, again, rows, come: Arc::clone(&come), has_begun: false, has_ended: false }, come)
    }

    /// The columns.
    pub(super) fn columns(&self) -> &Schema {
        &self.schema
    }

    fn handed(&self, Outgoing { rows, operations }: &Outgoing, first: i64) -> Result<RecordBatch, ArrowError> {
        let gone = Operation::Delete as i8;
        let operations: Int16Array = match operations {
            Some(operations) => operations.iter().map(|operation| operation.map(i16::from).or(Some(0))).collect(),
            None => std::iter::repeat_n(Some(0), rows.num_rows()).collect(),
        };
        let deletions = operations.values().iter().filter(|operation| **operation == i16::from(gone)).count() as u64;
        let mut come = self.come.lock().unwrap_or_else(PoisonError::into_inner);
        come.deletions += deletions;
        // Those of earlier deliveries are counted when it is known which of them come again.
        come.upserts += if first < 0 { 0 } else { rows.num_rows() as u64 - deletions };
        let end = first + rows.num_rows() as i64;
        come.place = end.max(0);
        let handed = hand_over(rows, operations, Int64Array::from_iter_values(first..end), &self.schema)?;
        come.watched.see(&handed)?;
        Ok(handed)
    }
}

impl Iterator for Incoming {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let place = -(self.again.len() as i64);
        if let Some(outgoing) = self.again.pop() {
            self.has_begun = true;
            return Some(self.handed(&outgoing, place));
        }
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        let next = self.rows.blocking_recv().unwrap_or_else(|| Err(cut_off()));
        self.has_ended = !matches!(next, Ok(Some(_)));
        match next {
            Ok(None) => is_first.then(|| Ok(RecordBatch::new_empty(Arc::clone(&self.schema)))),
            Ok(Some(outgoing)) => {
                let place = self.come.lock().unwrap_or_else(PoisonError::into_inner).place;
                Some(self.handed(&outgoing, place))
            }
            Err(error) => {
                let text = error.full_message();
                self.come.lock().unwrap_or_else(PoisonError::into_inner).failed = Some(error);
                Some(Err(ArrowError::ComputeError(text)))
            }
        }
    }
}

/// That nobody sends any more rows, and not all have come.
fn cut_off() -> Error {
    Error::new(codes::DRIVER_FAILED, Blame::Environment, "the rows of a delivery were cut off: it was stopped")
        .help("nothing of it was kept; the next run delivers it")
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

#[cfg(test)]
mod tests {
    use arrow_schema::{DataType, Field};

    use super::*;
    use crate::driver::dialect::Dialect;
    use crate::driver::outlet::columns::handed;

    fn sent(what: Vec<Sent>) -> (Incoming, Arc<Mutex<Come>>) {
        let (sender, receiver) = mpsc::channel(8);
        what.into_iter().for_each(|one| assert!(sender.try_send(one).is_ok()));
        let columns = Schema::new(vec![Field::new("n", DataType::Int64, true)]);
        Incoming::new(handed(&columns, Dialect::Other), Vec::new(), Watched::default(), receiver)
    }

    #[test]
    fn rows_without_their_end_are_an_error() {
        let (mut rows, come) = sent(Vec::new());
        assert!(rows.next().unwrap().is_err());
        assert!(rows.next().is_none());
        assert_eq!(done(&come).unwrap_err().code, codes::DRIVER_FAILED);
    }

    #[test]
    fn no_rows_are_an_empty_batch() {
        let (mut rows, come) = sent(vec![Ok(None)]);
        assert_eq!(rows.next().unwrap().unwrap().num_rows(), 0);
        assert!(rows.next().is_none());
        assert!(done(&come).is_ok());
    }
}
