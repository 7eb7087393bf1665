//! Whether the engine can run a query that it can plan.
//!
//! Subqueries in expressions are rewritten into joins by the optimiser, which does not know how for every one of them, and
//! fails only when the query runs. So plans with subqueries that may be beyond it, and only those, are optimised once to see
//! what becomes of them. It takes some milliseconds, where planning takes one.

use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan};
use headwater_sdk::engine::SqlError;

use super::codes;

/// Checks that a plan, its types made to fit, can be run.
///
/// # Errors
/// For a subquery that the engine cannot run.
pub(super) fn check_runnable(state: &SessionState, plan: &LogicalPlan) -> Result<(), SqlError> {
    let beyond = |plan: &LogicalPlan, in_filters: bool| subqueries(plan, in_filters).unwrap_or(Found::Correlated);
    let found = beyond(plan, false);
    if found == Found::Nothing {
        return Ok(());
    }
    let optimized = state.optimizer().optimize(plan.clone(), state, |_, _| {});
    let left = match &optimized {
        Ok(optimized) if !names_what_is_there(optimized).unwrap_or(false) => found,
        Ok(optimized) => beyond(optimized, true),
        Err(_) => found,
    };
    let (message, help) = match left {
        Found::Nothing => return Ok(()),
        Found::Tested => (
            "the engine cannot run EXISTS or IN (query) in this place",
            "move it into WHERE, or write the subquery as a join",
        ),
        Found::Correlated => (
            "a subquery names columns of the query around it in a way that the engine cannot run",
            "write it as a join, or compare with the outer columns by = in the WHERE of an aggregate without LIMIT",
        ),
    };
    Err(SqlError { code: codes::UNSUPPORTED, message: message.to_owned(), help: Some(help.to_owned()), span: None })
}

/// What a plan has of subqueries that may be beyond the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    Nothing,
    /// EXISTS, IN or ANY outside of filters, where the engine has them.
    Tested,
    /// A column of an outer query.
    Correlated,
}

/// What there is; with EXISTS, IN and ANY in filters only if `in_filters`.
fn subqueries(plan: &LogicalPlan, in_filters: bool) -> Result<Found> {
    let mut found = Found::Nothing;
    plan.apply_with_subqueries(|node| {
        let counts = in_filters || !matches!(node, LogicalPlan::Filter(_));
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                found = found.max(match part {
                    Expr::OuterReferenceColumn(..) => Found::Correlated,
                    Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_) if counts => Found::Tested,
                    _ => Found::Nothing,
                });
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(found)
}

/// Whether every column that a node names is in its inputs. After some rewritings it is not.
fn names_what_is_there(plan: &LogicalPlan) -> Result<bool> {
    let mut whole = true;
    plan.apply_with_subqueries(|node| {
        let inputs = node.inputs();
        if inputs.is_empty() {
            return Ok(TreeNodeRecursion::Continue);
        }
        node.apply_expressions(|expr| {
            let is_there = |column| inputs.iter().any(|input| input.schema().is_column_from_schema(column));
            whole &= expr.column_refs().into_iter().all(is_there);
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    Ok(whole)
}
