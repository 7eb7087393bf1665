//! Columns that grow by values as the server writes them in answers to queries: numbers and times as texts, `bit` as bytes.
//!
//! What is committed ([`super::binlog`]) comes in other forms, and is brought into this one first, so that a value is the same by
//! whichever way it comes.

use arrow_array::ArrayRef;
use arrow_schema::DataType;
use headwater_sdk::types::type_name;

use super::options::ZeroDates;
use super::types::{Form, Reading};
use crate::database::{Builder, FieldColumn};
use crate::text::number::{parse_decimal, parse_float, parse_int};
use crate::text::time::{parse_date, parse_moment};

/// Of a value that is told, this much is shown.
const SHOWN: usize = 60;
/// Of a row's value that is kept, this much.
const KEPT: usize = 4096;
/// Before the form of a geometry stands the number of its reference system.
const SRID: usize = 4;
const YEARS: &str = "is not in the years 1 to 9999";

/// A column that is being read.
pub(super) struct Column {
    reading: Reading,
    builder: Builder,
}

impl FieldColumn for Column {
    type Reading = Reading;

    fn new(reading: &Reading) -> Result<Self, String> {
        let builder = Builder::new(&reading.data_type);
        let builder = builder.ok_or_else(|| format!("{} is the type of no value", type_name(&reading.data_type)))?;
        Ok(Self { reading: reading.clone(), builder })
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), String> {
        let pushed = self.take(bytes);
        if pushed.is_err() {
            self.push_null();
        }
        pushed.map_err(|reason| {
            let (value, name) = (told(self.reading.form, bytes), type_name(&self.reading.data_type));
            reason.map_or_else(|| format!("{value} is no {name}"), |reason| format!("{value} {reason}"))
        })
    }

    fn push_null(&mut self) {
        self.builder.push_null();
    }

    fn finish(&mut self) -> Result<ArrayRef, String> {
        Ok(self.builder.finish())
    }

    fn shown(reading: &Reading, bytes: &[u8]) -> String {
        match (reading.form, &reading.data_type) {
            (Form::Bits, _) => bits(bytes).map_or_else(|| hex(bytes), |bits| bits.to_string()),
            (Form::Geometry, _) | (_, DataType::Binary) => hex(bytes),
            _ => String::from_utf8_lossy(&bytes[..bytes.len().min(KEPT)]).into_owned(),
        }
    }
}

impl Column {
    /// Adds a value, or nothing when it does not fit.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Option<String>> {
        let digits;
        let bytes = match self.reading.form {
            Form::Bits => {
                digits = bits(bytes).ok_or(None)?.to_string();
                digits.as_bytes()
            }
            Form::Geometry => bytes.get(SRID..).ok_or(None)?,
            Form::Day(ZeroDates::AsNull) if is_zero(bytes) && self.reading.data_type != DataType::Utf8 => {
                self.builder.push_null();
                return Ok(());
            }
            _ => bytes,
        };
        match &mut self.builder {
            Builder::Boolean(b) => b.append_value(match bytes {
                b"0" => false,
                b"1" => true,
                _ => return Err(None),
            }),
            Builder::Int16(b) => b.append_value(parse_int(bytes).and_then(|n| n.try_into().ok()).ok_or(None)?),
            Builder::Int32(b) => b.append_value(parse_int(bytes).and_then(|n| n.try_into().ok()).ok_or(None)?),
            Builder::Int64(b) => b.append_value(parse_int(bytes).ok_or(None)?),
            Builder::Float32(b) => b.append_value(parse_float(bytes).ok_or(None)? as f32),
            Builder::Float64(b) => b.append_value(parse_float(bytes).ok_or(None)?),
            Builder::Decimal(b) => {
                let DataType::Decimal128(precision, scale) = self.reading.data_type else { return Err(None) };
                b.append_value(parse_decimal(bytes, precision, scale).ok_or(None)?);
            }
            Builder::String(b) => match self.reading.form {
                // The shortest text that is this number and no other, by whichever way it came.
                Form::Float => b.append_value(shortest(format!("{:?}", parse_float(bytes).ok_or(None)? as f32))),
                Form::Double => b.append_value(shortest(format!("{:?}", parse_float(bytes).ok_or(None)?))),
                _ => match simdutf8::basic::from_utf8(bytes) {
                    Ok(text) => b.append_value(text),
                    Err(_) => return Err(Some("is not valid UTF-8".to_owned())),
                },
            },
            Builder::Binary(b) => b.append_value(bytes),
            Builder::Date(b) => {
                in_our_years(bytes)?;
                b.append_value(parse_date(bytes).ok_or(None)?);
            }
            Builder::Timestamp(b) => {
                in_our_years(bytes)?;
                b.append_value(parse_moment(bytes).ok_or(None)?.micros);
            }
        }
        Ok(())
    }
}

/// A number without a fraction is written without a point.
fn shortest(text: String) -> String {
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

fn in_our_years(bytes: &[u8]) -> Result<(), Option<String>> {
    if bytes.starts_with(b"0000-") && !bytes.starts_with(b"0000-00-00") { Err(Some(YEARS.to_owned())) } else { Ok(()) }
}

/// Whether a date is zero throughout. (Others may have a month or a day of zero, which are no dates either, but say something.)
fn is_zero(bytes: &[u8]) -> bool {
    bytes.starts_with(b"0000-00-00") && bytes[10..].iter().all(|byte| matches!(byte, b'0' | b' ' | b':' | b'.'))
}

/// The number that a `bit` is: its bytes, the most significant first.
fn bits(bytes: &[u8]) -> Option<u64> {
    (bytes.len() <= 8).then(|| bytes.iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte)))
}

/// A value for a message.
fn told(form: Form, bytes: &[u8]) -> String {
    if form == Form::Bits {
        return bits(bytes).map_or_else(|| hex(bytes), |bits| bits.to_string());
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        let more = if bytes.len() > SHOWN / 2 { "…" } else { "" };
        return format!("{}{more}", hex(&bytes[..bytes.len().min(SHOWN / 2)]));
    };
    let cut: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    let more = if text.chars().nth(SHOWN).is_some() { "…" } else { "" };
    format!("'{cut}{more}'")
}

/// Bytes as the server writes them, a part of them if they are many.
fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().take(KEPT / 2).map(|byte| format!("{byte:02x}")).collect();
    format!("x'{digits}'")
}

#[cfg(test)]
mod tests {
    use arrow_schema::TimeUnit;

    use super::*;

    fn reason(data_type: DataType, form: Form, bytes: &[u8]) -> Option<String> {
        Column::new(&Reading { data_type, form }).unwrap().push(bytes).err()
    }

    #[test]
    fn values_that_do_not_fit_are_told() {
        let day = Form::Day(ZeroDates::Reject);
        let clock = DataType::Timestamp(TimeUnit::Microsecond, None);
        assert_eq!(reason(DataType::Date32, day, b"0000-00-00").unwrap(), "'0000-00-00' is no date");
        assert_eq!(reason(DataType::Date32, day, b"2024-02-31").unwrap(), "'2024-02-31' is no date");
        assert_eq!(reason(DataType::Date32, day, b"0000-05-01").unwrap(), format!("'0000-05-01' {YEARS}"));
        assert_eq!(reason(clock.clone(), Form::Day(ZeroDates::AsNull), b"0000-00-00 00:00:00.000"), None);
        assert!(reason(clock, Form::Day(ZeroDates::AsNull), b"2024-00-01 00:00:00").is_some());
        assert_eq!(reason(DataType::Boolean, Form::Plain, b"2").unwrap(), "'2' is no boolean");
        assert_eq!(reason(DataType::Boolean, Form::Bits, &[1]), None);
        assert_eq!(reason(DataType::Utf8, Form::Plain, &[b'a', 255]).unwrap(), "x'61ff' is not valid UTF-8");
        assert_eq!(
            reason(DataType::Int64, Form::Plain, b"9223372036854775808").unwrap(),
            "'9223372036854775808' is no bigint"
        );
    }

    #[test]
    fn zero_dates_are_null_only_where_they_are_zero_throughout() {
        assert!(is_zero(b"0000-00-00") && is_zero(b"0000-00-00 00:00:00.000000"));
        assert!(!is_zero(b"0000-00-00 00:00:01") && !is_zero(b"0000-00-01"));
    }
}
