//! Functions whose value differs from run to run.

use std::collections::BTreeSet;

use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, Volatility, WindowFunctionDefinition};

/// The names of the functions in a plan, its subqueries included, that are not immutable: `random`, `uuid`, … differ from
/// row to row, and `now`, `current_date`, `current_time` from run to run. Sorted.
///
/// # Errors
/// None of its own; those of walking a plan.
pub(crate) fn volatile_functions(plan: &LogicalPlan) -> Result<Vec<String>> {
    let mut names = BTreeSet::new();
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                if let Some((name, volatility)) = called_function(part)
                    && volatility != Volatility::Immutable
                {
                    names.insert(name.to_owned());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(names.into_iter().collect())
}

/// The name and the volatility of the function that an expression calls.
pub(super) fn called_function(expr: &Expr) -> Option<(&str, Volatility)> {
    match expr {
        Expr::ScalarFunction(call) => Some((call.func.name(), call.func.signature().volatility)),
        Expr::AggregateFunction(call) => Some((call.func.name(), call.func.signature().volatility)),
        Expr::WindowFunction(call) => match &call.fun {
            WindowFunctionDefinition::AggregateUDF(function) => {
                Some((function.name(), function.signature().volatility))
            }
            WindowFunctionDefinition::WindowUDF(function) => Some((function.name(), function.signature().volatility)),
        },
        Expr::HigherOrderFunction(call) => Some((call.func.name(), call.func.signature().volatility)),
        _ => None,
    }
}
