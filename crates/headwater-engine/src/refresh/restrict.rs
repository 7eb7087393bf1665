//! A plan for some keys alone: what it reads is restricted to them as near to the tables as that is the same.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use datafusion::common::{DFSchema, NullEquality, Result};
use datafusion::logical_expr::{
    Distinct, Expr, Join, LogicalPlan, LogicalPlanBuilder, SubqueryAlias, TableSource, Union,
};

use super::Found;
use super::columns::{key_column, key_name, outputs, substitute};
use super::key::{Part, before_unnesting, not_unnested, of_groups, of_partitions};
use super::sides::sides;
use crate::session::{LakeTable, semi_join};

/// What the table of keys is called within a join.
const KEYS: &str = "__keys";

/// The keys to compute: a table with a column for each part of the key.
pub(crate) struct KeyTable {
    source: Arc<dyn TableSource>,
}

impl KeyTable {
    pub(crate) fn new(source: Arc<dyn TableSource>) -> Self {
        Self { source }
    }

    /// All keys.
    pub(crate) fn scan(&self) -> Result<LogicalPlanBuilder> {
        LogicalPlanBuilder::scan(KEYS, Arc::clone(&self.source), None)
    }

    /// A column in [`KeyTable::scan`].
    pub(crate) fn column(&self, place: usize) -> Expr {
        key_column(KEYS, place)
    }

    /// The type of a column.
    pub(crate) fn data_type(&self, place: usize) -> DataType {
        self.source.schema().field(place).data_type().clone()
    }

    /// The rows of a plan whose keys are in the table, nulls being equal to each other. `parts` says by the place in the
    /// table how each column is computed of the plan's output.
    pub(crate) fn choose(&self, plan: LogicalPlan, parts: &[Part]) -> Result<LogicalPlan> {
        let mut keys = self.scan()?;
        if parts.len() < self.source.schema().fields().len() {
            // Fewer columns repeat themselves.
            keys = keys
                .project(parts.iter().map(|(place, _)| key_column(KEYS, *place).alias(key_name(*place))))?
                .distinct()?;
        }
        let keys = SubqueryAlias::try_new(Arc::new(keys.build()?), KEYS)?;
        let on = parts.iter().map(|(place, expr)| (expr.clone(), key_column(KEYS, *place))).collect();
        semi_join(Arc::new(plan), Arc::new(LogicalPlan::SubqueryAlias(keys)), on, NullEquality::NullEqualsNull)
    }

    /// The rows of a plan whose keys are in the table, computed of no more than that needs. `columns` says how each of the
    /// table's is computed of the plan's output.
    pub(crate) fn computed(&self, plan: &LogicalPlan, columns: Vec<Expr>, reach: &mut Reach) -> Found<LogicalPlan> {
        let parts: Vec<Part> = columns.into_iter().enumerate().collect();
        let restricted = restrict(plan, parts.clone(), self, reach)?;
        Ok(self.choose(restricted, &parts)?)
    }
}

/// How many rows the tables have that keys are looked up in.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    rows: usize,
}

impl Reach {
    /// The share of the rows that a plan reads.
    pub(crate) fn share_of(&self, plan: &LogicalPlan) -> f64 {
        let mut all = 0;
        collect_rows(plan, &mut all);
        self.rows as f64 / all.max(1) as f64
    }
}

fn collect_rows(plan: &LogicalPlan, rows: &mut usize) {
    *rows += table_rows(plan);
    plan.inputs().into_iter().for_each(|input| collect_rows(input, rows));
}

fn table_rows(plan: &LogicalPlan) -> usize {
    let LogicalPlan::TableScan(scan) = plan else { return 0 };
    let provider = datafusion::datasource::source_as_provider(&scan.source).ok();
    let table = provider.as_ref().and_then(|provider| provider.downcast_ref::<LakeTable>());
    table.and_then(TableProvider::statistics).and_then(|known| known.num_rows.get_value().copied()).unwrap_or(0)
}

/// A plan whose rows with keys in the table are those of `plan`. It may yield others.
fn restrict(plan: &LogicalPlan, parts: Vec<Part>, keys: &KeyTable, reach: &mut Reach) -> Found<LogicalPlan> {
    if parts.is_empty() {
        return Ok(plan.clone());
    }
    let mut unary = |input: &LogicalPlan, parts: Vec<Part>| {
        let input = restrict(input, parts, keys, reach)?;
        Ok(plan.with_new_exprs(plan.expressions(), vec![input])?)
    };
    match plan {
        LogicalPlan::TableScan(_) => {
            reach.rows += table_rows(plan);
            Ok(keys.choose(plan.clone(), &parts)?)
        }
        LogicalPlan::Projection(node) => unary(&node.input, below(&parts, &node.schema, &node.expr)?),
        LogicalPlan::SubqueryAlias(node) => unary(&node.input, below(&parts, &node.schema, &outputs(&node.input))?),
        LogicalPlan::Filter(node) => unary(&node.input, parts),
        LogicalPlan::Repartition(node) => unary(&node.input, parts),
        LogicalPlan::Sort(node) if node.fetch.is_none() => unary(&node.input, parts),
        LogicalPlan::Distinct(Distinct::All(input)) => unary(input, parts),
        LogicalPlan::Aggregate(node) => match of_groups(node, &parts) {
            Ok(parts) => unary(&node.input, below(&parts, &node.schema, &node.group_expr)?),
            Err(_) => Ok(plan.clone()),
        },
        LogicalPlan::Window(node) => match of_partitions(node, &parts) {
            Ok(parts) => unary(&node.input, parts),
            Err(_) => Ok(plan.clone()),
        },
        LogicalPlan::Unnest(node) => match not_unnested(node, &parts) {
            Ok(parts) => unary(&node.input, below(&parts, &node.schema, &before_unnesting(node))?),
            Err(_) => Ok(plan.clone()),
        },
        LogicalPlan::Union(union) => {
            let inputs = union.inputs.iter().map(|input| {
                let parts = below(&parts, &union.schema, &outputs(input))?;
                restrict(input, parts, keys, reach).map(Arc::new)
            });
            let inputs = inputs.collect::<Found<Vec<_>>>()?;
            Ok(LogicalPlan::Union(Union { inputs, schema: Arc::clone(&union.schema) }))
        }
        LogicalPlan::Join(join) => of_join(join, &parts, keys, reach),
        other => Ok(other.clone()),
    }
}

fn below(parts: &[Part], schema: &DFSchema, exprs: &[Expr]) -> Result<Vec<Part>> {
    parts.iter().map(|(place, expr)| Ok((*place, substitute(expr, schema, exprs)?))).collect()
}

/// Each side whose rows pass through by the keys that are its own, the other one by those that equal them.
fn of_join(join: &Join, parts: &[Part], keys: &KeyTable, reach: &mut Reach) -> Found<LogicalPlan> {
    let (mut of_left, mut of_right): (Vec<Part>, Vec<Part>) = (Vec::new(), Vec::new());
    let add = |to: &mut Vec<Part>, place: usize, expr: Expr| {
        if to.iter().all(|part| part.0 != place) {
            to.push((place, expr));
        }
    };
    for side in sides(join) {
        let is_left = std::ptr::eq(side.rows, join.left.as_ref());
        for (place, expr) in parts {
            let Some(own) = side.own(expr) else { continue };
            let equal = side.equal(&own).filter(|_| !side.null_aware);
            let (rows, other) = if is_left { (&mut of_left, &mut of_right) } else { (&mut of_right, &mut of_left) };
            add(rows, *place, own);
            if let Some(equal) = equal {
                add(other, *place, equal);
            }
        }
    }
    let left = restrict(&join.left, of_left, keys, reach)?;
    let right = restrict(&join.right, of_right, keys, reach)?;
    Ok(LogicalPlan::Join(Join { left: Arc::new(left), right: Arc::new(right), ..join.clone() }))
}
