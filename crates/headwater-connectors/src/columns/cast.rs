//! Arrays of a source as arrays of the table's types, with nothing lost on the way.

use std::sync::Arc;

use super::values::{Cells, Column, Flaw, Reading, Value, shown};
use crate::lake_types::{lake_type, reads_as};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, StructArray, new_null_array};
use arrow_cast::display::array_value_to_string;
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, Field};
use headwater_sdk::types::type_name;

/// Reads an array as another type. `bad` is told of every row whose value is not one of that type; a null stands for it.
///
/// Where the type takes every value, Arrow's cast does it. Elsewhere values go through their text and the rules of text
/// files, because casts round: 12.5 would become 12.
///
/// # Errors
/// When there is no way from the one type to the other.
pub(crate) fn cast(array: &ArrayRef, to: &DataType, bad: &mut dyn FnMut(usize, Flaw)) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    let lossless = lake_type(array.data_type()).is_some_and(|from| reads_as(&from, to));
    if !lossless {
        return by_text(array, to, bad);
    }
    let result = widen(array, to)?;
    if result.logical_null_count() > array.logical_null_count() {
        let (before, after) = (array.logical_nulls(), result.logical_nulls());
        for row in 0..array.len() {
            let was = before.as_ref().is_none_or(|nulls| nulls.is_valid(row));
            if was && after.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                bad(row, Flaw::Other("holds bytes that are not UTF-8".into()));
            }
        }
    }
    Ok(result)
}

/// Casts to a type that takes every value of the array's.
fn widen(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    match (array.data_type(), to) {
        (DataType::Struct(_), DataType::Struct(fields)) => {
            // By name: Arrow's own cast goes by position.
            let whole = array.as_struct();
            let child = |field: &Arc<Field>| match whole.column_by_name(field.name()) {
                Some(child) => widen_nested(child, field.data_type()),
                None => Ok(new_null_array(field.data_type(), array.len())),
            };
            let children = fields.iter().map(child).collect::<Result<_, _>>()?;
            let nulls = whole.nulls().cloned();
            Ok(Arc::new(StructArray::try_new_with_length(fields.clone(), children, nulls, array.len())?))
        }
        (DataType::List(_), DataType::List(item)) => {
            let list = array.as_list::<i32>();
            let items = widen_nested(list.values(), item.data_type())?;
            Ok(Arc::new(ListArray::try_new(Arc::clone(item), list.offsets().clone(), items, list.nulls().cloned())?))
        }
        (
            DataType::LargeList(inner)
            | DataType::ListView(inner)
            | DataType::LargeListView(inner)
            | DataType::FixedSizeList(inner, _),
            DataType::List(_),
        ) => {
            let list = cast_with_options(array, &DataType::List(Arc::clone(inner)), &CastOptions::default())?;
            widen(&list, to)
        }
        (_, DataType::Utf8) => as_text(array),
        _ => cast_with_options(array, to, &CastOptions::default()),
    }
}

/// The texts of an array. Arrow writes instants with an offset only, as it knows no names of zones here.
fn as_text(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let instants = match array.data_type() {
        DataType::Timestamp(unit, Some(_)) => {
            let offset = DataType::Timestamp(*unit, Some("+00:00".into()));
            &cast_with_options(array, &offset, &CastOptions::default())?
        }
        _ => array,
    };
    cast_with_options(instants, &DataType::Utf8, &CastOptions::default())
}

/// A value of an array as text, for people.
pub(super) fn value_text(array: &ArrayRef, row: usize) -> String {
    match as_text(&array.slice(row, 1)) {
        Ok(text) if text.is_null(0) => "null".into(),
        Ok(text) => text.as_string::<i32>().value(0).to_owned(),
        Err(_) => array_value_to_string(array, row).unwrap_or_else(|_| "?".into()),
    }
}

/// Within a list or struct a value that gets lost could not be set aside with its row.
fn widen_nested(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    let result = widen(array, to)?;
    if result.logical_null_count() > array.logical_null_count() {
        return Err(ArrowError::CastError(format!(
            "a nested value of type {} is no {}",
            type_name(array.data_type()),
            type_name(to)
        )));
    }
    Ok(result)
}

/// The texts of an array's values.
struct Texts<'a> {
    texts: &'a arrow_array::StringArray,
    /// Whether `12.0` is meant to be a whole number.
    whole: bool,
}

impl Cells for Texts<'_> {
    fn rows(&self) -> usize {
        self.texts.len()
    }

    fn value<'a>(&'a self, row: usize, _scratch: &'a mut Vec<u8>) -> Value<'a> {
        if self.texts.is_null(row) {
            return Value::Null;
        }
        let text = self.texts.value(row);
        let text = match text.split_once('.') {
            Some((whole, fraction)) if self.whole && fraction.bytes().all(|digit| digit == b'0') => whole,
            _ => text,
        };
        Value::Text(text.as_bytes())
    }
}

fn by_text(array: &ArrayRef, to: &DataType, bad: &mut dyn FnMut(usize, Flaw)) -> Result<ArrayRef, ArrowError> {
    let nowhere =
        || ArrowError::CastError(format!("there is no way from {} to {}", type_name(array.data_type()), type_name(to)));
    let mut column = Column::new(to, &Reading::default()).filter(|_| !to.is_nested()).ok_or_else(nowhere)?;
    let texts = as_text(array)?;
    if texts.logical_null_count() > array.logical_null_count() {
        for row in (0..array.len()).filter(|row| texts.is_null(*row) && array.is_valid(*row)) {
            bad(row, Flaw::NotOfType(shown(b"bytes")));
        }
    }
    let texts = Texts { texts: texts.as_string(), whole: array.data_type().is_numeric() && to.is_integer() };
    column.fill(&texts, &mut Vec::new(), bad);
    column.finish()
}

#[cfg(test)]
mod tests {
    use arrow_array::types::{Int32Type, Int64Type};
    use arrow_array::{Float64Array, Int64Array, StringArray, TimestampNanosecondArray};
    use headwater_sdk::types::timestamp_utc;

    use super::*;

    fn cast_all(array: &ArrayRef, to: &DataType) -> (ArrayRef, Vec<usize>) {
        let mut bad = Vec::new();
        let result = cast(array, to, &mut |row, _| bad.push(row)).unwrap();
        assert_eq!(result.len(), array.len());
        (result, bad)
    }

    #[test]
    fn nothing_is_rounded() {
        let floats: ArrayRef = Arc::new(Float64Array::from(vec![Some(12.0), Some(12.5), None, Some(-3.0)]));
        let (array, bad) = cast_all(&floats, &DataType::Int64);
        assert_eq!(bad, [1]);
        assert_eq!(array.as_primitive::<Int64Type>(), &Int64Array::from(vec![Some(12), None, None, Some(-3)]));
        let wide: ArrayRef = Arc::new(Int64Array::from(vec![1, i64::MAX]));
        let (array, bad) = cast_all(&wide, &DataType::Int32);
        assert_eq!((array.as_primitive::<Int32Type>().value(0), bad), (1, vec![1]));
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["7", "x"]));
        assert_eq!(cast_all(&texts, &DataType::Int64).1, [1]);
        let nanos: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![1_000]).with_timezone("+02:00"));
        let (array, bad) = cast_all(&nanos, &timestamp_utc());
        assert_eq!((array.data_type(), bad.len()), (&timestamp_utc(), 0));
        let (text, bad) = cast_all(&array, &DataType::Utf8);
        assert_eq!((text.as_string::<i32>().value(0), bad.len()), ("1970-01-01T00:00:00.000001Z", 0));
    }
}
