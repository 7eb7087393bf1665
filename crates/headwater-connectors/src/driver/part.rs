//! The rows of a load: one statement, on a thread of its own.

use std::sync::Arc;

use adbc_core::error::Status;
use adbc_core::{CancelHandle, Statement};
use arrow_schema::ArrowError;
use futures::stream::BoxStream;
use headwater_sdk::connector::{ReadPart, SourceBatch};
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error, Result};

use super::database::Database;
use super::sound::sound;
use super::told::said;
use crate::codes;
use crate::columns::{BATCH_ROWS, Target, TypedRows};
use crate::threaded::{self, Batches};

/// What a load reads.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) database: Database,
    pub(super) target: Arc<Target>,
    /// What is read, for messages.
    pub(super) shown: Arc<str>,
    pub(super) sql: String,
}

/// All of it.
#[derive(Debug)]
pub(super) struct TablePart(pub(super) Load);

impl ReadPart for TablePart {
    fn name(&self) -> &str {
        &self.0.shown
    }

    fn bytes(&self) -> u64 {
        0
    }

    fn read(self: Box<Self>, progress: Arc<Progress>) -> BoxStream<'static, Result<SourceBatch>> {
        threaded::batches(Arc::clone(&self.0.shown), move || {
            let runtime = tokio::runtime::Handle::current();
            move |batches: &Batches| self.0.read(&progress, batches, &runtime)
        })
    }
}

impl Load {
    fn read(&self, progress: &Arc<Progress>, batches: &Batches, runtime: &tokio::runtime::Handle) -> Result<()> {
        let session = self.database.connect()?;
        let failed = |error| self.database.failed(&error, &format!("{} cannot be read", self.shown));
        let mut statement = session.statement().map_err(failed)?;
        statement.set_sql_query(&self.sql).map_err(failed)?;
        let _watch = Watch::begin(statement.get_cancel_handle(), batches.clone(), runtime);
        let rows = statement.execute().map_err(failed)?;
        let mut taken = TypedRows::new(Arc::clone(&self.shown), Arc::clone(&self.target), Arc::clone(progress), 0);
        for batch in rows {
            let batch = batch.map_err(|error| self.broken(&error))?;
            progress.add_bytes_in(batch.get_array_memory_size() as u64);
            let (batch, broken) = sound(&batch).map_err(|error| self.unsound(&error))?;
            // As large as the driver likes; what is made of it is not.
            for from in (0..batch.num_rows()).step_by(BATCH_ROWS) {
                let rows = BATCH_ROWS.min(batch.num_rows() - from);
                let within = broken.iter().filter(|(row, _)| (from..from + rows).contains(row));
                let within = within.map(|(row, reason)| (row - from, reason.clone())).collect();
                let batch = taken.take(&batch.slice(from, rows), within)?;
                // When the load was given up, nobody wants the rest.
                if batches.blocking_send(Ok(batch)).is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// An error in the middle of the rows: the driver's words come as an error of Arrow's.
    fn broken(&self, error: &ArrowError) -> Error {
        let error = adbc_core::error::Error::with_message_and_status(error.to_string(), Status::InvalidData);
        self.database.failed(&error, &format!("{} cannot be read", self.shown))
    }

    fn unsound(&self, error: &ArrowError) -> Error {
        let message = format!(
            "{}: the driver hands over what is no column of Arrow: {}",
            self.shown,
            said(&error.to_string(), &[])
        );
        Error::new(codes::DRIVER_FAILED, Blame::Environment, message).help(
            "update the driver, or report this to those who keep it; leave the column out with `exclude` meanwhile",
        )
    }
}

/// Ends a statement when nobody wants its rows any more: its first row may take long to come.
struct Watch(tokio::task::JoinHandle<()>);

impl Watch {
    fn begin(statement: Box<dyn CancelHandle>, batches: Batches, runtime: &tokio::runtime::Handle) -> Self {
        Self(runtime.spawn(async move {
            batches.closed().await;
            let _ended = tokio::task::spawn_blocking(move || statement.try_cancel()).await;
        }))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}
