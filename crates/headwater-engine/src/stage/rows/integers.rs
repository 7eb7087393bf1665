//! Checks that look at one column of integers that lie close together, such as codes, days or times of day.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, Int64Array, PrimitiveArray, RecordBatch};
use arrow::datatypes::{ArrowNativeType, DataType, Int16Type, Int32Type, Int64Type};
use datafusion::common::ScalarValue;

use super::bounds::Extremes;
use super::column_checks::{ColumnChecks, Failing};

/// Integers that lie further apart are not kept apart: then judging each row is as good.
const WIDEST: i64 = 16 * 1024;

/// What a lane knows of the integers of a column.
#[derive(Debug, Default)]
pub(super) struct Integers {
    /// The least integer judged so far.
    least: i64,
    /// For each integer from the least on, the flags of the checks that it fails.
    fails: Vec<u64>,
    given_up: bool,
}

impl Integers {
    /// Whether integers of a type are looked at like this.
    pub(super) fn can(data_type: &DataType) -> bool {
        matches!(data_type, DataType::Int16 | DataType::Int32 | DataType::Int64)
    }

    /// The failing rows of each check, by its place; `None` when the integers lie too far apart.
    pub(super) fn look(
        &mut self,
        checks: &ColumnChecks,
        batch: &RecordBatch,
        extremes: &mut Extremes,
    ) -> Option<Vec<(usize, Failing)>> {
        let column = batch.column(checks.column);
        if self.given_up {
            return None;
        }
        if column.null_count() < column.len() {
            let (least, greatest) = extremes.of(batch, checks.column)?;
            self.given_up = self.cover(checks, integer(least)?, integer(greatest)?).is_none();
            if self.given_up {
                return None;
            }
        }
        match column.data_type() {
            DataType::Int16 => Some(self.failing(checks, column.as_primitive::<Int16Type>())),
            DataType::Int32 => Some(self.failing(checks, column.as_primitive::<Int32Type>())),
            DataType::Int64 => Some(self.failing(checks, column.as_primitive::<Int64Type>())),
            _ => None,
        }
    }

    /// Judges all integers between two; `None` when they are too many, or when one that no row may have cannot be
    /// judged, e.g. because of a division by zero.
    fn cover(&mut self, checks: &ColumnChecks, least: i64, greatest: i64) -> Option<()> {
        let known = self.least + (self.fails.len() as i64 - 1);
        if !self.fails.is_empty() && self.least <= least && greatest <= known {
            return Some(());
        }
        let (least, greatest) = match self.fails.is_empty() {
            true => (least, greatest),
            false => (least.min(self.least), greatest.max(known)),
        };
        if greatest.checked_sub(least)? >= WIDEST {
            return None;
        }
        let all: ArrayRef = Arc::new(Int64Array::from_iter_values(least..=greatest));
        let all = arrow::compute::cast(&all, checks.data_type()).ok()?;
        self.fails = checks.judge(all).ok()?;
        self.least = least;
        Some(())
    }

    fn failing<T: ArrowPrimitiveType>(
        &self,
        checks: &ColumnChecks,
        column: &PrimitiveArray<T>,
    ) -> Vec<(usize, Failing)> {
        // What lies under a null may be anything.
        let flags_of = |value: &T::Native| {
            let place = value.to_i64().and_then(|value| usize::try_from(value.checked_sub(self.least)?).ok());
            place.and_then(|place| self.fails.get(place)).copied().unwrap_or(0)
        };
        let values = column.values();
        let mut any = values.iter().fold(0, |any, value| any | flags_of(value));
        if column.null_count() > 0 {
            any |= checks.null;
        }
        checks.failing(values.len(), any, |row| match column.is_null(row) {
            true => checks.null,
            false => flags_of(&values[row]),
        })
    }
}

fn integer(scalar: &ScalarValue) -> Option<i64> {
    match scalar {
        ScalarValue::Int16(value) => value.map(i64::from),
        ScalarValue::Int32(value) => value.map(i64::from),
        ScalarValue::Int64(value) => *value,
        _ => None,
    }
}
