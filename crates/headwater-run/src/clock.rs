//! The time, in the units that records use.

use jiff::Timestamp;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub(crate) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// A time for people: RFC 3339 in UTC, to the second.
pub(crate) fn rfc3339(time_ms: i64) -> String {
    Timestamp::from_millisecond(time_ms).map_or_else(|_| time_ms.to_string(), |time| format!("{time:.0}"))
}
