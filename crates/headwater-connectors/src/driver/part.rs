//! The rows of a load: one statement, on a thread of its own.

use std::sync::Arc;

use adbc_core::error::Status;
use adbc_core::{CancelHandle, Statement};
use arrow_array::cast::AsArray;
use arrow_array::{Array, Int64Array, RecordBatch};
use arrow_schema::{ArrowError, DataType};
use futures::stream::BoxStream;
use headwater_sdk::connector::{ReadPart, SourceBatch};
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error, Result};

use super::database::{Database, Session};
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
    /// How many rows these are, in SQL, where the last column says it, too: what comes is compared with it.
    pub(super) counted: Option<String>,
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
        let mut count = Count::default();
        let mut taken = TypedRows::new(Arc::clone(&self.shown), Arc::clone(&self.target), Arc::clone(progress), 0);
        for batch in rows {
            let mut batch = batch.map_err(|error| self.broken(&error))?;
            if self.counted.is_some() {
                batch = count.taken_off(batch).map_err(|error| self.unsound(&error))?;
            }
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
        drop(statement);
        match &self.counted {
            Some(sql) => self.compare(&session, sql, &count),
            None => Ok(()),
        }
    }

    /// That all rows have come.
    fn compare(&self, session: &Session, sql: &str, count: &Count) -> Result<()> {
        let failed = |error| self.database.failed(&error, &format!("the rows of {} cannot be counted", self.shown));
        let told = match count.told {
            Some(told) => Some(told.to_string()),
            None => session.text(sql).map_err(failed)?,
        };
        let read = count.read.to_string();
        if told.as_ref() == Some(&read) {
            return Ok(());
        }
        let told = told.unwrap_or_else(|| "an unknown number of".to_owned());
        let message = format!("{}: the driver has ended after {read} of {told} rows, and does not say why", self.shown);
        Err(Error::new(codes::DRIVER_FAILED, Blame::Environment, message)
            .help("run again; if it stays so, look whether the account's rights or its token end while rows are read")
            .transient())
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

/// How many rows there are, as every row tells in its last column, and how many have come.
#[derive(Default)]
struct Count {
    told: Option<i64>,
    read: usize,
}

impl Count {
    /// The batch without that column.
    fn taken_off(&mut self, mut batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
        let told = batch.remove_column(batch.num_columns().saturating_sub(1));
        let told = arrow_cast::cast(&told, &DataType::Int64)?;
        let told: &Int64Array = told.as_primitive();
        if !told.is_empty() && told.is_valid(0) {
            self.told = Some(told.value(0));
        }
        self.read += batch.num_rows();
        Ok(batch)
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
