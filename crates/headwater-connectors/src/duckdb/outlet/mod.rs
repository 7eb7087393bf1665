//! Deliveries to files of DuckDB.
//!
//! ```yaml
//! connector: duckdb
//! path: out/shop.duckdb            # relative to the project's folder
//! deliveries:
//!   - { table: marts.dim_customer, to: customers, key: customer_id }
//!   - { table: marts.daily_sales, to: main.daily_sales, mode: replace }
//! ```
//!
//! How DuckDB's library is found is in the manual of the [source](connectors.md#duckdb). The file is made if it is not there; its folder and the
//! schema of a table have to be.
//!
//! What it promises:
//!
//! - **Exactly once.** The rows of a delivery and the mark that says which snapshot of the lake they are of (in the table `headwater_deliveries`
//!   of the same schema) are committed together.
//! - **Only what has changed is sent** (`upsert`, `append`), told by the table's own log.
//! - **A row that the table refuses** is told with DuckDB's reason, goes to `headwater_undelivered` beside the table, and is tried again with every
//!   delivery until it succeeds or has changed; with more than `most_undelivered` of them nothing is delivered.
//! - **Memory does not grow with the rows** as far as DuckDB's does not: they go into a temporary table, and from there by SQL.
//!
//! A table that is not there is made with the lake's types, nested ones included, and without a primary key. A table that lacks a column is
//! refused; other columns that it has are left alone. Where a column of the table is of another type, a row whose value would be changed by it
//! (9.5 in a whole number, a time in a date) is a refused one. When a type of the lake has become wider and the table's column has not, the delivery fails before
//! anything is written, with the statement that alters it. While another program has the file open, a delivery fails and is tried again.

mod options;

use std::sync::Arc;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::OpenContext;
use headwater_sdk::destination::{DeliveryMode, DeliverySettings, Destination, Outlet};

pub use options::{DeliveryOptions, DestinationOptions};

use super::options::{SourceOptions, database};
use crate::driver::Database;
use crate::driver::outlet::TableOutlet;

/// The destination. See the module's text.
#[derive(Debug)]
pub struct DuckDbDestination {
    database: Database,
}

impl Destination for DuckDbDestination {
    const NAME: &'static str = "duckdb";
    const MODES: &'static [DeliveryMode] = &[DeliveryMode::Upsert, DeliveryMode::Append, DeliveryMode::Replace];
    type Options = DestinationOptions;
    type DeliveryOptions = DeliveryOptions;

    fn destination(options: DestinationOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        let DestinationOptions { path, allow_outside, library } = options;
        let options = SourceOptions { path, allow_outside, library };
        Ok(Self { database: database(options, context, false)? })
    }

    fn outlet(&self, options: DeliveryOptions, settings: DeliverySettings) -> Result<Arc<dyn Outlet>, OptionsError> {
        Ok(Arc::new(TableOutlet::new(self.database.clone(), &options.to, settings, true)?))
    }
}
