//! The connector's keys in a project's YAML.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{OpenContext, Scalar};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::database::Wanted;
use crate::driver::{Database, Library, Settings, secrets_of};

/// Keys of a source that is read by an ADBC driver.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceOptions {
    /// The driver: the path of its library or manifest, relative to the project's folder, or a name (`sqlite`, `snowflake`) that is looked
    /// for in the environment of `python`, in the manifests of driver managers, and among the system's libraries.
    pub driver: String,
    /// The library's function that drivers begin with. Default: the one that its name suggests.
    #[serde(default)]
    pub entrypoint: Option<String>,
    /// An environment of Python in which drivers were installed by pip: its folder, or the interpreter.
    #[serde(default)]
    pub python: Option<String>,
    /// Where the database is, as the driver takes it. Write passwords as `${NAME}`.
    #[serde(default)]
    pub uri: Option<String>,
    /// The driver's own options of a database, e.g. `username`, `adbc.snowflake.sql.account`.
    #[serde(default)]
    pub options: BTreeMap<String, Scalar>,
    /// What stands around names in the database's SQL, `"` or a backtick. Default: a backtick for BigQuery, MySQL, Spark and Databricks.
    #[serde(default)]
    pub quote: Option<char>,
}

/// Keys of a stream of a database that is read by an ADBC driver.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamOptions {
    /// The table or view, as `table`, `schema.table` or `catalog.schema.table`, in the letters that the database has. This or `query`.
    #[serde(default)]
    pub from: Option<String>,
    /// A query in the database's SQL whose rows are read.
    #[serde(default)]
    pub query: Option<String>,
    /// Which rows: a condition in the database's SQL. With `from`.
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

/// A database of these options.
///
/// # Errors
/// When they make no sense.
pub(super) fn database(options: SourceOptions, context: &OpenContext) -> Result<Database, OptionsError> {
    let SourceOptions { driver, entrypoint, python, uri, options, quote } = options;
    let wrong = |key: &'static str, message: &str, help: &str| OptionsError {
        key: Some(key),
        message: message.to_owned(),
        help: Some(help.to_owned()),
    };
    if driver.trim().is_empty() {
        return Err(wrong(
            "driver",
            "'' is no driver",
            "name one, e.g. `driver: snowflake`, or the path of its library",
        ));
    }
    if quote.is_some_and(|quote| quote != '"' && quote != '`') {
        return Err(wrong("quote", "names do not stand in such marks", "write `quote: '\"'` or `quote: '`'`"));
    }
    if uri.is_some() && options.contains_key("uri") {
        return Err(wrong("uri", "`uri` is given twice", "leave it out of `options`"));
    }
    let uri = uri.map(|uri| ("uri".to_owned(), uri)).into_iter();
    let options: Vec<_> = uri.chain(options.iter().map(|(key, value)| (key.clone(), value.to_string()))).collect();
    let name = driver.rsplit('/').next().unwrap_or(&driver).to_owned();
    let package = name.strip_prefix("adbc_driver_").unwrap_or(&name).replace('_', "-");
    let install = match driver == name && !name.contains('.') {
        true => format!(
            "install it (`pip install adbc-driver-{package}`) and name the environment (`python: .venv`), or the library's path with `driver`"
        ),
        false => "correct the path with `driver`, which is relative to the project's folder".to_owned(),
    };
    Ok(Database::new(Settings {
        secrets: secrets_of(&options, &context.secrets),
        library: Library {
            driver,
            entrypoint,
            python: python.map(PathBuf::from),
            project: context.project_dir.clone(),
            install,
            known: Arc::default(),
        },
        options,
        shown: format!("the database of the driver {name}"),
        quote,
        file: None,
    }))
}
