//! Rows against those that are expected.
//!
//! Rows are compared as a multiset: equal ones are paired off first, those that differ by rounding only next. What is left is
//! paired for the reader by what it has in common (`pairs`).

mod cells;
mod pairs;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::ArrowError;

use self::cells::{Cell, rows_of};
use super::prepare::ExpectedRows;
use super::report::{DiffColumn, Different, RowDiff, TextRow};

/// The cells of a row, in the compared columns.
type Row = Vec<Cell>;

/// How rows differ from those that are expected; `None` when they do not.
pub(super) fn compare(
    expected: &ExpectedRows,
    actual: &RecordBatch,
    ordered: bool,
) -> Result<Option<RowDiff>, ArrowError> {
    let missing = |name: &str| ArrowError::SchemaError(format!("the result has no column '{name}'"));
    // Types are those that planning told; should a result come in another one, it is compared in that.
    let columns = expected.fields.iter().map(|field| match actual.column_by_name(field.name()) {
        Some(column) if column.data_type() == field.data_type() => Ok(Arc::clone(column)),
        Some(column) => arrow_cast::cast(column, field.data_type()),
        None => Err(missing(field.name())),
    });
    let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
    let rows =
        compare_rows(&rows_of(&expected.columns, expected.rows)?, &rows_of(&columns, actual.num_rows())?, ordered);
    Ok(rows.map(|diff| RowDiff {
        columns: expected
            .fields
            .iter()
            .map(|field| DiffColumn { name: field.name().clone(), data_type: field.data_type().clone() })
            .collect(),
        ..diff
    }))
}

/// As [`compare`], on cells; without the columns' names.
fn compare_rows(expected: &[Row], actual: &[Row], ordered: bool) -> Option<RowDiff> {
    let left = pair_off(expected, actual);
    let mut diff = RowDiff {
        columns: Vec::new(),
        missing: Vec::new(),
        unexpected: Vec::new(),
        different: Vec::new(),
        equal: expected.len() - left.expected.len(),
        order_only: false,
    };
    if left.expected.is_empty() && left.actual.is_empty() {
        if ordered {
            let places = expected.iter().zip(actual).enumerate();
            let wrong = places.filter(|(_, (expected, actual))| !is_equal(expected, actual));
            diff.different = wrong.map(|(place, (e, a))| different(e, a, Some(place + 1))).collect();
        }
        diff.order_only = true;
        return (!diff.different.is_empty()).then_some(diff);
    }
    let pairs = pairs::best(expected, actual, left);
    diff.different = pairs.pairs.iter().map(|(e, a)| different(&expected[*e], &actual[*a], None)).collect();
    diff.missing = pairs.expected.iter().map(|row| texts(&expected[*row])).collect();
    diff.unexpected = pairs.actual.iter().map(|row| texts(&actual[*row])).collect();
    Some(diff)
}

fn is_equal(one: &Row, other: &Row) -> bool {
    one.iter().zip(other).all(|(one, other)| one.is_equal(other))
}

fn different(expected: &Row, actual: &Row, position: Option<usize>) -> Different {
    let differs = expected.iter().zip(actual).map(|(expected, actual)| !expected.is_equal(actual)).collect();
    Different { position, expected: texts(expected), actual: texts(actual), differs }
}

fn texts(row: &Row) -> TextRow {
    row.iter().map(|cell| cell.text().map(str::to_owned)).collect()
}

/// The numbers of rows that nothing was found for on the other side.
struct Left {
    expected: Vec<usize>,
    actual: Vec<usize>,
}

/// Takes away what is equal on both sides.
fn pair_off(expected: &[Row], actual: &[Row]) -> Left {
    // Letter for letter first, so that rows that are the same always find each other.
    let mut waiting: HashMap<Vec<Option<&str>>, Vec<usize>> = HashMap::with_capacity(actual.len());
    for (number, row) in actual.iter().enumerate().rev() {
        waiting.entry(row.iter().map(Cell::text).collect()).or_default().push(number);
    }
    let mut left = Left { expected: Vec::new(), actual: Vec::new() };
    for (number, row) in expected.iter().enumerate() {
        let same = waiting.get_mut(&row.iter().map(Cell::text).collect::<Vec<_>>()).and_then(Vec::pop);
        if same.is_none() {
            left.expected.push(number);
        }
    }
    left.actual = waiting.into_values().flatten().collect();
    left.actual.sort_unstable();
    // Then by what is no floating-point number, and within that by closeness.
    let mut close: HashMap<Vec<Option<&str>>, Vec<usize>> = HashMap::new();
    for number in &left.actual {
        close.entry(exact_part(&actual[*number])).or_default().push(*number);
    }
    left.expected.retain(|number| {
        let row = &expected[*number];
        let Some(candidates) = close.get_mut(&exact_part(row)) else { return true };
        match candidates.iter().position(|candidate| is_equal(row, &actual[*candidate])) {
            Some(place) => {
                candidates.remove(place);
                false
            }
            None => true,
        }
    });
    left.actual = close.into_values().flatten().collect();
    left.actual.sort_unstable();
    left
}

/// The cells that have to be equal letter for letter.
fn exact_part(row: &Row) -> Vec<Option<&str>> {
    row.iter().filter(|cell| !cell.is_float()).map(Cell::text).collect()
}
