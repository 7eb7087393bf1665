//! Connectors: how data comes in and goes out, one folder per system; and [`script`], which runs programs.
//!
//! Adding one takes its folder and one line in [`all`], or in [`destinations`].
//!
//! Invariant: no connector knows another one (what databases have in common is in `database`, what programs that print messages have in
//! common is in `tap`, what speaks to APIs in `http_api`, what loads a driver in `driver`), and none knows DataFusion or Delta. [`script`] is none: it decodes what programs print as [`files`] decodes files,
//! and so does `tap`; `table_format`, which is what readers of tables have in common, reads Parquet as [`files`] does.

pub mod adbc;
#[cfg(unix)]
pub mod airbyte;
mod cautions;
pub mod codes;
mod columns;
mod database;
mod delivered;
pub mod delta;
mod driver;
pub mod duckdb;
pub mod files;
mod http_api;
pub mod iceberg;
mod lake_types;
pub mod mysql;
mod position;
pub mod postgres;
#[cfg(unix)]
mod process;
#[cfg(unix)]
pub mod program;
mod rejected;
pub mod rest;
#[cfg(unix)]
pub mod script;
#[cfg(unix)]
pub mod singer;
pub mod sqlite;
mod table_format;
#[cfg(unix)]
mod tap;
mod text;
mod threaded;
mod web;
pub mod webhook;

use std::sync::Arc;

use headwater_sdk::connector::{ConnectorType, erased};
use headwater_sdk::destination::{self, DestinationType};
use headwater_sdk::script::ProgramRunner;

/// Every connector, in the order of their names.
pub fn all() -> Vec<Box<dyn ConnectorType>> {
    Vec::from([
        erased::<adbc::Adbc>(),
        #[cfg(unix)]
        erased::<airbyte::Airbyte>(),
        erased::<delta::Delta>(),
        erased::<duckdb::DuckDb>(),
        erased::<files::Files>(),
        erased::<iceberg::Iceberg>(),
        erased::<mysql::MySql>(),
        erased::<postgres::Postgres>(),
        #[cfg(unix)]
        erased::<program::Program>(),
        erased::<rest::Rest>(),
        #[cfg(unix)]
        erased::<singer::Singer>(),
        erased::<sqlite::Sqlite>(),
    ])
}

/// Every destination, in the order of their names.
pub fn destinations() -> Vec<Box<dyn DestinationType>> {
    vec![
        destination::erased::<adbc::outlet::AdbcDestination>(),
        destination::erased::<duckdb::outlet::DuckDbDestination>(),
        destination::erased::<files::outlet::FilesDestination>(),
        destination::erased::<mysql::outlet::MySqlDestination>(),
        destination::erased::<postgres::outlet::PostgresDestination>(),
        destination::erased::<webhook::outlet::WebhookDestination>(),
    ]
}

/// What runs the programs of scripts; `None` where there are no process groups and pipes as on Unix.
pub fn programs() -> Option<Arc<dyn ProgramRunner>> {
    #[cfg(unix)]
    return Some(Arc::new(script::Processes));
    #[cfg(not(unix))]
    None
}
