//! The `iceberg` connector: Apache Iceberg tables that other programs keep (Spark, Flink, Trino, PyIceberg, …), read from their metadata and files.
//!
//! ```yaml
//! connector: iceberg
//! location: s3://acme/warehouse   # a folder of the project, an absolute path, or a prefix in an object store
//! streams:
//!   - { table: raw.orders, path: sales/orders, mode: cdc, key: [order_id] }
//!   - { table: raw.clicks, path: web/clicks, mode: new_files }
//!   - { table: raw.prices, path: prices, ref: audited }                      # a branch or tag
//!   - { table: raw.rates, path: rates/metadata/00007-3c1e.metadata.json }    # as this file says
//! ```
//!
//! `mode: full` reads the newest snapshot, or the one that `snapshot`, `timestamp` or `ref` names. `mode: new_files` adds the rows of the
//! snapshots since the one that was read last, which must have appended rows (those that only lay rows otherwise in files bring
//! nothing). `mode: cdc` takes up by a `key` what differs between that snapshot and the newest one: rows of files that came and went,
//! and rows that were deleted in files that stayed. The snapshot is kept in the commit that holds the rows; when it has expired, the
//! load says so, and `--full-refresh` reads the table anew.
//!
//! What is read: the format versions 1 and 2 with data in Parquet, columns by their numbers (renamed, added, promoted), files without numbers by
//! the table's name mapping, values of identity partitions, and deletions by positions and by values. `time` and `uuid` become
//! texts, `timestamptz` is UTC. Version 3, data in Avro or ORC, and deletions by nested columns are refused by name. The newest
//! metadata is the file in `metadata/` with the greatest number: catalogues are not asked. A table whose folder was moved is read where it is.
//!
//! Memory: data files pass by. What is held are the names of the snapshot's files (some 300 bytes each), a manifest at a time, and the
//! deletions: each place of a deleted row some bytes, each deleted value as it is.

mod changes;
mod deletes;
mod manifest;
mod metadata;
mod options;
mod schema;
mod state;
mod stream;

use std::sync::Arc;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Connector, OpenContext, ReadMode, SourceStream, StreamSettings};

pub use options::{SourceOptions, StreamOptions};

use crate::files::Location;
use crate::table_format::location;

/// The connector. See the module's text.
pub struct Iceberg {
    location: Location,
}

impl Connector for Iceberg {
    const NAME: &'static str = "iceberg";
    const MODES: &'static [ReadMode] = &[ReadMode::Full, ReadMode::NewFiles, ReadMode::Cdc];
    type SourceOptions = SourceOptions;
    type StreamOptions = StreamOptions;

    fn source(options: SourceOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        let SourceOptions { location: place, allow_outside, storage } = options;
        Ok(Self { location: location(place, allow_outside, storage, context)? })
    }

    fn stream(&self, options: StreamOptions, settings: StreamSettings) -> Result<Arc<dyn SourceStream>, OptionsError> {
        Ok(Arc::new(stream::IcebergStream::new(self.location.clone(), &options, settings)?))
    }
}
