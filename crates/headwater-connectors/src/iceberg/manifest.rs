//! Manifest lists and manifests: which files a state of a table is made of.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, StructArray};
use arrow_json::LineDelimitedWriter;
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema};
use futures::{StreamExt, TryStreamExt};
use headwater_sdk::{Blame, Error, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::io::Cursor;

use super::metadata::{Metadata, Snapshot, damaged};
use crate::codes;
use crate::files::{FileEntry, Place, avro_records};
use crate::table_format::Root;

/// Manifests that are read together.
const TOGETHER: usize = 8;

/// What a reader needs of a manifest's fields: most of one are statistics.
const KEPT: [&str; 9] = [
    "status",
    "snapshot_id",
    "sequence_number",
    "data_file",
    "content",
    "file_path",
    "file_format",
    "file_size_in_bytes",
    "equality_ids",
];

/// A manifest, as a list names it.
#[derive(Debug, Clone, Deserialize)]
struct ManifestFile {
    manifest_path: String,
    #[serde(default)]
    partition_spec_id: i32,
    #[serde(default)]
    content: i32,
    #[serde(default)]
    sequence_number: i64,
    added_snapshot_id: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    status: i32,
    snapshot_id: Option<i64>,
    sequence_number: Option<i64>,
    data_file: EntryFile,
}

#[derive(Debug, Deserialize)]
struct EntryFile {
    #[serde(default)]
    content: i32,
    file_path: String,
    file_format: String,
    file_size_in_bytes: u64,
    #[serde(default)]
    equality_ids: Option<Vec<i32>>,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    Rows,
    /// Places of deleted rows.
    Positions,
    /// Values of deleted rows, in the columns of these numbers.
    Equal(Vec<i32>),
}

/// A file of a state.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) content: Content,
    /// As the manifest names it.
    pub(super) path: String,
    pub(super) size: u64,
    /// When it came, in the order of the table's commits.
    pub(super) sequence: i64,
    pub(super) spec: i32,
    /// The values of its partition, each an array of length 1.
    pub(super) partition: Vec<ArrayRef>,
    /// Whether it came with the state whose manifest names it, and which that was.
    pub(super) added_by: Option<i64>,
}

/// The files of a state, without those that it says are gone.
///
/// # Errors
/// When the lists cannot be read, or name files of other formats.
pub(super) async fn files(root: &Root, metadata: &Metadata, snapshot: &Snapshot) -> Result<Vec<Listed>> {
    read(root, metadata, manifests(root, metadata, snapshot).await?).await
}

/// The files that a state has added. They are in manifests that it has written.
///
/// # Errors
/// As [`files`].
pub(super) async fn added(root: &Root, metadata: &Metadata, snapshot: &Snapshot) -> Result<Vec<Listed>> {
    let by = Some(snapshot.snapshot_id);
    let mut manifests = manifests(root, metadata, snapshot).await?;
    manifests.retain(|manifest| manifest.added_snapshot_id.is_none() || manifest.added_snapshot_id == by);
    let mut files = read(root, metadata, manifests).await?;
    files.retain(|file| file.added_by == by);
    Ok(files)
}

async fn manifests(root: &Root, metadata: &Metadata, snapshot: &Snapshot) -> Result<Vec<ManifestFile>> {
    let manifests: Vec<ManifestFile> = match (&snapshot.manifest_list, &snapshot.manifests) {
        (Some(list), _) => {
            let mut manifests = Vec::new();
            for batch in records(root, metadata, list).await? {
                manifests.extend(parsed::<ManifestFile>(&batch).map_err(|error| unreadable(list).caused_by(error))?);
            }
            manifests
        }
        (None, Some(paths)) => {
            let plain = |path: &String| ManifestFile {
                manifest_path: path.clone(),
                partition_spec_id: 0,
                content: 0,
                sequence_number: 0,
                added_snapshot_id: None,
            };
            paths.iter().map(plain).collect()
        }
        (None, None) => return Err(damaged(&format!("a snapshot of the table {} names no files", root.shown()))),
    };
    Ok(manifests)
}

async fn read(root: &Root, metadata: &Metadata, manifests: Vec<ManifestFile>) -> Result<Vec<Listed>> {
    // Collected first: a stream over a closure that borrows is not general enough to be sent between threads.
    let reads: Vec<_> = manifests.into_iter().map(|manifest| manifest.read(root, metadata)).collect();
    let files: Vec<Vec<Listed>> = futures::stream::iter(reads).buffered(TOGETHER).try_collect().await?;
    Ok(files.into_iter().flatten().collect())
}

impl ManifestFile {
    async fn read(self, root: &Root, metadata: &Metadata) -> Result<Vec<Listed>> {
        let path = &self.manifest_path;
        let mut files = Vec::new();
        for batch in records(root, metadata, path).await? {
            let entries = kept(&batch).and_then(|kept| parsed::<Entry>(&kept));
            let entries = entries.map_err(|error| unreadable(path).caused_by(error))?;
            let partitions = batch
                .column_by_name("data_file")
                .and_then(|files| files.as_struct_opt()?.column_by_name("partition")?.as_struct_opt().cloned());
            for (row, entry) in entries.into_iter().enumerate() {
                // Status 2 says that a file is gone.
                if entry.status == 2 {
                    continue;
                }
                let values = partitions.iter().flat_map(StructArray::columns).map(|column| column.slice(row, 1));
                files.push(self.listed(entry, values.collect(), root)?);
            }
        }
        Ok(files)
    }

    fn listed(&self, entry: Entry, partition: Vec<ArrayRef>, root: &Root) -> Result<Listed> {
        let Entry { status, snapshot_id, sequence_number, data_file: file } = entry;
        let content = match (self.content.max(file.content), file.equality_ids) {
            (0, _) => Content::Rows,
            (1, _) if file.content != 2 => Content::Positions,
            (_, Some(ids)) => Content::Equal(ids),
            _ => return Err(unreadable(&self.manifest_path)),
        };
        if !file.file_format.eq_ignore_ascii_case("parquet") {
            let message =
                format!("the table {} has files of the format {}, which is not read", root.shown(), file.file_format);
            return Err(Error::new(codes::TABLE_FEATURE, Blame::Data, message).help(
                "Parquet is read: let its owner write the table in it (write.format.default), or export it to files",
            ));
        }
        Ok(Listed {
            content,
            path: file.file_path,
            size: file.file_size_in_bytes,
            // What is not said of an entry is what is said of its manifest.
            sequence: sequence_number.unwrap_or(self.sequence_number),
            spec: self.partition_spec_id,
            partition,
            added_by: (status == 1).then(|| snapshot_id.or(self.added_snapshot_id)).flatten(),
        })
    }
}

fn unreadable(path: &str) -> Error {
    damaged(&format!("the manifest {path} cannot be understood"))
}

/// The records of an Avro file of a table.
async fn records(root: &Root, metadata: &Metadata, path: &str) -> Result<Vec<RecordBatch>> {
    let FileEntry { name, place, .. } = entry(root, metadata, path, 0)?;
    let Place::Store(_, at) = place else { return Err(unreadable(path)) };
    let bytes = root.get(&at, &name).await?.ok_or_else(|| damaged(&format!("the manifest {name} is not there")))?;
    let read = move || {
        let mut batches = Vec::new();
        avro_records(Box::new(Cursor::new(bytes)), &name, &mut |batch| {
            batches.push(batch.clone());
            Ok(())
        })?;
        Ok(batches)
    };
    tokio::task::spawn_blocking(read).await.map_err(|error| {
        Error::new(codes::DEFECT, Blame::Headwater, "reading a manifest was cut off").caused_by(error)
    })?
}

/// A file that a table's metadata names: below the table's folder wherever that is now, or where it says.
///
/// # Errors
/// When it is in another store.
pub(super) fn entry(root: &Root, metadata: &Metadata, path: &str, size: u64) -> Result<FileEntry> {
    let own = metadata.location.trim_end_matches('/');
    match path.strip_prefix(own).and_then(|rest| rest.strip_prefix('/')) {
        Some(relative) => Ok(root.file(relative, size)),
        None => root.file_at(path, size),
    }
}

/// The fields of entries that a reader needs.
fn kept(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let whole = StructArray::from(batch.clone());
    let kept = prune(&whole)?;
    let (fields, columns, _) = kept.into_parts();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
}

fn prune(of: &StructArray) -> Result<StructArray, ArrowError> {
    let (mut fields, mut columns): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    for (field, column) in of.fields().iter().zip(of.columns()) {
        if !KEPT.contains(&field.name().as_str()) {
            continue;
        }
        let column: ArrayRef = match column.data_type() {
            DataType::Struct(_) => Arc::new(prune(column.as_struct())?),
            _ => Arc::clone(column),
        };
        fields.push(Field::new(field.name(), column.data_type().clone(), true));
        columns.push(column);
    }
    StructArray::try_new_with_length(Fields::from(fields), columns, of.nulls().cloned(), of.len())
}

/// Records by the names of their fields.
fn parsed<T: DeserializeOwned>(batch: &RecordBatch) -> Result<Vec<T>, ArrowError> {
    let mut writer = LineDelimitedWriter::new(Vec::new());
    writer.write(batch)?;
    writer.finish()?;
    let text = writer.into_inner();
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).map_err(|error| ArrowError::JsonError(error.to_string()))).collect()
}
