//! Columns of the lake as a driver takes them.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{Array, ArrayRef, Int16Array, RecordBatch};
use arrow_json::writer::{EncoderOptions, make_encoder};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, SchemaRef};

use crate::columns::cast;
use crate::driver::dialect::Dialect;

/// The column that says what becomes of a row: an operation's number. No column of a table of the lake has such a name.
pub(super) const OPERATION: &str = "headwater:operation";

/// The columns in which rows are handed over, with that of their operation.
pub(super) fn handed(schema: &Schema, dialect: Dialect) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| Field::new(field.name(), taken(field.data_type(), dialect), true));
    Arc::new(Schema::new(fields.chain([Field::new(OPERATION, DataType::Int16, false)]).collect::<Vec<_>>()))
}

/// The type in which a column's values are handed over.
fn taken(data_type: &DataType, dialect: Dialect) -> DataType {
    match data_type {
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView => DataType::Binary,
        DataType::Dictionary(_, value) => taken(value, dialect),
        other if dialect.takes(other) => other.clone(),
        _ => DataType::Utf8,
    }
}

/// Rows in the columns of [`handed`]. Nested values become JSON where the database has none.
///
/// # Errors
/// When a value has no such form: a defect.
pub(super) fn hand_over(rows: &RecordBatch, operations: Int16Array, to: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let schema = rows.schema();
    let mut arrays = Vec::with_capacity(to.fields().len());
    for ((array, from), to) in rows.columns().iter().zip(schema.fields()).zip(to.fields()) {
        arrays.push(match to.data_type() {
            DataType::Utf8 if from.data_type().is_nested() => json(from, array)?,
            same if same == from.data_type() => Arc::clone(array),
            other => {
                let mut lost = None;
                let array = cast(array, other, &mut |row, _| lost = Some(row))?;
                if let Some(row) = lost {
                    return Err(ArrowError::CastError(format!("column '{}' of row {row} is no {other}", from.name())));
                }
                array
            }
        });
    }
    arrays.push(Arc::new(operations));
    RecordBatch::try_new(Arc::clone(to), arrays)
}

fn json(field: &FieldRef, array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let options = EncoderOptions::default().with_explicit_nulls(true);
    let mut encoder = make_encoder(field, array, &options)?;
    let (mut texts, mut bytes) = (StringBuilder::new(), Vec::new());
    for row in 0..array.len() {
        if encoder.is_null(row) {
            texts.append_null();
            continue;
        }
        bytes.clear();
        encoder.encode(row, &mut bytes);
        texts.append_value(std::str::from_utf8(&bytes).map_err(|error| ArrowError::JsonError(error.to_string()))?);
    }
    Ok(Arc::new(texts.finish()))
}
