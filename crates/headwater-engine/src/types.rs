//! The Arrow types that a Delta table can hold, and the cast of batches to them.
//!
//! Delta has fewer types than Arrow. [`lake_schema`] gives the schema that a table has when it is read back:
//!
//! | Arrow type | in the lake |
//! | --- | --- |
//! | `Utf8View`, `LargeUtf8` | `Utf8` |
//! | `BinaryView`, `LargeBinary`, `FixedSizeBinary` | `Binary` |
//! | `Dictionary(_, T)` | the lake type of `T` |
//! | `UInt8`, `UInt16`, `UInt32`, `UInt64` | `Int16`, `Int32`, `Int64`, `Decimal128(20, 0)` |
//! | `Float16` | `Float32` |
//! | `Date64` | `Date32` |
//! | `Timestamp(_, None)` | `Timestamp(Microsecond, None)` |
//! | `Timestamp(_, Some(_))` | `Timestamp(Microsecond, "UTC")`: the same instant |
//! | `Decimal32`, `Decimal64`, `Decimal256` of at most 38 digits | `Decimal128` |
//! | a decimal with a negative scale `-n` | `Decimal128` with `n` more digits and scale 0, where they fit |
//! | lists of every kind | `List` of a field named `element` |
//! | `Struct`, `Map` | the same with their parts in lake types; a map's parts are named `key_value`, `key`, `value` |
//!
//! Every column, field and element is nullable there (a map's keys excepted). Field metadata is dropped. `Null`,
//! intervals, durations, times of day, unions and run-end encoded columns have no place in a Delta table.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, RecordBatchOptions, StructArray, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use headwater_sdk::types::{timestamp_utc, type_name};
use headwater_sdk::{Blame, Error};

use crate::analysis::codes;

/// The most digits that a Delta decimal has.
const MAX_PRECISION: u8 = 38;

/// A column whose type no Delta table can hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnsupportedType {
    /// The column, and within a nested one the path to the part, e.g. `items.element.took`.
    pub(crate) column: String,
    /// Its type.
    pub(crate) data_type: DataType,
    /// What to cast it to, e.g. `cast(x as string)`.
    pub(crate) advice: String,
}

impl UnsupportedType {
    /// What is wrong, for a person.
    pub(crate) fn message(&self) -> String {
        match &self.data_type {
            DataType::Null => format!("column '{}' has no type: it is always null", self.column),
            other => format!("column '{}' is {}, which no table can hold", self.column, describe(other)),
        }
    }

    /// What to do about it.
    pub(crate) fn help(&self) -> &str {
        &self.advice
    }
}

fn describe(data_type: &DataType) -> String {
    match data_type {
        DataType::Interval(_) => "an interval".to_owned(),
        DataType::Duration(_) => "a duration".to_owned(),
        DataType::Time32(_) | DataType::Time64(_) => "a time of day".to_owned(),
        other => format!("of type {}", type_name(other)),
    }
}

impl From<UnsupportedType> for Error {
    fn from(unsupported: UnsupportedType) -> Self {
        Self::new(codes::COLUMN_TYPE, Blame::Project, unsupported.message()).help(unsupported.help())
    }
}

/// The schema of a table in the lake for columns of any types. See the table of this module.
///
/// # Errors
/// [`UnsupportedType`] for the first column that has no type of the lake.
pub(crate) fn lake_schema(schema: &Schema) -> Result<Schema, UnsupportedType> {
    let fields = schema.fields().iter().map(|field| lake_field(field.name(), field.name(), field.data_type(), true));
    Ok(Schema::new(fields.collect::<Result<Vec<_>, _>>()?))
}

fn lake_field(path: &str, name: &str, data_type: &DataType, nullable: bool) -> Result<FieldRef, UnsupportedType> {
    Ok(Arc::new(Field::new(name, lake_type(path, data_type)?, nullable)))
}

fn lake_type(path: &str, data_type: &DataType) -> Result<DataType, UnsupportedType> {
    let refuse =
        |advice: String| Err(UnsupportedType { column: path.to_owned(), data_type: data_type.clone(), advice });
    let column = path.rsplit('.').next().unwrap_or(path);
    Ok(match data_type {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Date32
        | DataType::Utf8
        | DataType::Binary => data_type.clone(),
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => DataType::Binary,
        DataType::Dictionary(_, values) => lake_type(path, values)?,
        DataType::UInt8 => DataType::Int16,
        DataType::UInt16 => DataType::Int32,
        DataType::UInt32 => DataType::Int64,
        DataType::UInt64 => DataType::Decimal128(20, 0),
        DataType::Float16 => DataType::Float32,
        DataType::Date64 => DataType::Date32,
        DataType::Timestamp(_, None) => DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Timestamp(_, Some(_)) => timestamp_utc(),
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => match lake_decimal(*precision, *scale) {
            Some(decimal) => decimal,
            None => {
                return refuse(format!("cast it to at most 38 digits: cast({column} as decimal(38, 10)) as {column}"));
            }
        },
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => {
            DataType::List(lake_field(&format!("{path}.element"), "element", item.data_type(), true)?)
        }
        DataType::Struct(fields) => DataType::Struct(lake_fields(path, fields)?),
        DataType::Map(entries, _) => lake_map(path, entries)?,
        DataType::Null => return refuse(format!("say its type: cast(null as string) as {column}")),
        DataType::Interval(_) | DataType::Duration(_) => {
            return refuse(format!("keep its length in seconds: date_part('epoch', {column}) as {column}"));
        }
        DataType::Time32(_) | DataType::Time64(_) => {
            return refuse(format!("cast it to text: cast({column} as string) as {column}"));
        }
        DataType::Union(..) => return refuse(format!("take one of its alternatives: union_extract({column}, 'name')")),
        DataType::RunEndEncoded(..) => {
            return refuse(format!("cast it to the type of its values: cast({column} as …)"));
        }
    })
}

fn lake_decimal(precision: u8, scale: i8) -> Option<DataType> {
    let (precision, scale) =
        if scale < 0 { (precision.checked_add(scale.unsigned_abs())?, 0) } else { (precision, scale) };
    let fits = (1..=MAX_PRECISION).contains(&precision) && scale.unsigned_abs() <= precision;
    fits.then_some(DataType::Decimal128(precision, scale))
}

fn lake_fields(path: &str, fields: &Fields) -> Result<Fields, UnsupportedType> {
    fields.iter().map(|f| lake_field(&format!("{path}.{}", f.name()), f.name(), f.data_type(), true)).collect()
}

/// A map's entries are a struct of a key, which is never null, and a value.
fn lake_map(path: &str, entries: &Field) -> Result<DataType, UnsupportedType> {
    let parts: Vec<&DataType> = match entries.data_type() {
        DataType::Struct(fields) => fields.iter().map(|field| field.data_type()).collect(),
        other => vec![other],
    };
    let [key, value] = parts[..] else {
        return Err(UnsupportedType {
            column: path.to_owned(),
            data_type: entries.data_type().clone(),
            advice: "make a map of keys and values".to_owned(),
        });
    };
    let key = lake_field(&format!("{path}.key"), "key", key, false)?;
    let value = lake_field(&format!("{path}.value"), "value", value, true)?;
    let entries = Field::new("key_value", DataType::Struct(Fields::from(vec![key, value])), false);
    Ok(DataType::Map(Arc::new(entries), false))
}

/// The type in which a column is computed with: its own, but views of texts and bytes, for which no copy is needed.
pub(crate) fn computed_type(lake: &DataType) -> DataType {
    match lake {
        DataType::Utf8 => DataType::Utf8View,
        DataType::Binary => DataType::BinaryView,
        other => other.clone(),
    }
}

/// Gives a batch the types, names and nullability of `schema`, column by column in order. Columns that have their type
/// already are not copied. A value that does not fit (a timestamp past the year 294246) is an error, never a null.
///
/// # Errors
/// When the batch has another number of columns, or a value does not fit its new type; the message names the column.
pub(crate) fn cast_batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    if Arc::ptr_eq(batch.schema_ref(), schema) {
        return Ok(batch.clone());
    }
    if batch.num_columns() != schema.fields().len() {
        return Err(ArrowError::SchemaError(format!(
            "a batch of {} columns cannot be cast to {} columns",
            batch.num_columns(),
            schema.fields().len()
        )));
    }
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| cast_column(column, field));
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

fn cast_column(column: &ArrayRef, field: &Field) -> Result<ArrayRef, ArrowError> {
    if column.data_type() == field.data_type() {
        return Ok(Arc::clone(column));
    }
    cast(column, field.data_type())
        .map_err(|error| ArrowError::CastError(format!("column '{}': {error}", field.name())))
}

/// A cast that finds the fields of structs by their names; one that a struct does not have is null.
#[recursive::recursive]
fn cast(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    if column.data_type() == to {
        return Ok(Arc::clone(column));
    }
    match (column.data_type(), to) {
        (DataType::Struct(from), DataType::Struct(fields)) if !same_names(from, fields) => {
            let structs = column.as_struct();
            let part = |field: &FieldRef| match structs.column_by_name(field.name()) {
                Some(part) => cast(part, field.data_type()),
                None => Ok(new_null_array(field.data_type(), structs.len())),
            };
            let parts = fields.iter().map(part).collect::<Result<Vec<_>, _>>()?;
            Ok(Arc::new(StructArray::try_new(fields.clone(), parts, structs.nulls().cloned())?))
        }
        (DataType::List(_), DataType::List(item)) => {
            let lists = column.as_list::<i32>();
            let values = cast(lists.values(), item.data_type())?;
            let (offsets, nulls) = (lists.offsets().clone(), lists.nulls().cloned());
            Ok(Arc::new(ListArray::try_new(Arc::clone(item), offsets, values, nulls)?))
        }
        _ => cast_with_options(column, to, &CastOptions { safe: false, ..CastOptions::default() }),
    }
}

fn same_names(one: &Fields, other: &Fields) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.name() == other.name())
}

#[cfg(test)]
mod tests;
