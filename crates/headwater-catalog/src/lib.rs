//! The catalogue: what Headwater remembers of runs, snapshots, asset states, lineage and leases.
//!
//! - [`open`] opens the catalogue in a SQLite file: the default, next to the lake,
//! - [`memory::MemoryStore`] keeps one in memory, for tests of other crates and as the model of the property tests,
//! - [`conformance`] holds what every [`Store`](headwater_sdk::store::Store) must do, as runnable cases,
//! - [`codes::CODES`] explains the errors of this crate.
//!
//! Invariant: this crate knows neither DataFusion nor Delta. It keeps records and never interprets them, apart from
//! the two promises that only a transaction can keep: a lost lease publishes nothing, and neither does a stale parent.

mod clock;
pub mod codes;
pub mod conformance;
mod encoding;
pub mod memory;
mod refusals;
mod sqlite;

use std::path::Path;

use headwater_sdk::Result;

pub use clock::Clock;
pub use sqlite::{Options, SqliteStore};

/// Opens the catalogue in a SQLite file, creating the file (readable by its owner alone, where the system can) and its
/// folder when they are missing, and bringing an older catalogue up to date. Blocks for some milliseconds.
///
/// # Errors
/// `HW0701` for a catalogue of a newer Headwater, `HW0706` for a file that is damaged or no catalogue, `HW0707` when
/// another program holds it locked, `HW0708` when it cannot be created or opened, `HW0705` and `HW0709` when the disk
/// is full or fails.
pub fn open(path: &Path) -> Result<SqliteStore> {
    SqliteStore::open(path, Options::default())
}
