//! Columns of the lake as a driver takes them.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int16Type, Int64Type};
use arrow_array::{Array, ArrayRef, Int16Array, Int64Array, RecordBatch};
use arrow_json::writer::{EncoderOptions, make_encoder};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, SchemaRef};

use crate::columns::cast;
use crate::driver::dialect::Dialect;

/// The column that says what becomes of a row: an operation's number. A name that every database takes.
pub(super) const OPERATION: &str = "headwater__operation";
/// What the temporary table and the delivery's are called within statements: names that are no column's.
pub(super) const S: &str = "headwater__s";
pub(super) const T: &str = "headwater__t";
/// The column of a row's number.
pub(super) const PLACE: &str = "headwater__place";

/// The columns in which rows are handed over.
pub(super) fn values(schema: &Schema, dialect: Dialect) -> Vec<Field> {
    let fields = schema.fields().iter();
    fields.map(|field| Field::new(field.name(), taken(field.data_type(), dialect), true)).collect()
}

/// These, with those of a row's operation and place.
pub(super) fn handed(schema: &Schema, dialect: Dialect) -> SchemaRef {
    let mut fields = values(schema, dialect);
    fields.extend([Field::new(OPERATION, DataType::Int16, false), Field::new(PLACE, DataType::Int64, false)]);
    Arc::new(Schema::new(fields))
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
pub(super) fn hand_over(
    rows: &RecordBatch,
    operations: Int16Array,
    places: Int64Array,
    to: &SchemaRef,
) -> Result<RecordBatch, ArrowError> {
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
    arrays.extend([Arc::new(operations) as ArrayRef, Arc::new(places)]);
    RecordBatch::try_new(Arc::clone(to), arrays)
}

/// Rows that the temporary table was asked for, one by one with its operation and place, in the types in which they were handed over.
///
/// # Errors
/// When a value has no such form: a defect.
pub(super) fn taken_back(
    rows: &RecordBatch,
    schema: &Schema,
    dialect: Dialect,
) -> Result<Vec<(i8, i64, RecordBatch)>, ArrowError> {
    let handed = handed(schema, dialect);
    let arrays = rows.columns().iter().zip(handed.fields());
    let arrays = arrays.map(|(array, field)| cast(array, field.data_type(), &mut |_, _| {}));
    let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
    let rows = RecordBatch::try_new(handed, arrays)?;
    (0..rows.num_rows()).map(|row| taken_apart(&rows, row)).collect()
}

/// A row's operation and place, and the row alone.
///
/// # Errors
/// When the columns are not those of [`handed`]: a defect.
pub(super) fn taken_apart(rows: &RecordBatch, row: usize) -> Result<(i8, i64, RecordBatch), ArrowError> {
    let count = rows.num_columns() - 2;
    let alone = rows.project(&(0..count).collect::<Vec<_>>())?.slice(row, 1);
    let operation = rows.column(count).as_primitive::<Int16Type>().value(row);
    let place = rows.column(count + 1).as_primitive::<Int64Type>().value(row);
    Ok((i8::try_from(operation).unwrap_or_default(), place, alone))
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
