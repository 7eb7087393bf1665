//! The connector's keys in a project's YAML.

use schemars::JsonSchema;
use serde::Deserialize;

/// Keys of a source of SQLite.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceOptions {
    /// The database's file, relative to the project's folder.
    pub path: String,
    /// Allows a `path` outside of the project's folder.
    #[serde(default)]
    pub allow_outside: bool,
}

/// Keys of a stream of SQLite.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamOptions {
    /// The table or view. This or `query`.
    #[serde(default)]
    pub from: Option<String>,
    /// A query in SQLite's SQL whose rows are read.
    #[serde(default)]
    pub query: Option<String>,
    /// Which rows: a condition in SQLite's SQL. With `from`.
    #[serde(default, rename = "where")]
    pub condition: Option<String>,
    /// Columns that are left out.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// In the mode `incremental`: a column that only grows and is never null. A run reads the rows past the greatest value of
    /// the last one.
    #[serde(default)]
    pub cursor: Option<String>,
}
