//! Plans in which filters that are found out while a query runs could land on the wrong column.
//!
//! A join tells the scans below it which keys it has (a dynamic filter), and so does a sort that keeps a few rows. On its way
//! down such a filter is bound to columns by their names (DataFusion up to 55.2; corrected there by
//! <https://github.com/apache/datafusion/pull/25259>, which is in no release yet): where rows have two columns of one name, as after
//! a self-join, it is applied to the first of them, and rows are lost.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::sorts::sort::SortExec;

/// Whether a filter of an operator could meet two columns of one name below it.
pub(super) fn are_below_filters(plan: &Arc<dyn ExecutionPlan>) -> bool {
    are_below(plan, false)
}

fn are_below(plan: &Arc<dyn ExecutionPlan>, filtered: bool) -> bool {
    if filtered && has_namesakes(plan) {
        return true;
    }
    let filtered = filtered || finds_filters(plan);
    plan.children().into_iter().any(|child| are_below(child, filtered))
}

fn finds_filters(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let keeps_few = || plan.downcast_ref::<SortExec>().is_some_and(|sort| sort.fetch().is_some());
    // The least and the greatest value of all rows.
    let is_of_all = || plan.downcast_ref::<AggregateExec>().is_some_and(|all| all.group_expr().is_empty());
    plan.downcast_ref::<HashJoinExec>().is_some() || keeps_few() || is_of_all()
}

fn has_namesakes(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let mut names = HashSet::new();
    !plan.schema().fields().iter().all(|field| names.insert(field.name().clone()))
}
