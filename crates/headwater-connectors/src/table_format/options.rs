//! The keys that sources of all table formats have.

use std::collections::BTreeMap;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{ReadMode, Scalar, StreamSettings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Keys of a source of tables that other programs keep.
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

/// What is wrong with a key of a stream.
pub(crate) fn wrong(key: &'static str, message: String, help: &str) -> OptionsError {
    OptionsError { key: Some(key), message, help: Some(help.into()) }
}

/// Checks what all streams have: the table's path, and the mode with the key.
///
/// # Errors
/// [`OptionsError`] when they make no sense.
pub(crate) fn verify(path: &str, settings: &StreamSettings) -> Result<(), OptionsError> {
    if path.starts_with('/') || path.contains("://") || path.split('/').any(|part| part == "..") {
        let help = "give a path inside the source's `location`, and change `location` to reach other places";
        return Err(wrong("path", format!("'{path}' leaves the source's location"), help));
    }
    if path.contains(['*', '?', '[', '{']) {
        return Err(wrong("path", format!("'{path}' is no folder of one table"), "write a stream for each table"));
    }
    if settings.mode == ReadMode::NewFiles && !settings.key.is_empty() {
        let help = "say `mode: cdc`, which takes up new rows and changed ones by the key";
        return Err(wrong("mode", "`mode: new_files` adds rows, and knows no key".into(), help));
    }
    if settings.mode == ReadMode::Cdc && settings.key.is_empty() {
        let help = "name the columns that tell its rows apart: `key: [order_id]`";
        return Err(wrong("mode", "`mode: cdc` takes up changes by a key, and there is none".into(), help));
    }
    Ok(())
}

/// The one of some keys that says which state of the table is read; `state` is what the format calls one (`version`).
///
/// # Errors
/// [`OptionsError`] when there are several, or the mode reads what comes after a state.
pub(crate) fn verify_fixed(
    given: &[(&'static str, bool)],
    state: &str,
    settings: &StreamSettings,
) -> Result<(), OptionsError> {
    let mut given = given.iter().filter(|(_, given)| *given).map(|(key, _)| *key);
    let Some(key) = given.next() else { return Ok(()) };
    if settings.mode != ReadMode::Full {
        let message = format!("`{key}` names one {state}, and the mode reads what comes after the last one");
        return Err(wrong(key, message, "remove it, or say `mode: full`"));
    }
    match given.next() {
        Some(other) => Err(wrong(other, format!("`{key}` and `{other}` name a {state} twice"), "remove one of them")),
        None => Ok(()),
    }
}

/// The moment that `timestamp` says, in milliseconds since 1970.
///
/// # Errors
/// [`OptionsError`] when it is none.
pub(crate) fn moment(text: &str) -> Result<i64, OptionsError> {
    let moment = text.parse::<jiff::Timestamp>().map_err(|error| {
        let message = format!("`timestamp` is '{text}', which is no moment: {error}");
        wrong("timestamp", message, "write e.g. 2024-06-30T23:59:59Z, in quotes")
    })?;
    Ok(moment.as_millisecond())
}
