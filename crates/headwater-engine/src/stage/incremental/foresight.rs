//! How a table will be brought up to date, told before anything runs: by the proofs that decide when it does.

use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::LogicalPlan;
use headwater_sdk::check::Severity;
use headwater_sdk::engine::{Foresight, ForesightRequest, InputChange};

use super::keys::key_of;
use crate::analysis::volatile_functions;
use crate::refresh::{Change, Changed, Found, Sign, Stop, derivative, table_of};
use crate::types::lake_schema;

/// See [`headwater_sdk::engine::Engine::foresee`]. The plans are those of the model's query.
pub(crate) fn foresee(planned: &LogicalPlan, optimized: &LogicalPlan, request: &ForesightRequest<'_>) -> Foresight {
    match told(planned, optimized, request) {
        Ok(foresight) => foresight,
        Err(Stop::Obstacle(why)) => Foresight::Full { because: Some(why) },
        // What cannot be walked is computed whole.
        Err(Stop::Failed(error)) => Foresight::Full { because: Some(error.strip_backtrace()) },
    }
}

fn told(planned: &LogicalPlan, plan: &LogicalPlan, request: &ForesightRequest<'_>) -> Found<Foresight> {
    if let Some(name) = volatile_functions(planned)?.first() {
        return Err(Stop::Obstacle(format!("it uses {name}()")));
    }
    let changed = changed(plan, request)?;
    if changed.0.is_empty() {
        return Ok(Foresight::Nothing);
    }
    if changed.0.values().all(|change| change.vanished.is_none()) && derivative(plan, &changed, Sign::Appeared).is_ok()
    {
        return Ok(Foresight::Append);
    }
    if request.checks.iter().any(|check| check.severity == Severity::Quarantine) {
        return Err(Stop::Obstacle("it has a check that sets rows aside, and more than new rows come in".to_owned()));
    }
    let Ok(table) = lake_schema(plan.schema().as_arrow()) else {
        return Err(Stop::Obstacle("its columns are of types that a table cannot have".to_owned()));
    };
    let parts = key_of(plan, &changed, &table, request.checks)?;
    Ok(Foresight::Keys { columns: parts.iter().map(|(place, _)| table.field(*place).name().clone()).collect() })
}

/// What will have changed: of each table that it has gained or lost rows, but not which.
fn changed(plan: &LogicalPlan, request: &ForesightRequest<'_>) -> Found<Changed> {
    let mut changed = Changed::default();
    if let Some((view, _)) = request.changed.iter().find(|(_, how)| **how == InputChange::NewQuery) {
        return Err(Stop::Obstacle(format!("the query of the view {view} has changed")));
    }
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && let Some(name) = table_of(scan)
            && let Some(how) = request.changed.get(&name)
        {
            let rows = || Arc::clone(&scan.source);
            let vanished = (*how == InputChange::Changed).then(rows);
            changed.0.insert(name, Change { old: rows(), appeared: Some(rows()), vanished });
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(changed)
}
