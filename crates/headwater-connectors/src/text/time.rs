//! Dates and timestamps from text: ISO 8601 / RFC 3339 by hand, anything else through a declared format.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

/// Microseconds in a day.
const DAY: i64 = 86_400_000_000;

/// The two digits at the start of `bytes`, below `limit`.
#[inline]
fn two(bytes: &[u8], limit: i64) -> Option<i64> {
    let (tens, units) = (bytes.first()?.wrapping_sub(b'0'), bytes.get(1)?.wrapping_sub(b'0'));
    let value = i64::from(tens) * 10 + i64::from(units);
    (tens <= 9 && units <= 9 && value < limit).then_some(value)
}

/// Days from 1970-01-01 to a day of the proleptic Gregorian calendar, which must exist.
///
/// The algorithm is Howard Hinnant's `days_from_civil` (<https://howardhinnant.github.io/date_algorithms.html>).
#[inline]
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if day < 1 || day > length {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
}

/// The year, month and day of a day since 1970-01-01, by the proleptic Gregorian calendar: what [`days`] turns round.
#[inline]
pub(crate) fn civil(days: i32) -> (i64, i64, i64) {
    let days = i64::from(days) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// The day of `YYYY-MM-DD` at the start of `bytes`, in days since 1970-01-01.
#[inline]
fn leading_date(bytes: &[u8]) -> Option<i64> {
    if bytes.len() < 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = two(&bytes[0..2], 100)? * 100 + two(&bytes[2..4], 100)?;
    days(year, two(&bytes[5..7], 13)?, two(&bytes[8..10], 32)?)
}

/// `YYYY-MM-DD`, in days since 1970-01-01.
#[inline]
pub(crate) fn parse_date(bytes: &[u8]) -> Option<i32> {
    let bytes = bytes.trim_ascii();
    if bytes.len() != 10 {
        return None;
    }
    leading_date(bytes).and_then(|days| i32::try_from(days).ok())
}

/// A moment as a text gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Microseconds since 1970-01-01T00:00:00, in UTC when there is a zone; finer digits are cut off.
    pub(crate) micros: i64,
    /// Whether the text says how far it is from UTC.
    pub(crate) zoned: bool,
}

/// `YYYY-MM-DD`, or with `T` or a blank `HH:MM[:SS[.fraction]]` and an optional `Z`, `±HH:MM`, `±HHMM` or `±HH`.
#[inline]
pub(crate) fn parse_moment(bytes: &[u8]) -> Option<Moment> {
    let bytes = bytes.trim_ascii();
    let mut micros = leading_date(bytes)? * DAY;
    let rest = &bytes[10..];
    if rest.is_empty() {
        return Some(Moment { micros, zoned: false });
    }
    if !matches!(rest[0], b'T' | b't' | b' ') || rest.len() < 6 || rest[3] != b':' {
        return None;
    }
    micros += two(&rest[1..], 24)? * 3_600_000_000 + two(&rest[4..], 60)? * 60_000_000;
    let mut rest = &rest[6..];
    if rest.first() == Some(&b':') {
        micros += two(rest.get(1..)?, 60)? * 1_000_000;
        rest = &rest[3..];
        if let Some(b'.' | b',') = rest.first() {
            let count = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            let fraction = rest[1..=count].iter().chain(std::iter::repeat(&b'0')).take(6);
            micros += fraction.fold(0, |sum, &digit| sum * 10 + i64::from(digit - b'0'));
            rest = &rest[1 + count..];
            if count == 0 {
                return None;
            }
        }
    }
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    match rest.first() {
        None => Some(Moment { micros, zoned: false }),
        Some(b'Z' | b'z') if rest.len() == 1 => Some(Moment { micros, zoned: true }),
        Some(sign @ (b'+' | b'-')) => {
            let minutes = match rest.len() {
                3 => 0,
                5 => two(&rest[3..], 60)?,
                6 if rest[3] == b':' => two(&rest[4..], 60)?,
                _ => return None,
            };
            let offset = (two(&rest[1..], 24)? * 60 + minutes) * 60_000_000;
            Some(Moment { micros: if *sign == b'+' { micros - offset } else { micros + offset }, zoned: true })
        }
        Some(_) => None,
    }
}

/// Microseconds since 1970-01-01T00:00:00 on a clock without a zone.
fn civil_micros(time: DateTime) -> Option<i64> {
    // Not by way of a timestamp: those end a day before the year 9999 does.
    let since = time.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    i64::try_from(since.as_micros()).ok()
}

/// A moment in a declared format (`strftime` directives).
pub(crate) fn parse_moment_as(format: &str, bytes: &[u8]) -> Option<Moment> {
    let text = std::str::from_utf8(bytes.trim_ascii()).ok()?;
    let parsed = strtime::parse(format, text).ok()?;
    // A format with a zone, or one of seconds since 1970 (`%s`), names an instant.
    if let Ok(timestamp) = parsed.to_timestamp() {
        return Some(Moment { micros: timestamp.as_microsecond(), zoned: true });
    }
    let time = parsed.to_datetime().or_else(|_| parsed.to_date().map(|date| date.at(0, 0, 0, 0))).ok()?;
    if !has_whole_year(format, text, time.year()) {
        return None;
    }
    Some(Moment { micros: civil_micros(time)?, zoned: false })
}

/// Whether a year is written with four digits where the format says so: `1/2/24` is not of the first century.
fn has_whole_year(format: &str, text: &str, year: i16) -> bool {
    !(0..1000).contains(&year) || !format.contains("%Y") || text.contains(&format!("{year:04}"))
}

/// A day in a declared format (`strftime` directives), in days since 1970-01-01.
pub(crate) fn parse_date_as(format: &str, bytes: &[u8]) -> Option<i32> {
    let text = std::str::from_utf8(bytes.trim_ascii()).ok()?;
    let date = strtime::parse(format, text).ok()?.to_date().ok()?;
    if !has_whole_year(format, text, date.year()) {
        return None;
    }
    i32::try_from(civil_micros(date.at(0, 0, 0, 0))?.div_euclid(DAY)).ok()
}

/// What is wrong with a format, if anything.
pub(crate) fn check_format(format: &str) -> Result<(), String> {
    // A zoned moment can be written in every format whose directives exist, and one that was written must read back.
    let sample = Timestamp::constant(1_009_843_198, 0).to_zoned_datetime(TimeZone::UTC);
    let text = strtime::format(format, &sample).map_err(|e| e.to_string())?;
    let parsed = strtime::parse(format, &text).map_err(|e| e.to_string())?;
    match parsed.to_timestamp().map(|_| ()).or_else(|_| parsed.to_date().map(|_| ())) {
        Ok(()) => Ok(()),
        Err(e) => Err(e.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn micros(text: &str) -> Option<(i64, bool)> {
        parse_moment(text.as_bytes()).map(|moment| (moment.micros, moment.zoned))
    }

    #[test]
    fn years_of_declared_formats_have_four_digits() {
        for (text, is) in [("1/2/2024", true), ("1/2/24", false), ("12/13/202", false), ("1/2/0024", true)] {
            assert_eq!(parse_date_as("%m/%d/%Y", text.as_bytes()).is_some(), is, "{text}");
            let moment = format!("{text} 10:00");
            assert_eq!(parse_moment_as("%m/%d/%Y %H:%M", moment.as_bytes()).is_some(), is, "{text}");
        }
    }

    #[test]
    fn days_have_their_dates() {
        assert_eq!((civil(0), civil(-1), civil(-719_162)), ((1970, 1, 1), (1969, 12, 31), (1, 1, 1)));
        for day in (-800_000..3_000_000).step_by(13) {
            let (year, month, date) = civil(day);
            assert_eq!(days(year, month, date), Some(i64::from(day)));
        }
    }

    #[test]
    fn moments_in_the_forms_that_people_write() {
        let noon = 1_357_041_600_000_000; // 2013-01-01T12:00:00Z
        for text in [
            "2013-01-01T12:00:00Z",
            "2013-01-01t12:00:00z",
            "2013-01-01 12:00:00+00:00",
            "2013-01-01 12:00Z",
            "2013-01-01T14:30:00+0230",
            "2013-01-01T07:00:00.000-05",
            " 2013-01-01 12:00:00 Z ",
        ] {
            assert_eq!(micros(text), Some((noon, true)), "{text}");
        }
        assert_eq!(micros("2013-01-01 12:00"), Some((noon, false)));
        assert_eq!(micros("2013-01-01T12:00:00.1234569"), Some((noon + 123_456, false)));
        assert_eq!(micros("1969-12-31T23:59:59.5Z"), Some((-500_000, true)));
        for text in [
            "",
            "2013",
            "2013-1-1",
            "2013-02-29",
            "2013-13-01",
            "2013-01-01T",
            "2013-01-01T24:00",
            "2013-01-01T12:60",
            "2013-01-01T12:00:",
            "2013-01-01T12:00:00.",
            "2013-01-01T12:00:00X",
            "2013-01-01T12:00:00+1",
            "20130101",
            "2013-01-01T12:00:00ZZ",
            "2013-01-01T12:00:00+25:00",
            "2013-01-01x12:00",
        ] {
            assert_eq!(micros(text), None, "{text}");
        }
        assert_eq!(parse_date(b"2012-02-29"), Some(15_399));
        assert_eq!(parse_date(b"2012-02-29T00:00"), None);
    }

    #[test]
    fn declared_formats() {
        assert_eq!(parse_date_as("%d/%m/%Y", b"29/02/2012"), Some(15_399));
        assert_eq!(parse_date_as("%d/%m/%Y", b"2012-02-29"), None);
        let moment = parse_moment_as("%d.%m.%Y %H:%M", b"01.01.2013 12:00").unwrap();
        assert_eq!((moment.micros, moment.zoned), (1_357_041_600_000_000, false));
        assert!(parse_moment_as("%Y-%m-%d %H:%M %z", b"2013-01-01 12:00 +0200").unwrap().zoned);
        assert!(parse_moment_as("%s", b"1357041600").unwrap().zoned);
        assert_eq!(parse_moment_as("%m/%d/%Y", b"01/01/2013").unwrap().micros, 1_356_998_400_000_000);
        for good in ["%d/%m/%Y", "%Y-%m-%d %H:%M:%S", "%s", "%d.%m.%y %I:%M %p", "%Y%m%dT%H%M%S%z"] {
            assert_eq!(check_format(good), Ok(()), "{good}");
        }
        for bad in ["%", "%Q!", "%H:%M", "no directive"] {
            assert!(check_format(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn moments_agree_with_jiff(micros in -62_000_000_000_000_000_i64..250_000_000_000_000_000) {
            let text = jiff::Timestamp::from_microsecond(micros).unwrap().to_string();
            prop_assert_eq!(parse_moment(text.as_bytes()), Some(Moment { micros, zoned: true }));
        }
    }
}
