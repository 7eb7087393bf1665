//! Connectors: how data comes in, one folder per system.
//!
//! Adding one takes its folder and one line in [`all`].
//!
//! Invariant: no connector knows another one, and none knows DataFusion or Delta.

pub mod codes;
pub mod files;
pub mod postgres;

use headwater_sdk::connector::{ConnectorType, erased};

/// Every connector, in the order of their names.
pub fn all() -> Vec<Box<dyn ConnectorType>> {
    vec![erased::<files::Files>(), erased::<postgres::Postgres>()]
}
