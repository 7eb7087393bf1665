//! Which keys of a history the changes of its inputs may concern, where the query's plan tells.

use datafusion::common::Column;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast};

use super::columns::Layout;
use crate::analysis::volatile_functions;
use crate::refresh::{KeyTable, Reach, Stop, affected, key_columns, outputs, restrict, source_of};
use crate::session::LakeTable;
use crate::stage::incremental::{Case, Halt, halt, is_key_type};

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
    let parts: Vec<(usize, Expr)> = outputs(&plan)
        .into_iter()
        .enumerate()
        .filter(|(place, _)| layout.places.key.contains(place))
        .filter(|(place, _)| {
            is_key_type(plan.schema().field(*place).data_type(), layout.schema.field(*place).data_type())
        })
        .collect();
    let parts = key_columns(&plan, parts, &changed)?;
    let exprs: Vec<Expr> = parts.iter().map(|(_, expr)| expr.clone()).collect();
    let (keys, count) = case.keys(affected(&plan, &exprs, &changed)?).await?;
    if count == 0 {
        return Ok(None);
    }
    let columns = parts.iter().map(|(place, _)| layout.schema.field(*place).name().clone()).collect();
    let parts: Vec<(usize, Expr)> = exprs.into_iter().enumerate().collect();
    let restricted = restrict(&plan, parts.clone(), &keys, &mut Reach::default())?;
    let input = keys.choose(restricted, &parts).map_err(Stop::from)?;
    Ok(Some(Concerned { input, count, keys, columns }))
}

/// A table with the places of its rows: all of them, or those of some keys.
pub(super) fn versions(table: LakeTable, concerned: Option<&Concerned>) -> datafusion::common::Result<LogicalPlan> {
    let scan = LogicalPlanBuilder::scan("__history", source_of(table), None)?.build()?;
    let Some(Concerned { keys, columns, .. }) = concerned else { return Ok(scan) };
    let parts = columns
        .iter()
        .enumerate()
        .map(|(place, name)| (place, cast(Expr::Column(Column::new(Some("__history"), name)), keys.data_type(place))));
    keys.choose(scan, &parts.collect::<Vec<_>>())
}
