//! Loops over values that the engine runs for every row: plain slices, no dependencies, compiled for speed.
//!
//! The engine itself is compiled for short builds (`[profile.release]` in the workspace's Cargo.toml). What it does once
//! for each row, and DataFusion and Arrow have no kernel for, is here.

mod distinct;
mod extremes;
mod narrow;

pub use distinct::Distinct;
pub use extremes::extremes;
