//! Rows as JSON objects, for reports.

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::{Map, Value};

/// The longest text of one value.
const LONGEST: usize = 200;

/// One row of a batch: integers, floating-point numbers and booleans as themselves, everything else as text.
pub(crate) fn row(batch: &RecordBatch, row: usize) -> Value {
    let mut object = Map::new();
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        object.insert(field.name().clone(), value(column.as_ref(), row));
    }
    Value::Object(object)
}

fn value(column: &dyn Array, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    let options = FormatOptions::default();
    let Ok(formatter) = ArrayFormatter::try_new(column, &options) else { return Value::Null };
    let mut text = formatter.value(row).to_string();
    let data_type = column.data_type();
    // A decimal as a JSON number would lose digits.
    let is_plain = data_type.is_integer() || data_type.is_floating() || *data_type == DataType::Boolean;
    if is_plain && let Ok(parsed) = serde_json::from_str(&text) {
        return parsed;
    }
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    Value::String(text)
}
