//! Columns of a plan as those of the plan below it.

use datafusion::common::Column;
use datafusion::logical_expr::{Expr, LogicalPlan, Projection};

/// The column of the only input of a plan that one of its columns is, as it stands; `None` where that is computed, or where the
/// plan is no choice of rows and columns.
pub(super) fn below(plan: &LogicalPlan, column: &Column) -> Option<Column> {
    match plan {
        LogicalPlan::Projection(Projection { expr, schema, .. }) => {
            let place = schema.maybe_index_of_column(column)?;
            as_column(expr.get(place)?)
        }
        LogicalPlan::SubqueryAlias(alias) => {
            let place = alias.schema.maybe_index_of_column(column)?;
            Some(Column::from(alias.input.schema().qualified_field(place)))
        }
        LogicalPlan::Filter(_) | LogicalPlan::Sort(_) | LogicalPlan::Limit(_) | LogicalPlan::Repartition(_) => {
            Some(column.clone())
        }
        _ => None,
    }
}

/// The column that an expression is, whatever it is called.
pub(super) fn as_column(expr: &Expr) -> Option<Column> {
    match expr.clone().unalias_nested().data {
        Expr::Column(column) => Some(column),
        _ => None,
    }
}
