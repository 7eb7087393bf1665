//! What a Delta log says: one action a line (<https://github.com/delta-io/delta/blob/master/PROTOCOL.md>).

use std::collections::{BTreeMap, HashMap};

use headwater_sdk::{Blame, Error, Result};
use serde::Deserialize;

use crate::codes;

/// A line of a commit, or a row of a checkpoint. Actions that a reader has no use for are left out.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Action {
    pub(super) add: Option<Add>,
    pub(super) remove: Option<Remove>,
    pub(super) cdc: Option<ChangeFile>,
    pub(super) meta_data: Option<Metadata>,
    pub(super) protocol: Option<Protocol>,
    pub(super) commit_info: Option<CommitInfo>,
    pub(super) sidecar: Option<Sidecar>,
}

/// Values of partitions, by the names of their columns in files.
pub(super) type PartitionValues = HashMap<String, Option<String>>;

/// A data file that belongs to the table.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Add {
    pub(super) path: String,
    #[serde(default)]
    pub(super) partition_values: PartitionValues,
    pub(super) size: u64,
    #[serde(default = "yes")]
    pub(super) data_change: bool,
    pub(super) deletion_vector: Option<Descriptor>,
}

/// One that does not any more.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Remove {
    pub(super) path: String,
    pub(super) partition_values: Option<PartitionValues>,
    pub(super) size: Option<u64>,
    #[serde(default = "yes")]
    pub(super) data_change: bool,
    pub(super) deletion_vector: Option<Descriptor>,
}

/// A file of the rows that a commit has changed.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangeFile {
    pub(super) path: String,
    #[serde(default)]
    pub(super) partition_values: PartitionValues,
    pub(super) size: u64,
}

fn yes() -> bool {
    true
}

/// Where it is said which rows of a data file are deleted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    pub(super) storage_type: String,
    pub(super) path_or_inline_dv: String,
    pub(super) offset: Option<u64>,
    pub(super) size_in_bytes: u64,
    pub(super) cardinality: u64,
}

impl Descriptor {
    /// What tells it from others of the same file.
    pub(super) fn id(&self) -> String {
        let Self { storage_type, path_or_inline_dv, offset, .. } = self;
        format!("{storage_type}{path_or_inline_dv}@{}", offset.unwrap_or(0))
    }
}

/// What the table is.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    pub(super) id: String,
    #[serde(default)]
    pub(super) schema_string: String,
    #[serde(default)]
    pub(super) partition_columns: Vec<String>,
    #[serde(default)]
    pub(super) configuration: BTreeMap<String, Option<String>>,
    pub(super) format: Option<FileFormat>,
}

impl Metadata {
    /// A property of the table.
    pub(super) fn property(&self, name: &str) -> Option<&str> {
        self.configuration.get(name)?.as_deref()
    }
}

/// How data files are written.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct FileFormat {
    pub(super) provider: String,
}

/// What a reader has to know.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Protocol {
    pub(super) min_reader_version: u32,
    pub(super) reader_features: Option<Vec<String>>,
}

/// How a commit came about.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct CommitInfo {
    pub(super) operation: Option<String>,
    pub(super) in_commit_timestamp: Option<i64>,
}

/// A file with more of a checkpoint.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sidecar {
    pub(super) path: String,
    pub(super) size_in_bytes: u64,
}

/// The actions of a text, one a line.
///
/// # Errors
/// When a line is no action.
pub(super) fn read(text: &[u8], name: &str) -> Result<Vec<Action>> {
    let lines = text.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.trim_ascii().is_empty());
    let parse = |(at, line): (usize, &[u8])| {
        serde_json::from_slice(line).map_err(|error| {
            let message = format!("line {} of {name} cannot be understood", at + 1);
            Error::new(codes::TABLE_LOG, Blame::Data, message)
                .help(
                    "the log of the table is damaged: restore the file, or let the table's owner write the table anew",
                )
                .caused_by(error)
        })
    };
    lines.map(parse).collect()
}

/// Turns down a table that needs what is not known here.
///
/// # Errors
/// Names of what is not known.
pub(super) fn verify(protocol: &Protocol, metadata: &Metadata, shown: &str) -> Result<()> {
    const KNOWN: [&str; 7] = [
        "columnMapping",
        "deletionVectors",
        "timestampNtz",
        "typeWidening",
        "typeWidening-preview",
        "v2Checkpoint",
        "vacuumProtocolCheck",
    ];
    let refused = |what: String| {
        Err(Error::new(codes::TABLE_FEATURE, Blame::Data, format!("the table {shown} {what}, which is not read")).help(
            "read it with the program that keeps it, and let that write the table without, or export it to files",
        ))
    };
    if protocol.min_reader_version > 3 {
        return refused(format!("needs a reader of version {}", protocol.min_reader_version));
    }
    let features = protocol.reader_features.as_deref().unwrap_or_default();
    let unknown: Vec<&str> = features.iter().map(String::as_str).filter(|name| !KNOWN.contains(name)).collect();
    if !unknown.is_empty() {
        let s = if unknown.len() == 1 { "" } else { "s" };
        return refused(format!("needs the feature{s} {}", unknown.join(", ")));
    }
    match &metadata.format {
        Some(format) if format.provider != "parquet" => refused(format!("has files of the format {}", format.provider)),
        _ => Ok(()),
    }
}
