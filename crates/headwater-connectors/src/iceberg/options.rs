//! The keys of a source and of its streams.

use std::collections::BTreeMap;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{ReadMode, StreamSettings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::files::Scalar;

/// Keys of a source of Iceberg tables.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceOptions {
    /// Where the tables are: a folder relative to the project, an absolute path, or a prefix in an object store, e.g. `s3://bucket/prefix`.
    #[serde(default = "here")]
    pub location: String,
    /// Allows a location (or data files that a table names) outside the project's folder.
    #[serde(default)]
    pub allow_outside: bool,
    /// Options of the object store, e.g. `region`, `endpoint`, `allow_http`; over those of the environment.
    #[serde(default)]
    pub storage: BTreeMap<String, Scalar>,
}

fn here() -> String {
    ".".into()
}

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
        let wrong = |key: &'static str, message: String, help: &str| {
            Err(OptionsError { key: Some(key), message, help: Some(help.into()) })
        };
        let path = &self.path;
        if path.starts_with('/') || path.contains("://") || path.split('/').any(|part| part == "..") {
            let help = "give a path inside the source's `location`, and change `location` to reach other places";
            return wrong("path", format!("'{path}' leaves the source's location"), help);
        }
        if settings.mode == ReadMode::NewFiles && !settings.key.is_empty() {
            let help = "say `mode: cdc`, which takes up new rows and changed ones by the key";
            return wrong("mode", "`mode: new_files` adds rows, and knows no key".into(), help);
        }
        if settings.mode == ReadMode::Cdc && settings.key.is_empty() {
            let help = "name the columns that tell its rows apart: `key: [order_id]`";
            return wrong("mode", "`mode: cdc` takes up changes by a key, and there is none".into(), help);
        }
        let given = [
            ("snapshot", self.snapshot.is_some()),
            ("timestamp", self.timestamp.is_some()),
            ("ref", self.of_ref.is_some()),
        ];
        let mut given = given.into_iter().filter(|(_, given)| *given).map(|(key, _)| key);
        if let Some(key) = given.next() {
            if settings.mode != ReadMode::Full {
                let message = format!("`{key}` names one snapshot, and the mode reads what comes after the last one");
                return wrong(key, message, "remove it, or say `mode: full`");
            }
            if let Some(other) = given.next() {
                return wrong(other, format!("`{key}` and `{other}` name a snapshot twice"), "remove one of them");
            }
        }
        Ok(match (self.snapshot, &self.timestamp, &self.of_ref) {
            (Some(id), ..) => Asked::Snapshot(id),
            (_, Some(text), _) => match text.parse::<jiff::Timestamp>() {
                Ok(moment) => Asked::Moment(moment.as_millisecond(), text.clone()),
                Err(error) => {
                    let message = format!("`timestamp` is '{text}', which is no moment: {error}");
                    return wrong("timestamp", message, "write e.g. 2024-06-30T23:59:59Z, in quotes");
                }
            },
            (.., Some(name)) => Asked::Ref(name.clone()),
            _ => Asked::Newest,
        })
    }
}
