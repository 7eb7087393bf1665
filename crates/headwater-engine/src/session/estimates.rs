//! How many rows the planner expects of a join.
//!
//! DataFusion divides by the number of distinct keys, which a Delta log does not know, and takes every row for a key of
//! its own: a fact table joined to a dimension of 16 rows is then expected to yield 16 rows, and becomes the side that the
//! next join holds in memory. Joins of a warehouse follow foreign keys: what comes out is as long as the longer side.

use std::sync::Arc;

use datafusion::common::stats::Precision;
use datafusion::common::{JoinType, Result, Statistics};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::{HashJoinExec, NestedLoopJoinExec, SortMergeJoinExec};
use datafusion::physical_plan::operator_statistics::{
    ExtendedStatistics, StatisticsProvider, StatisticsRegistry, StatisticsResult,
};

/// DataFusion's estimates, with ours for joins.
pub(super) fn registry() -> StatisticsRegistry {
    let mut registry = StatisticsRegistry::default_with_builtin_providers();
    registry.register(Arc::new(ForeignKeys));
    registry
}

/// Estimates joins as if they followed foreign keys.
#[derive(Debug)]
struct ForeignKeys;

impl StatisticsProvider for ForeignKeys {
    fn compute_statistics(
        &self,
        plan: &dyn ExecutionPlan,
        child_stats: &[ExtendedStatistics],
    ) -> Result<StatisticsResult> {
        let rows = |input: &ExtendedStatistics| input.base().num_rows.get_value().copied();
        let (Some(join_type), [left, right]) = (join_type(plan), child_stats) else {
            return Ok(StatisticsResult::Delegate);
        };
        let (Some(left), Some(right)) = (rows(left), rows(right)) else { return Ok(StatisticsResult::Delegate) };
        let mut estimate = Statistics::new_unknown(&plan.schema());
        estimate.num_rows = Precision::Inexact(match join_type {
            JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => left.max(right),
            JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => left,
            JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => right,
        });
        Ok(StatisticsResult::Computed(ExtendedStatistics::new(estimate)))
    }
}

fn join_type(plan: &dyn ExecutionPlan) -> Option<JoinType> {
    let hash = plan.downcast_ref::<HashJoinExec>().map(|join| *join.join_type());
    hash.or_else(|| plan.downcast_ref::<SortMergeJoinExec>().map(SortMergeJoinExec::join_type))
        .or_else(|| plan.downcast_ref::<NestedLoopJoinExec>().map(|join| *join.join_type()))
}
