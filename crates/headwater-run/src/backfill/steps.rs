//! Time in steps.

use headwater_sdk::method::{Grain, TimeRange};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// The parts of a stretch of time, each of so many steps; they begin where steps do, but for the first, and end there, but
/// for the last.
pub(super) fn parts(whole: TimeRange, step: Grain, together: usize) -> Vec<TimeRange> {
    let mut parts = Vec::new();
    let mut from = whole.from;
    while from < whole.to {
        let mut to = from;
        for _ in 0..together {
            to = next(to, step).unwrap_or(whole.to);
        }
        let to = to.min(whole.to).max(from.saturating_add(1));
        parts.push(TimeRange { from, to });
        from = to;
    }
    parts
}

/// The start of the next step after a time, in microseconds.
fn next(micros: i64, step: Grain) -> Option<i64> {
    let time = TimeZone::UTC.to_datetime(Timestamp::from_microsecond(micros).ok()?);
    let date = time.date();
    let midnight = |date: Date| date.to_datetime(jiff::civil::Time::midnight());
    let next: DateTime = match step {
        Grain::Hour => {
            let hour = date.at(time.hour(), 0, 0, 0);
            hour.checked_add(Span::new().hours(1)).ok()?
        }
        Grain::Day => midnight(date.tomorrow().ok()?),
        Grain::Week => {
            let monday = i64::from(date.weekday().to_monday_zero_offset());
            midnight(date.checked_add(Span::new().days(7 - monday)).ok()?)
        }
        Grain::Month => midnight(date.first_of_month().checked_add(Span::new().months(1)).ok()?),
        Grain::Year => midnight(date.first_of_year().checked_add(Span::new().years(1)).ok()?),
    };
    TimeZone::UTC.to_timestamp(next).ok().map(Timestamp::as_microsecond)
}

/// A stretch of time for people: `2013-03-01 to 2013-03-31` for whole days, with times otherwise; both ends are in it.
pub fn day_words(range: &TimeRange) -> String {
    const DAY: i64 = 24 * 60 * 60 * 1_000_000;
    let words = |micros: i64, format: &str| match Timestamp::from_microsecond(micros) {
        Ok(time) => time.strftime(format).to_string(),
        Err(_) => format!("{micros} µs"),
    };
    if range.from % DAY == 0 && range.to % DAY == 0 {
        let (from, to) = (words(range.from, "%Y-%m-%d"), words(range.to - DAY, "%Y-%m-%d"));
        return if from == to { from } else { format!("{from} to {to}") };
    }
    format!("{} to before {}", words(range.from, "%Y-%m-%dT%H:%M:%SZ"), words(range.to, "%Y-%m-%dT%H:%M:%SZ"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: &str, to: &str) -> TimeRange {
        let micros = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        TimeRange { from: micros(from), to: micros(to) }
    }

    fn words(whole: TimeRange, step: Grain, together: usize) -> Vec<String> {
        parts(whole, step, together).iter().map(day_words).collect()
    }

    #[test]
    fn parts_follow_the_calendar_and_leave_nothing_out() {
        let spring = range("2013-02-15T00:00:00Z", "2013-06-01T00:00:00Z");
        let months = [
            "2013-02-15 to 2013-02-28",
            "2013-03-01 to 2013-03-31",
            "2013-04-01 to 2013-04-30",
            "2013-05-01 to 2013-05-31",
        ];
        assert_eq!(words(spring, Grain::Month, 1), months);
        assert_eq!(words(spring, Grain::Month, 3), ["2013-02-15 to 2013-04-30", "2013-05-01 to 2013-05-31"]);
        assert_eq!(words(spring, Grain::Year, 1), ["2013-02-15 to 2013-05-31"]);
        let weeks = words(spring, Grain::Week, 1);
        assert_eq!(
            (weeks.len(), weeks[0].as_str(), weeks[1].as_str()),
            (16, "2013-02-15 to 2013-02-17", "2013-02-18 to 2013-02-24")
        );
        assert_eq!(words(spring, Grain::Day, 1).len(), 106);
        let hours = range("2013-02-15T22:30:00Z", "2013-02-16T00:10:00Z");
        assert_eq!(
            words(hours, Grain::Hour, 1),
            [
                "2013-02-15T22:30:00Z to before 2013-02-15T23:00:00Z",
                "2013-02-15T23:00:00Z to before 2013-02-16T00:00:00Z",
                "2013-02-16T00:00:00Z to before 2013-02-16T00:10:00Z"
            ]
        );
    }
}
