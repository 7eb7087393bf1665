//! One column of a table being read from text.

use std::sync::Arc;

use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{ArrowError, DataType, TimeUnit};

use super::nested::{Lists, Structs};
use super::primitive::{Booleans, Primitive};
use super::text::Texts;
use super::{Cells, Flaw, Value, shown};
use crate::text::NumberFormat;
use crate::text::number::{parse_decimal, parse_float, parse_plain_float, parse_plain_whole, parse_whole};
use crate::text::time::{Moment, parse_date, parse_date_as, parse_moment, parse_moment_as};

/// How texts are read, beside their types.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// `strftime` format of timestamps; `None` for ISO 8601.
    pub(crate) timestamp_format: Option<Arc<str>>,
    /// `strftime` format of dates; `None` for ISO 8601.
    pub(crate) date_format: Option<Arc<str>>,
    /// Whether a key of a JSON object that no column or field stands for is left out instead of being a flaw.
    pub(crate) ignore_unknown_keys: bool,
    /// Whether a value alone is what a list of one value looks like (XML): it says nothing of whether others have several.
    pub(crate) lone_items: bool,
    /// Whether ISO 8601 is read beside the declared formats: files whose cells hold dates give them so.
    pub(crate) also_iso: bool,
    /// How numbers are written; `None` for digits with a point.
    pub(crate) numbers: Option<Arc<NumberFormat>>,
}

impl Reading {
    /// The moment in a text.
    #[inline]
    pub(super) fn moment(&self, text: &[u8]) -> Option<Moment> {
        match &self.timestamp_format {
            None => parse_moment(text),
            Some(format) => {
                parse_moment_as(format, text).or_else(|| if self.also_iso { parse_moment(text) } else { None })
            }
        }
    }

    /// The day in a text, in days since 1970-01-01.
    #[inline]
    pub(super) fn date(&self, text: &[u8]) -> Option<i32> {
        match &self.date_format {
            None => parse_date(text),
            Some(format) => parse_date_as(format, text).or_else(|| if self.also_iso { parse_date(text) } else { None }),
        }
    }
}

/// The values of a column, being collected.
#[derive(Debug)]
pub(crate) enum Column {
    Boolean(Booleans),
    Int8(Primitive<Int8Type>),
    Int16(Primitive<Int16Type>),
    Int32(Primitive<Int32Type>),
    Int64(Primitive<Int64Type>),
    /// Of an inferred type: numbers that are written as a number is, so that none loses a leading zero or a digit.
    PlainInt64(Primitive<Int64Type>),
    Float32(Primitive<Float32Type>),
    Float64(Primitive<Float64Type>),
    /// As [`Self::PlainInt64`].
    PlainFloat64(Primitive<Float64Type>),
    Decimal(Primitive<Decimal128Type>, u8, i8),
    String(Texts),
    Binary(Texts),
    Date(Primitive<Date32Type>, Reading),
    Timestamp(Primitive<TimestampMicrosecondType>, Option<Arc<str>>, Reading),
    Struct(Box<Structs>),
    List(Box<Lists>),
    /// Numbers in a form of their own, and room for the form that programs write.
    Formatted(Box<Column>, Arc<NumberFormat>, Vec<u8>),
}

/// The timestamp in a text: an instant for a column in UTC (a text without a zone is taken as UTC), wall-clock time for
/// others (a text with a zone is refused: dropping the zone would change its meaning).
#[inline]
fn timestamp(text: &[u8], utc: bool, reading: &Reading) -> Option<i64> {
    let Moment { micros, zoned } = reading.moment(text)?;
    (utc || !zoned).then_some(micros)
}

fn float32(text: &[u8]) -> Option<f32> {
    let value: f32 = std::str::from_utf8(text.trim_ascii()).ok()?.parse().ok()?;
    // A number that is too large is none, and not without end.
    (!value.is_infinite() || !text.iter().any(u8::is_ascii_digit)).then_some(value)
}

fn narrow<T: TryFrom<i64>>(text: &[u8]) -> Option<T> {
    parse_whole(text).and_then(|value| T::try_from(value).ok())
}

impl Column {
    /// A column of a lake type; `None` when its values have no text form that this connector reads.
    pub(crate) fn new(data_type: &DataType, reading: &Reading) -> Option<Self> {
        Self::plain(data_type, reading).map(|column| column.formatted(data_type, reading))
    }

    /// The column, where its texts are numbers in a form of their own.
    fn formatted(self, data_type: &DataType, reading: &Reading) -> Self {
        match &reading.numbers {
            Some(format) if data_type.is_numeric() => Self::Formatted(Box::new(self), Arc::clone(format), Vec::new()),
            _ => self,
        }
    }

    fn plain(data_type: &DataType, reading: &Reading) -> Option<Self> {
        Some(match data_type {
            DataType::Boolean => Self::Boolean(Booleans::new()),
            DataType::Int8 => Self::Int8(Primitive::new()),
            DataType::Int16 => Self::Int16(Primitive::new()),
            DataType::Int32 => Self::Int32(Primitive::new()),
            DataType::Int64 => Self::Int64(Primitive::new()),
            DataType::Float32 => Self::Float32(Primitive::new()),
            DataType::Float64 => Self::Float64(Primitive::new()),
            DataType::Decimal128(precision, scale) => Self::Decimal(Primitive::new(), *precision, *scale),
            DataType::Utf8 => Self::String(Texts::new()),
            DataType::Binary => Self::Binary(Texts::new()),
            DataType::Date32 => Self::Date(Primitive::new(), reading.clone()),
            DataType::Timestamp(TimeUnit::Microsecond, zone) => {
                Self::Timestamp(Primitive::new(), zone.clone(), reading.clone())
            }
            DataType::Struct(fields) => Self::Struct(Box::new(Structs::new(fields, reading)?)),
            DataType::List(item) => Self::List(Box::new(Lists::new(item, reading)?)),
            _ => return None,
        })
    }

    /// A column of a type that was inferred: no text is taken that the type's values do not stand for, digit by digit.
    pub(crate) fn inferred(data_type: &DataType, reading: &Reading) -> Option<Self> {
        let column = match data_type {
            DataType::Int64 => Self::PlainInt64(Primitive::new()),
            DataType::Float64 => Self::PlainFloat64(Primitive::new()),
            other => return Self::new(other, reading),
        };
        Some(column.formatted(data_type, reading))
    }

    /// Takes one value. On a flaw a null is stored, so that columns stay equally long.
    pub(crate) fn push(&mut self, value: Value<'_>) -> Result<(), Flaw> {
        match self {
            Self::Boolean(column) => column.push(value),
            Self::Int8(column) => column.push(value, narrow),
            Self::Int16(column) => column.push(value, narrow),
            Self::Int32(column) => column.push(value, narrow),
            Self::Int64(column) => column.push(value, parse_whole),
            Self::PlainInt64(column) => column.push(value, parse_plain_whole),
            Self::Float32(column) => column.push(value, float32),
            Self::Float64(column) => column.push(value, parse_float),
            Self::PlainFloat64(column) => column.push(value, parse_plain_float),
            Self::Decimal(column, p, s) => column.push(value, |text| parse_decimal(text, *p, *s)),
            Self::String(column) | Self::Binary(column) => column.push(value),
            Self::Date(column, reading) => column.push(value, |text| reading.date(text)),
            Self::Timestamp(column, zone, reading) => {
                column.push(value, |text| timestamp(text, zone.is_some(), reading))
            }
            Self::Struct(column) => column.push(value),
            Self::List(column) => column.push(value),
            Self::Formatted(column, format, plain) => match value {
                Value::Text(text) if !text.is_empty() => {
                    let is_number = format.plain(text, plain).is_some();
                    let taken = column.push(if is_number { Value::Text(plain) } else { Value::Null });
                    // What is told is what the file says.
                    if is_number && taken.is_ok() { Ok(()) } else { Err(Flaw::NotOfType(shown(text))) }
                }
                other => column.push(other),
            },
        }
    }

    /// Takes the values of many rows, and tells `bad` of each that was not taken.
    pub(crate) fn fill<C: Cells>(&mut self, cells: &C, scratch: &mut Vec<u8>, bad: &mut dyn FnMut(usize, Flaw)) {
        match self {
            Self::Int16(column) => column.fill(cells, scratch, bad, narrow),
            Self::Int32(column) => column.fill(cells, scratch, bad, narrow),
            Self::Int64(column) => column.fill(cells, scratch, bad, parse_whole),
            Self::PlainInt64(column) => column.fill(cells, scratch, bad, parse_plain_whole),
            Self::Float64(column) => column.fill(cells, scratch, bad, parse_float),
            Self::PlainFloat64(column) => column.fill(cells, scratch, bad, parse_plain_float),
            Self::Decimal(column, p, s) => column.fill(cells, scratch, bad, |text| parse_decimal(text, *p, *s)),
            Self::String(column) | Self::Binary(column) => column.fill(cells, scratch, bad),
            Self::Date(column, reading) => column.fill(cells, scratch, bad, |text| reading.date(text)),
            Self::Timestamp(column, zone, reading) => {
                column.fill(cells, scratch, bad, |text| timestamp(text, zone.is_some(), reading));
            }
            other => {
                for row in 0..cells.rows() {
                    if let Err(flaw) = other.push(cells.value(row, scratch)) {
                        bad(row, flaw);
                    }
                }
            }
        }
    }

    /// Stores nulls for rows of a file that does not have the column.
    pub(crate) fn push_nulls(&mut self, rows: usize) {
        for _ in 0..rows {
            // A null is a value of every type.
            let _always_taken = self.push(Value::Null);
        }
    }

    /// Whether the value of a row is null.
    pub(crate) fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Boolean(column) => column.is_null(row),
            Self::Int8(column) => column.is_null(row),
            Self::Int16(column) => column.is_null(row),
            Self::Int32(column) => column.is_null(row),
            Self::Int64(column) | Self::PlainInt64(column) => column.is_null(row),
            Self::Float32(column) => column.is_null(row),
            Self::Float64(column) | Self::PlainFloat64(column) => column.is_null(row),
            Self::Decimal(column, ..) => column.is_null(row),
            Self::String(column) | Self::Binary(column) => column.is_null(row),
            Self::Date(column, _) => column.is_null(row),
            Self::Timestamp(column, ..) => column.is_null(row),
            Self::Struct(column) => column.is_null(row),
            Self::List(column) => column.is_null(row),
            Self::Formatted(column, ..) => column.is_null(row),
        }
    }

    /// Bytes of text collected, where a column can grow beyond its number of rows.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::String(column) | Self::Binary(column) => column.size(),
            Self::Struct(column) => column.size(),
            Self::List(column) => column.size(),
            _ => 0,
        }
    }

    /// Values in nested objects that were left out so far, as no field stands for their keys.
    pub(crate) fn left_out(&self) -> u64 {
        match self {
            Self::Struct(column) => column.left_out(),
            Self::List(column) => column.left_out(),
            _ => 0,
        }
    }

    /// The array of the values collected; the column is then empty.
    ///
    /// # Errors
    /// When a string column was given bytes that are not UTF-8.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Boolean(column) => column.finish(),
            Self::Int8(column) => Arc::new(column.finish()),
            Self::Int16(column) => Arc::new(column.finish()),
            Self::Int32(column) => Arc::new(column.finish()),
            Self::Int64(column) | Self::PlainInt64(column) => Arc::new(column.finish()),
            Self::Float32(column) => Arc::new(column.finish()),
            Self::Float64(column) | Self::PlainFloat64(column) => Arc::new(column.finish()),
            Self::Decimal(column, p, s) => Arc::new(column.finish().with_precision_and_scale(*p, *s)?),
            Self::String(column) => column.finish_strings()?,
            Self::Binary(column) => column.finish_bytes()?,
            Self::Date(column, _) => Arc::new(column.finish()),
            Self::Timestamp(column, zone, _) => Arc::new(column.finish().with_timezone_opt(zone.clone())),
            Self::Struct(column) => column.finish()?,
            Self::List(column) => column.finish()?,
            Self::Formatted(column, ..) => return column.finish(),
        })
    }

    /// Whether a value would be taken.
    pub(crate) fn takes(&mut self, value: Value<'_>) -> bool {
        let taken = self.push(value).is_ok();
        if self.size() > 1 << 20 {
            // Only the answer counts: what was collected on the way is dropped.
            drop(self.finish().map(|array| array.len()));
        }
        taken
    }
}
