//! The keys of deliveries to files in a project's YAML.

use std::collections::BTreeMap;

use headwater_sdk::connector::Scalar;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::options::SourceOptions;
use super::super::sftp::SftpOptions;

/// Keys of a destination of files.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DestinationOptions {
    /// Where the files go: a folder relative to the project, an absolute path, `s3://bucket/prefix`,
    /// or `sftp://user@host/path`.
    pub location: String,
    /// Allows a location outside the project's folder.
    #[serde(default)]
    pub allow_outside: bool,
    /// Options of the object store, e.g. `region`, `endpoint`, `allow_http`; over those of the environment.
    #[serde(default)]
    pub storage: BTreeMap<String, Scalar>,
    /// SFTP servers: how to log in, and how the server is known again.
    #[serde(default)]
    pub sftp: Option<SftpOptions>,
}

impl DestinationOptions {
    /// The same as those of a source.
    pub(super) fn as_source(&self) -> SourceOptions {
        SourceOptions {
            location: self.location.clone(),
            allow_outside: self.allow_outside,
            storage: self.storage.clone(),
            headers: BTreeMap::new(),
            sftp: self.sftp.clone(),
        }
    }
}

/// Keys of a delivery to files.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryOptions {
    /// The folder of the files, below the location. It is the delivery's own.
    pub to: String,
    /// What they are.
    #[serde(default)]
    pub format: FileFormat,
    /// How they are compressed. Default: `zstd` for Parquet, `none` for texts.
    #[serde(default)]
    pub compression: Option<Compression>,
    /// Columns by whose values rows are put into folders `column=value`. They are not in the files.
    #[serde(default)]
    pub partition_by: Vec<String>,
}

/// What files are (`format`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// Parquet.
    #[default]
    Parquet,
    /// Comma-separated values with a header.
    Csv,
    /// A JSON object in each line.
    Jsonl,
}

/// How files are compressed (`compression`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Not at all.
    None,
    /// By gzip; of texts only.
    Gzip,
    /// By zstandard.
    Zstd,
    /// By snappy; of Parquet only.
    Snappy,
}
