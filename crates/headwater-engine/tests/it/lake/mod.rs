//! Staging, publishing, reading, going back and cleaning up, on real tables in a temporary folder.

mod branches;
mod checks;
mod keyed;
mod maintenance;
