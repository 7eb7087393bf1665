//! Values that can be compared and shown.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{ArrowError, DataType};

use super::Row;

/// By how much of its size a `double` may be off.
const DOUBLE: f64 = 1e-9;
/// By how much of its size a `float` may be off.
const FLOAT: f64 = 1e-6;
/// By how much any number may be off near zero.
const NEAR_ZERO: f64 = 1e-12;

/// A value. Of one type, two values are the same exactly when their texts are.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    /// The text; `None` for null.
    text: Option<String>,
    /// For a floating-point number its value, and by how much of its size it may be off.
    float: Option<(f64, f64)>,
}

impl Cell {
    pub(super) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    pub(super) fn is_float(&self) -> bool {
        self.float.is_some()
    }

    pub(super) fn is_equal(&self, other: &Self) -> bool {
        match (self.float, other.float) {
            (Some((one, share)), Some((other, _))) => is_close(one, other, share),
            _ => self.text == other.text,
        }
    }

    #[cfg(test)]
    pub(super) fn of_text(text: Option<&str>) -> Self {
        Self { text: text.map(str::to_owned), float: None }
    }

    #[cfg(test)]
    pub(super) fn of_double(value: f64) -> Self {
        Self { text: Some(value.to_string()), float: Some((value, DOUBLE)) }
    }
}

fn is_close(one: f64, other: f64, share: f64) -> bool {
    one == other
        || (one.is_nan() && other.is_nan())
        || (one - other).abs() <= NEAR_ZERO.max(share * one.abs().max(other.abs()))
            && one.is_finite()
            && other.is_finite()
}

/// The rows of some columns; there may be no columns.
pub(super) fn rows_of(columns: &[ArrayRef], rows: usize) -> Result<Vec<Row>, ArrowError> {
    let mut table = vec![Vec::with_capacity(columns.len()); rows];
    let options = FormatOptions::default().with_null("null");
    for column in columns {
        let formatter = ArrayFormatter::try_new(column.as_ref(), &options)?;
        for (number, row) in table.iter_mut().enumerate() {
            let is_null = number >= column.len() || column.is_null(number);
            let text = if is_null { None } else { Some(formatter.value(number).try_to_string()?) };
            row.push(Cell { text, float: if is_null { None } else { float(column, number) } });
        }
    }
    Ok(table)
}

fn float(column: &ArrayRef, row: usize) -> Option<(f64, f64)> {
    match column.data_type() {
        DataType::Float64 => Some((column.as_primitive::<Float64Type>().value(row), DOUBLE)),
        DataType::Float32 => Some((f64::from(column.as_primitive::<Float32Type>().value(row)), FLOAT)),
        _ => None,
    }
}
