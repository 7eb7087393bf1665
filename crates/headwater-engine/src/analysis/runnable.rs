//! Whether the engine can run a query that it can plan.
//!
//! Correlated subqueries are rewritten into joins by the optimiser, which does not know how for every one of them, and says
//! so only when the query runs. So plans with such subqueries, and only those, are optimised once to see what becomes of
//! them: it takes some milliseconds, where planning takes one.

use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan};
use headwater_sdk::engine::SqlError;

use super::codes;

/// Checks that a plan, its types made to fit, can be run.
///
/// # Errors
/// For a correlated subquery that the engine cannot run.
pub(super) fn check_runnable(state: &SessionState, plan: &LogicalPlan) -> Result<(), SqlError> {
    if !is_correlated(plan).unwrap_or(true) {
        return Ok(());
    }
    let optimized = state.optimizer().optimize(plan.clone(), state, |_, _| {});
    match optimized.and_then(|plan| is_correlated(&plan)) {
        Ok(false) => Ok(()),
        Ok(true) | Err(_) => Err(SqlError {
            code: codes::UNSUPPORTED,
            message: "a subquery names columns of the query around it in a way that the engine cannot run".to_owned(),
            help: Some("write it as a join, or compare with the outer columns by = in its WHERE only".to_owned()),
            span: None,
        }),
    }
}

/// Whether a column of an outer query is named anywhere.
fn is_correlated(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                found |= matches!(part, Expr::OuterReferenceColumn(..));
                Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })
    })?;
    Ok(found)
}
