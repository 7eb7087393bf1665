//! What becomes of a query's rows in its table.

mod history;
mod incremental;
mod snapshots;

pub use history::{Deletes, History, HistoryColumns, Places};
pub use incremental::{Grain, Incremental, Late, Strategy, TimeColumn, TimeRange};
pub use snapshots::{Period, Snapshots};

/// What becomes of a query's rows in its table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Method {
    /// The table holds exactly the rows of the query.
    #[default]
    Whole,
    /// The table takes up rows that the project has chosen, and keeps the others.
    Incremental {
        /// Which rows, and what becomes of those that are there.
        how: Incremental,
        /// Take up the rows of this time instead of those that are new.
        range: Option<TimeRange>,
        /// Whether a table that is made anew may have fewer rows than it had.
        may_shrink: bool,
    },
    /// The table holds the versions that each of the query's rows has had.
    History {
        /// Which rows are versions of each other, and what makes a new one.
        history: History,
        /// When the run began: microseconds since 1970-01-01T00:00:00Z.
        at: i64,
    },
    /// The table holds the query's rows as they were at several times.
    Snapshots {
        /// At which times, and how many of them are kept.
        snapshots: Snapshots,
        /// When the run began: microseconds since 1970-01-01T00:00:00Z.
        at: i64,
    },
}

/// Why a query's columns do not go with what is to become of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The key of the model's header that is at fault: `key`, `track`, …
    pub option: &'static str,
    /// The column.
    pub column: String,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to do.
    pub help: String,
}
