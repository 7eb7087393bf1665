//! The connector's keys in a project's YAML.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::database::Tls;

/// Keys of a source of MySQL or MariaDB.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceOptions {
    /// Where the database is: `mysql://user:password@host:3306/database`, with `?socket=/path` for a socket of this machine. Write
    /// the password as `${NAME}`.
    pub connection: String,
    /// How the connection is encrypted: `verify` (encrypted, and the server's certificate is verified, with its name), `encrypt`
    /// (encrypted; whoever answers is believed to be the server) or `off` (in the clear). Default: `verify`, but for a server on
    /// this machine, where it is `off`.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// A file with the certificates, in PEM, of those who may have signed the server's; in place of the system's.
    #[serde(default)]
    pub ca: Option<String>,
    /// What becomes of `0000-00-00`, which is no date. Default: `as_null`.
    #[serde(default)]
    pub zero_dates: ZeroDates,
}

/// What becomes of the date `0000-00-00`, with and without a time of `00:00:00` (`zero_dates`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ZeroDates {
    /// Null: it is how applications of MySQL write that there is no date.
    #[default]
    AsNull,
    /// Its row is a bad one.
    Reject,
}

/// Keys of a stream of MySQL or MariaDB.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamOptions {
    /// The table or view, as `database.table`; without a database, one of the connection's. This or `query`.
    #[serde(default)]
    pub from: Option<String>,
    /// A query in the server's SQL whose rows are read, in one part.
    #[serde(default)]
    pub query: Option<String>,
    /// Which rows: a condition in the server's SQL. With `from`.
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
