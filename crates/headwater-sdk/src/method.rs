//! What becomes of a query's rows in its table.

use serde::{Deserialize, Serialize};

/// What becomes of a query's rows in its table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Method {
    /// The table holds exactly the rows of the query.
    #[default]
    Whole,
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

/// How versions of rows are told apart (a slowly changing dimension of type 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The columns whose values rows keep: not null, and unique among the query's rows.
    pub key: Vec<String>,
    /// The columns whose changes make new versions; `None` for all but the key and `updated_at`.
    pub track: Option<Vec<String>>,
    /// The date or timestamp column from which on a version holds; `None` for the time of the run that finds it.
    pub updated_at: Option<String>,
    /// What becomes of the current version of a key that the query does not yield any more.
    pub deletes: Deletes,
    /// What the added columns are called.
    pub columns: HistoryColumns,
}

/// What becomes of the current version of a key that the query does not yield any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deletes {
    /// It ends when the run began.
    #[default]
    Close,
    /// It stays current.
    Keep,
}

/// The columns that a history has beside those of its query. They stand behind these, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryColumns {
    /// From when on the version holds: a timestamp in UTC.
    pub valid_from: String,
    /// Until when, that moment excluded: a timestamp in UTC; null of a current version.
    pub valid_to: String,
    /// Whether it holds now: a boolean.
    pub is_current: String,
    /// A hash of the tracked columns' values: 32 hexadecimal digits.
    pub row_hash: String,
}

impl Default for HistoryColumns {
    fn default() -> Self {
        Self {
            valid_from: "valid_from".to_owned(),
            valid_to: "valid_to".to_owned(),
            is_current: "is_current".to_owned(),
            row_hash: "row_hash".to_owned(),
        }
    }
}

impl HistoryColumns {
    /// The names, in order.
    pub fn names(&self) -> [&str; 4] {
        [&self.valid_from, &self.valid_to, &self.is_current, &self.row_hash]
    }
}

/// At which times a query's rows are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshots {
    /// The rows of the last run of each period are kept.
    pub every: Period,
    /// How many periods are kept, the newest among them; `None` for all.
    pub keep: Option<u32>,
    /// What the added column is called. It stands behind those of the query.
    pub column: String,
}

/// A length of time on the calendar of UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// Every run for itself.
    Run,
    /// An hour.
    Hour,
    /// A day.
    #[default]
    Day,
    /// A week, from Monday on.
    Week,
    /// A month.
    Month,
}

impl Period {
    /// Its name: `day`, …
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}
