//! The `postgres` connector: tables, views and queries of PostgreSQL 12 and newer.
//!
//! ```yaml
//! connector: postgres
//! connection: "${SHOP_DSN}"        # postgres://user:password@host/database
//! streams:
//!   - { table: raw.customers, from: public.customers }
//!   - { table: raw.orders, from: public.orders, mode: incremental, cursor: order_id }
//! ```
//!
//! What it promises:
//!
//! - **One moment.** All parts of a table are read in one exported snapshot of the database, whatever commits meanwhile.
//! - **Memory does not grow with the table.** Rows come by `COPY … (FORMAT binary)` in ranges of pages, several at a time
//!   (from version 14 on), and become columns as they come.
//! - **No value is changed without a word.** What has no exact counterpart in the lake is text as PostgreSQL writes it; a value
//!   that does not fit its column (`infinity`, `NaN`, years past 9999, more digits than declared, invalid UTF-8) makes a bad row with its reason.
//! - **Encrypted and verified** unless the server is on this machine or the project says otherwise.
//! - **Nothing is written** in the database's tables. The role needs `usage` on the schema and `select` on the table; for the mode
//!   `cdc` also the attribute `replication`, and a replication slot is made.
//!
//! The mode `full` (the default) replaces the table with all rows, at every run that follows a change anywhere in the database: no
//! table says when it was changed.
//!
//! The mode `incremental` adds the rows whose `cursor` is past the greatest value of the last load, which is kept in the commit that
//! holds them. It sees neither rows that are changed without moving the cursor, nor deleted ones, nor those that commit late with a
//! smaller value than one that was read: choose a column that only grows, as a key from a sequence or a time of insertion. A cursor
//! that is null in some row is refused. With a `key`, a row that comes again takes the place of the old one, so that the cursor may
//! be a time of the last change; with a `lookback` beside it, rows are found that were committed late by no more than that. A row
//! that cannot be read is set aside once, however often it is read again. `headwater source check` warns of a cursor that is a time without
//! `key` and `lookback`, and of a `key` that `citext` or a collation that is not deterministic compares: for it 'A' and 'a' are one key, and two for the lake.
//!
//! The mode `cdc` follows the table: what is committed (rows that are added, changed and deleted, the table when it is truncated) is taken up in
//! order and exactly once, also when a run dies, and nothing is missed between the first load and what follows it. It needs
//! `wal_level = logical` on the server, a role that may replicate, a publication that has the table (`create publication headwater
//! for table …`, by its owner), and a primary key, a `replica identity` by an index, or `replica identity full` and a `key` in the
//! project. All tables of a source share one slot (`slot`, `publication` beside the connection), which a run reads once, and which moves
//! on when what it held is published: until then the server keeps its log, so run often enough, and let `max_slot_wal_keep_size`
//! bound it. Two lakes that follow one database need two slots: by default each has one of its own, `headwater_<project>_<environment>`; a
//! table that is followed by another one already, as by `headwater` of earlier versions, stays with that until it is read anew. The server waits
//! for open transactions before it makes a slot, which the log tells (`slot_wait`). A publication that was dropped and made again leaves a slot
//! that PostgreSQL cannot read: `--full-refresh` of all its tables makes it anew. The server decodes a run's changes into temporary files of its own before it
//! sends them. Columns that the server computes (`generated always`) are not sent and have to be excluded; a new column with a default is null
//! in older rows; when a single partition is truncated, the table has to be read anew.
//!
//! A table that is altered so that rows may have other values (a column that is dropped and made anew, that gets another one's name, or a type that does
//! not hold all values; a table that is made anew), which changes do not tell of, is read anew with `drift: add`, `ignore` or `new_version`, and the run says so
//! otherwise (`HW0398`). So is one whose lake was rolled back to before what the slot still holds. A changed row that cannot be read takes the row that
//! it replaces out of the lake: it is in `<table>__rejected`, and comes back when it is corrected. Long values that a change did not send, and that the lake
//! does not have, are asked for by their rows' keys.
//!
//! Types: integers, floats, booleans, dates, `timestamp` (`timestamp_ntz`), `timestamptz` (`timestamp`), `bytea` (`binary`), texts and
//! `numeric(p,s)` of up to 38 digits are what they are; `numeric` without digits is `decimal(38,9)`, `money` too; arrays of one
//! dimension are lists. All else is text: `json`, `jsonb`, `uuid`, enums, times, intervals (ISO 8601), networks, ranges, composites,
//! what extensions bring. A domain is what it is made of. `columns` of a stream declares another type where no value can change by it
//! (a wider integer, a decimal, `string` for anything).
//!
//! Connect to the server itself, or to a pooler that gives each session a server's of its own: a load is one transaction in each
//! of its sessions (one for each core, and one more).

mod cdc;
mod connect;
mod copy;
mod decode;
mod describe;
mod discover;
mod numeric;
mod options;
pub mod outlet;
mod part;
mod quote;
mod shared;
mod stream;
mod types;

use std::sync::Arc;

use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Connector, Discovery, Finding, OpenContext, ReadMode, SourceStream, StreamSettings};

pub use crate::database::Tls;
pub use options::{SourceOptions, StreamOptions};

/// The connector. See the module's text.
#[derive(Debug)]
pub struct Postgres {
    server: connect::Server,
    follower: Arc<cdc::Follower>,
}

#[async_trait]
impl Connector for Postgres {
    const NAME: &'static str = "postgres";
    const MODES: &'static [ReadMode] = &[ReadMode::Full, ReadMode::Incremental, ReadMode::Cdc];
    type SourceOptions = SourceOptions;
    type StreamOptions = StreamOptions;

    fn source(options: SourceOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        let server = connect::Server::new(&options.connection, options.tls, options.ca.as_deref(), context)?;
        let follower = Arc::new(cdc::Follower::new(server.clone(), &options, &context.lake_name)?);
        Ok(Self { server, follower })
    }

    fn stream(&self, options: StreamOptions, settings: StreamSettings) -> Result<Arc<dyn SourceStream>, OptionsError> {
        let (server, follower) = (self.server.clone(), Arc::clone(&self.follower));
        Ok(Arc::new(stream::TableStream::new(server, follower, options, settings)?))
    }

    async fn discover(&self, _: Option<&str>) -> headwater_sdk::Result<Option<Discovery>> {
        Ok(Some(discover::discover(&self.server.connect().await?, &self.server).await?.into()))
    }

    async fn examine(&self) -> headwater_sdk::Result<Vec<Finding>> {
        let client = self.server.connect().await?;
        let mut findings = vec![discover::version(&client, &self.server).await?];
        findings.extend(self.follower.examine(&client).await?);
        Ok(findings)
    }

    async fn acknowledge(&self, positions: &[serde_json::Value]) -> headwater_sdk::Result<Vec<String>> {
        self.follower.acknowledge(positions).await
    }
}
