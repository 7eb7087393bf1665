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
//!
//! Where there is a connector of the database's own name (`postgres`, `mysql`, `sqlite`), it does more: parts at one moment, changes, and rows
//! that are set aside one by one. A driver's batch is one stream: `ExecutePartitions` is not used.
//!
//! What is tested: the drivers of SQLite, PostgreSQL and DuckDB on their databases, and that of Snowflake (1.11) on an emulator of it (fakesnow 0.12),
//! which cannot answer `source add`. Those of BigQuery and Flight SQL are loaded and called in the same way, and were not run.

mod options;
pub mod outlet;

use std::sync::Arc;

use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Connector, Discovery, Finding, OpenContext, ReadMode, SourceStream, StreamSettings};

use crate::driver::{self, Database, TableStream, blocking};

pub use crate::driver::OptionValue;
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
