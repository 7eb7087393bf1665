//! Moments that a query reads tables as of: `from marts.orders for version as of 12`.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use crate::relation::Relations;

/// A moment in the lake's history, as a person writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum AsOf {
    /// The snapshot of this number.
    Snapshot(u64),
    /// What was published last at a date or a time.
    Time(String),
}

impl AsOf {
    /// What a text stands for: a snapshot when it is a number, a time otherwise.
    pub fn of_text(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Time(text.to_owned()), Self::Snapshot)
    }
}

impl fmt::Display for AsOf {
    /// As an error names it: `snapshot 12`, `2026-01-31`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Snapshot(number) => write!(f, "snapshot {number}"),
            Self::Time(text) => f.write_str(text),
        }
    }
}

/// A moment that a query names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The moment.
    pub as_of: AsOf,
    /// The bytes of the SQL that name it.
    pub span: Range<usize>,
}

/// What names meant at the moments that a query names.
pub type Past = BTreeMap<AsOf, Relations>;
