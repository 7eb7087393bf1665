//! Deliveries to databases that have an ADBC driver.
//!
//! ```yaml
//! connector: adbc
//! driver: postgresql               # pip install adbc-driver-postgresql
//! python: .venv                    # where it was installed
//! uri: "${CRM}"
//! deliveries:
//!   - { table: marts.dim_customer, to: crm.customers, key: customer_id }
//!   - { table: marts.daily_sales, to: crm.daily_sales, mode: replace }
//! ```
//!
//! Where drivers are looked for is in the manual of the [source](connectors.md#adbc). A driver has to have bulk ingestion, into a temporary table
//! that it makes or, as Snowflake's, into one that is there; or be BigQuery's.
//!
//! What it promises:
//!
//! - **Exactly once, where the driver has transactions.** The rows of a delivery and the mark that says which snapshot of the lake they are
//!   of (in the table `headwater_deliveries` of the same schema) are committed together. Where it has none, or with `transactions: false`, the mark
//!   is set behind the rows: a delivery that dies in between is done again, so that rows of `append` may come twice and readers may see a part of
//!   it. Each such delivery says so (HW0396).
//! - **Only what has changed is sent** (`upsert`, `append`), told by the table's own log.
//! - **A row that the database refuses** (a constraint, a value that its column cannot hold) is told with the database's reason, goes to
//!   `headwater_undelivered` beside the table, and is tried again with every delivery until it succeeds or has changed; with more than
//!   `most_undelivered` of them nothing is delivered. It is found by trying fewer and fewer rows in transactions that are rolled back: where there
//!   are none, a refused row fails the delivery as a whole.
//!   What cannot be written at all, as a date that the database has not, is kept without being tried, until a row of its key comes.
//! - **Memory does not grow with the rows** as far as the driver's does not: they go into a temporary table, and from there by SQL.
//!
//! A table that is not there is made of the types that the driver gives it, without a primary key; PostgreSQL and SQLite get a unique index on
//! the key of an upsert. A table that lacks a column is refused; other columns that it has are left alone. Nested values become JSON, but for
//! lists of plain values in PostgreSQL, and all of them in DuckDB; in SQLite decimals and times with a zone become texts.
//!
//! Where a column of the table is of another type, a row whose value would be changed by it (9.5 in a whole number, a time in a date) is a refused one. When a type
//! of the lake has become wider and the table's column has not, the delivery fails before anything is sent, with the statement that alters it. In SQLite values stay as they
//! are, whatever the column is called; BigQuery refuses other types itself. What a driver tells of a column decides: `numeric` of PostgreSQL is told as text, and rounds.
//!
//! **Snowflake:** the temporary table is made in the schema of `uri`, which has to name one. To make a table ends a transaction there: an empty table
//! is what a first delivery leaves that dies. `to: customers` is a table with small letters; write `CUSTOMERS` for one that queries find without quotes.
//!
//! **BigQuery:** the driver that pip installs (1.11) takes no rows up and has no transactions. Rows are written by SQL (`insert … values`, statements of
//! less than a million characters) into a table `headwater_stage_…` of the dataset, which is dropped behind them, and by itself after a day; from there they
//! go, with the mark, by one script that is a transaction. So a delivery is as exact as elsewhere, but slow, a statement at a time: from some
//! hundred thousand rows on let it load [files](#files) from `gs://`, or read a [Delta table](#delta) there. A script of another delivery to the same dataset at
//! the same moment makes BigQuery refuse one of the two, which is tried again. The account needs the role BigQuery Data Editor.
//!
//! The drivers of SQLite, PostgreSQL and DuckDB are tested against their databases, those of Snowflake and BigQuery against emulators (fakesnow,
//! bqemulator), which know neither the services' limits nor their transactions that exclude each other. That of Flight SQL was tried on BenoStreamDB's
//! server, which does not understand its ingestion.

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
pub struct AdbcDestination {
    database: Database,
    transactions: bool,
}

impl Destination for AdbcDestination {
    const NAME: &'static str = "adbc";
    const MODES: &'static [DeliveryMode] = &[DeliveryMode::Upsert, DeliveryMode::Append, DeliveryMode::Replace];
    type Options = DestinationOptions;
    type DeliveryOptions = DeliveryOptions;

    fn destination(options: DestinationOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        let DestinationOptions { driver, entrypoint, python, uri, options, quote, transactions } = options;
        let options = SourceOptions { driver, entrypoint, python, uri, options, quote };
        Ok(Self { database: database(options, context)?, transactions })
    }

    fn outlet(&self, options: DeliveryOptions, settings: DeliverySettings) -> Result<Arc<dyn Outlet>, OptionsError> {
        Ok(Arc::new(TableOutlet::new(self.database.clone(), &options.to, settings, self.transactions)?))
    }
}
