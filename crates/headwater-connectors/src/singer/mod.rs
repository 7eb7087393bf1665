//! The `singer` connector: streams of taps, programs that speak the [Singer](https://hub.meltano.com/singer/spec) protocol.
//!
//! ```yaml
//! connector: singer
//! command: [.venv/bin/tap-postgres]     # found in the project's folder, or on the PATH
//! config:                               # what the tap asks for; given to it as a file
//!   host: db.acme.example
//!   password: "${SHOP_PASSWORD}"
//! streams:
//!   - { table: raw.customers, stream: public-customers }
//!   - { table: raw.orders, stream: public-orders, mode: incremental, cursor: updated_at, key: [order_id] }
//! ```
//!
//! What it promises:
//!
//! - **Rows and state move together.** The tap's state is kept in the commit that holds the rows it stands for, and handed back by the
//!   next run. A table never goes on from a state whose rows it does not have, whichever tables of a run were published.
//! - **One start of the tap for all streams that go on from one state**; first loads and streams in the mode `full` have none. Of
//!   several starts one is at work at a time.
//! - **Memory does not grow with what comes.** Records wait in temporary files (in `TMPDIR`, as large as what one run brings) until
//!   their tables have taken them. A message is held whole, and may have 256 MiB; a record of more than 16 MiB makes a bad row. (A load by a
//!   key is then sorted by the key, as of any source.)
//! - **No value is changed without a word.** A record with a value that its column does not take, with a key that the stream's
//!   schema does not have, or with null in the table's key makes a bad row, with the stream and the record's number.
//! - **Secrets stay secret.** The configuration is written to a file that only this user can read, in a folder that is removed when
//!   the tap has ended (one that is left when Headwater itself is killed is in `TMPDIR`, under `headwater-…`). The tap has a clean
//!   environment: `PATH`, `HOME`, the language and the time zone, and what `env` names.
//!
//! The tap is asked for its catalogue (`--discover`) in every run, unless `catalog` names a file with one. `stream` is the
//! `tap_stream_id`, or the name where only one stream has it. All columns are selected but those under `exclude` and those that the
//! tap does not support. `headwater source add singer command='["tap-x"]' config='{…}'` writes a source with all streams.
//!
//! The mode `full` (the default) asks for `FULL_TABLE`, hands no state back, and replaces the table at every run: a tap does not say
//! whether anything is new.
//!
//! The mode `incremental` asks for `INCREMENTAL`, by `cursor` (the replication key) where the tap does not name one itself. The table's
//! key is the stream's `key`, or else the tap's `key_properties`; a record takes the place of the row with its key, and one that
//! comes again changes nothing. Without a key rows are added as they come: then every record has to be followed by a state, or the
//! load fails, since nobody would know whether it comes again; and whether the rows at the last value of the cursor come again (as
//! with most taps they do) is the tap's affair. A tap that never prints a state has all of its records taken up again in every run. Rows that were deleted stay.
//!
//! Types come from the JSON Schema in the catalogue: `integer` is bigint, `number` double, and decimal where `multipleOf` or `singer.decimal`
//! says so (decimal(38,9) without limits that fit), `boolean` boolean, `date-time` timestamp, `date` date, objects with properties
//! structs, arrays with `items` lists. All else is text: other strings, times of day, and as JSON what has several types, any type, or
//! properties that are not told. `columns` of a stream declares another type. A `SCHEMA` message that disagrees with the catalogue
//! about a column's type fails the load (`drift: ignore` lets it pass: values that are not of the type make bad rows).
//!
//! `ACTIVATE_VERSION` is honoured: when a version other than that of the table's rows is activated, a table with a key is emptied and
//! filled with the rows of that version; one without asks for `--full-refresh`. `BATCH` messages are refused. Change data capture
//! (`LOG_BASED`) is not asked for.
//!
//! A tap that fails, that prints something else than messages, or whose `timeout` is up (none by default) fails the load of all streams
//! that it was started for, and nothing of it is kept; its last lines on the standard error are in the message. It is ended, with all that it has
//! started, when the run is stopped.

mod catalogue;
mod messages;
mod options;
mod selection;

use std::sync::Arc;

use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Connector, Discovery, Finding, OpenContext, ReadMode, SourceStream, StreamSettings};

pub use options::{Selection, SourceOptions, StreamOptions};

use crate::tap::{StreamKeys, Tap, TapOptions, TapStream};

/// The connector. See the module's text.
#[derive(Debug)]
pub struct Singer {
    tap: Arc<Tap>,
}

#[async_trait]
impl Connector for Singer {
    const NAME: &'static str = "singer";
    const MODES: &'static [ReadMode] = &[ReadMode::Full, ReadMode::Incremental];
    type SourceOptions = SourceOptions;
    type StreamOptions = StreamOptions;

    fn source(options: SourceOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        let SourceOptions { command, config, env, timeout, catalog, selection } = options;
        let protocol = messages::Singer { config, selection };
        let tap = Tap::new(protocol, TapOptions { command, env, timeout, catalog }, context)?;
        Ok(Self { tap: Arc::new(tap) })
    }

    fn stream(&self, options: StreamOptions, settings: StreamSettings) -> Result<Arc<dyn SourceStream>, OptionsError> {
        let StreamOptions { stream, cursor, exclude } = options;
        let keys = StreamKeys { stream, cursor, exclude };
        Ok(Arc::new(TapStream::new(Arc::clone(&self.tap), keys, settings)?))
    }

    async fn discover(&self, _: Option<&str>) -> headwater_sdk::Result<Option<Discovery>> {
        Ok(Some(self.tap.discover().await?.into()))
    }

    async fn examine(&self) -> headwater_sdk::Result<Vec<Finding>> {
        Ok(vec![self.tap.examine().await?])
    }
}
