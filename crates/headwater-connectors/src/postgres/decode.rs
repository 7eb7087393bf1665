//! Columns that grow by values as PostgreSQL sends them in its binary formats (`src/backend/utils/adt`, the `…send` functions):
//! numbers big-endian, times in microseconds and dates in days since 2000-01-01.

use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder, Float64Builder,
    Int16Builder, Int32Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, ListArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field};

use super::numeric::{to_decimal, to_text};
use super::types::{Reading, Wire};
use crate::database::FieldColumn;
use crate::text::uuid;

/// Days from 1970-01-01 to 2000-01-01.
const EPOCH_DAYS: i32 = 10_957;
/// How many dimensions an array of PostgreSQL has at most.
const MOST_DIMENSIONS: i32 = 6;
/// Of a value that is shown to a person, this much.
const SHOWN_BYTES: usize = 4096;
/// The days from 0001-01-01 to 9999-12-31, of which every engine that reads Delta tables knows. PostgreSQL has more.
const DAYS: RangeInclusive<i64> = -719_162..=2_932_896;
const DAY_MICROS: i64 = 86_400_000_000;
/// Microseconds from 1970-01-01 to 2000-01-01.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// A column that is being read.
pub(super) struct Column {
    wire: Wire,
    values: Values,
}

enum Values {
    Bool(BooleanBuilder),
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    Text(StringBuilder),
    Bytes(BinaryBuilder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
    Decimal(Decimal128Builder),
    List { item: Box<Column>, lists: Ends },
}

/// Where the lists of a column end among its items.
struct Ends {
    lengths: Vec<usize>,
    valid: Vec<bool>,
    field: Arc<Field>,
}

impl FieldColumn for Column {
    type Reading = Reading;

    fn new(reading: &Reading) -> Result<Self, String> {
        Self::of(&reading.wire, &reading.data_type)
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), String> {
        if let Values::List { item, lists } = &mut self.values {
            let before = item.len();
            let pushed = push_items(item, bytes);
            // What was added of a list that has a bad item lies behind a null.
            lists.end(item.len() - before, pushed.is_ok());
            return pushed;
        }
        let pushed = self.push_one(bytes);
        if pushed.is_err() {
            self.push_null();
        }
        pushed
    }

    fn push_null(&mut self) {
        match &mut self.values {
            Values::Bool(values) => values.append_null(),
            Values::Int16(values) => values.append_null(),
            Values::Int32(values) => values.append_null(),
            Values::Int64(values) => values.append_null(),
            Values::Float32(values) => values.append_null(),
            Values::Float64(values) => values.append_null(),
            Values::Text(values) => values.append_null(),
            Values::Bytes(values) => values.append_null(),
            Values::Date(values) => values.append_null(),
            Values::Timestamp(values) => values.append_null(),
            Values::Decimal(values) => values.append_null(),
            Values::List { lists, .. } => lists.end(0, false),
        }
    }

    fn finish(&mut self) -> Result<ArrayRef, String> {
        Ok(match &mut self.values {
            Values::Bool(values) => Arc::new(values.finish()),
            Values::Int16(values) => Arc::new(values.finish()),
            Values::Int32(values) => Arc::new(values.finish()),
            Values::Int64(values) => Arc::new(values.finish()),
            Values::Float32(values) => Arc::new(values.finish()),
            Values::Float64(values) => Arc::new(values.finish()),
            Values::Text(values) => Arc::new(values.finish()),
            Values::Bytes(values) => Arc::new(values.finish()),
            Values::Date(values) => Arc::new(values.finish()),
            Values::Timestamp(values) => Arc::new(values.finish()),
            Values::Decimal(values) => Arc::new(values.finish()),
            Values::List { item, lists } => lists.finish(item.finish()?)?,
        })
    }

    fn shown(reading: &Reading, bytes: &[u8]) -> String {
        shown(&reading.wire, bytes)
    }
}

impl Column {
    fn of(wire: &Wire, data_type: &DataType) -> Result<Self, String> {
        let values = match (wire, data_type) {
            (Wire::Bool, _) => Values::Bool(BooleanBuilder::new()),
            (Wire::Int16, _) => Values::Int16(Int16Builder::new()),
            (Wire::Int32, _) => Values::Int32(Int32Builder::new()),
            (Wire::Int64, _) => Values::Int64(Int64Builder::new()),
            (Wire::Float32, _) => Values::Float32(Float32Builder::new()),
            (Wire::Float64, _) => Values::Float64(Float64Builder::new()),
            (Wire::Text | Wire::Uuid | Wire::Jsonb, _) => Values::Text(StringBuilder::new()),
            (Wire::Bytes, _) => Values::Bytes(BinaryBuilder::new()),
            (Wire::Date, _) => Values::Date(Date32Builder::new()),
            (Wire::Timestamp, DataType::Timestamp(_, zone)) => {
                Values::Timestamp(TimestampMicrosecondBuilder::new().with_timezone_opt(zone.clone()))
            }
            (Wire::Numeric(precision, scale), _) => {
                let decimals = Decimal128Builder::new().with_precision_and_scale(*precision, *scale);
                Values::Decimal(decimals.map_err(|error| error.to_string())?)
            }
            (Wire::List(item), DataType::List(field)) => {
                let lists = Ends { lengths: Vec::new(), valid: Vec::new(), field: Arc::clone(field) };
                Values::List { item: Box::new(Self::of(item, field.data_type())?), lists }
            }
            (wire, other) => return Err(format!("{wire:?} is never read as {other}")),
        };
        Ok(Self { wire: wire.clone(), values })
    }

    fn push_one(&mut self, bytes: &[u8]) -> Result<(), String> {
        match &mut self.values {
            Values::Bool(values) => values.append_value(fixed::<1>(bytes)?[0] != 0),
            Values::Int16(values) => values.append_value(i16::from_be_bytes(fixed(bytes)?)),
            Values::Int32(values) => values.append_value(i32::from_be_bytes(fixed(bytes)?)),
            Values::Int64(values) => values.append_value(i64::from_be_bytes(fixed(bytes)?)),
            Values::Float32(values) => values.append_value(f32::from_be_bytes(fixed(bytes)?)),
            Values::Float64(values) => values.append_value(f64::from_be_bytes(fixed(bytes)?)),
            Values::Text(values) => match self.wire {
                Wire::Uuid => values.append_value(uuid(fixed(bytes)?)),
                Wire::Jsonb => match bytes.split_first() {
                    Some((1, text)) => values.append_value(utf8(text)?),
                    _ => return Err("it is no jsonb of a version that is known".to_owned()),
                },
                _ => values.append_value(utf8(bytes)?),
            },
            Values::Bytes(values) => values.append_value(bytes),
            Values::Date(values) => values.append_value(date(i32::from_be_bytes(fixed(bytes)?))?),
            Values::Timestamp(values) => values.append_value(timestamp(i64::from_be_bytes(fixed(bytes)?))?),
            Values::Decimal(values) => match self.wire {
                Wire::Numeric(precision, scale) => values.append_value(to_decimal(bytes, precision, scale)?),
                _ => return Err("a decimal is read from a numeric".to_owned()),
            },
            Values::List { .. } => return Err("a list is no single value".to_owned()),
        }
        Ok(())
    }

    fn len(&self) -> usize {
        match &self.values {
            Values::Bool(values) => values.len(),
            Values::Int16(values) => values.len(),
            Values::Int32(values) => values.len(),
            Values::Int64(values) => values.len(),
            Values::Float32(values) => values.len(),
            Values::Float64(values) => values.len(),
            Values::Text(values) => values.len(),
            Values::Bytes(values) => values.len(),
            Values::Date(values) => values.len(),
            Values::Timestamp(values) => values.len(),
            Values::Decimal(values) => values.len(),
            Values::List { lists, .. } => lists.lengths.len(),
        }
    }
}

impl Ends {
    fn end(&mut self, length: usize, valid: bool) {
        self.lengths.push(length);
        self.valid.push(valid);
    }

    fn finish(&mut self, items: ArrayRef) -> Result<ArrayRef, String> {
        let offsets = OffsetBuffer::from_lengths(self.lengths.drain(..));
        let nulls = NullBuffer::from(std::mem::take(&mut self.valid));
        let lists = ListArray::try_new(Arc::clone(&self.field), offsets, items, Some(nulls));
        Ok(Arc::new(lists.map_err(|error| error.to_string())?))
    }
}

/// Adds the items of an array that is a list.
fn push_items(item: &mut Column, bytes: &[u8]) -> Result<(), String> {
    each_item(bytes, 1, |value| match value {
        None => {
            item.push_null();
            Ok(())
        }
        Some(value) => item.push(value),
    })
}

/// The items of an array: the number of its dimensions, whether there are nulls, the type of the items, length and lower bound of
/// each dimension, then every item with its length, -1 for null (`array_send`).
fn each_item(
    bytes: &[u8],
    most_dimensions: i32,
    mut take: impl FnMut(Option<&[u8]>) -> Result<(), String>,
) -> Result<(), String> {
    let mut rest = bytes;
    let cut = || "an array is cut off".to_owned();
    let next = |rest: &mut &[u8]| {
        let (number, behind) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
        *rest = behind;
        Ok::<_, String>(i32::from_be_bytes(*number))
    };
    let dimensions = next(&mut rest)?;
    let (_nulls, _of) = (next(&mut rest)?, next(&mut rest)?);
    if dimensions > most_dimensions {
        return Err(format!(
            "an array of {dimensions} dimensions is no list; a column that is declared as string takes it"
        ));
    }
    let mut count = i64::from(dimensions > 0);
    for _ in 0..dimensions {
        let (length, _lower_bound) = (next(&mut rest)?, next(&mut rest)?);
        count = count.checked_mul(i64::from(length)).ok_or_else(cut)?;
    }
    for _ in 0..count {
        let size = next(&mut rest)?;
        let value = usize::try_from(size).ok();
        let value = value.map(|size| rest.split_at_checked(size).ok_or_else(cut)).transpose()?;
        if let Some((_, behind)) = value {
            rest = behind;
        }
        take(value.map(|(value, _)| value))?;
    }
    Ok(())
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], String> {
    bytes.try_into().map_err(|_| format!("{} bytes came for a value of {N}", bytes.len()))
}

fn utf8(bytes: &[u8]) -> Result<&str, String> {
    simdutf8::basic::from_utf8(bytes).map_err(|_| "it is not valid UTF-8".to_owned())
}

fn date(days: i32) -> Result<i32, String> {
    match days {
        i32::MAX => Err("infinity is no date".to_owned()),
        i32::MIN => Err("-infinity is no date".to_owned()),
        days => within(days.checked_add(EPOCH_DAYS).filter(|days| DAYS.contains(&i64::from(*days)))),
    }
}

fn timestamp(micros: i64) -> Result<i64, String> {
    match micros {
        i64::MAX => Err("infinity is no time".to_owned()),
        i64::MIN => Err("-infinity is no time".to_owned()),
        micros => within(micros.checked_add(EPOCH_MICROS).filter(|at| DAYS.contains(&at.div_euclid(DAY_MICROS)))),
    }
}

fn within<T>(value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| "it is not in the years 1 to 9999".to_owned())
}

/// A value for a person who looks at a row that was set aside: as it would be read, and its bytes where it cannot be.
pub(super) fn shown(wire: &Wire, bytes: &[u8]) -> String {
    let text = match wire {
        Wire::Bool => fixed::<1>(bytes).map(|byte| (byte[0] != 0).to_string()),
        Wire::Int16 => fixed(bytes).map(|bytes| i16::from_be_bytes(bytes).to_string()),
        Wire::Int32 => fixed(bytes).map(|bytes| i32::from_be_bytes(bytes).to_string()),
        Wire::Int64 => fixed(bytes).map(|bytes| i64::from_be_bytes(bytes).to_string()),
        Wire::Float32 => fixed(bytes).map(|bytes| f32::from_be_bytes(bytes).to_string()),
        Wire::Float64 => fixed(bytes).map(|bytes| f64::from_be_bytes(bytes).to_string()),
        Wire::Uuid => fixed(bytes).map(uuid),
        Wire::Numeric(..) => to_text(bytes),
        Wire::Jsonb => Ok(shown_text(bytes.get(1..).unwrap_or_default())),
        // As PostgreSQL writes them, a part of them if they are long.
        Wire::Bytes => Ok(format!("\\x{}", hex(&bytes[..bytes.len().min(SHOWN_BYTES)]))),
        Wire::List(item) => shown_items(item, bytes),
        Wire::Date => fixed(bytes).map(|bytes| match i32::from_be_bytes(bytes) {
            i32::MAX => "infinity".to_owned(),
            i32::MIN => "-infinity".to_owned(),
            days => {
                let since = jiff::Span::new().try_days(days);
                let day = since.and_then(|days| jiff::civil::date(2000, 1, 1).checked_add(days));
                day.map_or_else(|_| format!("{days} days from 2000-01-01"), |day| day.to_string())
            }
        }),
        Wire::Timestamp => fixed(bytes).map(|bytes| match i64::from_be_bytes(bytes) {
            i64::MAX => "infinity".to_owned(),
            i64::MIN => "-infinity".to_owned(),
            micros => {
                let time = micros.checked_add(EPOCH_MICROS).and_then(|at| jiff::Timestamp::from_microsecond(at).ok());
                time.map_or_else(|| format!("{micros} µs from 2000-01-01"), |time| time.to_string())
            }
        }),
        Wire::Text => Ok(shown_text(bytes)),
    };
    text.unwrap_or_else(|_| hex(&bytes[..bytes.len().min(SHOWN_BYTES)]))
}

fn shown_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN_BYTES)]).into_owned()
}

/// The items of an array in their order, without its dimensions.
fn shown_items(item: &Wire, bytes: &[u8]) -> Result<String, String> {
    let mut text = String::from("{");
    each_item(bytes, MOST_DIMENSIONS, |value| {
        if text.len() < SHOWN_BYTES {
            text.push_str(if text.len() > 1 { "," } else { "" });
            text.push_str(&value.map_or_else(|| "NULL".to_owned(), |value| shown(item, value)));
        }
        Ok(())
    })?;
    Ok(text + "}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
