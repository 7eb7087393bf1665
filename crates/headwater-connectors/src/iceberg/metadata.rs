//! What an Iceberg table's metadata says (<https://iceberg.apache.org/spec/>), and which of its files is the newest.

use std::collections::HashMap;
use std::io::Read;

use bytes::Bytes;
use headwater_sdk::{Blame, Error, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::codes;
use crate::files::{FileEntry, Place, store_error};
use crate::table_format::Root;

/// The metadata of a table.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Metadata {
    pub(super) table_uuid: Option<String>,
    pub(super) location: String,
    #[serde(default)]
    schemas: Vec<Value>,
    /// Version 1 had one.
    schema: Option<Value>,
    #[serde(default)]
    current_schema_id: i64,
    #[serde(default)]
    partition_specs: Vec<Spec>,
    partition_spec: Option<Vec<SpecField>>,
    current_snapshot_id: Option<i64>,
    #[serde(default)]
    snapshots: Vec<Snapshot>,
    #[serde(default)]
    snapshot_log: Vec<LogEntry>,
    #[serde(default)]
    refs: HashMap<String, Ref>,
    #[serde(default)]
    pub(super) properties: HashMap<String, String>,
}

/// How files are put into partitions.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Spec {
    pub(super) spec_id: i32,
    pub(super) fields: Vec<SpecField>,
}

/// A value by which they are.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct SpecField {
    pub(super) source_id: Option<i32>,
    pub(super) transform: String,
}

/// A state of the table.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Snapshot {
    pub(super) snapshot_id: i64,
    pub(super) parent_snapshot_id: Option<i64>,
    pub(super) timestamp_ms: i64,
    pub(super) manifest_list: Option<String>,
    pub(super) manifests: Option<Vec<String>>,
    #[serde(default)]
    pub(super) summary: HashMap<String, Value>,
    pub(super) schema_id: Option<i64>,
}

impl Snapshot {
    /// What made it.
    pub(super) fn operation(&self) -> &str {
        self.summary.get("operation").and_then(Value::as_str).unwrap_or("append")
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct LogEntry {
    snapshot_id: i64,
    timestamp_ms: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Ref {
    snapshot_id: i64,
}

/// The number in the name of a metadata file: `v3.metadata.json`, `00003-….metadata.json`, or compressed by gzip, `00003-….gz.metadata.json`,
/// and once `….metadata.json.gz`.
fn number_of(name: &str) -> Option<u64> {
    let stem = name.strip_suffix(".gz").unwrap_or(name).strip_suffix(".metadata.json")?;
    let stem = stem.strip_suffix(".gz").unwrap_or(stem);
    match stem.strip_prefix('v') {
        Some(number) => number.parse().ok(),
        None => stem.split_once('-')?.0.parse().ok(),
    }
}

impl Metadata {
    /// Reads the file that is named, or the newest one of the table.
    ///
    /// # Errors
    /// When there is no table, or it is of a version that is not read.
    pub(super) async fn read(root: &Root, named: Option<&str>) -> Result<Self> {
        let name = match named {
            Some(name) => name.to_owned(),
            None => newest(root).await?,
        };
        let relative = format!("metadata/{name}");
        let shown = root.name_of(&relative);
        let text = root.get(&root.under(&relative), &shown).await?.ok_or_else(|| root.no_table("Iceberg"))?;
        Self::of_text(text, &shown, root.shown())
    }

    /// Reads the file at a URL or an absolute path, which a catalogue names.
    ///
    /// # Errors
    /// When it is not there or in another store, or the table is of a version that is not read.
    pub(super) async fn read_at(root: &Root, url: &str) -> Result<Self> {
        let FileEntry { name, place, .. } = root.file_at(url, 0)?;
        let missing = || {
            let message = format!("the catalogue names the metadata file {name}, which is not there");
            Error::new(codes::TABLE_FILE, Blame::Data, message)
                .help("the table was taken away by hand, or the catalogue is of another machine: ask its owner")
        };
        let Place::Store(_, at) = place else { return Err(missing()) };
        let text = root.get(&at, &name).await?.ok_or_else(missing)?;
        Self::of_text(text, &name, root.shown())
    }

    /// What a metadata file says, of a table.
    fn of_text(text: Bytes, shown: &str, table: &str) -> Result<Self> {
        let text = plain(text)
            .map_err(|error| damaged(&format!("the metadata {shown} cannot be unpacked")).caused_by(error))?;
        let version = serde_json::from_slice::<Value>(&text).ok();
        version.map_or(Ok(()), |metadata| verify_version(&metadata, table))?;
        serde_json::from_slice(&text)
            .map_err(|error| damaged(&format!("the metadata {shown} cannot be understood")).caused_by(error))
    }

    /// What tells the table from others.
    pub(super) fn identity(&self) -> &str {
        self.table_uuid.as_deref().unwrap_or(&self.location)
    }

    /// The newest state; `None` of a table that nothing was ever put into.
    pub(super) fn current(&self) -> Option<&Snapshot> {
        self.snapshot(self.current_snapshot_id?)
    }

    /// A state by its number.
    pub(super) fn snapshot(&self, id: i64) -> Option<&Snapshot> {
        self.snapshots.iter().find(|snapshot| snapshot.snapshot_id == id)
    }

    /// The state that a branch or tag stands for.
    pub(super) fn of_ref(&self, name: &str) -> Option<&Snapshot> {
        self.snapshot(self.refs.get(name)?.snapshot_id)
    }

    /// The state that the table was in at a moment.
    pub(super) fn at(&self, moment: i64) -> Option<&Snapshot> {
        let past = self.snapshot_log.iter().filter(|entry| entry.timestamp_ms <= moment);
        match past.max_by_key(|entry| entry.timestamp_ms) {
            Some(entry) => self.snapshot(entry.snapshot_id),
            None if self.snapshot_log.is_empty() => {
                self.snapshots.iter().filter(|s| s.timestamp_ms <= moment).max_by_key(|s| s.timestamp_ms)
            }
            None => None,
        }
    }

    /// The number of a schema: the one that is named, or the newest one.
    pub(super) fn schema_id(&self, id: Option<i64>) -> i64 {
        id.unwrap_or(self.current_schema_id)
    }

    /// A schema by its number, or the newest one.
    pub(super) fn schema(&self, id: Option<i64>) -> Option<&Value> {
        let id = self.schema_id(id);
        let found = self.schemas.iter().find(|schema| schema.get("schema-id").and_then(Value::as_i64) == Some(id));
        found.or(self.schema.as_ref())
    }

    /// Every schema that the table has had, the newest one last.
    pub(super) fn schemas(&self) -> impl DoubleEndedIterator<Item = &Value> {
        self.schema.iter().chain(&self.schemas)
    }

    /// How files of a specification are put into partitions.
    pub(super) fn spec(&self, id: i32) -> Option<&[SpecField]> {
        let found = self.partition_specs.iter().find(|spec| spec.spec_id == id).map(|spec| spec.fields.as_slice());
        found.or(self.partition_spec.as_deref())
    }
}

/// # Errors
/// When a table is of a version that is not read.
pub(super) fn verify_version(metadata: &Value, table: &str) -> Result<()> {
    match metadata.get("format-version").and_then(Value::as_u64) {
        Some(version) if version > 2 => {
            let message = format!("the table {table} has the format version {version}, which is not read");
            Err(Error::new(codes::TABLE_FEATURE, Blame::Data, message)
                .help("versions 1 and 2 are read: let its owner keep it in one of these, or export it to files"))
        }
        _ => Ok(()),
    }
}

/// The text of a metadata file, which may be compressed by gzip.
fn plain(text: Bytes) -> std::io::Result<Bytes> {
    if !text.starts_with(&[0x1f, 0x8b]) {
        return Ok(text);
    }
    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(&text[..]).read_to_end(&mut unpacked)?;
    Ok(unpacked.into())
}

/// The error for a table whose files do not say what they should.
pub(super) fn damaged(message: &str) -> Error {
    Error::new(codes::TABLE_LOG, Blame::Data, message)
        .help("the table is damaged: restore the file, or name an older metadata file in `path`")
}

/// The name of the newest metadata file.
async fn newest(root: &Root) -> Result<String> {
    let folder = root.under("metadata");
    let listed = root.store().list_with_delimiter(Some(&folder)).await;
    let listed = listed.map_err(|error| match error {
        object_store::Error::NotFound { .. } => root.no_table("Iceberg"),
        error => store_error(error, &root.name_of("metadata")),
    })?;
    let files = listed.objects.into_iter().filter_map(|object| {
        let name = object.location.filename()?.to_owned();
        Some(((number_of(&name)?, object.last_modified), name))
    });
    // A hint of a catalogue without a server may be older than what is there.
    files.max().map(|(_, name)| name).ok_or_else(|| root.no_table("Iceberg"))
}

#[cfg(test)]
mod tests {
    use super::number_of;

    #[test]
    fn numbers_of_metadata_files() {
        for (name, number) in [
            ("v12.metadata.json", Some(12)),
            ("00003-9b080d72-cf01-4814-9af7-80045aeecf51.metadata.json", Some(3)),
            ("v12.gz.metadata.json", Some(12)),
            ("00003-9b080d72.gz.metadata.json", Some(3)),
            ("00003-9b080d72.metadata.json.gz", Some(3)),
            ("snap-1.avro", None),
            ("x.metadata.json", None),
        ] {
            assert_eq!(number_of(name), number, "{name}");
        }
    }
}
