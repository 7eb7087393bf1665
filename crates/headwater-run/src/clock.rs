//! The time, in the units that records use.

use jiff::Timestamp;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub(crate) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// A day (days since 1970-01-01), for people: `2026-01-31`.
pub(crate) fn date(day: i64) -> String {
    let time = Timestamp::from_second(day.saturating_mul(24 * 60 * 60));
    time.map_or_else(|_| day.to_string(), |time| time.strftime("%Y-%m-%d").to_string())
}

/// A time for people: RFC 3339 in UTC, to the second.
pub(crate) fn rfc3339(time_ms: i64) -> String {
    Timestamp::from_millisecond(time_ms).map_or_else(|_| time_ms.to_string(), |time| format!("{time:.0}"))
}
