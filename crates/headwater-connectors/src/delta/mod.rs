//! The `delta` connector: Delta tables that other programs keep (Spark, Databricks, delta-rs, …), read from their log and files.
//!
//! ```yaml
//! connector: delta
//! location: s3://acme/lake        # a folder of the project, an absolute path, or a prefix in an object store
//! streams:
//!   - { table: raw.orders, path: sales/orders, mode: cdc, key: [order_id] }
//!   - { table: raw.clicks, path: web/clicks, mode: new_files }
//!   - { table: raw.prices, path: prices, timestamp: "2024-06-30T23:59:59Z" }     # as it was then
//! ```
//!
//! `mode: full` reads the newest version, or the one that `version` or `timestamp` names, and only when it is another than last time.
//! `mode: new_files` adds the rows of the commits since the version that was read last; a commit that took rows out or changed them
//! ends the load and is named. `mode: cdc` takes such commits up by a `key`: from the table's Change Data Feed where it has one
//! (`delta.enableChangeDataFeed`), otherwise from the files that a commit removed and added, which are there until they are vacuumed.
//! Commits that only lay rows otherwise in files (OPTIMIZE) bring nothing. The version that was read is kept in the commit that holds
//! the rows. Where the log does not reach back to it any more, the load says so: `--full-refresh` reads the table anew.
//!
//! What is read: reader versions 1 to 3 with column mapping (by name and by id), deletion vectors, `timestamp_ntz`, widened types, and checkpoints of
//! both kinds. A table that needs another feature is refused with its name. Files of any age have the table's newest columns: those that
//! they lack are null. `timestamp` is UTC; `timestamp` of a stream compares with the time that a commit says, or else with that of its file.
//!
//! Memory: data files pass by. What is held are the names of the version's data files (some 300 bytes each) and the deletion vector
//! of each file that is being read. The text of one commit is held as a whole.

mod actions;
mod changes;
mod checkpoint;
mod log;
mod options;
mod schema;
mod snapshot;
mod stream;
mod vector;

use std::sync::Arc;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Connector, OpenContext, ReadMode, SourceStream, StreamSettings};

pub use options::{SourceOptions, StreamOptions};

use crate::files::Location;
use crate::table_format::location;

/// The connector. See the module's text.
pub struct Delta {
    location: Location,
}

impl Connector for Delta {
    const NAME: &'static str = "delta";
    const MODES: &'static [ReadMode] = &[ReadMode::Full, ReadMode::NewFiles, ReadMode::Cdc];
    type SourceOptions = SourceOptions;
    type StreamOptions = StreamOptions;

    fn source(options: SourceOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        let SourceOptions { location: place, allow_outside, storage } = options;
        Ok(Self { location: location(place, allow_outside, storage, context)? })
    }

    fn stream(&self, options: StreamOptions, settings: StreamSettings) -> Result<Arc<dyn SourceStream>, OptionsError> {
        Ok(Arc::new(stream::DeltaStream::new(self.location.clone(), options, settings)?))
    }
}
