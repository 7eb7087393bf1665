//! Values of SQLite as values of a column. One that does not fit is told, and never changed.

use arrow_array::ArrayRef;
use arrow_schema::DataType;
use headwater_sdk::types::type_name;
use rusqlite::types::ValueRef;

use crate::database::Builder;
use crate::text::number::parse_decimal;
use crate::text::time::{parse_date, parse_moment};

/// Integers up to this are exact in a double.
const EXACT: i64 = 1 << 53;
/// Of a value that is told, this much is shown.
const SHOWN: usize = 60;

/// A column that grows.
pub(super) struct Column {
    builder: Builder,
    data_type: DataType,
}

impl Column {
    /// # Errors
    /// For a type that values of SQLite are not read as.
    pub(super) fn new(data_type: &DataType) -> Result<Self, String> {
        let builder = Builder::new(data_type);
        let builder = builder.ok_or_else(|| format!("values of SQLite are not read as {}", type_name(data_type)))?;
        Ok(Self { builder, data_type: data_type.clone() })
    }

    pub(super) fn push_null(&mut self) {
        self.builder.push_null();
    }

    pub(super) fn finish(&mut self) -> ArrayRef {
        self.builder.finish()
    }

    /// Adds a value; for one that does not fit, null.
    ///
    /// # Errors
    /// With the reason why it does not fit, without the column's name.
    pub(super) fn push(&mut self, value: ValueRef<'_>) -> Result<(), String> {
        let taken = if matches!(value, ValueRef::Null) { None } else { Some(self.take(value)) };
        match taken {
            Some(Ok(())) => Ok(()),
            Some(Err(reason)) => {
                self.push_null();
                let name = type_name(&self.data_type);
                Err(reason
                    .map_or_else(|| format!("{} is no {name}", shown(value)), |why| format!("{} {why}", shown(value))))
            }
            None => {
                self.push_null();
                Ok(())
            }
        }
    }

    /// Adds a value that is not null, or nothing when it does not fit.
    fn take(&mut self, value: ValueRef<'_>) -> Result<(), Option<String>> {
        match &mut self.builder {
            Builder::Boolean(b) => b.append_value(boolean(value).ok_or(None)?),
            Builder::Int16(b) => b.append_value(integer(value).and_then(|n| n.try_into().ok()).ok_or(None)?),
            Builder::Int32(b) => b.append_value(integer(value).and_then(|n| n.try_into().ok()).ok_or(None)?),
            Builder::Int64(b) => b.append_value(integer(value).ok_or(None)?),
            Builder::Float32(b) => {
                let wide = float(value)?;
                let narrow = wide as f32;
                let same = f64::from(narrow) == wide || wide.is_nan();
                b.append_value(if same { narrow } else { return Err(Some("has more digits than a float".into())) });
            }
            Builder::Float64(b) => b.append_value(float(value)?),
            Builder::Decimal(b) => {
                let DataType::Decimal128(precision, scale) = self.data_type else { return Err(None) };
                b.append_value(decimal(value, precision, scale).ok_or(None)?);
            }
            Builder::String(b) => match value {
                ValueRef::Text(text) => match std::str::from_utf8(text) {
                    Ok(text) => b.append_value(text),
                    Err(_) => return Err(Some("is no valid UTF-8".into())),
                },
                ValueRef::Integer(number) => b.append_value(number.to_string()),
                ValueRef::Real(number) => b.append_value(written(number)),
                ValueRef::Blob(_) | ValueRef::Null => return Err(None),
            },
            Builder::Binary(b) => match value {
                ValueRef::Blob(bytes) => b.append_value(bytes),
                _ => return Err(None),
            },
            Builder::Date(b) => b.append_value(date(value)?),
            Builder::Timestamp(b) => {
                let zoned = matches!(self.data_type, DataType::Timestamp(_, Some(_)));
                b.append_value(moment(value, zoned)?);
            }
        }
        Ok(())
    }
}

fn boolean(value: ValueRef<'_>) -> Option<bool> {
    match value {
        ValueRef::Integer(0) => Some(false),
        ValueRef::Integer(1) => Some(true),
        ValueRef::Text(text) if text.eq_ignore_ascii_case(b"false") => Some(false),
        ValueRef::Text(text) if text.eq_ignore_ascii_case(b"true") => Some(true),
        _ => None,
    }
}

fn integer(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Integer(number) => Some(number),
        ValueRef::Real(number) if number.fract() == 0.0 && number.abs() <= EXACT as f64 => Some(number as i64),
        // `007` is not the number 7.
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).ok()?;
            text.parse::<i64>().ok().filter(|number| number.to_string() == text)
        }
        _ => None,
    }
}

fn float(value: ValueRef<'_>) -> Result<f64, Option<String>> {
    match value {
        ValueRef::Real(number) => Ok(number),
        ValueRef::Integer(number) if number.unsigned_abs() <= EXACT.unsigned_abs() => Ok(number as f64),
        ValueRef::Integer(_) => Err(Some("has more digits than a double".into())),
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).map_err(|_| None)?;
            let number = text.parse::<f64>().ok().filter(|number| number.is_finite()).ok_or(None)?;
            let same = number.to_string() == text || written(number) == text;
            if same { Ok(number) } else { Err(Some("is not written as a double is, and might lose digits".into())) }
        }
        _ => Err(None),
    }
}

/// A number as its shortest text says it, which SQLite had it from; nothing is rounded.
fn decimal(value: ValueRef<'_>, precision: u8, scale: i8) -> Option<i128> {
    match value {
        ValueRef::Integer(number) => parse_decimal(number.to_string().as_bytes(), precision, scale),
        ValueRef::Real(number) => parse_decimal(number.to_string().as_bytes(), precision, scale),
        ValueRef::Text(text) => parse_decimal(text, precision, scale),
        _ => None,
    }
}

fn date(value: ValueRef<'_>) -> Result<i32, Option<String>> {
    match value {
        ValueRef::Text(text) if text.len() == 10 => parse_date(text).ok_or(None),
        ValueRef::Text(text) => match parse_moment(text) {
            Some(moment) if !moment.zoned && moment.micros.rem_euclid(86_400_000_000) == 0 => {
                i32::try_from(moment.micros.div_euclid(86_400_000_000)).map_err(|_| None)
            }
            Some(_) => Err(Some("has a time of day beside the date: declare the column as timestamp_ntz".into())),
            None => Err(None),
        },
        ValueRef::Integer(_) | ValueRef::Real(_) => Err(number_as_time()),
        _ => Err(None),
    }
}

fn moment(value: ValueRef<'_>, zoned: bool) -> Result<i64, Option<String>> {
    match value {
        ValueRef::Text(text) => {
            let moment = parse_moment(text).ok_or(None)?;
            if finer_than_micros(text) {
                return Err(Some("has more digits than microseconds: declare the column as string".into()));
            }
            if moment.zoned && !zoned {
                return Err(Some("has a time zone: declare the column as timestamp".into()));
            }
            // SQLite's own functions take a text without a zone for one in UTC.
            Ok(moment.micros)
        }
        ValueRef::Integer(_) | ValueRef::Real(_) => Err(number_as_time()),
        _ => Err(None),
    }
}

fn number_as_time() -> Option<String> {
    Some("is a number, which does not say what it counts: declare the column as bigint or double".into())
}

/// Whether digits other than zeros come after the sixth of a fraction.
fn finer_than_micros(text: &[u8]) -> bool {
    let Some(point) = text.iter().position(|byte| matches!(byte, b'.' | b',')) else { return false };
    text[point + 1..].iter().take_while(|byte| byte.is_ascii_digit()).skip(6).any(|digit| *digit != b'0')
}

/// A number as SQLite writes it: with a point or an exponent, and digits enough to be read back.
fn written(number: f64) -> String {
    match number {
        _ if number == f64::INFINITY => "Inf".to_owned(),
        _ if number == f64::NEG_INFINITY => "-Inf".to_owned(),
        number => format!("{number:?}"),
    }
}

/// A value for a person, with its class, cut to a readable length.
pub(super) fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "null".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => written(number),
        ValueRef::Text(bytes) => {
            let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * SHOWN)]);
            let cut: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
            let more = if text.chars().count() > SHOWN || bytes.len() > 4 * SHOWN { "…" } else { "" };
            format!("'{cut}{more}'")
        }
        ValueRef::Blob(bytes) => {
            let hex: String = bytes.iter().take(SHOWN / 2).map(|byte| format!("{byte:02x}")).collect();
            let more = if bytes.len() > SHOWN / 2 { "…" } else { "" };
            format!("x'{hex}{more}'")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(data_type: &DataType, value: ValueRef<'_>) -> Option<String> {
        Column::new(data_type).unwrap().push(value).err()
    }

    #[test]
    fn no_value_is_changed() {
        let text = |text: &'static str| ValueRef::Text(text.as_bytes());
        assert_eq!(integer(ValueRef::Real(3.0)), Some(3));
        assert_eq!(integer(ValueRef::Real(1e300)), None);
        assert_eq!(integer(text("007")), None);
        assert_eq!(integer(text("-7")), Some(-7));
        assert!(float(ValueRef::Integer((1 << 53) + 1)).is_err());
        assert_eq!(float(text("0.1")), Ok(0.1));
        assert!(float(text("0.10000000000000000001")).is_err());
        assert_eq!(decimal(ValueRef::Real(1.1), 10, 2), Some(110));
        assert_eq!(decimal(ValueRef::Real(0.1 + 0.2), 10, 2), None);
        assert_eq!(decimal(ValueRef::Real(1e20), 38, 2), Some(10_i128.pow(22)));
        assert_eq!(
            decimal(text("123456789012345678901234567890.12"), 38, 2),
            Some(12_345_678_901_234_567_890_123_456_789_012)
        );
        assert_eq!(date(text("2024-02-29 00:00:00")), Ok(19_782));
        assert!(date(text("2024-02-29 01:00:00")).is_err() && date(ValueRef::Integer(2024)).is_err());
        assert!(moment(text("2024-01-01 00:00:00.1234567"), false).is_err());
        assert!(moment(text("2024-01-01 00:00:00.1234560"), false).is_ok());
        assert!(
            moment(text("2024-01-01 00:00:00Z"), false).is_err() && moment(text("2024-01-01 00:00:00Z"), true).is_ok()
        );
        assert_eq!(boolean(ValueRef::Integer(2)), None);
    }

    #[test]
    fn reasons_name_the_value() {
        assert_eq!(reason(&DataType::Int64, ValueRef::Text(b"abc")).unwrap(), "'abc' is no bigint");
        assert_eq!(reason(&DataType::Utf8, ValueRef::Blob(&[0, 255])).unwrap(), "x'00ff' is no string");
        assert!(reason(&DataType::Utf8, ValueRef::Text(&[b'a', 255])).unwrap().ends_with("is no valid UTF-8"));
        assert_eq!(reason(&DataType::Date32, ValueRef::Null), None);
    }
}
