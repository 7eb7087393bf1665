//! What there is to read of a stream, and what comes of reading it.

use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use async_trait::async_trait;
use futures::stream::BoxStream;

use super::changes::{Changes, Delivery};
use super::discovery::Finding;
use crate::error::Result;
use crate::progress::Progress;

/// A row that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// The file (or other unit of the source) that holds it, as the project would name it.
    pub file: String,
    /// The line where the row begins, from 1; for formats without lines, the row's number.
    pub line: u64,
    /// What is wrong with it, with the column's name where one is to blame.
    pub reason: String,
    /// The row's text, cut to 4 KiB; invalid UTF-8 replaced.
    pub raw: String,
}

/// Some rows of a source, and the bad ones found among them.
#[derive(Debug)]
pub struct SourceBatch {
    /// The rows, in the schema of the [`ReadPlan`].
    pub rows: RecordBatch,
    /// The bad rows met on the way.
    pub rejected: Vec<RejectedRow>,
    /// What the rows are, in a load of [`Delivery::Changes`] or [`Delivery::Repeats`].
    pub changes: Option<Changes>,
}

impl SourceBatch {
    /// Rows, and the bad ones found among them.
    pub fn new(rows: RecordBatch, rejected: Vec<RejectedRow>) -> Self {
        Self { rows, rejected, changes: None }
    }
}

/// Where a load ends. Some sources tell only when all is read.
#[derive(Debug, Clone, Default)]
pub struct LoadPosition(Arc<Mutex<(serde_json::Value, bool)>>);

impl LoadPosition {
    /// One that is known.
    pub fn known(position: serde_json::Value) -> Self {
        let this = Self::default();
        this.set(position, false);
        this
    }

    /// Sets it. One that is `worth_a_commit` is kept even where nothing else has to be written.
    pub fn set(&self, position: serde_json::Value, worth_a_commit: bool) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (position, worth_a_commit);
    }

    /// What it is; final when all parts are read.
    pub fn get(&self) -> serde_json::Value {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// Whether it is kept even where nothing else has to be written.
    pub fn is_worth_a_commit(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

/// A part of a [`ReadPlan`] that is read on its own, e.g. one file.
pub trait ReadPart: Send {
    /// The part's name for messages, e.g. the file's path.
    fn name(&self) -> &str;
    /// Bytes to read, as stored in the source; 0 when not known.
    fn bytes(&self) -> u64;
    /// Reads the part. Memory use does not depend on the part's size. `progress` is moved on the way.
    fn read(self: Box<Self>, progress: Arc<Progress>) -> BoxStream<'static, Result<SourceBatch>>;
    /// How single rows are read anew, of a part with [`Changes`] that leave values as they are: the table may not have the row
    /// that they are kept of.
    fn rows_by_key(&self) -> Option<Arc<dyn RowsByKey>> {
        None
    }
}

/// Reads rows by their keys, as they are by now.
pub trait RowsByKey: Send + Sync {
    /// The rows that have one of `keys`, which are the columns of the load's key, in the table's types. One that is gone does not come.
    ///
    /// # Errors
    /// When a key cannot be written as the source does.
    fn rows(&self, keys: &RecordBatch) -> Result<Box<dyn ReadPart>>;
}

/// What there is to read.
pub struct ReadPlan {
    /// The schema of every batch: the table's columns after this load.
    pub schema: SchemaRef,
    /// What is read, in order. Empty when nothing has come since the position.
    pub parts: Vec<Box<dyn ReadPart>>,
    /// What its rows are to those of the table.
    pub delivery: Delivery,
    /// The position after this load: stored in the commit that holds the rows, handed back at the next plan.
    pub position: LoadPosition,
    /// A text that changes when what a full load would read changes (names, sizes, modification times).
    pub fingerprint: String,
    /// What is to be read, in words, e.g. `12 files, 8.1 MB`.
    pub description: String,
    /// What the drift policy let pass, in words, e.g. `column 'gate' is new`.
    pub drift: Vec<String>,
    /// What had led to the position and is another now, e.g. the names of files; it is not read again.
    pub changed: Vec<String>,
}

/// A stream of a source, opened.
#[async_trait]
pub trait SourceStream: Send + Sync {
    /// The columns of the stream (declared types, others inferred from a sample) and what there is to read. `table` is
    /// the schema of the table as it stands (what drift is judged against), and `position` the one of its last load;
    /// `None` for a first or a full load.
    ///
    /// # Errors
    /// When the source cannot be reached, or its columns drifted and the policy is to fail.
    async fn plan(&self, table: Option<SchemaRef>, position: Option<serde_json::Value>) -> Result<ReadPlan>;

    /// What a person should know of a stream that can be read: how its way of reading may miss rows, or have one twice. `schema` is that of a
    /// plan.
    ///
    /// # Errors
    /// When the source cannot be reached.
    async fn examine(&self, schema: &SchemaRef) -> Result<Vec<Finding>> {
        let _ = schema;
        Ok(Vec::new())
    }

    /// Whether what was read since the last plan has columns that the plan did not know, and a plan made now would have: keys of records
    /// that were in no sample. Their rows were set aside.
    fn has_more_columns(&self) -> bool {
        false
    }

    /// What had led to `position` and is in the source no more (e.g. the names of deleted files), so that a load from
    /// the start would lose its rows. A connector that cannot look says what may have gone, if rows go in such systems.
    ///
    /// # Errors
    /// When the source cannot be reached.
    async fn vanished(&self, position: serde_json::Value) -> Result<Vec<String>> {
        let _ = position;
        Ok(Vec::new())
    }
}
