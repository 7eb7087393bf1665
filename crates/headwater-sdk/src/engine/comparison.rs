//! What differs between two sides of a table.

use serde::Serialize;

use crate::name::TableName;
use crate::relation::Relations;

/// A table to be compared with itself.
#[derive(Debug, Clone)]
pub struct CompareRequest {
    /// The table or view.
    pub table: TableName,
    /// What the names mean on the earlier side.
    pub before: Relations,
    /// What they mean on the later side.
    pub after: Relations,
    /// The columns that tell rows apart; without any, whole rows are compared.
    pub key: Vec<String>,
    /// How many rows of each kind to show.
    pub sample: usize,
}

/// What differs between two sides of a table. Columns that only one side has do not count. Where a column has another type, numbers
/// are compared as numbers and other values as texts; whole rows are compared in the columns that have the same type.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// Rows in all, before and after.
    pub rows: (u64, u64),
    /// Rows whose key (or, without one, whose values) only the later side has.
    pub added: u64,
    /// Rows that only the earlier side has.
    pub removed: u64,
    /// Rows that both sides have by their key, with other values.
    pub changed: u64,
    /// In how many of these each column differs; empty without a key.
    pub columns: Vec<ColumnChange>,
    /// Some of these rows.
    pub samples: RowSamples,
}

/// In how many rows a column differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnChange {
    /// The column.
    pub name: String,
    /// The rows.
    pub changed: u64,
}

/// Some rows that differ, as JSON objects.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RowSamples {
    /// Rows that were added.
    pub added: Vec<serde_json::Value>,
    /// Rows that were removed.
    pub removed: Vec<serde_json::Value>,
    /// Rows that changed.
    pub changed: Vec<ChangedRow>,
}

/// A row that changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangedRow {
    /// Its key, by column.
    pub key: serde_json::Value,
    /// The columns that differ: name, what it was, what it is.
    pub columns: Vec<(String, serde_json::Value, serde_json::Value)>,
}
