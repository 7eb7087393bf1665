//! One check, on one batch of rows.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use datafusion::physical_plan::PhysicalExpr;
use headwater_sdk::{Blame, Error, Result};

use super::column_checks::Failing;
use super::tally::{SAMPLE_ROWS, Tally};
use crate::session::{arrow_error, sql_error};
use crate::stage::sample;

#[derive(Debug)]
pub(super) struct RowCheck {
    /// Its place among the table's checks.
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) reason: String,
    pub(super) filter: Option<Arc<dyn PhysicalExpr>>,
    pub(super) test: Test,
}

#[derive(Debug)]
pub(super) enum Test {
    FailsWhen(Arc<dyn PhysicalExpr>),
    NotNull(Vec<usize>),
    Newest(usize),
    /// The keys are collected, to be looked at when all rows have been seen.
    Unique(Vec<usize>),
}

impl RowCheck {
    /// Counts the batch's failing rows. Returns which they are, unless there are none. `told` has them where they are
    /// known already.
    pub(super) fn look(&self, batch: &RecordBatch, told: Option<Failing>, tally: &mut Tally) -> Result<Failing> {
        let chosen = match &self.filter {
            Some(filter) => Some(truths(&evaluate(filter, batch)?)?),
            None => None,
        };
        tally.checked += chosen.as_ref().map_or(batch.num_rows(), BooleanBuffer::count_set_bits) as u64;
        let failing = match &self.test {
            Test::FailsWhen(_) if told.is_some() => told.flatten(),
            Test::FailsWhen(expression) => Some(truths(&evaluate(expression, batch)?)?),
            Test::NotNull(columns) => any_null(batch, columns),
            Test::Newest(column) => {
                tally.newest = tally.newest.max(newest(batch.column(*column), chosen)?);
                return Ok(None);
            }
            Test::Unique(columns) => {
                if let Some(keys) = &mut tally.keys {
                    keys.add(batch, columns, chosen.as_ref())?;
                }
                return Ok(None);
            }
        };
        let Some(failing) = failing else { return Ok(None) };
        let failing = match chosen {
            Some(chosen) => &failing & &chosen,
            None => failing,
        };
        let count = failing.count_set_bits();
        if count == 0 {
            return Ok(None);
        }
        tally.failing += count as u64;
        let room = SAMPLE_ROWS.saturating_sub(tally.sample.len());
        for row in failing.set_indices().take(room) {
            tally.sample.push(sample::row(batch, row));
        }
        Ok(Some(failing))
    }
}

pub(super) fn evaluate(expression: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<ArrayRef> {
    let value = expression.evaluate(batch).map_err(|e| sql_error(&e))?;
    value.into_array(batch.num_rows()).map_err(|e| sql_error(&e))
}

/// Where a boolean array is true; null counts as false.
pub(super) fn truths(array: &ArrayRef) -> Result<BooleanBuffer> {
    let array = array.as_boolean_opt().ok_or_else(|| {
        Error::new("HW0560", Blame::Headwater, format!("a check's predicate gave {} values", array.data_type()))
    })?;
    Ok(match array.nulls() {
        Some(valid) => array.values() & valid.inner(),
        None => array.values().clone(),
    })
}

/// The rows with a null in one of the columns; `None` when there is none.
fn any_null(batch: &RecordBatch, columns: &[usize]) -> Option<BooleanBuffer> {
    let nulls =
        columns.iter().filter_map(|column| batch.column(*column).logical_nulls()).filter(|n| n.null_count() > 0);
    let valid = nulls.fold(None::<NullBuffer>, |valid, nulls| NullBuffer::union(valid.as_ref(), Some(&nulls)))?;
    Some(!valid.inner())
}

/// The largest value of a date or timestamp column among the chosen rows, in microseconds.
fn newest(column: &ArrayRef, chosen: Option<BooleanBuffer>) -> Result<Option<i64>> {
    let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
    let values = match column.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, _) => column.clone(),
        _ => arrow::compute::cast(column, &micros).map_err(arrow_error)?,
    };
    let values = match chosen {
        Some(chosen) => arrow::compute::filter(&values, &BooleanArray::from(chosen)).map_err(arrow_error)?,
        None => values,
    };
    Ok(arrow::compute::max(values.as_primitive::<TimestampMicrosecondType>()))
}
