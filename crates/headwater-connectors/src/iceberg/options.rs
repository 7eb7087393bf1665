//! The keys of a source and of its streams.

use std::collections::BTreeMap;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Scalar, StreamSettings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::catalog::CatalogOptions;
use crate::table_format::options::{moment, verify, verify_fixed};

/// Keys of a source of Iceberg tables.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceOptions {
    /// Where the tables are: a folder relative to the project (the project's own by default), an absolute path, or a prefix in an object
    /// store, e.g. `s3://bucket/prefix`. This or `catalog`.
    #[serde(default)]
    pub location: Option<String>,
    /// The REST catalogue that knows the tables. This or `location`.
    #[serde(default)]
    pub catalog: Option<CatalogOptions>,
    /// Allows a location, tables that a catalogue names, or data files that a table names, outside the project's folder.
    #[serde(default)]
    pub allow_outside: bool,
    /// Options of the object store, e.g. `region`, `endpoint`, `allow_http`; over those of the environment, and over those that a
    /// catalogue gives.
    #[serde(default)]
    pub storage: BTreeMap<String, Scalar>,
}

/// Keys of a stream of an Iceberg table.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamOptions {
    /// The table's folder, relative to the location, or one of its metadata files (`orders/metadata/v3.metadata.json`); the location itself
    /// by default. In a folder the newest metadata file counts.
    #[serde(default)]
    pub path: String,
    /// The table's name in the catalogue, `namespace.table`; with `"` around parts that have dots. Only with `catalog`.
    #[serde(default)]
    pub from: Option<String>,
    /// The number of the snapshot to read, instead of the newest one. Only in mode `full`.
    pub snapshot: Option<i64>,
    /// The moment whose snapshot is read, e.g. `2024-06-30T23:59:59Z`. Only in mode `full`.
    pub timestamp: Option<String>,
    /// The branch or tag whose snapshot is read. Only in mode `full`.
    #[serde(rename = "ref")]
    pub of_ref: Option<String>,
}

/// Which snapshot is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    Newest,
    Snapshot(i64),
    /// Milliseconds since 1970, and as it is written.
    Moment(i64, String),
    Ref(String),
}

impl StreamOptions {
    /// Checks the keys.
    ///
    /// # Errors
    /// [`OptionsError`] when they make no sense.
    pub(super) fn asked(&self, settings: &StreamSettings) -> Result<Asked, OptionsError> {
        verify(&self.path, settings)?;
        let given = [
            ("snapshot", self.snapshot.is_some()),
            ("timestamp", self.timestamp.is_some()),
            ("ref", self.of_ref.is_some()),
        ];
        verify_fixed(&given, "snapshot", settings)?;
        Ok(match (self.snapshot, &self.timestamp, &self.of_ref) {
            (Some(id), ..) => Asked::Snapshot(id),
            (_, Some(text), _) => Asked::Moment(moment(text)?, text.clone()),
            (.., Some(name)) => Asked::Ref(name.clone()),
            _ => Asked::Newest,
        })
    }
}
