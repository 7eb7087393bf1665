//! The connector's keys in a project's YAML.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::database::Tls;

/// Keys of a source of PostgreSQL.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceOptions {
    /// Where the database is: `postgres://user:password@host:5432/database`, or `host=… user=… dbname=…`. Write the password as
    /// `${NAME}`.
    pub connection: String,
    /// How the connection is encrypted: `verify` (encrypted, and the server's certificate is verified, with its name), `encrypt`
    /// (encrypted; whoever answers is believed to be the server) or `off` (in the clear). Default: `verify`, but for a server on
    /// this machine, where it is `off`.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// The replication slot by which the tables of the mode `cdc` are followed. Each lake that follows the database needs its own.
    /// Default: that by which a table is followed already; for a table that is followed by none yet, or is read anew,
    /// `headwater_<project>_<environment>`.
    #[serde(default)]
    pub slot: Option<String>,
    /// How long the making of the slot may wait for transactions that are open in the database, as `30m` or `2h`. Default: `1h`.
    #[serde(default)]
    pub slot_wait: Option<String>,
    /// The publication that has these tables. Their owner makes it: `create publication headwater for table …`.
    #[serde(default = "headwater")]
    pub publication: String,
    /// A file with the certificates, in PEM, of those who may have signed the server's; in place of the system's.
    #[serde(default)]
    pub ca: Option<String>,
}

impl Default for SourceOptions {
    fn default() -> Self {
        Self { connection: String::new(), tls: None, slot: None, slot_wait: None, publication: headwater(), ca: None }
    }
}

fn headwater() -> String {
    "headwater".to_owned()
}

/// Keys of a stream of PostgreSQL.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamOptions {
    /// The table or view, as `schema.table`; without a schema it is looked up as PostgreSQL does. This or `query`.
    #[serde(default)]
    pub from: Option<String>,
    /// A query in PostgreSQL's SQL whose rows are read, in one part.
    #[serde(default)]
    pub query: Option<String>,
    /// Which rows: a condition in PostgreSQL's SQL. With `from`.
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
