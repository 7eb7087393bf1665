//! The keys of a source and of its streams.

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::StreamSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::table_format::options::SourceOptions;
use crate::table_format::options::{moment, verify, verify_fixed};

/// Keys of a stream of an Iceberg table.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamOptions {
    /// The table's folder, relative to the location, or one of its metadata files (`orders/metadata/v3.metadata.json`); the location itself
    /// by default. In a folder the newest metadata file counts.
    #[serde(default)]
    pub path: String,
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
    /// The table's folder, and the metadata file where one is named.
    pub(super) fn place(&self) -> (String, Option<String>) {
        let path = self.path.trim_end_matches('/');
        match path.rsplit_once('/').filter(|_| path.ends_with(".metadata.json")) {
            Some((folder, file)) => {
                let table = folder.strip_suffix("metadata").unwrap_or(folder).trim_end_matches('/');
                (table.to_owned(), Some(file.to_owned()))
            }
            None => (path.to_owned(), None),
        }
    }

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
