//! Connectors: how data comes in, one folder per system; and [`script`], which runs programs.
//!
//! Adding one takes its folder and one line in [`all`].
//!
//! Invariant: no connector knows another one (what databases have in common is in `database`, what programs that print messages have in
//! common is in `tap`), and none knows DataFusion or Delta. [`script`] is none: it decodes what programs print as [`files`] decodes files,
//! and so does `tap`.

#[cfg(unix)]
pub mod airbyte;
pub mod codes;
mod database;
pub mod files;
mod lake_types;
mod local;
pub mod postgres;
#[cfg(unix)]
mod process;
#[cfg(unix)]
pub mod program;
mod rejected;
#[cfg(unix)]
pub mod script;
#[cfg(unix)]
pub mod singer;
pub mod sqlite;
#[cfg(unix)]
mod tap;
mod text;
mod threaded;

use std::sync::Arc;

use headwater_sdk::connector::{ConnectorType, erased};
use headwater_sdk::script::ProgramRunner;

/// Every connector, in the order of their names.
pub fn all() -> Vec<Box<dyn ConnectorType>> {
    Vec::from([
        #[cfg(unix)]
        erased::<airbyte::Airbyte>(),
        erased::<files::Files>(),
        erased::<postgres::Postgres>(),
        #[cfg(unix)]
        erased::<program::Program>(),
        #[cfg(unix)]
        erased::<singer::Singer>(),
        erased::<sqlite::Sqlite>(),
    ])
}

/// What runs the programs of scripts; `None` where there are no process groups and pipes as on Unix.
pub fn programs() -> Option<Arc<dyn ProgramRunner>> {
    #[cfg(unix)]
    return Some(Arc::new(script::Processes));
    #[cfg(not(unix))]
    None
}
