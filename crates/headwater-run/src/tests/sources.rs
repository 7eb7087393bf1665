//! A connector whose sources are files of rows in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{
    ConnectorType, Delivery, Discovery, Finding, LoadPosition, OpenContext, ReadMode, ReadPart, ReadPlan, Source,
    SourceBatch, SourceStream, StreamSettings,
};
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error, Result};
use serde_json::json;

pub(super) type Row = Vec<Option<String>>;

/// Files by folder and name.
#[derive(Clone, Default)]
pub(super) struct Files {
    pub(super) folders: Arc<Mutex<BTreeMap<String, Folder>>>,
}

#[derive(Clone, Default)]
pub(super) struct Folder {
    pub(super) columns: Vec<String>,
    pub(super) files: BTreeMap<String, Vec<Row>>,
    pub(super) unreachable: bool,
    /// Files that the stream says have changed after they were loaded.
    pub(super) changed: Vec<String>,
}

impl Files {
    /// Puts a file with one-letter-per-cell rows, e.g. `["a1", "b-"]`; `-` is null.
    pub(super) fn put(&self, folder: &str, columns: &[&str], file: &str, rows: &[&[&str]]) {
        let cell = |text: &&str| (*text != "-").then(|| (*text).to_owned());
        let rows = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        let mut folders = self.folders.lock().unwrap();
        let folder = folders.entry(folder.into()).or_default();
        folder.columns = columns.iter().map(|column| (*column).to_owned()).collect();
        folder.files.insert(file.into(), rows);
    }

    pub(super) fn remove(&self, folder: &str, file: &str) {
        self.folders.lock().unwrap().get_mut(folder).unwrap().files.remove(file);
    }

    pub(super) fn cut_off(&self, folder: &str, unreachable: bool) {
        self.folders.lock().unwrap().get_mut(folder).unwrap().unreachable = unreachable;
    }
}

pub(super) fn text_schema(columns: &[String]) -> SchemaRef {
    Arc::new(Schema::new(columns.iter().map(|c| Field::new(c, DataType::Utf8, true)).collect::<Vec<_>>()))
}

pub(super) fn to_batch(schema: &SchemaRef, rows: &[Row]) -> RecordBatch {
    let column =
        |index: usize| -> ArrayRef { Arc::new(rows.iter().map(|row| row[index].as_deref()).collect::<StringArray>()) };
    let columns: Vec<ArrayRef> = (0..schema.fields().len()).map(column).collect();
    RecordBatch::try_new(Arc::clone(schema), columns).unwrap()
}

pub(super) fn to_rows(batch: &RecordBatch) -> Vec<Row> {
    use arrow_array::Array;
    let columns: Vec<&StringArray> = batch.columns().iter().map(|c| c.as_any().downcast_ref().unwrap()).collect();
    let cell = |column: &StringArray, row| column.is_valid(row).then(|| column.value(row).to_owned());
    (0..batch.num_rows()).map(|row| columns.iter().map(|column| cell(column, row)).collect()).collect()
}

impl ConnectorType for Files {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn modes(&self) -> &'static [ReadMode] {
        &[ReadMode::Full, ReadMode::NewFiles]
    }

    fn source_schema(&self) -> serde_json::Value {
        json!(true)
    }

    fn stream_schema(&self) -> serde_json::Value {
        json!(true)
    }

    fn source(&self, _: serde_json::Value, _: &OpenContext) -> Result<Arc<dyn Source>, OptionsError> {
        Ok(Arc::new(self.clone()))
    }
}

#[async_trait]
impl Source for Files {
    fn stream(&self, stream: serde_json::Value, _: StreamSettings) -> Result<Arc<dyn SourceStream>, OptionsError> {
        let folder = stream["folder"].as_str().unwrap().to_owned();
        Ok(Arc::new(MemoryStream { files: self.clone(), folder }))
    }

    async fn discover(&self, _: Option<&str>) -> Result<Option<Discovery>> {
        Ok(None)
    }

    async fn examine(&self) -> Result<Vec<Finding>> {
        Ok(Vec::new())
    }

    async fn acknowledge(&self, _: &[serde_json::Value]) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}

struct MemoryStream {
    files: Files,
    folder: String,
}

impl MemoryStream {
    fn folder(&self) -> Result<Folder> {
        let folder = self.files.folders.lock().unwrap().get(&self.folder).cloned();
        match folder {
            Some(folder) if !folder.unreachable => Ok(folder),
            _ => Err(Error::new("HW0401", Blame::Environment, format!("folder {} cannot be reached", self.folder))),
        }
    }
}

fn loaded(position: Option<&serde_json::Value>) -> Vec<String> {
    let names = position.and_then(|position| position["files"].as_array().cloned()).unwrap_or_default();
    names.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[async_trait]
impl SourceStream for MemoryStream {
    async fn plan(&self, table: Option<SchemaRef>, position: Option<serde_json::Value>) -> Result<ReadPlan> {
        let folder = self.folder()?;
        let schema = text_schema(&folder.columns);
        if table.is_some_and(|table| table != schema) {
            return Err(Error::new("HW0402", Blame::Data, "the columns drifted"));
        }
        let mut names = loaded(position.as_ref());
        let mut parts: Vec<Box<dyn ReadPart>> = Vec::new();
        for (name, rows) in &folder.files {
            if !names.contains(name) {
                names.push(name.clone());
                let (name, schema, rows) = (name.clone(), Arc::clone(&schema), rows.clone());
                parts.push(Box::new(MemoryPart { name, schema, rows }));
            }
        }
        let description = format!("{} files", parts.len());
        let fingerprint = format!("{:?}", folder.files);
        let changed = folder.changed.clone();
        let position = LoadPosition::known(json!({ "files": names }));
        let delivery = Delivery::Rows;
        Ok(ReadPlan { schema, parts, delivery, position, fingerprint, description, drift: Vec::new(), changed })
    }

    async fn vanished(&self, position: serde_json::Value) -> Result<Vec<String>> {
        let folder = self.folder()?;
        Ok(loaded(Some(&position)).into_iter().filter(|name| !folder.files.contains_key(name)).collect())
    }
}

struct MemoryPart {
    name: String,
    schema: SchemaRef,
    rows: Vec<Row>,
}

impl ReadPart for MemoryPart {
    fn name(&self) -> &str {
        &self.name
    }

    fn bytes(&self) -> u64 {
        self.rows.len() as u64
    }

    fn read(self: Box<Self>, progress: Arc<Progress>) -> BoxStream<'static, Result<SourceBatch>> {
        progress.add_rows_in(self.rows.len() as u64);
        let rows = to_batch(&self.schema, &self.rows);
        futures::stream::iter([Ok(SourceBatch::new(rows, Vec::new()))]).boxed()
    }
}
