//! The keys of deliveries to PostgreSQL in a project's YAML.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::database::Tls;

/// Keys of a destination of PostgreSQL.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DestinationOptions {
    /// Where the database is: `postgres://user:password@host:5432/database`, or `host=… user=… dbname=…`. Write the password as
    /// `${NAME}`.
    pub connection: String,
    /// How the connection is encrypted. Default: `verify`, but for a server on this machine.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// A file with the certificates, in PEM, of those who may have signed the server's; in place of the system's.
    #[serde(default)]
    pub ca: Option<String>,
}

/// Keys of a delivery to PostgreSQL.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryOptions {
    /// The table, as `schema.table`; without a schema it is one of `public`. It is made if it is not there, and columns that it
    /// lacks are added.
    pub to: String,
}
