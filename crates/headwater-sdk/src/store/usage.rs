//! What queries have asked of tables, summed up by days.

use serde::{Deserialize, Serialize};

use crate::engine::{Asked, Restriction, TableScan};
use crate::name::TableName;

/// For how many days usage is kept, today included.
pub const USAGE_DAYS: i64 = 30;
/// The most records of a table and day: further sets of columns are not taken up.
pub const MOST_USAGE_OF_A_DAY: usize = 64;
/// The most records in all: the oldest go.
pub const MOST_USAGE: usize = 20_000;
/// The most columns of a record: the first ones by name.
const MOST_COLUMNS: usize = 8;
/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The scans of a table on a day that restricted the same columns in the same way. No values are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UsageRecord {
    /// The table.
    pub table: TableName,
    /// The day: days since 1970-01-01, in UTC.
    pub day: i64,
    /// The restricted columns, by name; none for scans of all rows.
    pub columns: Vec<ColumnUse>,
    /// Scans.
    pub scans: u64,
    /// The rows that the table had at each of them, summed up.
    pub rows: u64,
    /// The rows that were read, summed up.
    pub read: u64,
}

/// How scans restricted a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnUse {
    /// The column.
    pub column: String,
    /// In which way.
    pub by: RestrictedBy,
    /// The scans of which it is known how much they asked for.
    pub known: u64,
    /// How much these asked for, summed up: values, or shares of the rows.
    pub amount: f64,
}

/// In which way a column is restricted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestrictedBy {
    /// To one value, or some.
    Values,
    /// To a range.
    Range,
}

impl UsageRecord {
    /// The record of one scan.
    pub fn of(scan: &TableScan, day: i64) -> Self {
        let mut columns: Vec<ColumnUse> = scan.restrictions.iter().map(ColumnUse::of).collect();
        columns.sort_by(|a, b| a.column.cmp(&b.column));
        columns.truncate(MOST_COLUMNS);
        Self { table: scan.table.clone(), day, columns, scans: 1, rows: scan.rows, read: scan.read }
    }

    /// The day of a time (milliseconds since 1970-01-01T00:00:00Z).
    pub fn day_of(time_ms: i64) -> i64 {
        time_ms.div_euclid(DAY_MS)
    }

    /// What tells records of a table and day apart: the columns and in which way each is restricted.
    pub fn key(&self) -> Vec<(&str, RestrictedBy)> {
        self.columns.iter().map(|column| (column.column.as_str(), column.by)).collect()
    }

    /// Adds the scans of a record with the same key.
    pub fn add(&mut self, other: &Self) {
        self.scans = self.scans.saturating_add(other.scans);
        self.rows = self.rows.saturating_add(other.rows);
        self.read = self.read.saturating_add(other.read);
        for (column, more) in self.columns.iter_mut().zip(&other.columns) {
            column.known = column.known.saturating_add(more.known);
            column.amount += more.amount;
        }
    }
}

impl ColumnUse {
    fn of(restriction: &Restriction) -> Self {
        let (by, amount) = match restriction.asked {
            Asked::Values(values) => (RestrictedBy::Values, Some(values as f64)),
            Asked::Range { share } => (RestrictedBy::Range, share),
        };
        let known = u64::from(amount.is_some());
        Self { column: restriction.column.clone(), by, known, amount: amount.unwrap_or(0.0) }
    }
}
