//! Values as PostgreSQL writes them, brought into its binary formats: changes come as text, and [`super::super::decode`] reads what a
//! snapshot brings. The session's settings are those of a snapshot (ISO dates, UTC, `extra_float_digits`).

use jiff::civil::{Date, DateTime};

use super::super::types::{PgType, Reading, Wire};

/// The last day of PostgreSQL's calendar has more digits than a date of ours: such a value is judged like the one past our years.
const PAST: i32 = i32::MAX - 1;
const PAST_MICROS: i64 = i64::MAX - 1;
const EPOCH: Date = jiff::civil::date(2000, 1, 1);
const MICROS_OF_DAY: i64 = 86_400_000_000;

/// How the text of a column is read.
#[derive(Debug, Clone)]
pub(in super::super) struct TextReading {
    wire: Wire,
    /// What a cast to text, which a snapshot has, makes of a text.
    cast: Option<Cast>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cast {
    /// `t` and `f` are `true` and `false`.
    Bool,
    /// An address without a mask has the whole one.
    Inet,
}

impl TextReading {
    /// How values of a column come that a snapshot brings by `reading`.
    pub(in super::super) fn new(pg: &PgType, reading: &Reading) -> Self {
        let cast = match (reading.cast, pg.name.as_str()) {
            (Some("text" | "text[]"), "inet") => Some(Cast::Inet),
            (Some("text"), "bool") if !pg.is_array => Some(Cast::Bool),
            _ => None,
        };
        // An array that is cast to a text as a whole has its items as they are written.
        let cast = cast.filter(|_| !pg.is_array || matches!(reading.wire, Wire::List(_)));
        Self { wire: reading.wire.clone(), cast }
    }

    /// A value in its binary form.
    ///
    /// # Errors
    /// With the reason why it has none, without the column's name.
    pub(super) fn binary(&self, text: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        match &self.wire {
            Wire::List(item) => self.list(item, text, out),
            wire => self.item(wire, text, out),
        }
    }

    fn item(&self, wire: &Wire, text: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        match (wire, self.cast) {
            (Wire::Text, Some(Cast::Bool)) => out.extend_from_slice(if text == b"t" { b"true" } else { b"false" }),
            (Wire::Text, Some(Cast::Inet)) => {
                out.extend_from_slice(text);
                if !text.contains(&b'/') {
                    out.extend_from_slice(if text.contains(&b':') { b"/128" } else { b"/32" });
                }
            }
            // Whether it is a text at all, who reads it says.
            (Wire::Text, None) => out.extend_from_slice(text),
            (Wire::Jsonb, _) => {
                out.push(1);
                out.extend_from_slice(text);
            }
            (wire, _) => one(wire, std::str::from_utf8(text).map_err(|_| "it is not valid UTF-8".to_owned())?, out)?,
        }
        Ok(())
    }

    /// `{1,NULL,"a b"}`, perhaps with bounds before it: `[0:1]={1,2}`.
    fn list(&self, item: &Wire, text: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let cut = || "an array is cut off".to_owned();
        let begin = text.iter().position(|byte| *byte == b'{').ok_or_else(cut)?;
        let dimensions = text[begin..].iter().take_while(|byte| **byte == b'{').count();
        let inner = text[begin..].strip_suffix(b"}").ok_or_else(cut)?;
        let mut rest = &inner[1..];
        let mut items: Vec<Option<Vec<u8>>> = Vec::new();
        // Who reads it refuses more dimensions than one, and says why.
        while dimensions == 1 && !rest.is_empty() {
            let (value, behind) = list_item(rest).ok_or_else(cut)?;
            items.push(value);
            rest = behind;
        }
        let is_empty = dimensions == 1 && items.is_empty();
        let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX).to_be_bytes();
        out.extend(count(if is_empty { 0 } else { dimensions }));
        out.extend([0; 8]);
        if dimensions == 1 && !is_empty {
            out.extend(count(items.len()));
            out.extend(count(1));
        }
        for value in items {
            match value {
                None => out.extend((-1_i32).to_be_bytes()),
                Some(value) => {
                    let at = out.len();
                    out.extend([0; 4]);
                    self.item(item, &value, out)?;
                    let length = count(out.len() - at - 4);
                    out[at..at + 4].copy_from_slice(&length);
                }
            }
        }
        Ok(())
    }
}

/// The first item of a list's inside, and what stands behind it and the comma.
fn list_item(text: &[u8]) -> Option<(Option<Vec<u8>>, &[u8])> {
    if text.first() != Some(&b'"') {
        // `box` alone parts its items by something else than commas, and is a text as a whole.
        let end = text.iter().position(|byte| *byte == b',').unwrap_or(text.len());
        let (value, behind) = text.split_at(end);
        let value = (!value.eq_ignore_ascii_case(b"NULL")).then(|| value.to_vec());
        return Some((value, behind.get(1..).unwrap_or_default()));
    }
    let (mut value, mut at) = (Vec::new(), 1);
    loop {
        match text.get(at)? {
            b'"' => break,
            b'\\' => {
                value.push(*text.get(at + 1)?);
                at += 2;
            }
            byte => {
                value.push(*byte);
                at += 1;
            }
        }
    }
    Some((Some(value), text.get(at + 2..).unwrap_or_default()))
}

fn one(wire: &Wire, text: &str, out: &mut Vec<u8>) -> Result<(), String> {
    let no = |what: &str| format!("'{text}' is no {what}");
    match wire {
        Wire::Bool => out.push(u8::from(matches!(text, "t" | "true"))),
        Wire::Int16 => out.extend(text.parse::<i16>().map_err(|_| no("smallint"))?.to_be_bytes()),
        Wire::Int32 => out.extend(text.parse::<i32>().map_err(|_| no("int"))?.to_be_bytes()),
        Wire::Int64 => out.extend(text.parse::<i64>().map_err(|_| no("bigint"))?.to_be_bytes()),
        Wire::Float32 => out.extend(text.parse::<f32>().map_err(|_| no("float"))?.to_be_bytes()),
        Wire::Float64 => out.extend(text.parse::<f64>().map_err(|_| no("double"))?.to_be_bytes()),
        Wire::Uuid => {
            let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
            out.extend(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]));
        }
        Wire::Bytes => {
            let digits = text.strip_prefix("\\x").ok_or_else(|| no("bytea in hexadecimal digits"))?;
            let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
            for pair in digits.as_bytes().chunks(2) {
                let byte = pair.first().and_then(|high| Some(digit(*high)? << 4 | digit(*pair.get(1)?)?));
                out.push(byte.ok_or_else(|| no("bytea"))?);
            }
        }
        Wire::Date => out.extend(days(text).ok_or_else(|| no("date"))?.to_be_bytes()),
        Wire::Timestamp => out.extend(micros(text).ok_or_else(|| no("timestamp"))?.to_be_bytes()),
        Wire::Numeric(..) => numeric(text, out).ok_or_else(|| no("number"))?,
        Wire::Text | Wire::Jsonb | Wire::List(_) => out.extend_from_slice(text.as_bytes()),
    }
    Ok(())
}

/// Days since 2000-01-01.
fn days(text: &str) -> Option<i32> {
    match text {
        "infinity" => Some(i32::MAX),
        "-infinity" => Some(i32::MIN),
        text => Some(day(text)?.map_or(PAST, |day| (day - EPOCH).get_days())),
    }
}

/// A day; the inner `None` is one outside of the years 1 to 9999.
fn day(text: &str) -> Option<Option<Date>> {
    let digits = text.strip_suffix(" BC");
    let mut parts = digits.unwrap_or(text).split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let year: i32 = year.parse().ok()?;
    let (month, day): (i8, i8) = (month.parse().ok()?, day.parse().ok()?);
    if digits.is_some() || year > 9999 {
        return Some(None);
    }
    Date::new(i16::try_from(year).ok()?, month, day).ok().map(Some)
}

/// Microseconds since 2000-01-01 of `2024-05-01 12:30:00.5`, with `+00` behind it where it has a time zone, and of a date.
fn micros(text: &str) -> Option<i64> {
    match text {
        "infinity" => return Some(i64::MAX),
        "-infinity" => return Some(i64::MIN),
        _ => {}
    }
    let (date, time) = match text.split_once(' ') {
        Some((date, "BC")) => (day(&format!("{date} BC"))?, None),
        Some((date, time)) => match time.strip_suffix(" BC") {
            Some(time) => (day(&format!("{date} BC"))?, Some(time)),
            None => (day(date)?, Some(time)),
        },
        None => (day(text)?, None),
    };
    let Some(date) = date else { return Some(PAST_MICROS) };
    let Some(time) = time else { return Some(i64::from((date - EPOCH).get_days()) * MICROS_OF_DAY) };
    let clock: jiff::civil::Time = time.strip_suffix("+00").unwrap_or(time).parse().ok()?;
    let since =
        DateTime::from_parts(date, clock).duration_since(DateTime::from_parts(EPOCH, jiff::civil::Time::midnight()));
    i64::try_from(since.as_micros()).ok()
}

/// The form of `numeric_send`. Of `money` the currency and the commas do not count.
fn numeric(text: &str, out: &mut Vec<u8>) -> Option<()> {
    const ZERO: u16 = 0;
    let special = match text {
        "NaN" => Some(0xC000_u16),
        "Infinity" => Some(0xD000),
        "-Infinity" => Some(0xF000),
        _ => None,
    };
    let mut write = |fields: [u16; 4]| fields.into_iter().for_each(|field| out.extend(field.to_be_bytes()));
    if let Some(sign) = special {
        write([ZERO, ZERO, sign, ZERO]);
        return Some(());
    }
    let plain: String = text.chars().filter(|c| !matches!(c, '$' | ',')).collect();
    let unsigned = plain.strip_prefix('-');
    let (whole, fraction) = unsigned.unwrap_or(&plain).split_once('.').unwrap_or((unsigned.unwrap_or(&plain), ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) || whole.len() + fraction.len() == 0 {
        return None;
    }
    // Groups of four digits, counted from the point.
    let padded = format!("{}{whole}", "0".repeat((4 - whole.len() % 4) % 4));
    let behind = format!("{fraction}{}", "0".repeat((4 - fraction.len() % 4) % 4));
    let groups = padded.as_bytes().chunks(4).chain(behind.as_bytes().chunks(4));
    let groups: Vec<u16> = groups.map(|four| four.iter().fold(0, |n, d| n * 10 + u16::from(d - b'0'))).collect();
    let leading = groups.iter().take_while(|group| **group == 0).count();
    let digits = &groups[leading..];
    let trailing = digits.iter().rev().take_while(|group| **group == 0).count();
    let digits = &digits[..digits.len() - trailing];
    let weight = i16::try_from(padded.len() / 4).ok()? - 1 - i16::try_from(leading).ok()?;
    let sign = if unsigned.is_some() && !digits.is_empty() { 0x4000 } else { 0 };
    let weight = if digits.is_empty() { 0 } else { weight as u16 };
    write([u16::try_from(digits.len()).ok()?, weight, sign, u16::try_from(fraction.len()).ok()?]);
    digits.iter().for_each(|digit| out.extend(digit.to_be_bytes()));
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::{decode, numeric as binary};
    use super::*;

    fn of(wire: &Wire, text: &str) -> Result<String, String> {
        let mut out = Vec::new();
        let reading = TextReading { wire: wire.clone(), cast: None };
        reading.binary(text.as_bytes(), &mut out)?;
        Ok(decode::shown(wire, &out))
    }

    #[test]
    fn values_are_what_they_are_written_as() {
        let same = [
            (Wire::Bool, "true"),
            (Wire::Int16, "-32768"),
            (Wire::Int64, "9223372036854775807"),
            (Wire::Float64, "0.1"),
            (Wire::Float32, "NaN"),
            (Wire::Uuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            (Wire::Bytes, "\\x00ff10"),
            (Wire::Date, "2024-02-29"),
            (Wire::Date, "0001-01-01"),
            (Wire::Date, "infinity"),
            (Wire::Numeric(38, 9), "-1234567.000120"),
            (Wire::Numeric(38, 9), "0.00"),
            (Wire::Numeric(38, 9), "NaN"),
            (Wire::Jsonb, "{\"a\": 1}"),
            (Wire::List(Box::new(Wire::Int32)), "{1,NULL,-3}"),
            (Wire::List(Box::new(Wire::Text)), "{}"),
        ];
        for (wire, text) in same {
            assert_eq!(of(&wire, text).unwrap(), text, "{wire:?}");
        }
        assert_eq!(of(&Wire::Timestamp, "1999-12-31 23:59:59.5+00").unwrap(), "1999-12-31T23:59:59.5Z");
        assert_eq!(of(&Wire::Timestamp, "2024-05-01").unwrap(), "2024-05-01T00:00:00Z");
        assert_eq!(of(&Wire::Numeric(38, 9), "-$1,234.50").unwrap(), "-1234.50");
        assert_eq!(
            of(&Wire::List(Box::new(Wire::Text)), r#"[0:2]={"a,\"b\\",NULL,"NULL"}"#).unwrap(),
            "{a,\"b\\,NULL,NULL}"
        );
    }

    #[test]
    fn what_is_no_value_is_said_to_be_none() {
        for (wire, text) in [
            (Wire::Int32, "1.5"),
            (Wire::Date, "2024-13-01"),
            (Wire::Timestamp, "2024-01-01 x"),
            (Wire::Numeric(9, 2), "1e5"),
            (Wire::Bytes, "abc"),
            (Wire::List(Box::new(Wire::Text)), "{a"),
        ] {
            assert!(of(&wire, text).is_err(), "{wire:?} {text}");
        }
    }

    #[test]
    fn dates_past_our_years_are_refused_by_who_reads_them() {
        for text in ["0044-03-15 BC", "12024-01-01"] {
            let mut out = Vec::new();
            TextReading { wire: Wire::Date, cast: None }.binary(text.as_bytes(), &mut out).unwrap();
            assert_eq!(i32::from_be_bytes(out.try_into().unwrap()), PAST);
        }
        for text in ["0044-03-15 12:00:00 BC", "12024-01-01 00:00:00+00", "0044-03-15 BC"] {
            assert_eq!(micros(text), Some(PAST_MICROS));
        }
    }

    proptest! {
        #[test]
        fn numbers_keep_their_digits(text in "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,15})?") {
            let mut out = Vec::new();
            numeric(&text, &mut out).unwrap();
            let shown = binary::to_text(&out).unwrap();
            // Zero has no sign.
            let is_zero = !text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
            prop_assert_eq!(shown, if is_zero { text.trim_start_matches('-').to_owned() } else { text });
        }
    }
}
