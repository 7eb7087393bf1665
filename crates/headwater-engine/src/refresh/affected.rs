//! The keys that changes may concern: for every other key, the plan yields now what it did before.

use std::sync::Arc;

use datafusion::common::DFSchema;
use datafusion::logical_expr::{Distinct, Expr, Join, LogicalPlan, SubqueryAlias};

use super::columns::{as_keys, key_column, outputs, substitute};
use super::derivative::{Sign, derivative, not_linear};
use super::inputs::Changed;
use super::key::{before_unnesting, is_linear, key_columns, looked_up};
use super::sides::{Side, sides};
use super::{Found, Stop, obstacle};
use crate::session::semi_join;

/// What a table of keys is called within a join.
const KEYS: &str = "__affected";

/// Plans that together yield the keys `exprs` of `plan`'s output that the changes concern, and perhaps others.
///
/// # Errors
/// With the operator that stands in the way; none for what [`key_columns`] has allowed.
pub(crate) fn affected(plan: &LogicalPlan, exprs: &[Expr], changed: &Changed) -> Found<Vec<LogicalPlan>> {
    if !changed.touch(plan)? {
        return Ok(Vec::new());
    }
    if is_linear(plan, changed)? {
        let mut keys = Vec::new();
        for sign in [Sign::Appeared, Sign::Vanished] {
            for rows in derivative(plan, changed, sign)? {
                keys.push(as_keys(rows, exprs)?);
            }
        }
        return Ok(keys);
    }
    match plan {
        LogicalPlan::Projection(node) => below(&node.input, exprs, &node.schema, &node.expr, changed),
        LogicalPlan::SubqueryAlias(node) => below(&node.input, exprs, &node.schema, &outputs(&node.input), changed),
        LogicalPlan::Filter(node) => affected(&node.input, exprs, changed),
        LogicalPlan::Sort(node) if node.fetch.is_none() => affected(&node.input, exprs, changed),
        LogicalPlan::Repartition(node) => affected(&node.input, exprs, changed),
        LogicalPlan::Distinct(Distinct::All(input)) => affected(input, exprs, changed),
        LogicalPlan::Aggregate(node) => below(&node.input, exprs, &node.schema, &node.group_expr, changed),
        LogicalPlan::Window(node) => affected(&node.input, exprs, changed),
        LogicalPlan::Unnest(node) => below(&node.input, exprs, &node.schema, &before_unnesting(node), changed),
        LogicalPlan::Union(union) => {
            let mut keys = Vec::new();
            for input in &union.inputs {
                keys.extend(below(input, exprs, &union.schema, &outputs(input), changed)?);
            }
            Ok(keys)
        }
        LogicalPlan::Join(join) => of_join(join, exprs, changed),
        other => Err(not_linear(other)),
    }
}

fn below(
    input: &LogicalPlan,
    exprs: &[Expr],
    schema: &DFSchema,
    by: &[Expr],
    changed: &Changed,
) -> Found<Vec<LogicalPlan>> {
    let exprs = exprs.iter().map(|expr| Ok(substitute(expr, schema, by)?)).collect::<Found<Vec<_>>>()?;
    affected(input, &exprs, changed)
}

fn of_join(join: &Join, exprs: &[Expr], changed: &Changed) -> Found<Vec<LogicalPlan>> {
    let mut why = obstacle("it has a full join");
    for side in sides(join) {
        let Some(own) = exprs.iter().map(|expr| side.own(expr)).collect::<Option<Vec<_>>>() else { continue };
        match of_side(join, &side, &own, changed) {
            Err(Stop::Obstacle(found)) => why = obstacle(found),
            found => return found,
        }
    }
    why
}

/// The keys of rows that have changed themselves, and of those that find something else on the other side.
fn of_side(join: &Join, side: &Side<'_>, own: &[Expr], changed: &Changed) -> Found<Vec<LogicalPlan>> {
    let mut keys = affected(side.rows, own, changed)?;
    if !changed.touch(side.other)? {
        return Ok(keys);
    }
    if side.null_aware || side.on.is_empty() {
        return obstacle("it looks up what has changed by something else than equal columns");
    }
    let parts = key_columns(side.other, looked_up(&side.on), changed)?;
    let looked_up: Vec<Expr> = parts.iter().map(|(_, expr)| expr.clone()).collect();
    for found in affected(side.other, &looked_up, changed)? {
        let found = SubqueryAlias::try_new(Arc::new(found), KEYS)?;
        let on = parts.iter().enumerate().filter_map(|(index, (place, _))| {
            let (own, _) = side.on.get(*place)?;
            Some(((*own).clone(), key_column(KEYS, index)))
        });
        let (rows, found) = (Arc::new(side.rows.clone()), Arc::new(LogicalPlan::SubqueryAlias(found)));
        keys.push(as_keys(semi_join(rows, found, on.collect(), join.null_equality)?, own)?);
    }
    Ok(keys)
}
