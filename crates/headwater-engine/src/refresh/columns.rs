//! Expressions over the output of a node, written over its inputs.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, Result, ScalarValue};
use datafusion::logical_expr::{Expr, LogicalPlan, Projection, cast, lit};

/// The output columns of a plan.
pub(crate) fn outputs(plan: &LogicalPlan) -> Vec<Expr> {
    plan.schema().columns().into_iter().map(Expr::Column).collect()
}

/// The output column of a plan that has a name, in a type; nulls where there is none.
pub(crate) fn output_named(plan: &LogicalPlan, name: &str, data_type: &DataType) -> Result<Expr> {
    let found = plan.schema().iter().find(|(_, field)| field.name() == name);
    Ok(match found {
        Some((qualifier, field)) => {
            cast(Expr::Column(Column::new(qualifier.cloned(), field.name())), data_type.clone()).alias(name)
        }
        None => lit(ScalarValue::try_from(data_type)?).alias(name),
    })
}

/// An expression over the columns of `schema` with each column replaced by the one of `by` at its place.
pub(super) fn substitute(expr: &Expr, schema: &DFSchema, by: &[Expr]) -> Result<Expr> {
    let replaced = expr.clone().transform_up(|part| match part {
        Expr::Column(column) => {
            let index = schema.index_of_column(&column)?;
            Ok(match by.get(index) {
                Some(expr) => Transformed::yes(expr.clone().unalias()),
                None => Transformed::no(Expr::Column(column)),
            })
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(replaced.data)
}

/// Whether all columns of an expression are among those of `schema`.
pub(super) fn is_over(expr: &Expr, schema: &DFSchema) -> bool {
    expr.column_refs().into_iter().all(|column| schema.is_column_from_schema(column))
}

/// Whether all columns of an expression are at places of `schema` that `allowed` has.
pub(super) fn is_over_places(expr: &Expr, schema: &DFSchema, allowed: &dyn Fn(usize) -> bool) -> bool {
    expr.column_refs().into_iter().all(|column| schema.index_of_column(column).is_ok_and(allowed))
}

/// The name of a key's column in tables of keys.
pub(super) fn key_name(place: usize) -> String {
    format!("__key_{place}")
}

/// A key's column in a table of keys that goes by `table`.
pub(super) fn key_column(table: &str, place: usize) -> Expr {
    Expr::Column(Column::new(Some(table), key_name(place)))
}

/// A plan's rows as rows of keys.
pub(crate) fn as_keys(plan: LogicalPlan, exprs: &[Expr]) -> Result<LogicalPlan> {
    let named = exprs.iter().enumerate().map(|(place, expr)| expr.clone().alias(key_name(place)));
    Projection::try_new(named.collect(), Arc::new(plan)).map(LogicalPlan::Projection)
}
