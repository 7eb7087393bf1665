//! Which keys of a history the changes of its inputs may concern, where the query's plan tells.

use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use super::columns::Layout;
use crate::analysis::volatile_functions;
use crate::refresh::{KeyTable, Reach, Stop, affected, source_of};
use crate::session::LakeTable;
use crate::stage::incremental::{Case, Halt, halt, key_parts, keys_of_table};

/// What the table is called in plans.
const HISTORY: &str = "__history";

/// The keys to look at.
pub(super) struct Concerned {
    /// What the query yields of them.
    pub(super) input: LogicalPlan,
    /// How many they are.
    pub(super) count: u64,
    pub(super) keys: KeyTable,
    /// The columns of the table that make up the keys.
    pub(super) columns: Vec<String>,
}

/// The keys that changes since the last publication may concern; `None` when there are none.
///
/// # Errors
/// With the reason why all keys have to be looked at.
pub(super) async fn concerned(case: &Case<'_>, layout: &Layout) -> Result<Option<Concerned>, Halt> {
    if case.previous.snapshot.version() != case.since.version {
        return halt("another program has written to the table");
    }
    let volatile = volatile_functions(case.plan).map_err(Stop::from)?;
    if let Some(name) = volatile.first() {
        return halt(format!("it uses {name}()"));
    }
    let plan = case.session.optimize(case.plan)?;
    let changed = case.changed(&plan).await?;
    if changed.0.is_empty() {
        return Ok(None);
    }
    let parts = key_parts(&plan, &layout.schema, &|place| layout.places.key.contains(&place), &changed)?;
    let exprs: Vec<Expr> = parts.iter().map(|(_, expr)| expr.clone()).collect();
    let (keys, count) = case.keys(affected(&plan, &exprs, &changed)?).await?;
    if count == 0 {
        return Ok(None);
    }
    let columns = parts.iter().map(|(place, _)| layout.schema.field(*place).name().clone()).collect();
    let input = keys.computed(&plan, exprs, &mut Reach::default())?;
    Ok(Some(Concerned { input, count, keys, columns }))
}

/// A table with the places of its rows: all of them, or those of some keys.
pub(super) fn versions(table: LakeTable, concerned: Option<&Concerned>) -> datafusion::common::Result<LogicalPlan> {
    let scan = LogicalPlanBuilder::scan(HISTORY, source_of(table), None)?.build()?;
    let Some(Concerned { keys, columns, .. }) = concerned else { return Ok(scan) };
    keys.choose(scan, &keys_of_table(keys, HISTORY, columns))
}
