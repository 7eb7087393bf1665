//! Hashes of rows, by which a change is told.
//!
//! A hash is of the columns' names and values; a column that is null goes into none, so that a new column without values
//! changes nothing. Numbers hash alike whatever their width. Both sides of a comparison are hashed when they are compared:
//! nothing depends on how an earlier version of this program did it.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};

/// One hash for each row of some columns, all of the same length.
///
/// # Errors
/// When values of a column's type cannot be told apart.
pub(in crate::stage) fn hashes(columns: &[(&str, &ArrayRef)], rows: usize) -> Result<Vec<u128>, ArrowError> {
    if columns.is_empty() {
        return Ok(vec![0; rows]);
    }
    // The order in which columns stand does not count.
    let mut columns = columns.to_vec();
    columns.sort_unstable_by_key(|(name, _)| *name);
    let encoders = columns.iter().map(|(name, column)| Encoder::new(name, column)).collect::<Result<Vec<_>, _>>()?;
    let mut bytes = Vec::new();
    let hash = |row| {
        bytes.clear();
        for encoder in &encoders {
            encoder.encode(row, &mut bytes);
        }
        let mut half = [0; 16];
        half.copy_from_slice(&blake3::hash(&bytes).as_bytes()[..16]);
        u128::from_be_bytes(half)
    };
    Ok((0..rows).map(hash).collect())
}

/// Writes a column's values as bytes.
struct Encoder<'a> {
    name: [u8; 8],
    column: &'a ArrayRef,
    write: Writer<'a>,
}

impl<'a> Encoder<'a> {
    fn new(name: &str, column: &'a ArrayRef) -> Result<Self, ArrowError> {
        let mut short = [0; 8];
        short.copy_from_slice(&blake3::hash(name.as_bytes()).as_bytes()[..8]);
        Ok(Self { name: short, column, write: writer(column)? })
    }

    fn encode(&self, row: usize, bytes: &mut Vec<u8>) {
        if self.column.is_valid(row) {
            bytes.extend_from_slice(&self.name);
            (self.write)(row, bytes);
        }
    }
}

type Writer<'a> = Box<dyn Fn(usize, &mut Vec<u8>) + 'a>;

fn writer(column: &ArrayRef) -> Result<Writer<'_>, ArrowError> {
    fn whole<'a>(number: impl Fn(usize) -> i64 + 'a) -> Writer<'a> {
        Box::new(move |row, bytes| bytes.extend_from_slice(&number(row).to_le_bytes()))
    }
    fn real<'a>(number: impl Fn(usize) -> f64 + 'a) -> Writer<'a> {
        Box::new(move |row, bytes| {
            let number = number(row);
            // The two zeros are one value, and so is all that is no number.
            let plain = if number == 0.0 {
                0.0
            } else if number.is_nan() {
                f64::NAN
            } else {
                number
            };
            bytes.extend_from_slice(&plain.to_bits().to_le_bytes());
        })
    }
    fn text<'a, T: AsRef<[u8]> + 'a>(value: impl Fn(usize) -> T + 'a) -> Writer<'a> {
        Box::new(move |row, bytes| {
            let value = value(row);
            let value = value.as_ref();
            bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
            bytes.extend_from_slice(value);
        })
    }
    macro_rules! integers {
        ($type:ty) => {{
            let values = column.as_primitive::<$type>();
            whole(move |row| i64::from(values.value(row)))
        }};
    }
    Ok(match column.data_type() {
        DataType::Boolean => {
            let values = column.as_boolean();
            whole(move |row| i64::from(values.value(row)))
        }
        DataType::Int8 => integers!(Int8Type),
        DataType::Int16 => integers!(Int16Type),
        DataType::Int32 => integers!(Int32Type),
        DataType::Int64 => integers!(Int64Type),
        DataType::Date32 => integers!(Date32Type),
        DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, _) => integers!(TimestampMicrosecondType),
        DataType::Float32 => {
            let values = column.as_primitive::<Float32Type>();
            real(move |row| f64::from(values.value(row)))
        }
        DataType::Float64 => {
            let values = column.as_primitive::<Float64Type>();
            real(move |row| values.value(row))
        }
        DataType::Decimal128(_, scale) => {
            let (values, scale) = (column.as_primitive::<Decimal128Type>(), *scale);
            Box::new(move |row, bytes| {
                bytes.extend_from_slice(&scale.to_le_bytes());
                bytes.extend_from_slice(&values.value(row).to_le_bytes());
            })
        }
        DataType::Utf8View => {
            let values = column.as_string_view();
            text(move |row| values.value(row))
        }
        DataType::BinaryView => {
            let values = column.as_binary_view();
            text(move |row| values.value(row))
        }
        // Nested values, as they are sorted.
        other => {
            let converter = RowConverter::new(vec![SortField::new(other.clone())])?;
            let rows = converter.convert_columns(std::slice::from_ref(column))?;
            Box::new(move |row, bytes| {
                let value = rows.row(row);
                bytes.extend_from_slice(&(value.data().len() as u64).to_le_bytes());
                bytes.extend_from_slice(value.data());
            })
        }
    })
}
