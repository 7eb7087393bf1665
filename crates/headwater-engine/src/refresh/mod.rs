//! Refreshing a table from what has changed of its inputs, where the plan proves that it comes to the same as computing all
//! of it (docs/adr/0004-incremental-refresh.md).
//!
//! Everything here works on the optimised logical plan of the model over the inputs as they are now.
//!
//! - [`inputs`]: what has changed of the tables that the plan scans,
//! - [`net`]: rows that were only written again are no change,
//! - [`derivative`]: the rows that a plan has gained, or lost, where it is linear in what changed,
//! - [`key`]: output columns by which the plan can be computed apart,
//! - [`affected`]: the keys that changes may concern,
//! - [`fold`]: sums that take up new rows without reading the others,
//! - [`restrict`]: the plan for some keys alone.

mod affected;
mod columns;
mod derivative;
mod fold;
mod inputs;
mod key;
mod net;
mod restrict;
mod sides;

use datafusion::common::DataFusionError;

pub(crate) use affected::affected;
pub(crate) use columns::{as_keys, output_named, outputs};
pub(crate) use derivative::{Sign, derivative};
pub(crate) use fold::{Fold, part};
pub(crate) use inputs::{Change, Changed, source_of, table_of};
pub(crate) use key::key_columns;
pub(crate) use net::net;
pub(crate) use restrict::{KeyTable, Reach};

/// Why something is not done.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The plan, or what has changed, stands in the way: a clause, e.g. `it has a LIMIT`.
    Obstacle(String),
    /// The query engine fails.
    Failed(DataFusionError),
}

impl From<DataFusionError> for Stop {
    fn from(error: DataFusionError) -> Self {
        Self::Failed(error)
    }
}

/// What was found, or why nothing can be.
pub(crate) type Found<T> = Result<T, Stop>;

fn obstacle<T>(why: impl Into<String>) -> Found<T> {
    Err(Stop::Obstacle(why.into()))
}
