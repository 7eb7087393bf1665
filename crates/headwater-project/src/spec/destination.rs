//! `destinations/*.yml`: the systems that tables are delivered to, once they are published on `main`. A file holds one destination, or
//! several documents parted by `---`.
//!
//! ```yaml
//! connector: postgres
//! connection: "${CRM_DSN}"
//! environments: [prod]            # elsewhere nothing is delivered
//! deliveries:
//!   - table: marts.dim_customer
//!     to: crm.customers
//!     key: customer_id            # rows that changed are replaced, those that are gone deleted
//!     exclude: [birthday]
//!     where: country = 'NL'
//!   - { table: marts.daily_sales, to: crm.daily_sales, mode: replace }
//!   - { source: shop, to: "shop.{table}" }      # all that sources/shop.yml brings: a copy that is kept in step
//! ```
//!
//! The connector's own keys are in [connectors](connectors.md).
//!
//! A run delivers what it has published: each delivery whose table has changed since the destination took it up last, as the
//! destination itself remembers. `headwater deliver` does it without a run. A delivery that fails changes nothing at its
//! destination, and is done by the next run.

use headwater_sdk::destination::{DeliveryMode, OnDelete};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::formats::TableText;

/// A system that tables are delivered to. Beside these keys a destination has those of its connector.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(title = "a destination")]
pub(crate) struct DestinationCommon {
    /// The kind of system.
    #[serde(rename = "connector")]
    pub(crate) _connector: String,
    /// What the destination is.
    #[serde(default, rename = "description")]
    pub(crate) _description: Option<String>,
    /// The environments in which it is delivered to. Default: all.
    pub(crate) environments: Option<Vec<String>>,
    /// What is delivered to it.
    #[serde(rename = "deliveries")]
    pub(crate) _deliveries: Vec<Value>,
}

/// What is delivered of one table. Beside these keys a delivery has those of its connector.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(title = "a delivery")]
pub(crate) struct DeliveryCommon {
    /// The table: `schema.table`. Views, and tables of rows that were set aside, can be delivered, too.
    pub(crate) table: Option<TableText>,
    /// In place of `table`: a source, by the name of its file, e.g. `shop` for `sources/shop.yml`. Each of its tables is delivered, those that
    /// it gets later, too. `{schema}` and `{table}` in the connector's own keys are the parts of a table's name; rows go by the stream's
    /// `key`, and tables of streams without one are replaced.
    #[serde(rename = "source")]
    pub(crate) _source: Option<String>,
    /// With `source`: the tables that are meant, e.g. `orders` or `raw.o*`. Default: all.
    #[serde(default, rename = "only")]
    pub(crate) _only: Vec<String>,
    /// What tells the delivery from others of the same table to the same destination.
    pub(crate) name: Option<String>,
    /// What becomes of rows. Default: `upsert` where there is a `key`.
    pub(crate) mode: Option<DeliveryMode>,
    /// The columns by which rows take the place of others. They are checked to be there and unique before anything is published.
    #[serde(default)]
    pub(crate) key: Vec<String>,
    /// The columns that are delivered, in this order. Default: all.
    #[serde(default)]
    pub(crate) columns: Vec<String>,
    /// Columns that are left out.
    #[serde(default)]
    pub(crate) exclude: Vec<String>,
    /// Which rows are delivered: a condition in SQL. A row that it holds for no longer is gone.
    #[serde(rename = "where")]
    pub(crate) filter: Option<String>,
    /// In the mode `upsert`: what happens when a row is gone.
    #[serde(default)]
    pub(crate) on_delete: OnDelete,
    /// How many rows the destination may refuse before the delivery fails. 1000 by default.
    #[serde(default = "thousand")]
    pub(crate) most_undelivered: u64,
}

fn thousand() -> u64 {
    1000
}
