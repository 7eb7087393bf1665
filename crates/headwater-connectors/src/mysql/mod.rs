//! The `mysql` connector: tables, views and queries of MySQL and MariaDB.
//!
//! ```yaml
//! connector: mysql
//! connection: "${SHOP_DSN}"        # mysql://user:password@host/database
//! streams:
//!   - { table: raw.customers, from: customers }
//!   - { table: raw.orders, from: shop.orders, mode: incremental, cursor: order_id }
//! ```
//!
//! What it promises:
//!
//! - **One moment.** All parts of a table are read at one moment of the database, whatever commits meanwhile (of tables of InnoDB;
//!   those of MyISAM and Aria have no moments).
//! - **Memory does not grow with the table.** Rows are read as they come, in ranges of the primary key where that is led by an
//!   integer, several at a time, and become columns as they come.
//! - **No value is changed without a word.** What has no exact counterpart in the lake is text as the server writes it; a value
//!   that does not fit its column makes a bad row with its reason. `0000-00-00` alone becomes null (`zero_dates`).
//! - **Encrypted and verified** unless the server is on this machine or the project says otherwise.
//! - **Nothing is written.** The user needs `select` on the table; for the mode `cdc` also `replication slave` and `binlog monitor`
//!   (MariaDB) or `replication client` (MySQL).
//!
//! The mode `full` (the default) replaces the table with all rows, at every run that follows a change anywhere on the server; at
//! every run, where the server does not number its transactions. How several sessions come to see the same moment: MariaDB with a
//! binary log says where in it each stands, and they begin anew until all stand at one place. On other servers all tables are locked
//! for the moment in which the sessions begin, where the user may (`reload`) and the lock is there within five seconds. Otherwise
//! the parts are read one after the other, by one session.
//!
//! The mode `incremental` adds the rows whose `cursor` is past the greatest value of the last load, which is kept in the commit that
//! holds them. It sees neither rows that are changed without moving the cursor, nor deleted ones, nor those that commit late with a
//! smaller value than one that was read: choose a column that only grows, as a key from `auto_increment` or a time of insertion. A
//! cursor that is null in some row is refused. With a `key`, a row that comes again takes the place of the old one, so that the
//! cursor may be a time of the last change; with a `lookback` beside it, rows are found that were committed late by no more than that. A row
//! that cannot be read is set aside once, however often it is read again. `headwater source check` warns of a cursor that is a time without
//! `key` and `lookback`, and of a `key` that a collation compares without regard to letter case: for it 'A' and 'a' are one key, and two for the lake.
//!
//! The mode `cdc` follows the table by the server's binary log: what is committed (rows that are added, changed and deleted, the
//! table when it is truncated or made anew) is taken up in order and exactly once, also when a run dies, and nothing is missed between
//! the first load and what follows it. It needs `log_bin`, `binlog_format = ROW`, and a primary key, or a `key` in the project. All
//! tables of a source are read from the log together, once in a run, up to where it ended when the run began. How far a
//! table is, is kept with its rows, as a place in the log and by the numbers of transactions (GTID), where the server has them: with
//! these another server that replicates the first can be named in its place. The server throws its log away when it is so set
//! (`binlog_expire_logs_seconds`): run more often than that; a table whose place is gone is read anew with `--full-refresh`, as
//! the error says.
//!
//! Rows of the log have no names of columns, unless the server is set to `binlog_row_metadata = FULL` (MySQL 8.0, MariaDB 10.5). With it,
//! a table may be altered as it pleases. Without it, it may be altered once between two runs: the columns before are kept with the
//! position, those behind are the table's own; where it was altered more often, and rows came in between, the run says so and loads
//! nothing. What does not come row by row is told as an error, never passed over: statements that are logged as their text,
//! partitions that are emptied, another table that is renamed to the name (as tools for online changes of a schema do),
//! transactions in two phases (XA), parts of JSON values (`binlog_row_value_options`). Rows of which a part is logged (`binlog_row_image`
//! `MINIMAL`, `NOBLOB`) keep the rest; where the lake has no such row, as its key was changed, a column is computed (`virtual`), or `replace` may have
//! written it anew (which looks like an update that writes the key), the row is asked for by its key, as it is by then. System-versioned tables are not followed. A table that is renamed away and another one of its name are two tables: the
//! first one's rows go. A new column is null in rows that were logged before it. An alteration after which rows may have other values (a column that is
//! dropped and made anew, that gets another one's name, or a type that does not hold all values) is in no row of the log: the table is read anew with
//! `drift: add`, `ignore` or `new_version`, and the run says so otherwise (`HW0398`). Rows are told apart by a primary key or a unique index, which `key` has to
//! have all columns of, where there is one; where there is none, rows of one key become one, and `source check` says so. What foreign keys do to rows of a table (`on
//! delete cascade`, `set null`, `on update cascade`, also by tables in between) is not in the log. A followed table is read anew when rows that it refers
//! to by such a key were deleted, or their keys changed, and the run says so (`HW0399`); tables in between have to be readable (`select`) for that. A
//! log that was begun anew (`reset master`, a server that was set up again) is told from the one before by the time at which its file was begun. A changed row that cannot be read takes the row that it replaces out of the lake. Texts are followed that are in UTF-8, UTF-16, UTF-32, `ucs2`,
//! `ascii`, `latin1`, `latin2`, `latin7`, `cp1250`, `cp1251`, `cp1256`, `cp1257`, `koi8r` and `macroman`; a column in another character set has to
//! be excluded, or converted.
//!
//! Types: integers are `smallint`, `int` and `bigint`, wide enough for those without a sign; `bigint unsigned` is `decimal(20,0)`.
//! `tinyint(1)` is a number as every `tinyint`, for it may hold more than 0 and 1: `columns: { paid: { type: boolean } }` says
//! otherwise, and other values make bad rows. `float`, `double`, `date`, `datetime` (`timestamp_ntz`), `timestamp` (an instant in UTC),
//! texts in any character set and `decimal(p,s)` of up to 38 digits are what they are; decimals of more digits are text. `bit(1)` is
//! `boolean`, a longer one `bigint` (`bit(64)` is `decimal(20,0)`); `year` is `smallint`; `binary` and blobs are `binary`; geometries
//! are `binary` in the form WKB, their SRID is not kept. All else is text as the server writes it: `time` (which may be negative and
//! have more than 24 hours), enums, sets, JSON, `uuid`, `inet4`, `inet6`. Dates that are none (`2024-02-31`, a month of 0, the year 0) make bad
//! rows; declared as `string` they are taken as they are written. JSON that comes by MySQL's log may have its floats written in
//! other digits than in a first load. Columns that are invisible, and that the server computes, are read as others;
//! `exclude` leaves them out. Sessions have an empty `sql_mode`, and UTC for their time zone: `query` and `where` are to be written so.
//!
//! What is tested: everything against MariaDB 10.11 of Debian. MySQL (5.7 and newer) differs in the login
//! (`caching_sha2_password`), the moment of a load, the numbers of transactions, and the form of JSON in its log; these are written by its
//! documentation and tested piece by piece, and no server of MySQL was at hand. A login by `caching_sha2_password` of a user that
//! the server has not seen since it was started is done over TLS or a socket only (`tls: encrypt` for a server on this machine).

mod binlog;
mod connect;
mod decode;
mod describe;
mod discover;
mod options;
pub mod outlet;
mod part;
mod quote;
mod shared;
mod stream;
mod types;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Connector, Discovery, Finding, OpenContext, ReadMode, SourceStream, StreamSettings};

pub use crate::database::Tls;
pub use options::{SourceOptions, StreamOptions, ZeroDates};

/// The connector. See the module's text.
#[derive(Debug)]
pub struct MySql {
    server: connect::Server,
    follower: Arc<binlog::Follower>,
}

#[async_trait]
impl Connector for MySql {
    const NAME: &'static str = "mysql";
    const MODES: &'static [ReadMode] = &[ReadMode::Full, ReadMode::Incremental, ReadMode::Cdc];
    type SourceOptions = SourceOptions;
    type StreamOptions = StreamOptions;

    fn source(options: SourceOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        let SourceOptions { connection, tls, ca, zero_dates } = options;
        let server = connect::Server::new(&connection, tls, ca.as_deref(), zero_dates, context)?;
        let follower = Arc::new(binlog::Follower::new(server.clone()));
        Ok(Self { server, follower })
    }

    fn stream(&self, options: StreamOptions, settings: StreamSettings) -> Result<Arc<dyn SourceStream>, OptionsError> {
        let (server, follower) = (self.server.clone(), Arc::clone(&self.follower));
        Ok(Arc::new(stream::TableStream::new(server, follower, options, settings)?))
    }

    async fn discover(&self, _: Option<&str>) -> headwater_sdk::Result<Option<Discovery>> {
        Ok(Some(discover::discover(&mut self.server.connect().await?, &self.server).await?.into()))
    }

    async fn examine(&self) -> headwater_sdk::Result<Vec<Finding>> {
        let mut session = self.server.connect().await?;
        let mut findings = vec![discover::version(&mut session, &self.server).await?];
        findings.extend(self.follower.examine(&mut session).await?);
        Ok(findings)
    }
}
