//! A project in a temporary folder, and streams over its files.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{Array, RecordBatch};
use arrow_cast::cast;
use arrow_cast::display::array_value_to_string;
use arrow_schema::{DataType, SchemaRef};
use futures::StreamExt;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{
    DeclaredColumn, Drift, OnBadRow, OpenContext, ReadMode, ReadPlan, RejectedRow, SourceStream, StreamSettings,
};
use headwater_sdk::progress::Progress;
use headwater_sdk::types::{parse_type, type_name};
use headwater_sdk::{Error, Result};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A project's folder.
pub(crate) struct Project {
    dir: TempDir,
    pub(crate) settings: StreamSettings,
    pub(crate) source: Value,
}

/// What a load has led to.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Loaded {
    /// Rows as texts, `-` for null.
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) rejected: Vec<RejectedRow>,
}

impl Loaded {
    /// The place and reason of each bad row.
    pub(crate) fn reasons(&self) -> Vec<(String, u64, String)> {
        self.rejected.iter().map(|row| (row.file.clone(), row.line, row.reason.clone())).collect()
    }
}

impl Project {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            settings: StreamSettings {
                table: "raw.t".parse().unwrap(),
                mode: ReadMode::Full,
                on_bad_row: OnBadRow::Reject,
                drift: Drift::Fail,
                columns: Vec::new(),
                key: Vec::new(),
                lookback: None,
            },
            source: json!({}),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file, with its folders.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    pub(crate) fn declare(mut self, name: &str, data_type: &str) -> Self {
        let data_type = (!data_type.is_empty()).then(|| parse_type(data_type).unwrap());
        self.settings.columns.push(DeclaredColumn { name: name.into(), data_type });
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut StreamSettings)) -> Self {
        change(&mut self.settings);
        self
    }

    pub(crate) fn open(&self, stream: Value) -> Result<Arc<dyn SourceStream>, OptionsError> {
        let context = OpenContext {
            project_dir: self.dir.path().to_owned(),
            storage: Default::default(),
            secrets: Vec::new(),
            lake_name: String::new(),
        };
        let connectors = headwater_connectors::all();
        let files = connectors.iter().find(|connector| connector.name() == "files").unwrap();
        files.source(self.source.clone(), &context)?.stream(stream, self.settings.clone())
    }

    /// Loads everything that matches `path`, into a new table.
    pub(crate) fn load(&self, path: &str, format: Value) -> Result<Loaded> {
        block_on(async { load(plan(&*self.open(stream(path, format)).unwrap(), None, None).await?).await })
    }

    /// The columns that a first load would make.
    pub(crate) fn columns(&self, path: &str, format: Value) -> Vec<(String, String)> {
        block_on(async { named(&plan(&*self.open(stream(path, format)).unwrap(), None, None).await.unwrap().schema) })
    }
}

pub(crate) fn stream(path: &str, format: Value) -> Value {
    json!({ "path": path, "format": format })
}

pub(crate) async fn plan(
    stream: &dyn SourceStream,
    table: Option<SchemaRef>,
    position: Option<Value>,
) -> Result<ReadPlan> {
    stream.plan(table, position).await
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

/// Reads a plan's parts, in order.
pub(crate) async fn load(plan: ReadPlan) -> Result<Loaded> {
    let mut loaded = Loaded::default();
    let progress = Arc::new(Progress::default());
    let bytes: u64 = plan.parts.iter().map(|part| part.bytes()).sum();
    for part in plan.parts {
        let mut batches = part.read(Arc::clone(&progress));
        while let Some(batch) = batches.next().await {
            let batch = batch?;
            assert_eq!(batch.rows.schema(), plan.schema);
            loaded.rows.extend(texts(&batch.rows));
            loaded.rejected.extend(batch.rejected);
        }
    }
    assert!(progress.bytes_in() >= bytes.min(1), "bytes are counted");
    assert_eq!(progress.rows_in() as usize, loaded.rows.len() + loaded.rejected.len(), "every row is accounted for");
    Ok(loaded)
}

/// Rows as texts, `-` for null.
pub(crate) fn texts(batch: &RecordBatch) -> Vec<Vec<String>> {
    let text = |array: &Arc<dyn Array>, row| {
        // Arrow writes instants with an offset only.
        let array = match array.data_type() {
            DataType::Timestamp(unit, Some(_)) => {
                &cast(array, &DataType::Timestamp(*unit, Some("+00:00".into()))).unwrap()
            }
            _ => array,
        };
        if array.is_null(row) { "-".to_owned() } else { array_value_to_string(array, row).unwrap() }
    };
    (0..batch.num_rows()).map(|row| batch.columns().iter().map(|array| text(array, row)).collect()).collect()
}

/// Columns as names and types.
pub(crate) fn named(schema: &SchemaRef) -> Vec<(String, String)> {
    schema.fields().iter().map(|field| (field.name().clone(), type_name(field.data_type()))).collect()
}

/// A table's schema.
pub(crate) fn table(columns: &[(&str, &str)]) -> SchemaRef {
    let field =
        |(name, data_type): &(&str, &str)| arrow_schema::Field::new(*name, parse_type(data_type).unwrap(), true);
    Arc::new(arrow_schema::Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}

/// Texts as owned rows.
pub(crate) fn rows<const N: usize>(rows: &[[&str; N]]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.iter().map(|text| (*text).to_owned()).collect()).collect()
}

/// Asserts that an error has a code, says certain words, and says what to do.
#[track_caller]
pub(crate) fn assert_error<T: std::fmt::Debug>(result: Result<T>, code: &str, words: &[&str]) -> Error {
    let error = result.expect_err("an error");
    assert_eq!(error.code, code, "{}", error.full_message());
    for word in words {
        assert!(error.full_message().contains(word), "'{word}' is not in: {}", error.full_message());
    }
    assert!(error.help.is_some(), "says what to do: {error}");
    error
}
