//! Output columns that may be a key of a refresh: those for which it can be told, from what has changed, which of their
//! values the changes concern.

use datafusion::common::DFSchema;
use datafusion::logical_expr::{Aggregate, Distinct, Expr, Join, LogicalPlan, Unnest, Window};

use super::columns::{is_over_places, outputs, substitute};
use super::derivative::{Sign, derivative, not_linear};
use super::inputs::Changed;
use super::sides::sides;
use super::{Found, Stop, obstacle};

/// A column of the key: its place among the model's columns, and how it is computed of a node's output.
pub(crate) type Part = (usize, Expr);

/// Those of the parts that may be in the key, all at once. Not empty.
///
/// # Errors
/// With the operator that stands in the way.
pub(crate) fn key_columns(plan: &LogicalPlan, parts: Vec<Part>, changed: &Changed) -> Found<Vec<Part>> {
    if parts.is_empty() {
        return obstacle("none of its columns can be a key");
    }
    if !changed.touch(plan)? || is_linear(plan, changed)? {
        return Ok(parts);
    }
    if changed.touch_expressions(plan)? {
        return obstacle("a subquery in one of its expressions reads what has changed");
    }
    match plan {
        LogicalPlan::Projection(node) => below(&node.input, &parts, &node.schema, &node.expr, changed),
        LogicalPlan::SubqueryAlias(node) => below(&node.input, &parts, &node.schema, &outputs(&node.input), changed),
        LogicalPlan::Filter(node) => key_columns(&node.input, parts, changed),
        LogicalPlan::Sort(node) if node.fetch.is_none() => key_columns(&node.input, parts, changed),
        LogicalPlan::Repartition(node) => key_columns(&node.input, parts, changed),
        LogicalPlan::Distinct(Distinct::All(input)) => key_columns(input, parts, changed),
        LogicalPlan::Aggregate(node) => {
            let kept = of_groups(node, &parts)?;
            below(&node.input, &kept, &node.schema, &node.group_expr, changed)
        }
        LogicalPlan::Window(node) => key_columns(&node.input, of_partitions(node, &parts)?, changed),
        LogicalPlan::Unnest(node) => {
            let kept = not_unnested(node, &parts)?;
            below(&node.input, &kept, &node.schema, &before_unnesting(node), changed)
        }
        LogicalPlan::Union(union) => {
            let mut kept = parts;
            for input in &union.inputs {
                let places: Vec<usize> =
                    below(input, &kept, &union.schema, &outputs(input), changed)?.iter().map(|part| part.0).collect();
                kept.retain(|part| places.contains(&part.0));
            }
            Ok(kept)
        }
        LogicalPlan::Join(join) => of_join(join, &parts, changed),
        other => Err(not_linear(other)),
    }
}

/// Whether the rows that a plan has gained and lost are told by those of its tables.
pub(super) fn is_linear(plan: &LogicalPlan, changed: &Changed) -> Found<bool> {
    for sign in [Sign::Appeared, Sign::Vanished] {
        match derivative(plan, changed, sign) {
            Ok(_) => {}
            Err(Stop::Obstacle(_)) => return Ok(false),
            Err(failed) => return Err(failed),
        }
    }
    Ok(true)
}

/// Those of the parts, over `schema`, that may be in the key when they are computed by `exprs` of the input below.
fn below(
    input: &LogicalPlan,
    parts: &[Part],
    schema: &DFSchema,
    exprs: &[Expr],
    changed: &Changed,
) -> Found<Vec<Part>> {
    let substituted = parts.iter().map(|(place, expr)| Ok((*place, substitute(expr, schema, exprs)?)));
    let kept = key_columns(input, substituted.collect::<Found<_>>()?, changed)?;
    Ok(parts.iter().filter(|part| kept.iter().any(|kept| kept.0 == part.0)).cloned().collect())
}

/// Those of the parts that are computed of the keys that an aggregate groups by.
pub(super) fn of_groups(node: &Aggregate, parts: &[Part]) -> Found<Vec<Part>> {
    if node.group_expr.iter().any(|expr| matches!(expr, Expr::GroupingSet(_))) {
        return obstacle("it groups by several sets of columns");
    }
    if node.group_expr.is_empty() {
        return obstacle("it aggregates all rows into one");
    }
    let groups = node.group_expr.len();
    let kept: Vec<Part> =
        parts.iter().filter(|(_, expr)| is_over_places(expr, &node.schema, &|place| place < groups)).cloned().collect();
    if kept.is_empty() { obstacle("none of its columns is what it groups by") } else { Ok(kept) }
}

/// Those of the parts that are computed of columns that all windows of a node are partitioned by.
pub(super) fn of_partitions(node: &Window, parts: &[Part]) -> Found<Vec<Part>> {
    let mut partitions = node.window_expr.iter().map(|expr| match expr.clone().unalias() {
        Expr::WindowFunction(call) => call.params.partition_by.clone(),
        _ => Vec::new(),
    });
    let mut common = partitions.next().unwrap_or_default();
    for partition in partitions {
        common.retain(|expr| partition.contains(expr));
    }
    let schema = &node.schema;
    let places: Vec<usize> = common
        .iter()
        .filter_map(|expr| match expr {
            Expr::Column(column) => schema.index_of_column(column).ok(),
            _ => None,
        })
        .collect();
    let kept: Vec<Part> = parts
        .iter()
        .filter(|(_, expr)| is_over_places(expr, schema, &|place| places.contains(&place)))
        .cloned()
        .collect();
    if kept.is_empty() { obstacle("none of its columns is what its windows are partitioned by") } else { Ok(kept) }
}

/// Those of the parts that are computed of columns that unnesting leaves as they are.
pub(super) fn not_unnested(node: &Unnest, parts: &[Part]) -> Found<Vec<Part>> {
    let stays = |place: usize| {
        let input = node.dependency_indices.get(place);
        input.is_some_and(|input| {
            !node.struct_type_columns.contains(input) && node.list_type_columns.iter().all(|(list, _)| list != input)
        })
    };
    let kept: Vec<Part> =
        parts.iter().filter(|(_, expr)| is_over_places(expr, &node.schema, &stays)).cloned().collect();
    if kept.is_empty() { obstacle("all of its columns are unnested") } else { Ok(kept) }
}

/// The columns of an unnesting's input that its output columns are made from.
pub(super) fn before_unnesting(node: &Unnest) -> Vec<Expr> {
    let columns = outputs(&node.input);
    node.dependency_indices.iter().filter_map(|input| columns.get(*input).cloned()).collect()
}

/// The parts of the side of a join that more of them may come from.
fn of_join(join: &Join, parts: &[Part], changed: &Changed) -> Found<Vec<Part>> {
    let mut best: Found<Vec<Part>> = obstacle("it has a full join");
    for side in sides(join) {
        let found = (|| {
            if changed.touch(side.other)? {
                if side.on.is_empty() {
                    return obstacle("it joins what has changed by something else than equal columns");
                }
                if side.null_aware {
                    return obstacle("it has a NOT IN of what has changed");
                }
                key_columns(side.other, looked_up(&side.on), changed)?;
            }
            let own: Vec<Part> = parts.iter().filter_map(|(place, expr)| Some((*place, side.own(expr)?))).collect();
            let kept = key_columns(side.rows, own, changed)?;
            Ok(parts.iter().filter(|part| kept.iter().any(|kept| kept.0 == part.0)).cloned().collect::<Vec<_>>())
        })();
        best = match (best, found) {
            (Ok(best), Ok(found)) if found.len() <= best.len() => Ok(best),
            (best @ Ok(_), Err(Stop::Obstacle(_))) => best,
            (_, found) => found,
        };
    }
    best
}

/// The keys by which a join looks rows up, as parts.
pub(super) fn looked_up(on: &[(&Expr, &Expr)]) -> Vec<Part> {
    on.iter().enumerate().map(|(place, (_, other))| (place, (*other).clone())).collect()
}
