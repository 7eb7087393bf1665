//! The rows of the keys that changes concern: which keys, where the table has them, and what they are now.

use arrow::datatypes::{DataType, Schema};
use datafusion::common::Column;
use datafusion::datasource::MemTable;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, ident};
use deltalake_core::kernel::Action;
use headwater_sdk::check::{CompiledCheck, Probe, Severity};
use headwater_sdk::engine::Refresh;
use headwater_sdk::{Blame, Error};

use super::{Case, Halt, Work, collect, halt, nothing, united};
use crate::lake::delete::{self, FileRows};
use crate::refresh::{
    Changed, Fold, Found, KeyTable, Reach, Stop, affected, as_keys, key_columns, outputs, part, source_of,
};
use crate::session::{LakeTable, Session};
use crate::stage::positions::positions;

/// More keys than this are not looked up.
const MOST_KEYS: usize = 2_000_000;
/// What the table is called in plans.
pub(super) const TABLE: &str = "__table";
/// Up to this share of a table's rows is taken out and computed again; past it all are.
const LARGEST_SHARE: f64 = 0.5;
/// At least this share of the rows that a plan reads has to be within reach of its keys.
const SMALLEST_REACH: f64 = 0.5;

impl Case<'_> {
    /// The rows of the keys that the changes concern.
    pub(super) async fn by_keys(&self, plan: &LogicalPlan, changed: &Changed) -> Result<Work, Halt> {
        if self.checks.iter().any(|check| check.severity == Severity::Quarantine) {
            return halt("it has a check that sets rows aside, and more than new rows came in");
        }
        let table = self.previous.schema();
        if changed.0.values().all(|change| change.vanished.is_none())
            && let Some(fold) = Fold::of(plan, &table)
            && let Some(work) = self.folded(plan, &fold, changed).await?
        {
            return Ok(work);
        }
        let parts = key_of(plan, changed, &table, self.checks)?;
        let exprs: Vec<Expr> = parts.iter().map(|(_, expr)| expr.clone()).collect();
        let (keys, count) = self.keys(affected(plan, &exprs, changed)?).await?;
        let columns: Vec<String> = parts.iter().map(|(place, _)| table.field(*place).name().clone()).collect();
        if count == 0 {
            return Ok(Work { plan: nothing(plan), deletes: Vec::new(), refresh: Refresh::Nothing });
        }
        let mut reach = Reach::default();
        let computed = keys.computed(plan, exprs, &mut reach)?;
        if reach.share_of(plan) < SMALLEST_REACH {
            return halt(format!("most of what it reads is read for every key ({})", columns.join(", ")));
        }
        let rows = self.rows_of(&keys, &columns).await?;
        let deleted = delete::count(&rows);
        if let Some(all) = self.previous.rows()
            && deleted as f64 > all as f64 * LARGEST_SHARE
        {
            return halt(format!("{:.0} % of its rows are concerned", 100.0 * deleted as f64 / all as f64));
        }
        let (deletes, _) = self.take_out(&rows).await?;
        Ok(Work { plan: computed, deletes, refresh: Refresh::Keys { columns, keys: count, deleted } })
    }

    /// The groups of an aggregate that new rows belong to, of what the table has of them and of the new rows; `None` where the
    /// new rows cannot be told.
    async fn folded(&self, plan: &LogicalPlan, fold: &Fold<'_>, changed: &Changed) -> Result<Option<Work>, Halt> {
        let gained = match fold.gained(changed) {
            Ok(Some(gained)) => gained,
            Ok(None) => {
                return Ok(Some(Work { plan: nothing(plan), deletes: Vec::new(), refresh: Refresh::Nothing }));
            }
            Err(Stop::Obstacle(_)) => return Ok(None),
            Err(failed) => return Err(failed.into()),
        };
        let table = self.previous.schema();
        let columns: Vec<String> = fold.groups().iter().map(|place| table.field(*place).name().clone()).collect();
        let groups: Vec<Expr> = (0..columns.len()).map(|index| ident(part(index))).collect();
        let (keys, count) = self.keys(vec![as_keys(gained.clone(), &groups).map_err(Stop::from)?]).await?;
        if count == 0 {
            return Ok(Some(Work { plan: nothing(plan), deletes: Vec::new(), refresh: Refresh::Nothing }));
        }
        let (deletes, deleted) = self.take_out(&self.rows_of(&keys, &columns).await?).await?;
        let old = LakeTable::new(self.lake.location(), self.previous.clone(), self.lake.store_url()).await?;
        let sum = self.session.state().aggregate_functions().get("sum");
        let sum = sum.ok_or_else(|| Error::new("HW0553", Blame::Headwater, "the query engine has no sum"))?;
        let merged = LogicalPlanBuilder::scan(TABLE, source_of(old), None)
            .and_then(LogicalPlanBuilder::build)
            .and_then(|old| keys.choose(old, &keys_of_table(&keys, TABLE, &columns)))
            .and_then(|old| fold.merged(LogicalPlanBuilder::from(old), TABLE, &table, gained, sum))
            .map_err(Stop::from)?;
        Ok(Some(Work { plan: merged, deletes, refresh: Refresh::Keys { columns, keys: count, deleted } }))
    }

    /// The distinct keys that plans yield, and how many they are.
    pub(in crate::stage) async fn keys(&self, plans: Vec<LogicalPlan>) -> Result<(KeyTable, u64), Halt> {
        let all = LogicalPlanBuilder::from(united(plans)?);
        let distinct = all.distinct().and_then(LogicalPlanBuilder::build).map_err(Stop::from)?;
        collect_keys(self.session, &distinct).await
    }

    /// Where the table's rows with the keys are.
    pub(super) async fn rows_of(&self, keys: &KeyTable, columns: &[String]) -> Result<FileRows, Halt> {
        let parts = keys_of_table(keys, TABLE, columns);
        self.rows_where(|table| Ok(LogicalPlanBuilder::from(keys.choose(table.build()?, &parts)?))).await
    }

    /// Where those of the table's rows are that `choose` leaves. It is given all of them, called [`TABLE`].
    pub(super) async fn rows_where(
        &self,
        choose: impl FnOnce(LogicalPlanBuilder) -> datafusion::common::Result<LogicalPlanBuilder>,
    ) -> Result<FileRows, Halt> {
        let table = LakeTable::with_positions(self.lake.location(), self.previous, self.lake.store_url()).await?;
        let paths = table.paths().to_vec();
        let chosen = LogicalPlanBuilder::scan(TABLE, source_of(table), None).and_then(choose).map_err(Stop::from)?;
        Ok(positions(self.session, chosen, &paths).await?)
    }

    /// The actions that take rows out of the table, and how many they are.
    pub(super) async fn take_out(&self, rows: &FileRows) -> Result<(Vec<Action>, u64), Halt> {
        Ok((delete::actions(self.lake.location(), self.previous, rows).await?, delete::count(rows)))
    }
}

/// How the columns of a table of keys are those of a table of the lake.
pub(in crate::stage) fn keys_of_table(keys: &KeyTable, table: &str, columns: &[String]) -> Vec<(usize, Expr)> {
    let part = |(place, name): (usize, &String)| {
        (place, cast(Expr::Column(Column::new(Some(table), name)), keys.data_type(place)))
    };
    columns.iter().enumerate().map(part).collect()
}

/// The columns at the places that `may` says, as far as the plan can be computed by them apart: their places, and how they are
/// computed of the plan's output.
///
/// # Errors
/// With the operator that stands in the way, where none can.
pub(in crate::stage) fn key_parts(
    plan: &LogicalPlan,
    table: &Schema,
    may: &dyn Fn(usize) -> bool,
    changed: &Changed,
) -> Found<Vec<(usize, Expr)>> {
    let is_key = |place: usize| is_key_type(plan.schema().field(place).data_type(), table.field(place).data_type());
    let parts = outputs(plan).into_iter().enumerate().filter(|(place, _)| may(*place) && is_key(*place)).collect();
    key_columns(plan, parts, changed)
}

/// The key by which a table's rows are looked up: the columns of a unique check, if all of them may be in it, for they choose
/// best; otherwise all columns that may be.
///
/// # Errors
/// With the operator that stands in the way.
pub(super) fn key_of(
    plan: &LogicalPlan,
    changed: &Changed,
    table: &Schema,
    checks: &[CompiledCheck],
) -> Found<Vec<(usize, Expr)>> {
    let parts = key_parts(plan, table, &|_| true, changed)?;
    let is_part = |name: &String| parts.iter().any(|(place, _)| table.field(*place).name() == name);
    let unique = checks.iter().filter_map(|check| match &check.probe {
        Probe::Unique { columns } if check.filter.is_none() && columns.iter().all(is_part) => Some(columns),
        _ => None,
    });
    Ok(match unique.min_by_key(|columns| columns.len()) {
        Some(columns) => {
            let in_key = |place: usize| columns.contains(table.field(place).name());
            parts.into_iter().filter(|(place, _)| in_key(*place)).collect()
        }
        None => parts,
    })
}

/// Keys that a plan yields, none of them twice, and how many they are.
pub(in crate::stage) async fn collect_keys(session: &Session, distinct: &LogicalPlan) -> Result<(KeyTable, u64), Halt> {
    let (schema, batches) = collect(session, distinct, MOST_KEYS, "too many keys are concerned").await?;
    let count = batches.iter().map(|batch| batch.num_rows() as u64).sum();
    let table = MemTable::try_new(schema, vec![batches]).map_err(Stop::from)?;
    Ok((KeyTable::new(source_of(table)), count))
}

/// Whether equal values of a column's type are equal in the table, and different ones different.
fn is_key_type(computed: &DataType, kept: &DataType) -> bool {
    let value = match computed {
        DataType::Dictionary(_, value) => value,
        other => other,
    };
    match (value, kept) {
        (DataType::Float16 | DataType::Float32 | DataType::Float64, _) => false,
        (DataType::Utf8View | DataType::LargeUtf8, DataType::Utf8) => true,
        (DataType::BinaryView | DataType::LargeBinary, DataType::Binary) => true,
        (DataType::Timestamp(one, zone), DataType::Timestamp(other, kept)) => {
            one == other && zone.is_some() == kept.is_some()
        }
        (one, other) => one == other && !one.is_nested(),
    }
}
