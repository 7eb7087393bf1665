//! What queries ask of tables: the columns that they restrict, and the rows that are read for it.
//!
//! No value is in it, for literals may be personal data.

use std::sync::Arc;

use crate::name::TableName;

/// One scan of a table by a query.
#[derive(Debug, Clone, PartialEq)]
pub struct TableScan {
    /// The table.
    pub table: TableName,
    /// The columns that the query restricts, each once.
    pub restrictions: Vec<Restriction>,
    /// Rows of the table.
    pub rows: u64,
    /// Rows that were read: those left after skipping files and parts of files.
    pub read: u64,
}

/// How a query restricts a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Restriction {
    /// The column.
    pub column: String,
    /// What is asked for.
    pub asked: Asked,
}

/// What a query asks for of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Asked {
    /// One of so many values.
    Values(u64),
    /// A range of values, or several.
    Range {
        /// The share of the rows that it holds (0 to 1), as the statistics of the files have it, where they tell.
        share: Option<f64>,
    },
}

/// Tells what a query has asked of tables, once its rows have been read.
pub type Scans = Arc<dyn Fn() -> Vec<TableScan> + Send + Sync>;
