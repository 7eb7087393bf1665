//! Which keys differ, where the plan does not tell which ones may: the query's rows are joined with the current versions.
//!
//! What is found has every key that [`super::timeline`] does something about, every key that is null and every one that comes
//! twice; it may have others.

use std::sync::Arc;

use datafusion::common::{Column, JoinType, NullEquality, Result as Planned};
use datafusion::functions_aggregate::expr_fn::{bool_or, count};
use datafusion::logical_expr::{
    Expr, Join, JoinConstraint, LogicalPlan, LogicalPlanBuilder, Operator, SubqueryAlias, binary_expr, cast, ident,
    lit, when,
};
use headwater_sdk::method::Deletes;

use super::columns::Layout;
use super::keys::Concerned;
use crate::lake::table::TableVersion;
use crate::refresh::{Reach, Stop, as_keys, output_named, outputs, source_of};
use crate::session::{LakeTable, Session};
use crate::stage::incremental::{Halt, collect_keys, halt};

const INPUT: &str = "__input";
const CURRENT: &str = "__current";
/// Past this share of the versions, all are looked at.
const LARGEST_SHARE: f64 = 0.5;

/// The keys that differ; `None` when none does.
///
/// # Errors
/// With the reason why all keys are looked at.
pub(super) async fn differing(
    session: &Session,
    layout: &Layout,
    query: &LogicalPlan,
    (table, version): (LakeTable, &TableVersion),
) -> Result<Option<Concerned>, Halt> {
    let compared = layout.places.tracked.iter().chain(&layout.places.untracked);
    if compared.clone().any(|place| layout.fields[*place].data_type().is_nested()) {
        return halt("nested values are compared by their hashes");
    }
    let plan = joined(layout, query, table).map_err(Stop::from)?;
    let (keys, count) = collect_keys(session, &plan).await?;
    if count == 0 {
        return Ok(None);
    }
    if version.rows().is_none_or(|rows| count as f64 > rows as f64 * LARGEST_SHARE) {
        return halt("most of its keys differ");
    }
    let plan = session.optimize(query)?;
    let columns = outputs(&plan);
    let key = layout.places.key.iter().enumerate();
    let key = key.map(|(part, place)| cast(columns[*place].clone(), keys.data_type(part))).collect();
    let input = keys.computed(&plan, key, &mut Reach::default())?;
    Ok(Some(Concerned { input, count, keys, columns: layout.key() }))
}

/// The keys that differ, as a plan.
fn joined(layout: &Layout, query: &LogicalPlan, table: LakeTable) -> Planned<LogicalPlan> {
    let [from, to, ..] = layout.names.names();
    let columns = outputs(query).into_iter().zip(&layout.fields);
    let seen: Vec<Expr> =
        columns.map(|(column, field)| cast(column, field.data_type().clone()).alias(field.name())).collect();
    let seen = LogicalPlanBuilder::from(query.clone()).project(seen)?.build()?;
    let scan = LogicalPlanBuilder::scan(CURRENT, source_of(table), None)?.build()?;
    let kept = |name: &str| Expr::Column(Column::new(Some(CURRENT), name));
    let fields = layout.fields.iter().map(|field| output_named(&scan, field.name(), field.data_type()));
    let mut current = fields.collect::<Planned<Vec<_>>>()?;
    current.push(kept(from).alias(from));
    let current = LogicalPlanBuilder::from(scan).filter(kept(to).is_null())?.project(current)?.build()?;
    let named = |plan: LogicalPlan, name: &str| SubqueryAlias::try_new(Arc::new(plan), name);
    let (left, right) = (named(seen, INPUT)?, named(current, CURRENT)?);
    let of = |table: &str, place: usize| Expr::Column(Column::new(Some(table), layout.fields[place].name()));
    let join = Join::try_new(
        Arc::new(LogicalPlan::SubqueryAlias(left)),
        Arc::new(LogicalPlan::SubqueryAlias(right)),
        layout.places.key.iter().map(|place| (of(INPUT, *place), of(CURRENT, *place))).collect(),
        None,
        JoinType::Full,
        JoinConstraint::On,
        NullEquality::NullEqualsNothing,
        false,
    )?;
    let distinct = |place: usize| binary_expr(of(INPUT, place), Operator::IsDistinctFrom, of(CURRENT, place));
    // A row of the table alone: no version is without its beginning, and no row of the query has one.
    let alone = of(INPUT, layout.places.key[0]).is_null().and(kept(from).is_not_null());
    let mut differs = kept(from).is_null();
    for place in layout.places.tracked.iter().chain(&layout.places.untracked) {
        differs = differs.or(distinct(*place));
    }
    if let Some(place) = layout.places.updated_at {
        let moment = cast(of(INPUT, place), headwater_sdk::types::timestamp_utc());
        // Without a time, or backdated.
        differs = differs.or(moment.clone().is_null()).or(distinct(place).and(moment.lt_eq(kept(from))));
    }
    let differs = when(alone, lit(layout.deletes == Deletes::Close)).otherwise(differs)?;
    let joined = LogicalPlan::Join(join);
    let key = |place: usize| -> Planned<Expr> {
        when(of(INPUT, place).is_null(), of(CURRENT, place)).otherwise(of(INPUT, place))
    };
    let names: Vec<String> = (0..layout.places.key.len()).map(|part| format!("__part_{part}")).collect();
    let mut columns = Vec::new();
    for (place, name) in layout.places.key.iter().zip(&names) {
        columns.push(key(*place)?.alias(name));
    }
    columns.push(differs.alias("__differs"));
    let groups: Vec<Expr> = names.iter().map(ident).collect();
    let chosen = LogicalPlanBuilder::from(joined)
        .project(columns)?
        .aggregate(groups.clone(), [count(lit(1_i64)).alias("__rows"), bool_or(ident("__differs")).alias("__any")])?
        .filter(ident("__any").or(ident("__rows").gt(lit(1_i64))))?
        .build()?;
    as_keys(chosen, &groups)
}
