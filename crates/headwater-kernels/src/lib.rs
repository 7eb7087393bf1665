//! Loops over values that the engine runs for every row: plain slices, compiled for speed; and [`deletion_vector`], the bytes
//! in which the rows are kept that a Delta table has deleted, for the engine and for connectors. No I/O, and no Arrow.
//!
//! The engine itself is compiled for short builds, in many units (`[profile.release]` in the workspace's Cargo.toml). What it does
//! once for each row, and DataFusion and Arrow have no kernel for, is here.

pub mod deletion_vector;
mod distinct;
mod extremes;
mod narrow;

pub use distinct::Distinct;
pub use extremes::extremes;
