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
//! By a REST catalogue (Polaris, Lakekeeper, Nessie, Unity Catalog, …), which knows where its tables are and which state of them counts:
//!
//! ```yaml
//! connector: iceberg
//! catalog:
//!   uri: https://catalog.acme.example/api/catalog     # what stands before /v1/config
//!   warehouse: sales
//!   credential: "${CLIENT_ID}:${CLIENT_SECRET}"       # or token: "${TOKEN}"
//! streams:
//!   - { table: raw.orders, from: shop.orders, mode: cdc, key: [order_id] }
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
//! texts, `timestamptz` is UTC. Version 3, data in Avro or ORC, and deletions by nested columns are refused by name. Without
//! a catalogue the newest metadata is the file in `metadata/` with the greatest number, and a table whose folder was moved is read where it is.
//!
//! ### Catalogues
//!
//! The catalogue is asked once for its `config`, and at each load for the table: what is read is the metadata file that it names, in S3, Google
//! Cloud Storage, Azure or on this machine (in the project's folder, unless `allow_outside` is said). All data files have to be in the
//! table's own bucket. A source that found its tables by their folders and now asks a catalogue loads them anew.
//!
//! Options of the store and credentials for a while (S3: keys and session tokens; Azure: SAS tokens) are asked for
//! (`X-Iceberg-Access-Delegation: vended-credentials`) and taken from the answer, from what is said of all tables up to what is said of the place. They
//! go over the environment's, and `storage` goes over them. They are not asked for anew within a load: one that takes longer than they last fails, and
//! is run again. Not taken are tokens for Google's store, requests signed by the catalogue, and requests to a catalogue signed by
//! AWS (SigV4, as Glue and S3 Tables ask for). Views are not read.
//!
//! `token` is sent as it is. For `credential` a token is asked for at `oauth2_uri` with `scope`, replaced before it expires, and once more where it is
//! refused. No answer, 408, 429 and 5xx are tried again five times. Credentials are sent to the host of `uri` (and of `oauth2_uri`) alone.
//!
//! `headwater source add iceberg catalog='{"uri": "https://…", "warehouse": "sales", "token": "${TOKEN}"}'` writes a source with all tables of all
//! namespaces, their comments and keys (`identifier-field-ids`, with `--mode cdc`); `headwater source check` tells whether the catalogue answers.
//!
//! Memory: data files pass by. What is held are the names of the snapshot's files (some 300 bytes each), a manifest at a time, and the
//! deletions: each place of a deleted row some bytes, each deleted value as it is.

mod catalog;
mod changes;
mod deletes;
mod manifest;
mod metadata;
mod options;
mod schema;
mod state;
mod stream;
mod table;

use std::sync::Arc;

use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Connector, Discovery, Finding, OpenContext, ReadMode, SourceStream, StreamSettings};

pub use options::{CatalogOptions, SourceOptions, StreamOptions};

use self::catalog::{Catalog, Stores};
use self::table::Tables;
use crate::table_format::location;
use crate::table_format::options::wrong;

/// The connector. See the module's text.
pub struct Iceberg {
    tables: Tables,
}

#[async_trait]
impl Connector for Iceberg {
    const NAME: &'static str = "iceberg";
    const MODES: &'static [ReadMode] = &[ReadMode::Full, ReadMode::NewFiles, ReadMode::Cdc];
    type SourceOptions = SourceOptions;
    type StreamOptions = StreamOptions;

    fn source(options: SourceOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        let SourceOptions { location: place, catalog, allow_outside, storage } = options;
        let tables = match (catalog, place) {
            (Some(_), Some(_)) => {
                let message = "`location` and `catalog` both say where the tables are".to_owned();
                return Err(wrong("location", message, "remove one: a catalogue knows the places of its tables"));
            }
            (Some(catalog), None) => {
                let stores = Stores { allow_outside, storage, context: context.clone() };
                Tables::Catalog(Arc::new(Catalog::new(catalog, stores)?))
            }
            (None, place) => {
                let place = place.unwrap_or_else(|| ".".to_owned());
                Tables::Folders(location(place, allow_outside, storage, context)?)
            }
        };
        Ok(Self { tables })
    }

    fn stream(&self, options: StreamOptions, settings: StreamSettings) -> Result<Arc<dyn SourceStream>, OptionsError> {
        Ok(Arc::new(stream::IcebergStream::new(&self.tables, &options, settings)?))
    }

    async fn discover(&self, _: Option<&str>) -> headwater_sdk::Result<Option<Discovery>> {
        match &self.tables {
            Tables::Folders(_) => Ok(None),
            Tables::Catalog(catalog) => catalog.discover().await.map(Some),
        }
    }

    async fn examine(&self) -> headwater_sdk::Result<Vec<Finding>> {
        match &self.tables {
            Tables::Folders(_) => Ok(Vec::new()),
            Tables::Catalog(catalog) => catalog.examine().await,
        }
    }
}
