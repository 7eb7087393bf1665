//! What readers of table formats have in common: tables that other programs keep as data files and a log of their own beside them.
//!
//! ```text
//! log ─► data files, deleted rows, values of partitions ─► columns by name or id ─► the table's columns
//! ```
//!
//! Data files are read as [`files`](crate::files) reads Parquet.
//!
//! Invariant: no format's log is known here.

mod columns;
mod data_file;
pub(crate) mod options;
mod part;
mod place;
mod reading;
mod root;

pub(crate) use columns::{Kind, Naming, TableField, constant, leaf};
pub(crate) use data_file::{DataFile, Deletes, Gone, KeysGone, Wanted, each_batch};
pub(crate) use place::location;
pub(crate) use reading::{Columns, Reading, Steps};
pub(crate) use root::{Root, is_absolute, percent_decoded};

/// What is to be read, in words.
pub(crate) fn described(of: &str, files: usize, bytes: u64) -> String {
    match files {
        0 => format!("{of}: nothing new"),
        _ => format!("{of}: {}", crate::files::size_in_words(files, bytes)),
    }
}
