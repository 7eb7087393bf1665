//! Values as bytes, so that different values, and different rows of values, never are the same bytes.
//!
//! A row is its values one after the other. A null is the byte 0. Any other value is a letter for its kind, the length of
//! what follows (8 bytes, little-endian), and the value:
//!
//! | letter | of | as |
//! | --- | --- | --- |
//! | `n` | integers and decimals of every width | decimal digits, `-` before negative ones, no zero too much: `-12.5`, `10` |
//! | `f` | `float`, `double` | the `double`'s 8 bytes, little-endian; −0 is 0, and every NaN is `7ff8000000000000` |
//! | `s` | texts | UTF-8 |
//! | `x` | `binary` | its bytes |
//! | `b` | `boolean` | the byte 0 or 1 |
//! | `d` | `date` | days since 1970-01-01, in decimal digits |
//! | `t` | `timestamp` | microseconds since 1970-01-01T00:00:00Z, in decimal digits |
//! | `w` | `timestamp_ntz` | the same, of the wall clock |
//!
//! So 1 as an `int`, a `bigint` and a `decimal` is one key, and the text `'1'` is another.

use std::io::Write;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    StringViewArray, TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use arrow::error::ArrowError;

/// A column whose values can be encoded.
pub(super) enum Encoder {
    Nulls,
    Integers(Int64Array),
    Decimals(Decimal128Array, i8),
    Floats(Float64Array),
    Texts(StringViewArray),
    Bytes(BinaryViewArray),
    Booleans(BooleanArray),
    Dates(Date32Array),
    Times(TimestampMicrosecondArray, u8),
}

/// Whether there is an encoding of a type.
pub(super) fn is_encodable(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_encodable(values),
        DataType::Decimal256(..) => false,
        DataType::Null
        | DataType::Boolean
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::Date32
        | DataType::Timestamp(..) => true,
        other => other.is_numeric(),
    }
}

impl Encoder {
    /// What encodes a column of a type that [`is_encodable`].
    pub(super) fn new(column: &ArrayRef) -> Result<Self, ArrowError> {
        let to = |data_type: DataType| cast(column, &data_type);
        Ok(match column.data_type() {
            DataType::Null => Self::Nulls,
            DataType::Dictionary(_, values) => return Self::new(&to(values.as_ref().clone())?),
            DataType::Boolean => Self::Booleans(column.as_boolean().clone()),
            DataType::UInt64 => return Self::new(&to(DataType::Decimal128(20, 0))?),
            data_type if data_type.is_integer() => {
                Self::Integers(to(DataType::Int64)?.as_primitive::<Int64Type>().clone())
            }
            data_type if data_type.is_floating() => {
                Self::Floats(to(DataType::Float64)?.as_primitive::<Float64Type>().clone())
            }
            DataType::Decimal128(_, scale) => Self::Decimals(column.as_primitive::<Decimal128Type>().clone(), *scale),
            DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
                return Self::new(&to(DataType::Decimal128(*precision, *scale))?);
            }
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                Self::Texts(to(DataType::Utf8View)?.as_string_view().clone())
            }
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
                Self::Bytes(to(DataType::BinaryView)?.as_binary_view().clone())
            }
            DataType::Date32 => Self::Dates(column.as_primitive::<Date32Type>().clone()),
            DataType::Timestamp(_, zone) => {
                let times = to(DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?;
                let letter = if zone.is_some() { b't' } else { b'w' };
                Self::Times(times.as_primitive::<TimestampMicrosecondType>().clone(), letter)
            }
            other => return Err(ArrowError::InvalidArgumentError(format!("no key is made of {other} values"))),
        })
    }

    /// Writes the value of a row, and says whether it is one.
    pub(super) fn write(&self, row: usize, out: &mut Vec<u8>) -> bool {
        let is_null = match self {
            Self::Nulls => true,
            Self::Integers(column) => column.is_null(row),
            Self::Decimals(column, _) => column.is_null(row),
            Self::Floats(column) => column.is_null(row),
            Self::Texts(column) => column.is_null(row),
            Self::Bytes(column) => column.is_null(row),
            Self::Booleans(column) => column.is_null(row),
            Self::Dates(column) => column.is_null(row),
            Self::Times(column, _) => column.is_null(row),
        };
        if is_null {
            out.push(0);
            return false;
        }
        match self {
            Self::Nulls => {}
            Self::Integers(column) => digits(b'n', column.value(row), out),
            Self::Decimals(column, scale) => framed(b'n', out, |out| decimal(column.value(row), *scale, out)),
            Self::Floats(column) => {
                let value = column.value(row);
                let bits = if value == 0.0 {
                    0
                } else if value.is_nan() {
                    0x7ff8_0000_0000_0000
                } else {
                    value.to_bits()
                };
                framed(b'f', out, |out| out.extend_from_slice(&bits.to_le_bytes()));
            }
            Self::Texts(column) => framed(b's', out, |out| out.extend_from_slice(column.value(row).as_bytes())),
            Self::Bytes(column) => framed(b'x', out, |out| out.extend_from_slice(column.value(row))),
            Self::Booleans(column) => framed(b'b', out, |out| out.push(column.value(row).into())),
            Self::Dates(column) => digits(b'd', column.value(row).into(), out),
            Self::Times(column, letter) => digits(*letter, column.value(row), out),
        }
        true
    }
}

fn digits(letter: u8, value: i64, out: &mut Vec<u8>) {
    framed(letter, out, |out| {
        // Writing into memory does not fail.
        let _ = write!(out, "{value}");
    });
}

/// A decimal as its digits, without zeros at the end of its fraction.
fn decimal(mut value: i128, mut scale: i8, out: &mut Vec<u8>) {
    while scale > 0 && value % 10 == 0 {
        (value, scale) = (value / 10, scale - 1);
    }
    let sign = if value < 0 { "-" } else { "" };
    let mut text = value.unsigned_abs().to_string();
    if scale <= 0 {
        if value != 0 {
            text.extend(std::iter::repeat_n('0', usize::from(scale.unsigned_abs())));
        }
    } else {
        let places = usize::from(scale.unsigned_abs());
        let missing = (places + 1).saturating_sub(text.len());
        text.insert_str(0, &"0".repeat(missing));
        text.insert(text.len() - places, '.');
    }
    let _ = write!(out, "{sign}{text}");
}

/// Writes a letter, the length of what is written after it, and that.
fn framed(letter: u8, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(letter);
    let length = out.len();
    out.extend_from_slice(&[0; 8]);
    let start = out.len();
    write(out);
    let written = (out.len() - start) as u64;
    out[length..start].copy_from_slice(&written.to_le_bytes());
}
