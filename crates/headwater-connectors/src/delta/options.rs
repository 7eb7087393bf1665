//! The keys of a source and of its streams.

use std::collections::BTreeMap;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{ReadMode, StreamSettings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::files::Scalar;

/// Keys of a source of Delta tables.
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

/// Keys of a stream of a Delta table.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamOptions {
    /// The table's folder, relative to the location; the location itself by default.
    #[serde(default)]
    pub path: String,
    /// The version to read, instead of the newest one. Only in mode `full`.
    pub version: Option<u64>,
    /// The moment whose version is read, e.g. `2024-06-30T23:59:59Z`. Only in mode `full`.
    pub timestamp: Option<String>,
}

/// Which version is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    Newest,
    Version(u64),
    /// Milliseconds since 1970, and as it is written.
    Moment(i64, String),
}

impl StreamOptions {
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
        if path.contains(['*', '?', '[', '{']) {
            return wrong("path", format!("'{path}' is no folder of one table"), "write a stream for each table");
        }
        if settings.mode == ReadMode::NewFiles && !settings.key.is_empty() {
            let help = "say `mode: cdc`, which takes up new rows and changed ones by the key";
            return wrong("mode", "`mode: new_files` adds rows, and knows no key".into(), help);
        }
        if settings.mode == ReadMode::Cdc && settings.key.is_empty() {
            let help = "name the columns that tell its rows apart: `key: [order_id]`";
            return wrong("mode", "`mode: cdc` takes up changes by a key, and there is none".into(), help);
        }
        let fixed = self.version.is_some() || self.timestamp.is_some();
        if fixed && settings.mode != ReadMode::Full {
            let key = if self.version.is_some() { "version" } else { "timestamp" };
            let message = format!("`{key}` names one version, and the mode reads what comes after the last one");
            return wrong(key, message, "remove it, or say `mode: full`");
        }
        match (self.version, &self.timestamp) {
            (None, None) => Ok(Asked::Newest),
            (Some(version), None) => Ok(Asked::Version(version)),
            (None, Some(text)) => match text.parse::<jiff::Timestamp>() {
                Ok(moment) => Ok(Asked::Moment(moment.as_millisecond(), text.clone())),
                Err(error) => {
                    let message = format!("`timestamp` is '{text}', which is no moment: {error}");
                    wrong("timestamp", message, "write e.g. 2024-06-30T23:59:59Z, in quotes")
                }
            },
            (Some(_), Some(_)) => {
                wrong("timestamp", "`version` and `timestamp` name a version twice".into(), "remove one of them")
            }
        }
    }
}
