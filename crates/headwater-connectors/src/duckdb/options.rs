//! The connector's keys in a project's YAML.

use std::sync::Arc;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::OpenContext;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::database::Wanted;
use crate::driver::{Database, Library, Settings};
use headwater_sdk::connector::local;

/// What to do where DuckDB's library is not there.
const INSTALL: &str = "install DuckDB's library (`brew install duckdb`, `conda install libduckdb`, or libduckdb of https://github.com/duckdb/duckdb/releases), and name its path with `library` or in HEADWATER_DUCKDB; that of Python's package duckdb works within Python only";

/// Keys of a source of DuckDB.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceOptions {
    /// The database's file, relative to the project's folder.
    pub path: String,
    /// Allows a `path` outside of the project's folder, and queries that read other files.
    #[serde(default)]
    pub allow_outside: bool,
    /// The path of DuckDB's library, relative to the project's folder. Default: that of the environment's HEADWATER_DUCKDB, or `libduckdb`
    /// among the system's libraries.
    #[serde(default)]
    pub library: Option<String>,
}

/// Keys of a stream of DuckDB.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamOptions {
    /// The table or view, as `table`, `schema.table` or `catalog.schema.table`, in the letters that the database has. This or `query`.
    #[serde(default)]
    pub from: Option<String>,
    /// A query in DuckDB's SQL whose rows are read.
    #[serde(default)]
    pub query: Option<String>,
    /// Which rows: a condition in DuckDB's SQL. With `from`.
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

impl From<StreamOptions> for Wanted {
    fn from(options: StreamOptions) -> Self {
        let StreamOptions { from, query, condition, exclude, cursor } = options;
        Self { from, query, condition, exclude, cursor }
    }
}

/// The database in a file, to be read only or not.
///
/// # Errors
/// When the options make no sense.
pub(super) fn database(options: SourceOptions, context: &OpenContext, is_read: bool) -> Result<Database, OptionsError> {
    let wrong = |message: String, help: &str| OptionsError { key: Some("path"), message, help: Some(help.to_owned()) };
    let SourceOptions { path, allow_outside, library } = options;
    if path.is_empty() {
        return Err(wrong("'' is no file".to_owned(), "write the file's path from the project's folder on"));
    }
    let place = local::place(&path, allow_outside, &context.project_dir).ok_or_else(|| {
        let message = format!("'{path}' is outside the project's folder");
        wrong(message, "move the file into the project, or say `allow_outside: true` beside `path`")
    })?;
    let named = library.or_else(|| std::env::var("HEADWATER_DUCKDB").ok().filter(|path| !path.is_empty()));
    let mut options = vec![("path".to_owned(), place.path.display().to_string())];
    if is_read {
        options.push(("access_mode".to_owned(), "READ_ONLY".to_owned()));
    }
    if !allow_outside {
        // Neither files beside this one, nor the network: DuckDB would fetch what it has not.
        options.push(("enable_external_access".to_owned(), "false".to_owned()));
    }
    Ok(Database::new(Settings {
        library: Library {
            driver: named.unwrap_or_else(|| "duckdb".to_owned()),
            entrypoint: Some("duckdb_adbc_init".to_owned()),
            python: None,
            project: context.project_dir.clone(),
            install: INSTALL.to_owned(),
            known: Arc::default(),
        },
        options,
        shown: place.shown.clone(),
        quote: Some('"'),
        secrets: context.secrets.clone(),
        file: is_read.then_some(place),
    }))
}
