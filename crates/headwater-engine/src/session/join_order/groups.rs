//! Groups that nobody asks for are not computed: what is grouped by a key, and then joined on it with few keys, is restricted to
//! these before it is grouped.
//!
//! `… where x < (select avg(x) from t where t.key = s.key)` is planned as a join with the means of all keys of `t`, of which the other
//! side may need a handful, as in query 17 of TPC-H.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, JoinType, Result};
use datafusion::logical_expr::{Aggregate, Expr, Filter, Join, LogicalPlan, Projection, SubqueryAlias};

use super::sizes::rows;
use crate::session::columns::below;
use crate::session::semi_joins::semi_join;

/// Groups are restricted when at most one of so many is expected to be asked for: the keys are looked up twice.
const FEW: f64 = 10.0;

/// What the keys are called in a plan.
const KEYS: &str = "__keys";

/// A plan with the groups restricted that are joined with few keys.
pub(super) fn restrict(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    plan.transform_up(|node| {
        let LogicalPlan::Join(join) = &node else { return Ok(Transformed::no(node)) };
        if join.null_aware {
            return Ok(Transformed::no(node));
        }
        // The sides of which rows without a partner are of no use.
        let (left, right) = match join.join_type {
            JoinType::Inner => (true, true),
            JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti => (false, true),
            JoinType::Right | JoinType::RightSemi | JoinType::RightAnti => (true, false),
            _ => (false, false),
        };
        for (of_left, of_right) in &join.on {
            let (Expr::Column(of_left), Expr::Column(of_right)) = (of_left, of_right) else { continue };
            if right && let Some(side) = restricted_by(join, (&join.right, of_right), (&join.left, of_left))? {
                return Ok(Transformed::yes(LogicalPlan::Join(Join { right: Arc::new(side), ..join.clone() })));
            }
            if left && let Some(side) = restricted_by(join, (&join.left, of_left), (&join.right, of_right))? {
                return Ok(Transformed::yes(LogicalPlan::Join(Join { left: Arc::new(side), ..join.clone() })));
            }
        }
        Ok(Transformed::no(node))
    })
}

/// One side of a join with its groups restricted to the keys of the other.
fn restricted_by(
    join: &Join,
    (groups, group): (&LogicalPlan, &Column),
    (others, key): (&LogicalPlan, &Column),
) -> Result<Option<LogicalPlan>> {
    let mut keys = None;
    find(others, key, &mut keys);
    match keys {
        Some(keys) => restricted(groups, group, &keys, join),
        None => Ok(None),
    }
}

/// A short plan that has all values of a column.
struct Keys {
    rows: f64,
    plan: LogicalPlan,
    column: Column,
}

/// Looks for the shortest table, or part of one, whose column has all values that a plan's column has.
fn find(plan: &LogicalPlan, column: &Column, found: &mut Option<Keys>) {
    match plan {
        _ if is_part_of_a_table(plan) => {
            if let Some(rows) = rows(plan)
                && found.as_ref().is_none_or(|found| rows < found.rows)
            {
                *found = Some(Keys { rows, plan: plan.clone(), column: column.clone() });
            }
        }
        LogicalPlan::Projection(Projection { input, .. })
        | LogicalPlan::SubqueryAlias(SubqueryAlias { input, .. })
        | LogicalPlan::Filter(Filter { input, .. }) => {
            if let Some(column) = below(plan, column) {
                find(input, &column, found);
            }
        }
        LogicalPlan::Join(join) => {
            let (left, right) = match join.join_type {
                JoinType::Inner => (true, true),
                JoinType::Left | JoinType::LeftAnti => (true, false),
                JoinType::LeftSemi => (true, true),
                _ => (false, false),
            };
            if left && join.left.schema().has_column(column) {
                find(&join.left, column, found);
            } else if right && join.right.schema().has_column(column) {
                find(&join.right, column, found);
            }
            if !matches!(join.join_type, JoinType::Inner | JoinType::LeftSemi) {
                return;
            }
            // What is equal to it has its values too.
            for (one, two) in &join.on {
                match (one, two) {
                    (Expr::Column(one), Expr::Column(two)) if one == column => find(&join.right, two, found),
                    (Expr::Column(one), Expr::Column(two)) if two == column => find(&join.left, one, found),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// Whether a plan is some rows of a table, and the same ones when it is asked again.
fn is_part_of_a_table(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Filter(filter) => !filter.predicate.is_volatile() && is_part_of_a_table(&filter.input),
        LogicalPlan::TableScan(scan) => scan.fetch.is_none(),
        _ => false,
    }
}

/// The plan with the groups that it yields in `group` restricted to some keys; `None` where it does not group by it, or has not
/// many more groups.
fn restricted(plan: &LogicalPlan, group: &Column, keys: &Keys, join: &Join) -> Result<Option<LogicalPlan>> {
    Ok(match plan {
        LogicalPlan::Filter(filter) if filter.predicate.is_volatile() => None,
        LogicalPlan::Projection(Projection { input, .. })
        | LogicalPlan::SubqueryAlias(SubqueryAlias { input, .. })
        | LogicalPlan::Filter(Filter { input, .. }) => {
            let Some(below) = below(plan, group) else { return Ok(None) };
            let Some(input) = restricted(input, &below, keys, join)? else { return Ok(None) };
            Some(plan.with_new_exprs(plan.expressions(), vec![input])?)
        }
        LogicalPlan::Aggregate(aggregate) => {
            let key = aggregate.schema.maybe_index_of_column(group).and_then(|place| aggregate.group_expr.get(place));
            let (Some(Expr::Column(key)), Some(groups)) = (key, rows(plan)) else { return Ok(None) };
            if keys.rows * FEW > groups || aggregate.aggr_expr.iter().any(Expr::is_volatile) {
                return Ok(None);
            }
            let column = vec![Expr::Column(keys.column.clone())];
            let those = LogicalPlan::Projection(Projection::try_new(column, Arc::new(keys.plan.clone()))?);
            let those = LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(those), KEYS)?);
            let on = vec![(Expr::Column(key.clone()), Expr::Column(Column::from(those.schema().qualified_field(0))))];
            let input = semi_join(Arc::clone(&aggregate.input), Arc::new(those), on, join.null_equality)?;
            let (keys, values) = (aggregate.group_expr.clone(), aggregate.aggr_expr.clone());
            Some(LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(input), keys, values)?))
        }
        _ => None,
    })
}
