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
//! - **Memory does not grow with the table.** Rows come by `COPY … (FORMAT binary)` in ranges of pages, several at a time,
//!   and become columns as they come.
//! - **No value is changed without a word.** What has no exact counterpart in the lake is text as PostgreSQL writes it; a value
//!   that does not fit its column (`infinity`, `NaN`, more digits than declared, invalid UTF-8) makes a bad row with its reason.
//! - **Encrypted and verified** unless the server is on this machine or the project says otherwise.

mod connect;
mod copy;
mod decode;
mod describe;
mod numeric;
mod options;
mod part;
mod quote;
mod shared;
mod stream;
mod tls;
mod types;

use std::sync::Arc;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Connector, OpenContext, ReadMode, SourceStream, StreamSettings};

pub use options::{SourceOptions, StreamOptions, Tls};

/// The connector. See the module's text.
#[derive(Debug)]
pub struct Postgres;

impl Connector for Postgres {
    const NAME: &'static str = "postgres";
    const MODES: &'static [ReadMode] = &[ReadMode::Full, ReadMode::Incremental];
    type SourceOptions = SourceOptions;
    type StreamOptions = StreamOptions;

    fn open(
        source: SourceOptions,
        stream: StreamOptions,
        settings: StreamSettings,
        context: &OpenContext,
    ) -> Result<Arc<dyn SourceStream>, OptionsError> {
        Ok(Arc::new(stream::TableStream::new(&source, stream, settings, context)?))
    }
}
