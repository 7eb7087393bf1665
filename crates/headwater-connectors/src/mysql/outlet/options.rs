//! The keys of deliveries to MySQL and MariaDB in a project's YAML.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::database::Tls;

/// Keys of a destination of MySQL or MariaDB.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DestinationOptions {
    /// Where the database is: `mysql://user:password@host:3306/database`, with `?socket=/path` for a socket of this machine. Write
    /// the password as `${NAME}`.
    pub connection: String,
    /// How the connection is encrypted. Default: `verify`, but for a server on this machine.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// A file with the certificates, in PEM, of those who may have signed the server's; in place of the system's.
    #[serde(default)]
    pub ca: Option<String>,
}

/// Keys of a delivery to MySQL or MariaDB.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryOptions {
    /// The table, as `database.table`; without a database it is one of the connection's. It is made if it is not there, and columns
    /// that it lacks are added.
    pub to: String,
}
