//! Which rows an incremental model takes up, and what becomes of those that it has.

use serde::{Deserialize, Serialize};

/// How a table takes up rows that its project has chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incremental {
    /// What becomes of the rows that are there.
    pub strategy: Strategy,
    /// Which rows of the query are new; `None` when that is left to what has changed of its inputs.
    pub time: Option<TimeColumn>,
    /// What becomes of changes that lie before the rows that are new.
    pub late: Late,
}

/// What becomes of the rows that are there when others are taken up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// They stay.
    Append,
    /// Those with the key of a new row are replaced by it.
    Merge {
        /// The columns of the key.
        key: Vec<String>,
    },
    /// Those of the partitions that new rows belong to are replaced by what the query yields for these partitions.
    ReplacePartitions,
    /// Those of a window of time, which ends with the newest row, are replaced by what the query yields for it.
    Window,
}

/// The column that says when a row belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeColumn {
    /// Its name.
    pub column: String,
    /// The step by which windows begin.
    pub grain: Grain,
    /// How many steps before that of the newest row are taken up again.
    pub lookback: u32,
}

/// A step of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// Of 60 minutes.
    Hour,
    /// From midnight, UTC for timestamps.
    Day,
    /// From Monday.
    Week,
    /// Of the calendar.
    Month,
    /// Of the calendar.
    Year,
}

impl Grain {
    /// Its name in SQL: an argument of `date_trunc`, a unit of an interval.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

/// What becomes of changes that lie before the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// The steps of time that they concern are taken up again, as far as it can be told which these are.
    Recompute,
    /// They are left out, and the run says so.
    Ignore,
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeRange {
    /// Its start, in microseconds since 1970-01-01T00:00:00Z.
    pub from: i64,
    /// Its end, which is not in it.
    pub to: i64,
}
