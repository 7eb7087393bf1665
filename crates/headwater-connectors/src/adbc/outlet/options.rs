//! The keys of deliveries in a project's YAML.

use std::collections::BTreeMap;

use headwater_sdk::connector::Scalar;
use schemars::JsonSchema;
use serde::Deserialize;

/// Keys of a destination that is delivered to by an ADBC driver.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DestinationOptions {
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
    /// Whether rows and the mark of what they are of are committed together. Default: where the driver has transactions.
    #[serde(default = "yes")]
    pub transactions: bool,
}

fn yes() -> bool {
    true
}

/// Keys of a delivery.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryOptions {
    /// The table, as `table`, `schema.table` or `catalog.schema.table`, in the letters that the database has. It is made if it is not
    /// there; its schema has to be there.
    pub to: String,
}
