//! A row as a number: the same for the same values, wherever they come from.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{ArrayRef, Float32Array, Float64Array, RecordBatch};
use arrow_cast::cast::{can_cast_types, cast};
use arrow_row::{RowConverter, SortField};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use headwater_sdk::{Blame, Error, Result};

/// The ranges of keys' hashes that are summed up apart: so many that few rows have to be looked at where one differs.
pub(super) const RANGES: usize = 4096;

/// A row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RowHash {
    /// Of its key; without a key, of the whole row.
    pub(super) key: u128,
    /// Of all its values.
    pub(super) row: u128,
}

impl RowHash {
    /// The range that it is in.
    pub(super) fn range(self) -> usize {
        (self.key >> 116) as usize
    }
}

/// The columns of a table that can be compared, with plain types, and the names of those that cannot.
pub(super) fn comparable(schema: &SchemaRef) -> (SchemaRef, Vec<String>) {
    let (mut fields, mut left_out) = (Vec::new(), Vec::new());
    for field in schema.fields() {
        let data_type = plain(field.data_type());
        // Nested values are told in other words elsewhere, as JSON.
        let is_list_of_nested = matches!(&data_type, DataType::List(item) if item.data_type().is_nested());
        let is_nested = data_type.is_nested() && !matches!(data_type, DataType::List(_));
        if is_nested || is_list_of_nested || !RowConverter::supports_fields(&[SortField::new(data_type.clone())]) {
            left_out.push(field.name().clone());
        } else {
            fields.push(Field::new(field.name(), data_type, true));
        }
    }
    (Arc::new(Schema::new(fields)), left_out)
}

/// The type without views, in which the same values have the same form.
pub(super) fn plain(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
        other => other.clone(),
    }
}

/// Whether values of a type that was read are told from those of the lake's by a cast to it.
pub(super) fn is_comparable(there: &DataType, lake: &DataType) -> bool {
    !there.is_nested() && !lake.is_nested() && can_cast_types(there, lake)
}

/// Makes numbers of rows.
pub(super) struct Hasher {
    schema: SchemaRef,
    /// The places of the key's columns.
    key: Vec<usize>,
    rows: RowConverter,
    keys: RowConverter,
}

impl Hasher {
    /// Of rows with these columns. A key of which not all columns are compared counts as none.
    pub(super) fn new(schema: &SchemaRef, key: &[String]) -> Result<Self> {
        let key: Option<Vec<usize>> = key.iter().map(|name| schema.index_of(name).ok()).collect();
        let key = key.unwrap_or_default();
        let field = |place: usize| SortField::new(schema.field(place).data_type().clone());
        let rows = RowConverter::new((0..schema.fields().len()).map(field).collect()).map_err(failed)?;
        let keys = RowConverter::new(key.iter().map(|place| field(*place)).collect()).map_err(failed)?;
        Ok(Self { schema: Arc::clone(schema), key, rows, keys })
    }

    /// Whether rows are told apart by a key.
    pub(super) fn has_key(&self) -> bool {
        !self.key.is_empty()
    }

    /// The places of the key's columns.
    pub(super) fn key(&self) -> &[usize] {
        &self.key
    }

    /// The columns that are compared, in their types.
    pub(super) fn columns(&self, rows: &RecordBatch) -> Result<Vec<ArrayRef>> {
        let column = |field: &Arc<Field>| {
            let column = rows.column_by_name(field.name()).ok_or_else(|| {
                Error::new(
                    "HW0988",
                    Blame::Headwater,
                    format!("a column '{}' was asked for and did not come", field.name()),
                )
            })?;
            cast(column, field.data_type()).map(|column| with_one_zero(&column)).map_err(failed)
        };
        self.schema.fields().iter().map(column).collect()
    }

    /// One number for each row.
    pub(super) fn hashes(&self, columns: &[ArrayRef]) -> Result<Vec<RowHash>> {
        let rows = self.rows.convert_columns(columns).map_err(failed)?;
        let of_row = rows.iter().map(|row| hash(row.as_ref()));
        if !self.has_key() {
            return Ok(of_row.map(|row| RowHash { key: row, row }).collect());
        }
        let keys: Vec<ArrayRef> = self.key.iter().map(|place| Arc::clone(&columns[*place])).collect();
        let keys = self.keys.convert_columns(&keys).map_err(failed)?;
        Ok(of_row.zip(keys.iter()).map(|(row, key)| RowHash { key: hash(key.as_ref()), row }).collect())
    }
}

/// Floats whose two zeros are one: not every database keeps the sign of a zero, and all say that they are equal.
fn with_one_zero(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Float32 => {
            let column: Float32Array = column.as_primitive::<Float32Type>().unary(|value| value + 0.0);
            Arc::new(column)
        }
        DataType::Float64 => {
            let column: Float64Array = column.as_primitive::<Float64Type>().unary(|value| value + 0.0);
            Arc::new(column)
        }
        _ => Arc::clone(column),
    }
}

fn hash(bytes: &[u8]) -> u128 {
    let mut half = [0; 16];
    half.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
    u128::from_be_bytes(half)
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(super) fn failed(error: ArrowError) -> Error {
    Error::new("HW0988", Blame::Headwater, format!("rows cannot be compared: {error}"))
}
