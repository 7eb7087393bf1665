//! The `duckdb` connector: files of DuckDB, read by DuckDB's own library.
//!
//! ```yaml
//! connector: duckdb
//! path: data/shop.duckdb           # relative to the project's folder
//! streams:
//!   - { table: raw.customers, from: customers }
//!   - { table: raw.orders, from: main.orders, mode: incremental, cursor: order_id }
//! ```
//!
//! The library is no part of Headwater. It is the file that `library` or the variable HEADWATER_DUCKDB names, or `libduckdb` among the system's
//! libraries: from Homebrew or conda, or unpacked from <https://github.com/duckdb/duckdb/releases>. That of Python's package `duckdb` needs Python
//! around it and cannot be used. Which files it can read is the affair of its version: an older one does not read those of a newer one.
//!
//! What it promises:
//!
//! - **One moment.** A load is one statement: it sees what was committed when it began.
//! - **Nothing is written to a source**, which is opened to be read only. While a program has the file open to write, DuckDB lets nobody else in:
//!   the load fails and is tried again. While a load reads, nobody can write.
//! - **No value is changed without a word.** `hugeint`, `uhugeint` and `bignum` become decimal(38,0), and a value with more digits makes a bad
//!   row; `uuid`, `time`, `timetz`, `interval`, `bit`, `union` and nested types with such in them become strings as DuckDB writes them; enums are
//!   strings; arrays are lists; infinities make bad rows. Digits finer than a microsecond are
//!   cut off. DuckDB does not hand over a `variant`: cast it in a query.
//! - **Queries read this file only**, unless the source says `allow_outside: true`; DuckDB fetches no extensions otherwise.
//!
//! The modes are `full`, at every run that follows a change of the file, and `incremental`: the rows whose `cursor` is past the greatest value of the
//! last load, compared by DuckDB. With a `key` a row that comes again takes the place of the old one, with a `lookback` beside it late ones
//! are found. A cursor is a number, a date, a time or a text; one that is null in some row is refused.
//! `headwater source check` warns of one that is a time without `key` and `lookback`.

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
pub struct DuckDb {
    database: Database,
}

#[async_trait]
impl Connector for DuckDb {
    const NAME: &'static str = "duckdb";
    const MODES: &'static [ReadMode] = &[ReadMode::Full, ReadMode::Incremental];
    type SourceOptions = SourceOptions;
    type StreamOptions = StreamOptions;

    fn source(options: SourceOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        Ok(Self { database: options::database(options, context, true)? })
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
