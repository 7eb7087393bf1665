//! Rows of the lake as constants of SQL, for sessions whose `sql_mode` lets `\` escape.

use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, DecimalType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_json::writer::NullableEncoder;
use arrow_schema::DataType;
use headwater_sdk::Result;

use crate::delivered::json_encoder;
use crate::text::time::civil;

/// Why a value cannot be sent.
pub(super) type Refusal = String;

const DAY_MICROS: i64 = 86_400_000_000;

/// The rows of a batch, column by column.
pub(super) struct Encoder<'a> {
    columns: Vec<Column<'a>>,
}

struct Column<'a> {
    name: &'a str,
    array: &'a ArrayRef,
    /// Of nested values.
    json: Option<NullableEncoder<'a>>,
}

impl<'a> Encoder<'a> {
    /// Of a batch.
    ///
    /// # Errors
    /// When a column has a type that nothing is known of: a defect.
    pub(super) fn new(rows: &'a RecordBatch) -> Result<Self> {
        let schema = rows.schema_ref();
        let columns = schema.fields().iter().zip(rows.columns()).map(|(field, array)| {
            let json = field.data_type().is_nested().then(|| json_encoder(field, array)).transpose()?;
            Ok(Column { name: field.name(), array, json })
        });
        Ok(Self { columns: columns.collect::<Result<_>>()? })
    }

    /// Writes a row in brackets: its place, what is to be done with it, and its values. What was written of a row that is refused is
    /// taken back.
    ///
    /// # Errors
    /// The reason why the database has no such value.
    pub(super) fn row(&mut self, row: usize, place: i64, operation: i8, out: &mut Vec<u8>) -> Result<(), Refusal> {
        let start = out.len();
        put(out, format_args!("({place},{operation}"));
        for column in &mut self.columns {
            out.push(b',');
            if let Err(reason) = column.write(row, out) {
                out.truncate(start);
                return Err(format!("column '{}': {reason}", column.name));
            }
        }
        out.push(b')');
        Ok(())
    }
}

impl Column<'_> {
    fn write(&mut self, row: usize, out: &mut Vec<u8>) -> Result<(), Refusal> {
        if self.array.is_null(row) {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        match &mut self.json {
            None => plain(self.array, row, out),
            Some(encoder) => {
                let mut text = Vec::new();
                encoder.encode(row, &mut text);
                quoted(&text, out);
                Ok(())
            }
        }
    }
}

/// Writes to memory, which cannot fail.
fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    let _infallible = out.write_fmt(text);
}

fn plain(array: &ArrayRef, row: usize, out: &mut Vec<u8>) -> Result<(), Refusal> {
    match array.data_type() {
        DataType::Null => out.extend_from_slice(b"null"),
        DataType::Boolean => out.push(if array.as_boolean().value(row) { b'1' } else { b'0' }),
        DataType::Int8 => put(out, format_args!("{}", array.as_primitive::<Int8Type>().value(row))),
        DataType::Int16 => put(out, format_args!("{}", array.as_primitive::<Int16Type>().value(row))),
        DataType::Int32 => put(out, format_args!("{}", array.as_primitive::<Int32Type>().value(row))),
        DataType::Int64 => put(out, format_args!("{}", array.as_primitive::<Int64Type>().value(row))),
        DataType::Float32 => double(f64::from(array.as_primitive::<Float32Type>().value(row)), out)?,
        DataType::Float64 => double(array.as_primitive::<Float64Type>().value(row), out)?,
        DataType::Decimal128(precision, scale) => {
            let value = array.as_primitive::<Decimal128Type>().value(row);
            let text = Decimal128Type::format_decimal(value, *precision, *scale);
            // What is text there has to be text here, or it would lose digits behind the point.
            match super::columns::is_text(array.data_type()) {
                true => quoted(text.as_bytes(), out),
                false => out.extend_from_slice(text.as_bytes()),
            }
        }
        DataType::Utf8 => quoted(array.as_string::<i32>().value(row).as_bytes(), out),
        DataType::LargeUtf8 => quoted(array.as_string::<i64>().value(row).as_bytes(), out),
        DataType::Utf8View => quoted(array.as_string_view().value(row).as_bytes(), out),
        DataType::Binary => hexadecimal(array.as_binary::<i32>().value(row), out),
        DataType::LargeBinary => hexadecimal(array.as_binary::<i64>().value(row), out),
        DataType::BinaryView => hexadecimal(array.as_binary_view().value(row), out),
        DataType::Date32 => {
            out.push(b'\'');
            day(array.as_primitive::<Date32Type>().value(row), out)?;
            out.push(b'\'');
        }
        DataType::Timestamp(..) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
            let (days, rest) = (micros.div_euclid(DAY_MICROS), micros.rem_euclid(DAY_MICROS));
            let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
            out.push(b'\'');
            day(i32::try_from(days).map_err(|_| OUT_OF_RANGE.to_owned())?, out)?;
            let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
            put(out, format_args!(" {hours:02}:{minutes:02}:{:02}.{fraction:06}'", seconds % 60));
        }
        other => return Err(format!("a value of type {other} cannot be sent")),
    }
    Ok(())
}

const OUT_OF_RANGE: &str = "the date is not in the years 1 to 9999, which are all that the database has";

/// With an exponent, so that it is no decimal.
fn double(value: f64, out: &mut Vec<u8>) -> Result<(), Refusal> {
    if !value.is_finite() {
        return Err(format!("the database has no {value}"));
    }
    put(out, format_args!("{value:e}"));
    Ok(())
}

fn day(days: i32, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let (year, month, day) = civil(days);
    if !(1..=9999).contains(&year) {
        return Err(OUT_OF_RANGE.to_owned());
    }
    put(out, format_args!("{year:04}-{month:02}-{day:02}"));
    Ok(())
}

fn quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'\'');
    let mut rest = text;
    while let Some(next) = memchr::memchr2(b'\'', b'\\', rest) {
        out.extend_from_slice(&rest[..next]);
        out.extend_from_slice(&[rest[next]; 2]);
        rest = &rest[next + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'\'');
}

fn hexadecimal(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(b"x'");
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
    out.push(b'\'');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{BinaryArray, Float64Array, StringArray, TimestampMicrosecondArray};

    use super::*;

    #[test]
    fn values_are_constants() {
        let rows = RecordBatch::try_from_iter([
            ("f", Arc::new(Float64Array::from(vec![0.1, f64::NAN, -0.0])) as ArrayRef),
            ("t", Arc::new(StringArray::from(vec![Some("it's \\"), None, Some("\0")]))),
            ("b", Arc::new(BinaryArray::from(vec![&b"\xff\0"[..], b"", b"a"]))),
            ("at", Arc::new(TimestampMicrosecondArray::from(vec![-1, 0, 1]))),
        ])
        .unwrap();
        let (mut encoder, mut out) = (Encoder::new(&rows).unwrap(), b"insert ".to_vec());
        assert!(encoder.row(1, 8, 0, &mut out).unwrap_err().contains("column 'f': the database has no NaN"));
        assert_eq!(out, b"insert ");
        out.clear();
        encoder.row(0, 7, 1, &mut out).unwrap();
        assert_eq!(out, br"(7,1,1e-1,'it''s \\',x'ff00','1969-12-31 23:59:59.999999')");
        out.clear();
        encoder.row(2, 9, 0, &mut out).unwrap();
        assert_eq!(out, b"(9,0,-0e0,'\0',x'61','1970-01-01 00:00:00.000001')");
    }
}
