//! The `sqlite` connector: tables, views and queries of SQLite files.
//!
//! ```yaml
//! connector: sqlite
//! path: data/shop.db               # relative to the project's folder
//! streams:
//!   - { table: raw.customers, from: customers }
//!   - { table: raw.orders, from: orders, mode: incremental, cursor: order_id }
//! ```
//!
//! What it promises:
//!
//! - **One moment.** A load is one read transaction: it sees what was committed when it began, also while somebody writes.
//! - **Memory does not grow with the table.** Rows become columns as SQLite steps to them. A single value is held whole, and sorting or
//!   grouping in a view or a `query` is SQLite's, which spills into temporary files.
//! - **No value is changed without a word.** Each value of SQLite has a class of its own, whatever its column says. One that its column's
//!   type does not hold makes a bad row with the reason; its line is the rowid, or the number of the row where there is none.
//! - **Nothing is written** to the database: it is opened to be read only, and a `query` that writes is refused. SQLite itself keeps an
//!   index for readers (`-shm`, and an empty `-wal`) beside a file in WAL mode, and has to be able to make it.
//!
//! In WAL mode readers and writers do not wait for each other. In the other modes a writer waits while a load reads, and a load waits
//! for a writer for 5 seconds before it fails and is tried again. A database that a program left in the middle of a transaction has to be
//! opened once by one that may write. Encrypted databases are not read.
//!
//! The mode `full` (the default) replaces the table with all rows, at every run that follows a change of the file: of its size or its
//! time, or those of its `-wal`. (SQLite does not say which of its tables was changed.)
//!
//! The mode `incremental` adds the rows whose `cursor` is past the greatest value of the last load, which is kept in the commit that
//! holds them. SQLite compares: numbers as numbers, texts by the column's collation, so that times have to be written in one form. It sees
//! neither rows that are changed without moving the cursor nor deleted ones: choose a column that only grows, as an `integer primary key
//! autoincrement` or a time of insertion. A cursor that is null in some row is refused, and one that is a number here and a text there. With a
//! `key`, a row that comes again takes the place of the old one, so that the cursor may be a time of the last change; with a `lookback`
//! beside it, rows are found that came late by no more than that: a number for a number, a duration for a time as ISO text. A row that cannot
//! be read is set aside once, however often it is read again. `headwater source check` warns of a cursor that is a time (declared so) without
//! `key` and `lookback`, and of a `key` of the collation NOCASE: for it 'A' and 'a' are one key, and two for the lake.
//!
//! Types come from how columns are declared, by SQLite's own rules where they make sense: `…INT…` is bigint, `BOOL…` boolean (0 and 1),
//! `…CHAR…`, `…CLOB…` and `…TEXT…` string, `…BLOB…` binary, `REAL`, `FLOAT` and `DOUBLE` double, `DATE` date, `DATETIME` and `TIMESTAMP`
//! timestamp_ntz and `TIMESTAMP WITH TIME ZONE` timestamp (ISO 8601 texts; numbers do not say what they count), `DECIMAL(p,s)` and
//! `NUMERIC(p,s)` decimal(p,s) (of the shortest text of a floating-point number, never rounded). Any other column (`JSON`, `UUID`, `NUMERIC`,
//! expressions of a view or a query, none declared) is what its first 1,000 rows hold: bigint, double, binary, or else string. `columns` of a
//! stream declares another type, e.g. `bigint` for a `DATETIME` that counts seconds, `timestamp` for texts with a time zone (those without
//! are taken for UTC, as by SQLite), `string` for any but a BLOB; again each value that it does not hold makes a bad row.
//!
//! Names in double quotes are names only, never texts as older SQL of SQLite has it, and what a database's own schema calls is limited
//! to functions that are innocuous.

mod batch;
mod cursor;
mod decode;
mod describe;
mod discover;
mod file;
mod options;
mod part;
mod stream;
mod told;
mod types;

use std::sync::Arc;

use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Connector, Discovery, Finding, OpenContext, ReadMode, SourceStream, StreamSettings};

pub use options::{SourceOptions, StreamOptions};
use stream::blocking;

/// The connector. See the module's text.
#[derive(Debug)]
pub struct Sqlite {
    file: file::File,
}

#[async_trait]
impl Connector for Sqlite {
    const NAME: &'static str = "sqlite";
    const MODES: &'static [ReadMode] = &[ReadMode::Full, ReadMode::Incremental];
    type SourceOptions = SourceOptions;
    type StreamOptions = StreamOptions;

    fn source(options: SourceOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        Ok(Self { file: file::File::new(&options, context)? })
    }

    fn stream(&self, options: StreamOptions, settings: StreamSettings) -> Result<Arc<dyn SourceStream>, OptionsError> {
        Ok(Arc::new(stream::TableStream::new(self.file.clone(), options, settings)?))
    }

    async fn discover(&self, _: Option<&str>) -> headwater_sdk::Result<Option<Discovery>> {
        let file = self.file.clone();
        blocking(move || discover::discover(&file)).await.map(Some)
    }

    async fn examine(&self) -> headwater_sdk::Result<Vec<Finding>> {
        let file = self.file.clone();
        blocking(move || discover::examine(&file)).await
    }
}
