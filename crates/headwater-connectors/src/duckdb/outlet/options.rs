//! The keys of deliveries in a project's YAML.

use schemars::JsonSchema;
use serde::Deserialize;

/// Keys of a destination of DuckDB.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DestinationOptions {
    /// The database's file, relative to the project's folder. It is made if it is not there.
    pub path: String,
    /// Allows a `path` outside of the project's folder.
    #[serde(default)]
    pub allow_outside: bool,
    /// The path of DuckDB's library, relative to the project's folder. Default: that of the environment's HEADWATER_DUCKDB, or `libduckdb`
    /// among the system's libraries.
    #[serde(default)]
    pub library: Option<String>,
}

/// Keys of a delivery.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryOptions {
    /// The table, as `table`, `schema.table` or `catalog.schema.table`, in the letters that the database has. It is made if it is not
    /// there; its schema has to be there.
    pub to: String,
}
