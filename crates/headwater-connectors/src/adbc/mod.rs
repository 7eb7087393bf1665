//! The `adbc` connector: databases that have a driver of ADBC (<https://arrow.apache.org/adbc>). Drivers are libraries that somebody else makes:
//! for Snowflake, BigQuery, Flight SQL, PostgreSQL, SQLite, DuckDB, and more.
//!
//! ```yaml
//! connector: adbc
//! driver: postgresql               # pip install adbc-driver-postgresql
//! python: .venv                    # where it was installed
//! uri: "${SHOP}"
//! streams:
//!   - { table: raw.customers, from: public.customers }
//!   - { table: raw.orders, from: public.orders, mode: incremental, cursor: order_id }
//! ```
//!
//! A `driver` with a `/` or an ending is the path of a library or of a manifest (`.toml`), from the project's folder on. Another one is a name,
//! which is looked for, with and without `adbc_driver_` before it, among the packages of the environment of `python` (or of the active one,
//! `VIRTUAL_ENV`), in the manifests of driver managers (`ADBC_DRIVER_PATH`, `~/.config/adbc/drivers`, `/etc/adbc/drivers`), and among the
//! system's libraries. **A driver's code runs in Headwater's process and may do what Headwater may:** load none that you would not run.
//! `options` are those of the driver's manual; paths in them are relative to the folder in which Headwater was started.
//!
//! What it promises of sources:
//!
//! - **Arrow all the way.** Rows come as the driver's columns and become the lake's, in a single statement, whose moment is the database's affair.
//! - **Memory does not grow with the table** as far as the driver's does not: batches are as large as it makes them.
//! - **No value is changed without a word.** Types that Arrow or the lake does not have are read as the database's own text for them
//!   (`cast(… as varchar)`); a value that the lake has not, as a date past the year 9999 or bytes that are no text, makes a bad row.
//!   `numeric` of PostgreSQL has its declared digits, and decimal(38,9) without any. Digits finer than a microsecond are cut off.
//! - **Nothing is written:** every query is read as a table within another.
//!
//! The modes are `full`, in every run (no driver tells whether something has changed), and `incremental`: the rows whose `cursor` is past the greatest
//! value of the last load, compared by the database. With a `key` a row that comes again takes the place of the old one, with a
//! `lookback` beside it late ones are found. A cursor is a number, a date, a time or a text; one that is null in some row is refused.
//! `headwater source check` warns of one that is a time without `key` and `lookback`.
//!
//! Where there is a connector of the database's own name (`postgres`, `mysql`, `sqlite`), it does more: parts at one moment, changes, and rows
//! that are set aside one by one. A driver's batch is one stream: `ExecutePartitions` is not used.
//!
//! ### BigQuery
//!
//! ```yaml
//! connector: adbc
//! driver: bigquery                 # pip install adbc-driver-bigquery
//! python: .venv
//! options:
//!   adbc.bigquery.sql.project_id: acme
//!   adbc.bigquery.sql.auth_type: adbc.bigquery.sql.auth_type.json_credential_file
//!   adbc.bigquery.sql.auth_credentials: "${ACCOUNT}"        # the path of a service account's key
//! streams:
//!   - { table: raw.orders, from: shop.orders, mode: incremental, cursor: placed_at }    # dataset.table, or project.dataset.table
//! ```
//!
//! Without `auth_type` the driver looks for credentials as Google's own programs do. The account needs the roles BigQuery Data Viewer, Job User and
//! Read Session User. What the driver (1.11, the newest that pip installs) does otherwise than others, and what comes of it:
//!
//! - It ends a result that breaks off as if it were whole. Headwater asks for the number of rows in the same statement (`select …, (select count(*)
//!   from …)`) and compares; a load that lost some fails. A `query` is therefore evaluated twice, and one that has another number of rows each time
//!   (`rand()`) fails.
//! - It tells no columns of a result without rows. Those of a `query` are told by one row that it makes in any case, which runs the query once more:
//!   BigQuery bills that, too. Those of a table cost nothing.
//! - It describes DATETIME as an instant. It becomes `timestamp_ntz`, also in structs and arrays.
//! - It refuses tables with a column of INTERVAL or RANGE. Read a query: `select * except (span), cast(span as string) as span from shop.trips`.
//! - It takes no rows up: [deliveries](destinations.md#adbc) are written by SQL.
//!
//! NUMERIC is `decimal(38,9)`; BIGNUMERIC comes as a text, unless a decimal is declared for it; TIME, JSON and GEOGRAPHY are texts.
//!
//! ### What was run
//!
//! The drivers of SQLite, PostgreSQL and DuckDB on their databases; that of Snowflake (1.11) on an emulator of it (fakesnow 0.12), which cannot answer
//! `source add`; that of BigQuery (1.11) on an emulator, too (bqemulator 1.4), which has neither BIGNUMERIC nor, as it was run, GEOGRAPHY. Neither
//! service itself was asked. That of Flight SQL (1.13) on BenoStreamDB's server 0.13: other servers have other SQL.

mod options;
pub mod outlet;

use std::sync::Arc;

use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Connector, Discovery, Finding, OpenContext, ReadMode, SourceStream, StreamSettings};

use crate::driver::{self, Database, TableStream, blocking};

pub use options::{SourceOptions, StreamOptions};

/// The connector. See the module's text.
#[derive(Debug)]
pub struct Adbc {
    database: Database,
}

#[async_trait]
impl Connector for Adbc {
    const NAME: &'static str = "adbc";
    const MODES: &'static [ReadMode] = &[ReadMode::Full, ReadMode::Incremental];
    type SourceOptions = SourceOptions;
    type StreamOptions = StreamOptions;

    fn source(options: SourceOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        Ok(Self { database: options::database(options, context)? })
    }

    fn stream(&self, options: StreamOptions, settings: StreamSettings) -> Result<Arc<dyn SourceStream>, OptionsError> {
        Ok(Arc::new(TableStream::new(self.database.clone(), options.into(), settings)?))
    }

    async fn discover(&self, _: Option<&str>) -> headwater_sdk::Result<Option<Discovery>> {
        let database = self.database.clone();
        blocking(move || driver::discover(&database)).await.map(Some)
    }

    async fn examine(&self) -> headwater_sdk::Result<Vec<Finding>> {
        let database = self.database.clone();
        blocking(move || driver::examine(&database)).await
    }
}
