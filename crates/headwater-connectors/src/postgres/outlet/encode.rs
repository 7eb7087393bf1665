//! Rows of the lake in PostgreSQL's binary COPY format (PostgreSQL, "COPY", "Binary Format"): every value with its length before it.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_json::writer::NullableEncoder;
use arrow_schema::{DataType, FieldRef};
use bytes::{BufMut, BytesMut};
use headwater_sdk::Result;

use super::super::numeric::from_decimal;
use super::columns::element_oid;
use crate::delivered::json_encoder;

/// What every stream of rows begins with: the signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What it ends with, in place of a number of fields.
const TRAILER: i16 = -1;
/// Days from 1970-01-01 to 2000-01-01, from where PostgreSQL counts.
const DAYS: i32 = 10_957;
/// Microseconds in between.
const MICROS: i64 = DAYS as i64 * 86_400_000_000;

/// Begins a stream of rows.
pub(super) fn begin(out: &mut BytesMut) {
    out.put_slice(HEADER);
}

/// Ends it.
pub(super) fn end(out: &mut BytesMut) {
    out.put_i16(TRAILER);
}

/// Why a value cannot be sent.
pub(super) type Refusal = String;

/// The rows of a batch, column by column.
pub(super) struct Encoder<'a> {
    columns: Vec<Column<'a>>,
}

impl<'a> Encoder<'a> {
    /// Of a batch.
    ///
    /// # Errors
    /// When a column has a type that nothing is known of: a defect.
    pub(super) fn new(rows: &'a RecordBatch) -> Result<Self> {
        let schema = rows.schema_ref();
        let columns = schema.fields().iter().zip(rows.columns()).map(|(field, array)| Column::new(field, array));
        Ok(Self { columns: columns.collect::<Result<_>>()? })
    }

    /// Writes a row: its place, what is to be done with it, and its values. What was written of a row that is refused is taken back.
    ///
    /// # Errors
    /// The reason why PostgreSQL has no such value.
    pub(super) fn row(&mut self, row: usize, place: i64, operation: i8, out: &mut BytesMut) -> Result<(), Refusal> {
        let start = out.len();
        out.put_i16(self.columns.len() as i16 + 2);
        out.put_i32(8);
        out.put_i64(place);
        out.put_i32(2);
        out.put_i16(i16::from(operation));
        for column in &mut self.columns {
            if let Err(reason) = column.write(row, out) {
                out.truncate(start);
                return Err(format!("column '{}': {reason}", column.name));
            }
        }
        Ok(())
    }
}

struct Column<'a> {
    name: &'a str,
    array: &'a ArrayRef,
    values: Values<'a>,
}

enum Values<'a> {
    /// As the array's type says.
    Plain,
    /// An array of PostgreSQL, with the number of its elements' type.
    List { element: u32 },
    /// As `jsonb`.
    Json(NullableEncoder<'a>),
}

impl<'a> Column<'a> {
    fn new(field: &'a FieldRef, array: &'a ArrayRef) -> Result<Self> {
        let values = match field.data_type() {
            DataType::List(element) => match element_oid(element.data_type()) {
                Some(oid) => Values::List { element: oid },
                None => Values::Json(json_encoder(field, array)?),
            },
            nested if nested.is_nested() => Values::Json(json_encoder(field, array)?),
            _ => Values::Plain,
        };
        Ok(Self { name: field.name(), array, values })
    }

    fn write(&mut self, row: usize, out: &mut BytesMut) -> Result<(), Refusal> {
        if self.array.is_null(row) {
            out.put_i32(-1);
            return Ok(());
        }
        match &mut self.values {
            Values::Plain => plain(self.array, row, out),
            Values::List { element } => list(self.array, row, *element, out),
            Values::Json(encoder) => sized(out, |out| {
                // The version of the form.
                out.put_u8(1);
                let mut text = Vec::new();
                encoder.encode(row, &mut text);
                if text.windows(6).any(|part| part == b"\\u0000") {
                    return Err(NO_ZERO.to_owned());
                }
                out.put_slice(&text);
                Ok(())
            }),
        }
    }
}

const NO_ZERO: &str = "PostgreSQL's texts cannot hold the character U+0000";

/// Writes a value behind its length.
fn sized(out: &mut BytesMut, write: impl FnOnce(&mut BytesMut) -> Result<(), Refusal>) -> Result<(), Refusal> {
    let start = out.len();
    out.put_i32(0);
    write(out)?;
    let length = i32::try_from(out.len() - start - 4).map_err(|_| "the value has more than 2 GiB".to_owned())?;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

fn plain(array: &ArrayRef, row: usize, out: &mut BytesMut) -> Result<(), Refusal> {
    match array.data_type() {
        DataType::Null => out.put_i32(-1),
        DataType::Boolean => {
            out.put_i32(1);
            out.put_u8(u8::from(array.as_boolean().value(row)));
        }
        DataType::Int8 => {
            out.put_i32(2);
            out.put_i16(i16::from(array.as_primitive::<Int8Type>().value(row)));
        }
        DataType::Int16 => {
            out.put_i32(2);
            out.put_i16(array.as_primitive::<Int16Type>().value(row));
        }
        DataType::Int32 => {
            out.put_i32(4);
            out.put_i32(array.as_primitive::<Int32Type>().value(row));
        }
        DataType::Int64 => {
            out.put_i32(8);
            out.put_i64(array.as_primitive::<Int64Type>().value(row));
        }
        DataType::Float32 => {
            out.put_i32(4);
            out.put_f32(array.as_primitive::<Float32Type>().value(row));
        }
        DataType::Float64 => {
            out.put_i32(8);
            out.put_f64(array.as_primitive::<Float64Type>().value(row));
        }
        DataType::Decimal128(_, scale) => {
            let value = array.as_primitive::<Decimal128Type>().value(row);
            return sized(out, |out| {
                from_decimal(value, *scale, out);
                Ok(())
            });
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let text = text_at(array, row);
            if memchr::memchr(0, text.as_bytes()).is_some() {
                return Err(NO_ZERO.to_owned());
            }
            return sized(out, |out| {
                out.put_slice(text.as_bytes());
                Ok(())
            });
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            let bytes = match array.data_type() {
                DataType::Binary => array.as_binary::<i32>().value(row),
                DataType::LargeBinary => array.as_binary::<i64>().value(row),
                _ => array.as_binary_view().value(row),
            };
            return sized(out, |out| {
                out.put_slice(bytes);
                Ok(())
            });
        }
        DataType::Date32 => {
            let days = array.as_primitive::<Date32Type>().value(row).checked_sub(DAYS);
            out.put_i32(4);
            out.put_i32(days.ok_or("the date is out of PostgreSQL's range")?);
        }
        DataType::Timestamp(..) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(row).checked_sub(MICROS);
            out.put_i32(8);
            out.put_i64(micros.ok_or("the time is out of PostgreSQL's range")?);
        }
        other => return Err(format!("a value of type {other} cannot be sent")),
    }
    Ok(())
}

fn text_at(array: &ArrayRef, row: usize) -> &str {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row),
        _ => array.as_string_view().value(row),
    }
}

/// An array of one dimension: the number of dimensions, whether there are nulls, the type, the length, the first index, then values.
fn list(array: &ArrayRef, row: usize, element: u32, out: &mut BytesMut) -> Result<(), Refusal> {
    let items = array.as_list::<i32>().value(row);
    sized(out, |out| {
        out.put_i32(i32::from(!items.is_empty()));
        out.put_i32(i32::from(items.null_count() > 0));
        out.put_u32(element);
        if items.is_empty() {
            return Ok(());
        }
        out.put_i32(i32::try_from(items.len()).map_err(|_| "the list is too long".to_owned())?);
        out.put_i32(1);
        for item in 0..items.len() {
            match items.is_null(item) {
                true => out.put_i32(-1),
                false => plain(&items, item, out)?,
            }
        }
        Ok(())
    })
}
