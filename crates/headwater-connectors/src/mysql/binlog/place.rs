//! A place in a server's binary log.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// Before the event that begins there, in that file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Place {
    pub(in super::super) file: String,
    pub(in super::super) offset: u64,
}

impl Place {
    /// One as the server writes it; `None` where it has no log.
    pub(in super::super) fn of(file: &str, offset: &str) -> Option<Self> {
        let offset = offset.parse().ok()?;
        (!file.is_empty()).then(|| Self { file: file.to_owned(), offset })
    }

    /// Files are numbered behind their last point, with more digits when six do not do any more.
    fn number(&self) -> u64 {
        self.file.rsplit('.').next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.number(), self.offset, &self.file).cmp(&(other.number(), other.offset, &other.file))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn places_are_in_the_order_of_the_log() {
        let of = |file: &str, offset: &str| Place::of(file, offset).unwrap();
        assert!(of("binlog.999999", "5000") < of("binlog.1000000", "4"));
        assert!(of("binlog.000002", "4") < of("binlog.000002", "300"));
        assert_eq!(Place::of("", "0"), None);
        assert_eq!(of("b.1", "4").to_string(), "b.1:4");
    }
}
