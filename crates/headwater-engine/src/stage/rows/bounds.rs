//! Checks that compare columns with constants: when a batch's least and greatest values are within the bounds, no row of
//! it fails, and no row has to be looked at.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, RecordBatch};
use arrow::compute::{max, min};
use arrow::datatypes::{DataType, Date32Type, Int16Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use arrow::downcast_primitive_array;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{BinaryExpr, Column, Literal};
use datafusion::physical_plan::PhysicalExpr;
use headwater_kernels::extremes;

/// A predicate that holds when one of its comparisons does.
#[derive(Debug)]
pub(super) struct Bounds(Vec<Comparison>);

/// `column operator constant`.
#[derive(Debug)]
struct Comparison {
    column: usize,
    operator: Operator,
    constant: ScalarValue,
}

/// The least and the greatest values of a batch's columns, worked out when they are asked for; `None` for a column
/// without values and for types that are not compared like this.
#[derive(Default)]
pub(super) struct Extremes(BTreeMap<usize, Option<(ScalarValue, ScalarValue)>>);

impl Extremes {
    /// Those of a column.
    pub(super) fn of(&mut self, batch: &RecordBatch, column: usize) -> Option<&(ScalarValue, ScalarValue)> {
        self.0.entry(column).or_insert_with(|| extremes_of(batch.column(column))).as_ref()
    }
}

impl Bounds {
    /// The comparisons of a predicate such as `x < 0 OR x > 9`; `None` when it is anything else.
    pub(super) fn of(predicate: &Arc<dyn PhysicalExpr>) -> Option<Self> {
        let mut comparisons = Vec::new();
        collect(predicate, &mut comparisons)?;
        Some(Self(comparisons))
    }

    /// Whether the extremes of a batch rule out that the predicate holds for any of its rows.
    pub(super) fn rule_out(&self, batch: &RecordBatch, extremes: &mut Extremes) -> bool {
        self.0.iter().all(|comparison| {
            let column = batch.column(comparison.column);
            if column.null_count() == column.len() {
                // A comparison with null is not true.
                return true;
            }
            let known = extremes.of(batch, comparison.column);
            known.is_some_and(|(least, greatest)| comparison.is_false_between(least, greatest))
        })
    }
}

fn collect(predicate: &Arc<dyn PhysicalExpr>, comparisons: &mut Vec<Comparison>) -> Option<()> {
    let binary = predicate.downcast_ref::<BinaryExpr>()?;
    if *binary.op() == Operator::Or {
        collect(binary.left(), comparisons)?;
        return collect(binary.right(), comparisons);
    }
    let column = binary.left().downcast_ref::<Column>()?.index();
    let constant = binary.right().downcast_ref::<Literal>()?.value().clone();
    let operator = *binary.op();
    matches!(operator, Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq).then_some(())?;
    comparisons.push(Comparison { column, operator, constant });
    Some(())
}

impl Comparison {
    fn is_false_between(&self, least: &ScalarValue, greatest: &ScalarValue) -> bool {
        // Values of different types have no order: then nothing is ruled out.
        let least = || least.partial_cmp(&self.constant);
        let greatest = || greatest.partial_cmp(&self.constant);
        match self.operator {
            Operator::Lt => matches!(least(), Some(Ordering::Equal | Ordering::Greater)),
            Operator::LtEq => matches!(least(), Some(Ordering::Greater)),
            Operator::Gt => matches!(greatest(), Some(Ordering::Equal | Ordering::Less)),
            Operator::GtEq => matches!(greatest(), Some(Ordering::Less)),
            _ => false,
        }
    }
}

fn extremes_of(column: &ArrayRef) -> Option<(ScalarValue, ScalarValue)> {
    let column: &dyn Array = column;
    // Floating-point numbers are left out: what is not a number is greater than all in SQL's order, and in none here.
    if column.data_type().is_floating() {
        return None;
    }
    match column.data_type() {
        DataType::Int16 => in_one_pass(column.as_primitive::<Int16Type>()),
        DataType::Int32 => in_one_pass(column.as_primitive::<Int32Type>()),
        DataType::Int64 => in_one_pass(column.as_primitive::<Int64Type>()),
        DataType::Date32 => in_one_pass(column.as_primitive::<Date32Type>()),
        DataType::Timestamp(TimeUnit::Microsecond, _) => in_one_pass(column.as_primitive::<TimestampMicrosecondType>()),
        _ => downcast_primitive_array!(
            column => least_and_greatest(column),
            _ => None,
        ),
    }
}

fn in_one_pass<T: ArrowPrimitiveType<Native: Ord>>(column: &PrimitiveArray<T>) -> Option<(ScalarValue, ScalarValue)> {
    let nulls = column.nulls().filter(|nulls| nulls.null_count() > 0);
    let (least, greatest) = extremes(column.values(), nulls.map(|nulls| (nulls.validity(), nulls.offset())))?;
    let scalar = |value| ScalarValue::new_primitive::<T>(Some(value), column.data_type()).ok();
    Some((scalar(least)?, scalar(greatest)?))
}

fn least_and_greatest<T: ArrowPrimitiveType>(column: &PrimitiveArray<T>) -> Option<(ScalarValue, ScalarValue)> {
    let scalar = |value| ScalarValue::new_primitive::<T>(Some(value), column.data_type()).ok();
    Some((scalar(min(column)?)?, scalar(max(column)?)?))
}
