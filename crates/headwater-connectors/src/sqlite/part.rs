//! The rows of a load: one read transaction, on a thread of its own.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use futures::stream::BoxStream;
use headwater_sdk::Result;
use headwater_sdk::connector::{OnBadRow, ReadPart, SourceBatch};
use headwater_sdk::progress::Progress;

use super::batch::Batch;
use super::cursor::CursorValue;
use super::file::File;
use super::told::{refused, told};
use super::types::Reading;
use crate::database::SourceColumn;
use crate::threaded::{self, Batches};

/// Steps of SQLite's machine after which it asks whether anybody waits for the rows.
const STEPS: i32 = 100_000;

/// What a load reads.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) file: File,
    pub(super) columns: Vec<SourceColumn<Reading>>,
    pub(super) schema: SchemaRef,
    pub(super) on_bad_row: OnBadRow,
    /// What is read, for messages.
    pub(super) shown: String,
    /// The name of the rowid, which comes before the columns; `None` when the relation has none.
    pub(super) rowid: Option<&'static str>,
    pub(super) sql: String,
    /// Values for its parameters.
    pub(super) parameters: Vec<(&'static str, CursorValue)>,
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
        threaded::batches(self.0.shown.as_str().into(), move || {
            move |batches: &Batches| self.0.read(&progress, batches)
        })
    }
}

impl Load {
    fn read(&self, progress: &Progress, batches: &Batches) -> Result<()> {
        let failed = |error: rusqlite::Error| told(&error, &format!("{} cannot be read", self.shown));
        let mut connection = self.file.open()?;
        let asker = batches.clone();
        // A query can take long before its first row comes.
        connection.progress_handler(STEPS, Some(move || asker.is_closed())).map_err(failed)?;
        connection.execute_batch("begin").map_err(failed)?;
        let changed = "the table has changed since the load was planned: run again";
        let mut statement = connection
            .prepare(&self.sql)
            .map_err(|error| refused(&error, &format!("{} cannot be read", self.shown), changed))?;
        for (name, value) in &self.parameters {
            let at = statement.parameter_index(name).map_err(failed)?;
            if let Some(at) = at {
                statement.raw_bind_parameter(at, value).map_err(failed)?;
            }
        }
        let mut rows = statement.raw_query();
        let mut batch = Batch::new(self)?;
        let hand_on = |batch: &mut Batch| -> Result<bool> {
            let (full, bytes) = batch.finish(self)?;
            progress.add_bytes_in(bytes as u64);
            progress.add_rows_in((full.rows.num_rows() + full.rejected.len()) as u64);
            // When the load was given up, nobody wants the rest.
            Ok(batches.blocking_send(Ok(full)).is_ok())
        };
        while let Some(row) = rows.next().map_err(failed)? {
            batch.add(self, row)?;
            if batch.is_full() && !hand_on(&mut batch)? {
                return Ok(());
            }
        }
        if !batch.is_empty() {
            hand_on(&mut batch)?;
        }
        Ok(())
    }
}
