//! Semi-joins go down: rows of a join that only stay when their key is in a list are looked up there before the join, in the side
//! that has the key.
//!
//! `… WHERE key IN (SELECT …)` is planned as a semi-join of everything that FROM has joined. The list is often short, as in
//! query 18 of TPC-H, and the join below long.

use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchema, JoinType, NullEquality, Result};
use datafusion::logical_expr::{Expr, Join, JoinConstraint, LogicalPlan, Projection};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

use super::columns::below;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct PushDownSemiJoins;

impl OptimizerRule for PushDownSemiJoins {
    fn name(&self) -> &str {
        "push_down_semi_joins"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Join(semi) = &plan else { return Ok(Transformed::no(plan)) };
        // A condition beside the keys may cost more than the join below.
        if semi.join_type != JoinType::LeftSemi || semi.filter.is_some() || semi.null_aware || semi.on.is_empty() {
            return Ok(Transformed::no(plan));
        }
        let keys: Option<Vec<Column>> = semi.on.iter().map(|(key, _)| key.try_as_col().cloned()).collect();
        let Some(keys) = keys else { return Ok(Transformed::no(plan)) };
        Ok(match pushed(&semi.left, &keys, semi)? {
            Some(plan) => Transformed::yes(plan),
            None => Transformed::no(plan),
        })
    }
}

/// The plan with the semi-join below it, on `keys` of its output; `None` where it cannot go down.
fn pushed(plan: &LogicalPlan, keys: &[Column], semi: &Join) -> Result<Option<LogicalPlan>> {
    match plan {
        LogicalPlan::Projection(projection) => {
            let below: Option<Vec<Column>> = keys.iter().map(|key| below(plan, key)).collect();
            let Some(below) = below else { return Ok(None) };
            let Some(input) = pushed(&projection.input, &below, semi)? else { return Ok(None) };
            Ok(Some(LogicalPlan::Projection(Projection::try_new(projection.expr.clone(), Arc::new(input))?)))
        }
        LogicalPlan::Join(join) => {
            // The rows of a side that the join keeps as they are, whatever the other side has.
            let (left, right) = match join.join_type {
                JoinType::Inner => (true, true),
                JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti => (true, false),
                JoinType::Right | JoinType::RightSemi | JoinType::RightAnti => (false, true),
                _ => (false, false),
            };
            let mut join = join.clone();
            let side = if left && has(join.left.schema(), keys) {
                &mut join.left
            } else if right && has(join.right.schema(), keys) {
                &mut join.right
            } else {
                return Ok(None);
            };
            *side = Arc::new(match pushed(side, keys, semi)? {
                Some(side) => side,
                None if matches!(join.join_type, JoinType::Inner | JoinType::Left | JoinType::Right) => {
                    restricted(side, keys, semi)?
                }
                // Two lists would change places for ever.
                None => return Ok(None),
            });
            Ok(Some(LogicalPlan::Join(join)))
        }
        _ => Ok(None),
    }
}

fn has(schema: &DFSchema, keys: &[Column]) -> bool {
    keys.iter().all(|key| schema.has_column(key))
}

/// The rows of a plan that the semi-join leaves.
fn restricted(plan: &Arc<LogicalPlan>, keys: &[Column], semi: &Join) -> Result<LogicalPlan> {
    let on = keys.iter().map(|key| Expr::Column(key.clone())).zip(semi.on.iter().map(|(_, other)| other.clone()));
    semi_join(Arc::clone(plan), Arc::clone(&semi.right), on.collect(), semi.null_equality)
}

/// The rows of a plan that find a partner among others, by expressions of both that are equal.
pub(crate) fn semi_join(
    rows: Arc<LogicalPlan>,
    others: Arc<LogicalPlan>,
    on: Vec<(Expr, Expr)>,
    null_equality: NullEquality,
) -> Result<LogicalPlan> {
    let (kind, constraint) = (JoinType::LeftSemi, JoinConstraint::On);
    Ok(LogicalPlan::Join(Join::try_new(rows, others, on, None, kind, constraint, null_equality, false)?))
}
