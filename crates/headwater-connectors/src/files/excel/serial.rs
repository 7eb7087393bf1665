//! Dates and times of workbooks, as texts in ISO 8601.
//!
//! A workbook counts days, and has times as fractions of a day (ECMA-376 part 1, 18.17.4). In the 1900 system day 1 is
//! 1900-01-01, and day 60 is a 29th of February that never was, kept from Lotus 1-2-3; in the 1904 system day 0 is 1904-01-01.
//! Times are good to a millisecond.

use std::fmt::Write;

use jiff::ToSpan;
use jiff::civil::{Date, date};

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Whole days past which there is no date, 9999-12-31, in either system.
const LAST: f64 = 2_958_466.0;

/// Writes a date, a date with a time, or a time of day (a number below 1).
///
/// # Errors
/// A clause about a number that is no date.
pub(super) fn write_serial(days: f64, is_1904: bool, text: &mut String) -> Result<(), &'static str> {
    const NO_DATE: &str = "holds a number formatted as a date that no date of the workbook's calendar has";
    if !(0.0..LAST).contains(&days) {
        return Err(NO_DATE);
    }
    let millis = (days * DAY as f64).round() as i64;
    if days < 1.0 && millis < DAY {
        write_clock(millis, text);
        return Ok(());
    }
    let (day, millis) = (millis / DAY, millis % DAY);
    let start: Date = match day {
        _ if is_1904 => date(1904, 1, 1),
        60 => return Err("holds 1900-02-29, a day that there never was"),
        0..60 => date(1899, 12, 31),
        _ => date(1899, 12, 30),
    };
    let date = start.checked_add(day.days()).map_err(|_| NO_DATE)?;
    // A text takes everything.
    let _written = write!(text, "{date}");
    if millis > 0 {
        text.push('T');
        write_clock(millis, text);
    }
    Ok(())
}

/// Writes a span of time, as hours, minutes and seconds.
///
/// # Errors
/// A clause about a number that is none.
pub(super) fn write_span(days: f64, text: &mut String) -> Result<(), &'static str> {
    if days.is_nan() || days.abs() >= LAST {
        return Err("holds a number formatted as a span of time that is none");
    }
    if days < 0.0 {
        text.push('-');
    }
    write_clock((days.abs() * DAY as f64).round() as i64, text);
    Ok(())
}

/// `HH:MM:SS`, with milliseconds where there are some.
fn write_clock(millis: i64, text: &mut String) {
    let (seconds, millis) = (millis / 1000, millis % 1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let _written = write!(text, "{hours:02}:{minutes:02}:{seconds:02}");
    if millis > 0 {
        let _written = write!(text, ".{millis:03}");
    }
}

/// A duration of ISO 8601 (`PT26H30M05.5S`), in which OpenDocument has times, as hours, minutes and seconds; `None` when it
/// is none.
pub(super) fn clock_of_duration(duration: &str) -> Option<String> {
    let (sign, duration) = match duration.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", duration),
    };
    let mut rest = duration.strip_prefix("PT")?;
    let mut whole = |unit: char| -> Option<u64> {
        match rest.split_once(unit) {
            None => Some(0),
            Some((number, after)) => {
                rest = after;
                number.parse().ok()
            }
        }
    };
    let (hours, minutes) = (whole('H')?, whole('M')?);
    let (seconds, fraction) = match rest.strip_suffix('S') {
        None if rest.is_empty() => (0, ""),
        None => return None,
        Some(number) => match number.split_once(['.', ',']) {
            None => (number.parse().ok()?, ""),
            Some((number, fraction)) => (number.parse().ok()?, fraction),
        },
    };
    let seconds: u64 = seconds;
    if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let total = hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(seconds)?;
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{:02}:{:02}:{:02}{point}{fraction}", total / 3600, total / 60 % 60, total % 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serial(days: f64, is_1904: bool) -> Result<String, &'static str> {
        let mut text = String::new();
        write_serial(days, is_1904, &mut text).map(|()| text)
    }

    #[test]
    fn days_are_counted_as_workbooks_count_them() {
        // What Excel shows for these numbers.
        for (days, is_1904, expected) in [
            (1.0, false, "1900-01-01"),
            (59.0, false, "1900-02-28"),
            (61.0, false, "1900-03-01"),
            (41_275.0, false, "2013-01-01"),
            (41_275.0 - 1462.0, true, "2013-01-01"),
            (1.0, true, "1904-01-02"),
            (2_958_465.0, false, "9999-12-31"),
            (45_943.541, false, "2025-10-13T12:59:02.400"),
            (41_275.416_666_666_664, false, "2013-01-01T10:00:00"),
            (41_275.999_999_999_99, false, "2013-01-02"),
            (0.0, false, "00:00:00"),
            (0.75, false, "18:00:00"),
        ] {
            assert_eq!(serial(days, is_1904).as_deref(), Ok(expected), "{days}");
        }
        for days in [-1.0, 60.0, 60.5, 2_958_466.0, 1e300, f64::NAN, f64::INFINITY] {
            assert!(serial(days, false).is_err(), "{days}");
        }
        let mut text = String::new();
        write_span(1.104_166_666_666_666_7, &mut text).unwrap();
        assert_eq!(text, "26:30:00");
        text.clear();
        write_span(-0.25, &mut text).unwrap();
        assert_eq!(text, "-06:00:00");
    }

    #[test]
    fn durations_of_opendocument() {
        for (duration, expected) in [
            ("PT12H30M00S", Some("12:30:00")),
            ("PT26H30M05.500000000S", Some("26:30:05.5")),
            ("-PT6H", Some("-06:00:00")),
            ("PT90M", Some("01:30:00")),
            ("P1D", None),
            ("PTxH", None),
            ("PT1H2", None),
            ("", None),
        ] {
            assert_eq!(clock_of_duration(duration).as_deref(), expected, "{duration}");
        }
    }
}
