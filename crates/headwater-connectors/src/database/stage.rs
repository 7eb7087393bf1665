//! The temporary table through which rows go that are delivered.

use super::Unsendable;

/// Its name.
pub(crate) const STAGE: &str = "headwater_stage";

/// What is in it.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    /// How many rows have come, those that are not in it included: they have the places from 0.
    pub(crate) rows: i64,
    /// Bytes that were sent.
    pub(crate) bytes: u64,
    /// Rows that the database has no values for.
    pub(crate) unsendable: Unsendable,
}

impl Stage {
    /// The first and the last place that a row can have, where `first` is the least in the table: rows of earlier deliveries have
    /// places before 0.
    pub(crate) fn places(&self, first: i64) -> (i64, i64) {
        (first, self.rows.max(1) - 1)
    }
}
