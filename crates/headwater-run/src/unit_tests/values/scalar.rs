//! From texts to single values. `Err` says how such a value is written.

use std::str::FromStr;

use arrow_array::types::Decimal128Type;
use arrow_cast::parse::parse_decimal;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

/// Seconds of a day.
const DAY: i64 = 86_400;
/// What days and times are counted from.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" | "True" | "TRUE" => Ok(true),
        "false" | "False" | "FALSE" => Ok(false),
        _ => Err("write true or false".to_owned()),
    }
}

pub(super) fn integer<T: TryFrom<i64>>(text: &str) -> Result<T, String> {
    let whole: i64 = match text.parse() {
        Ok(whole) => whole,
        Err(_) if text.parse::<i128>().is_ok() => return Err("it is out of the range of the type".to_owned()),
        Err(_) => return Err("write a whole number".to_owned()),
    };
    T::try_from(whole).map_err(|_| "it is out of the range of the type".to_owned())
}

pub(super) fn number<T: FromStr>(text: &str) -> Result<T, String> {
    let plain = match text {
        ".nan" | ".NaN" | ".NAN" => "NaN",
        ".inf" | ".Inf" | ".INF" | "+.inf" => "inf",
        "-.inf" | "-.Inf" | "-.INF" => "-inf",
        other => other,
    };
    plain.parse().map_err(|_| "write a number, e.g. 1.5, 2e6, .nan or -.inf".to_owned())
}

/// Never rounds.
pub(super) fn decimal(text: &str, precision: u8, scale: i8) -> Result<i128, String> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !plain(whole) || !plain(fraction) {
        return Err("write a number, e.g. 12.50".to_owned());
    }
    let fraction = fraction.trim_end_matches('0');
    let help = || format!("the type has {precision} digits, {scale} of them after the point");
    if fraction.len() > usize::from(scale.unsigned_abs()) {
        return Err(help());
    }
    let written = format!("{}{whole}.{fraction}", if text.starts_with('-') { "-" } else { "" });
    parse_decimal::<Decimal128Type>(written.trim_end_matches('.'), precision, scale).map_err(|_| help())
}

/// Days since 1970-01-01.
pub(super) fn date(text: &str) -> Result<i32, String> {
    let wrong = || "write a date as 2026-01-31".to_owned();
    let date: Date = is_dated(text).then(|| text.parse().ok()).flatten().ok_or_else(wrong)?;
    // A time of day is no part of a date.
    if text.len() > date.to_string().len() {
        return Err(wrong());
    }
    i32::try_from(date.duration_since(EPOCH.date()).as_secs().div_euclid(DAY)).map_err(|_| wrong())
}

/// Microseconds since 1970-01-01T00:00:00, in UTC if it is an instant, of the wall clock otherwise.
pub(super) fn timestamp(text: &str, is_instant: bool) -> Result<i64, String> {
    let wrong = || match is_instant {
        true => "write a time as 2026-01-31T08:00:00Z, or with an offset; without one it is in UTC".to_owned(),
        false => "write a time as 2026-01-31T08:00:00, without a zone".to_owned(),
    };
    if !is_dated(text) {
        return Err(wrong());
    }
    let nanoseconds = match text.parse::<Timestamp>() {
        Ok(instant) if is_instant => instant.as_nanosecond(),
        Ok(_) => return Err(wrong()),
        Err(_) => {
            // The last day of the year 9999 is no instant to the parser, but one to the lake.
            let civil = if is_instant { text.strip_suffix(['Z', 'z']).unwrap_or(text) } else { text };
            let has_offset = civil.get(10..).is_some_and(|time| time.contains(['+', '-', '[', 'Z', 'z']));
            let civil: DateTime = (!has_offset).then(|| civil.parse().ok()).flatten().ok_or_else(wrong)?;
            civil.duration_since(EPOCH).as_nanos()
        }
    };
    if nanoseconds % 1000 != 0 {
        return Err("timestamps have microseconds".to_owned());
    }
    i64::try_from(nanoseconds / 1000).map_err(|_| wrong())
}

/// Whether a text begins as a date does, so that nothing else that parsers of dates know is taken for one.
fn is_dated(text: &str) -> bool {
    let bytes = text.as_bytes();
    let form = |at: usize, byte: u8| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    bytes.len() >= 10 && bytes.iter().take(10).enumerate().all(|(at, byte)| form(at, *byte))
}

pub(super) fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("\\x")).unwrap_or(text);
    let pairs = digits.as_bytes().chunks(2).map(|pair| match pair {
        [_, _] => std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()),
        _ => None,
    });
    pairs.collect::<Option<_>>().ok_or_else(|| "write pairs of hexadecimal digits, e.g. 00ff".to_owned())
}
