//! Connectors: how data comes in.
//!
//! A connector is a [`Connector`]: typed options for a source and for each of its streams, and [`Connector::open`],
//! which yields a [`SourceStream`]. A source stream is asked for its schema (cheap: a look at a sample), then for a
//! [`ReadPlan`] (what there is to read since a position), whose parts are read in parallel.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use async_trait::async_trait;
use futures::stream::BoxStream;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::check::OptionsError;
use crate::error::Result;
use crate::name::TableName;
use crate::progress::Progress;

/// What a stream reads in a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadMode {
    /// All of it; the table is replaced.
    #[default]
    Full,
    /// What has come since the last run; rows are added. Each file is loaded once.
    NewFiles,
    /// The rows past the greatest value that a column had in the last run; they are added.
    Incremental,
}

impl ReadMode {
    /// Whether the rows of a load are added to those that the table has.
    pub fn adds_rows(self) -> bool {
        matches!(self, Self::NewFiles | Self::Incremental)
    }
}

/// What happens to a row that cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnBadRow {
    /// It goes to `<table>__rejected` with its place and the reason.
    #[default]
    Reject,
    /// The task fails at the first one.
    Fail,
}

/// What happens when the source's columns are not those of the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Drift {
    /// The task fails and says which columns are new, missing or retyped.
    #[default]
    Fail,
    /// New columns are added to the table (null in older rows); missing ones are null; a type that widens is widened (a
    /// column whose values have become texts for the most part becomes one of texts), any other change of type fails.
    Add,
    /// New columns are left out, and noted; missing ones are null, also when a column has only got another name; values are
    /// read as the table's type, and a row whose value cannot be is a bad row.
    Ignore,
}

/// A column as the project declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredColumn {
    /// The column's name in the source and in the table.
    pub name: String,
    /// Its type, or `None` to infer it.
    pub data_type: Option<arrow_schema::DataType>,
}

/// What the project asks of one stream, beside the connector's own options.
#[derive(Debug, Clone)]
pub struct StreamSettings {
    /// The table that the stream fills.
    pub table: TableName,
    /// What a run reads.
    pub mode: ReadMode,
    /// What happens to a bad row.
    pub on_bad_row: OnBadRow,
    /// What happens when columns change.
    pub drift: Drift,
    /// Columns declared in the project; others are inferred.
    pub columns: Vec<DeclaredColumn>,
}

/// Where a connector finds things.
#[derive(Debug, Clone)]
pub struct OpenContext {
    /// The project's folder: local paths are relative to it and may not leave it unless the project allows it.
    pub project_dir: std::path::PathBuf,
    /// Options for object stores, e.g. `aws_endpoint`, `aws_region`; credentials come from the process environment.
    pub storage_options: std::collections::BTreeMap<String, String>,
}

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
}

/// A part of a [`ReadPlan`] that is read on its own, e.g. one file.
pub trait ReadPart: Send {
    /// The part's name for messages, e.g. the file's path.
    fn name(&self) -> &str;
    /// Bytes to read, as stored in the source; 0 when not known.
    fn bytes(&self) -> u64;
    /// Reads the part. Memory use does not depend on the part's size. `progress` is moved on the way.
    fn read(self: Box<Self>, progress: Arc<Progress>) -> BoxStream<'static, Result<SourceBatch>>;
}

/// What there is to read.
pub struct ReadPlan {
    /// The schema of every batch: the table's columns after this load.
    pub schema: SchemaRef,
    /// What is read, in order. Empty when nothing has come since the position.
    pub parts: Vec<Box<dyn ReadPart>>,
    /// The position after this load: stored in the commit that holds the rows, handed back at the next plan.
    pub position: serde_json::Value,
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

/// A kind of system that data comes from.
pub trait Connector: Send + Sync + 'static {
    /// The value of `connector:` in YAML, and the name of the connector's folder.
    const NAME: &'static str;
    /// The modes it can read in.
    const MODES: &'static [ReadMode];
    /// Keys of the source, beside `connector` and `streams`.
    type SourceOptions: DeserializeOwned + JsonSchema;
    /// Keys of a stream, beside the common ones (`table`, `mode`, `columns`, `checks`, …).
    type StreamOptions: DeserializeOwned + JsonSchema;

    /// Checks options and makes the stream, without reaching for the source.
    ///
    /// # Errors
    /// [`OptionsError`] when the options make no sense.
    fn open(
        source: Self::SourceOptions,
        stream: Self::StreamOptions,
        settings: StreamSettings,
        context: &OpenContext,
    ) -> Result<Arc<dyn SourceStream>, OptionsError>;
}

/// A [`Connector`] with its types erased, for lists.
pub trait ConnectorType: Send + Sync {
    /// See [`Connector::NAME`].
    fn name(&self) -> &'static str;
    /// See [`Connector::MODES`].
    fn modes(&self) -> &'static [ReadMode];
    /// JSON Schema of the source's own keys.
    fn source_schema(&self) -> serde_json::Value;
    /// JSON Schema of a stream's own keys.
    fn stream_schema(&self) -> serde_json::Value;
    /// Makes a stream from options already validated against the schemas.
    ///
    /// # Errors
    /// As [`Connector::open`].
    fn open(
        &self,
        source: serde_json::Value,
        stream: serde_json::Value,
        settings: StreamSettings,
        context: &OpenContext,
    ) -> Result<Arc<dyn SourceStream>, OptionsError>;
}

/// Erases the types of the connector `C`.
pub fn erased<C: Connector>() -> Box<dyn ConnectorType> {
    Box::new(Erased(std::marker::PhantomData::<fn() -> C>))
}

struct Erased<C>(std::marker::PhantomData<fn() -> C>);

impl<C: Connector> ConnectorType for Erased<C> {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn modes(&self) -> &'static [ReadMode] {
        C::MODES
    }

    fn source_schema(&self) -> serde_json::Value {
        schemars::schema_for!(C::SourceOptions).to_value()
    }

    fn stream_schema(&self) -> serde_json::Value {
        schemars::schema_for!(C::StreamOptions).to_value()
    }

    fn open(
        &self,
        source: serde_json::Value,
        stream: serde_json::Value,
        settings: StreamSettings,
        context: &OpenContext,
    ) -> Result<Arc<dyn SourceStream>, OptionsError> {
        let wrong = |e: serde_json::Error| OptionsError { key: None, message: e.to_string(), help: None };
        let source = serde_json::from_value(source).map_err(wrong)?;
        let stream = serde_json::from_value(stream).map_err(wrong)?;
        C::open(source, stream, settings, context)
    }
}
