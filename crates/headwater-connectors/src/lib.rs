//! Connectors: how data comes in, one folder per system; and [`script`], which runs programs.
//!
//! Adding one takes its folder and one line in [`all`].
//!
//! Invariant: no connector knows another one, and none knows DataFusion or Delta. ([`script`] is none: it decodes what programs
//! print as [`files`] decodes files.)

pub mod codes;
pub mod files;
pub mod script;

use headwater_sdk::connector::{ConnectorType, erased};

/// Every connector, in the order of their names.
pub fn all() -> Vec<Box<dyn ConnectorType>> {
    vec![erased::<files::Files>()]
}
