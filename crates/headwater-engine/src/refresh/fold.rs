//! Sums that take up new rows: where a table has the groups of an aggregate and the values of its aggregates as columns, the
//! groups that new rows belong to come of what the table has of them and of the new rows alone. Nothing else is read.
//!
//! It holds for aggregates whose value for two sets of rows is told by their values for each: COUNT, SUM of what is summed
//! exactly, MIN, MAX, BOOL_AND, BOOL_OR and the BIT_ ones, none of them DISTINCT.

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};
use datafusion::common::{Column, DataFusionError, Result};
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams};
use datafusion::logical_expr::{Aggregate, AggregateUDF, Expr, LogicalPlan, LogicalPlanBuilder, cast, ident};

use super::Found;
use super::columns::{outputs, substitute};
use super::derivative::{Sign, derivative, named};
use super::inputs::Changed;

/// An aggregate whose table can take up new rows.
pub(crate) struct Fold<'a> {
    aggregate: &'a Aggregate,
    /// The table's columns, over those of the aggregate.
    above: Vec<Expr>,
    /// For each column of the aggregate, the place of the table's column that is the same.
    places: Vec<usize>,
}

impl<'a> Fold<'a> {
    /// The aggregate of a plan, if its table can take up new rows. `table` are the table's columns.
    pub(crate) fn of(plan: &'a LogicalPlan, table: &Schema) -> Option<Self> {
        let (aggregate, above) = top(plan)?;
        let grouped = !aggregate.group_expr.iter().any(|expr| matches!(expr, Expr::GroupingSet(_)));
        if aggregate.group_expr.is_empty() || !grouped || !aggregate.aggr_expr.iter().all(adds_up) {
            return None;
        }
        let schema = &aggregate.schema;
        let place_of = |index: usize| {
            let same = |expr: &Expr| match expr.clone().unalias() {
                Expr::Column(column) => schema.index_of_column(&column).ok() == Some(index),
                _ => false,
            };
            let place = above.iter().position(same)?;
            keeps(schema.field(index).data_type(), table.field(place).data_type()).then_some(place)
        };
        let places = (0..schema.fields().len()).map(place_of).collect::<Option<Vec<_>>>()?;
        Some(Self { aggregate, above, places })
    }

    /// The places of the table's columns that are the groups.
    pub(crate) fn groups(&self) -> &[usize] {
        &self.places[..self.aggregate.group_expr.len()]
    }

    /// The aggregate over the rows that its input has gained, with columns called by [`part`]; `None` when there are none.
    ///
    /// # Errors
    /// With the operator that is not linear in what changed.
    pub(crate) fn gained(&self, changed: &Changed) -> Found<Option<LogicalPlan>> {
        let mut rows = derivative(&self.aggregate.input, changed, Sign::Appeared)?.into_iter();
        let Some(first) = rows.next() else { return Ok(None) };
        let schema = self.aggregate.input.schema();
        let mut all = LogicalPlanBuilder::from(named(first, schema)?);
        for more in rows {
            all = all.union(named(more, schema)?)?;
        }
        // The columns of a union have lost their tables' names.
        let input = Arc::new(named(all.build()?, schema)?);
        let (groups, aggregates) = (self.aggregate.group_expr.clone(), self.aggregate.aggr_expr.clone());
        let gained = LogicalPlan::Aggregate(Aggregate::try_new(input, groups, aggregates)?);
        let columns = outputs(&gained).into_iter().enumerate().map(|(index, column)| column.alias(part(index)));
        Ok(Some(LogicalPlanBuilder::from(gained.clone()).project(columns.collect::<Vec<_>>())?.build()?))
    }

    /// The table's rows of the groups that new rows belong to: of those that it has (`old`, in the table's columns, called
    /// `name`) and of [`Fold::gained`]. `sum` is the function.
    ///
    /// # Errors
    /// Those of making a plan.
    pub(crate) fn merged(
        &self,
        old: LogicalPlanBuilder,
        name: &str,
        table: &Schema,
        gained: LogicalPlan,
        sum: &Arc<AggregateUDF>,
    ) -> Result<LogicalPlan> {
        let schema = &self.aggregate.schema;
        let groups = self.aggregate.group_expr.len();
        let old = old.project(self.places.iter().enumerate().map(|(index, place)| {
            let column = Expr::Column(Column::new(Some(name), table.field(*place).name()));
            cast(column, schema.field(index).data_type().clone()).alias(part(index))
        }))?;
        let merging = self.aggregate.aggr_expr.iter().enumerate().map(|(index, expr)| {
            let (index, function) = (groups + index, function_of(expr)?);
            let func = if function.func.name() == "count" { sum } else { &function.func };
            let params = AggregateFunctionParams { args: vec![ident(part(index))], ..plain() };
            Ok(Expr::AggregateFunction(AggregateFunction { func: Arc::clone(func), params }).alias(total(index)))
        });
        let merged = old
            .union(gained)?
            .aggregate((0..groups).map(|index| ident(part(index))), merging.collect::<Result<Vec<_>>>()?)?;
        let columns: Vec<Expr> = (0..schema.fields().len())
            .map(|index| match index < groups {
                true => ident(part(index)),
                false => cast(ident(total(index)), schema.field(index).data_type().clone()),
            })
            .collect();
        let above = self
            .above
            .iter()
            .zip(table.fields())
            .map(|(expr, field)| Ok(substitute(&expr.clone().unalias(), schema, &columns)?.alias(field.name())));
        merged.project(above.collect::<Result<Vec<_>>>()?)?.build()
    }
}

/// The aggregate at the top of a plan, and the plan's columns over those of the aggregate.
fn top(plan: &LogicalPlan) -> Option<(&Aggregate, Vec<Expr>)> {
    match plan {
        LogicalPlan::Aggregate(aggregate) => Some((aggregate, outputs(plan))),
        LogicalPlan::Projection(node) => {
            let (aggregate, below) = top(&node.input)?;
            let schema = node.input.schema();
            let above = node.expr.iter().map(|expr| substitute(&expr.clone().unalias(), schema, &below));
            Some((aggregate, above.collect::<Result<_>>().ok()?))
        }
        LogicalPlan::SubqueryAlias(node) => top(&node.input),
        // Rows of a table have no order.
        LogicalPlan::Sort(node) if node.fetch.is_none() => top(&node.input),
        LogicalPlan::Repartition(node) => top(&node.input),
        _ => None,
    }
}

fn function_of(expr: &Expr) -> Result<&AggregateFunction> {
    match expr {
        Expr::AggregateFunction(function) => Ok(function),
        Expr::Alias(alias) => function_of(&alias.expr),
        other => Err(DataFusionError::Internal(format!("{other} is no aggregate"))),
    }
}

/// Whether an aggregate of two sets of rows is told by those of each.
fn adds_up(expr: &Expr) -> bool {
    let Ok(function) = function_of(expr) else { return false };
    let names = ["count", "sum", "min", "max", "bool_and", "bool_or", "bit_and", "bit_or", "bit_xor"];
    names.contains(&function.func.name()) && !function.params.distinct
}

/// Whether a table keeps a value of an aggregate's column as it is, and it is a value of which equal ones are the same.
/// Floating-point numbers are not: their sums depend on the order.
fn keeps(computed: &DataType, kept: &DataType) -> bool {
    match (computed, kept) {
        (DataType::Utf8View | DataType::LargeUtf8, DataType::Utf8) => true,
        (DataType::BinaryView | DataType::LargeBinary, DataType::Binary) => true,
        (one, other) => one == other && !one.is_nested() && !one.is_floating(),
    }
}

fn plain() -> AggregateFunctionParams {
    AggregateFunctionParams {
        args: Vec::new(),
        distinct: false,
        filter: None,
        order_by: Vec::new(),
        null_treatment: None,
    }
}

/// What a column of the aggregate is called where its parts are put together.
pub(crate) fn part(index: usize) -> String {
    format!("__part_{index}")
}

fn total(index: usize) -> String {
    format!("__total_{index}")
}
