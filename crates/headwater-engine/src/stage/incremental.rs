//! Deciding how a model's table is brought up to date: not at all, by rows that are added, by the rows of some keys, or
//! whole. The proofs are in [`crate::refresh`]; here they meet the tables.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::MemTable;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableScan, cast, ident};
use deltalake_core::kernel::Action;
use futures::StreamExt;
use headwater_sdk::check::{CompiledCheck, Probe, Severity};
use headwater_sdk::engine::{Refresh, Since};
use headwater_sdk::{Error, Relation, Relations, Result, TableName};
use object_store::path::Path;
use roaring::RoaringTreemap;

use super::lanes;
use crate::Lake;
use crate::lake::changes;
use crate::lake::delete::{self, FileRows};
use crate::lake::table::{TableVersion, exists};
use crate::refresh::{
    Change, Changed, KeyTable, Reach, Sign, Stop, affected, derivative, key_columns, outputs, restrict, source_of,
};
use crate::session::{FILE_COLUMN, LakeTable, ROW_COLUMN, Session, Thrift, sql_error};
use crate::types::lake_schema;

/// More keys than this are not looked up.
const MOST_KEYS: usize = 2_000_000;
/// Up to this share of a table's rows is taken out and computed again; past it all are.
const LARGEST_SHARE: f64 = 0.5;
/// At least this share of the rows that a plan reads has to be within reach of its keys.
const SMALLEST_REACH: f64 = 0.5;

/// What is to be written, instead of all rows.
pub(super) struct Work {
    /// The rows to add.
    pub(super) plan: LogicalPlan,
    /// The actions that take rows out.
    pub(super) deletes: Vec<Action>,
    pub(super) refresh: Refresh,
}

/// A model's table as it is published, and what stands around it.
pub(super) struct Case<'a> {
    pub(super) lake: &'a Lake,
    pub(super) session: &'a Session,
    /// The model's query, planned and not optimised.
    pub(super) plan: &'a LogicalPlan,
    pub(super) sql: &'a str,
    pub(super) since: &'a Since,
    pub(super) relations: &'a Relations,
    pub(super) previous: &'a TableVersion,
    pub(super) partition_by: &'a [String],
    pub(super) checks: &'a [CompiledCheck],
}

impl Case<'_> {
    /// What is to be done; the inner error is the reason why all rows have to be computed.
    pub(super) async fn decide(&self) -> Result<Result<Work, String>> {
        match self.work().await {
            Ok(work) => Ok(Ok(work)),
            Err(Halt::Stop(Stop::Obstacle(why))) => Ok(Err(why)),
            // What the keys do not leave memory for, all rows may.
            Err(Halt::Error(error)) if error.code == "HW0551" => {
                Ok(Err("finding what is concerned takes too much memory".to_owned()))
            }
            Err(Halt::Stop(Stop::Failed(error))) => Err(sql_error(&error)),
            Err(Halt::Error(error)) => Err(error),
        }
    }

    async fn work(&self) -> Result<Work, Halt> {
        let plan = self.session.optimize(self.plan)?;
        self.verify_table(&plan)?;
        let changed = self.changed(&plan).await?;
        if changed.0.is_empty() {
            return Ok(Work { plan: nothing(&plan), deletes: Vec::new(), refresh: Refresh::Nothing });
        }
        if changed.0.values().all(|change| change.vanished.is_none()) {
            match derivative(&plan, &changed, Sign::Appeared) {
                Ok(rows) => {
                    let plan = if rows.is_empty() { nothing(&plan) } else { united(rows)? };
                    return Ok(Work { plan, deletes: Vec::new(), refresh: Refresh::Append });
                }
                Err(Stop::Obstacle(_)) => {}
                Err(failed) => return Err(failed.into()),
            }
        }
        self.by_keys(&plan, &changed).await
    }

    /// What can be told without looking at the inputs.
    fn verify_table(&self, optimized: &LogicalPlan) -> Result<(), Halt> {
        let schema = lake_schema(optimized.schema().as_arrow()).map_err(Error::from)?;
        if self.previous.snapshot.version() != self.since.version {
            return halt("another program has written to the table");
        }
        if *self.previous.schema() != schema || self.previous.partition_columns() != self.partition_by {
            return halt("its columns are others now");
        }
        let volatile = crate::analysis::volatile_functions(self.plan).map_err(Stop::from)?;
        if let Some(name) = volatile.first() {
            return halt(format!("it uses {name}()"));
        }
        let late = |check: &&CompiledCheck| check.severity == Severity::Quarantine && !check.is_one_pass();
        match self.checks.iter().find(late) {
            Some(check) => halt(format!("its check {} sets rows aside by looking at all of them", check.name)),
            None => Ok(()),
        }
    }

    /// What has changed of the tables that the plan scans.
    async fn changed(&self, plan: &LogicalPlan) -> Result<Changed, Halt> {
        self.verify_views()?;
        let mut changed = Changed::default();
        for (name, source) in scanned(plan)? {
            let Some(now) = source.downcast_ref::<LakeTable>() else {
                return halt(format!("it reads {name}, which is no table of the lake"));
            };
            let then = match self.since.relations.get(&name) {
                Some(relation @ Relation::Table { version }) => {
                    if now.version().snapshot.version() == *version
                        && matches!(self.relations.get(&name), Some(Relation::Table { .. }))
                    {
                        continue;
                    }
                    relation
                }
                _ => return halt(format!("it reads {name} for the first time")),
            };
            if let Some(change) = self.change(&name, now, then).await? {
                changed.0.insert(name, change);
            }
        }
        Ok(changed)
    }

    /// Views must be what they were: the plan has their queries in it.
    fn verify_views(&self) -> Result<(), Halt> {
        for name in self.session.reads(self.sql, self.relations)? {
            if let Some(Relation::View { sql }) = self.relations.get(&name)
                && !matches!(self.since.relations.get(&name), Some(Relation::View { sql: then }) if then == sql)
            {
                return halt(format!("the query of the view {name} has changed"));
            }
        }
        Ok(())
    }

    async fn change(&self, name: &TableName, now: &LakeTable, then: &Relation) -> Result<Option<Change>, Halt> {
        let Ok(old) = self.lake.open(name, then).await else {
            return halt(format!("{name} cannot be read as it was"));
        };
        if now.is_foreign() || old.is_foreign() {
            return halt(format!("{name} was written by another engine"));
        }
        let location = self.lake.location();
        let changes = match changes::between(location, old.version(), now.version()).await? {
            Ok(changes) => changes,
            Err(why) => return halt(format!("{name} {why}")),
        };
        let folder = &old.version().folder;
        for path in changes.vanished.iter().flat_map(|(_, slice)| slice.keys()) {
            let path = Path::from(path.as_str()).parts().fold(folder.clone(), Path::join);
            if !exists(location, &path).await? {
                return halt(format!("vacuum has removed rows that {name} had"));
            }
        }
        let slice = |slices: &[_]| -> Result<_> {
            if slices.is_empty() {
                return Ok(None);
            }
            LakeTable::slices(slices, self.lake.store_url()).map(|table| Some(source_of(table)))
        };
        let (appeared, vanished) = (slice(&changes.appeared)?, slice(&changes.vanished)?);
        if appeared.is_none() && vanished.is_none() {
            return Ok(None);
        }
        let old = datafusion::datasource::provider_as_source(old);
        Ok(Some(Change { old, appeared, vanished }))
    }

    /// The rows of the keys that the changes concern.
    async fn by_keys(&self, plan: &LogicalPlan, changed: &Changed) -> Result<Work, Halt> {
        if self.checks.iter().any(|check| check.severity == Severity::Quarantine) {
            return halt("it has a check that sets rows aside, and more than new rows came in");
        }
        let table = self.previous.schema();
        let parts: Vec<(usize, Expr)> = outputs(plan)
            .into_iter()
            .enumerate()
            .filter(|(place, _)| is_key_type(plan.schema().field(*place).data_type(), table.field(*place).data_type()))
            .collect();
        let parts = self.narrowed(key_columns(plan, parts, changed)?, &table);
        let exprs: Vec<Expr> = parts.iter().map(|(_, expr)| expr.clone()).collect();
        let (keys, count) = self.keys(affected(plan, &exprs, changed)?).await?;
        let columns: Vec<String> = parts.iter().map(|(place, _)| table.field(*place).name().clone()).collect();
        if count == 0 {
            return Ok(Work { plan: nothing(plan), deletes: Vec::new(), refresh: Refresh::Nothing });
        }
        // From here on parts are by their places in the table of keys.
        let parts: Vec<(usize, Expr)> = exprs.into_iter().enumerate().collect();
        let mut reach = Reach::default();
        let restricted = restrict(plan, parts.clone(), &keys, &mut reach)?;
        if reach.share_of(plan) < SMALLEST_REACH {
            return halt(format!("most of what it reads is read for every key ({})", columns.join(", ")));
        }
        let rows = self.rows_of(&keys, &columns).await?;
        let deleted: u64 = rows.values().map(RoaringTreemap::len).sum();
        if let Some(all) = self.previous.rows()
            && deleted as f64 > all as f64 * LARGEST_SHARE
        {
            return halt(format!("{:.0} % of its rows are concerned", 100.0 * deleted as f64 / all as f64));
        }
        let deletes = delete::actions(self.lake.location(), self.previous, &rows).await?;
        let plan = keys.choose(restricted, &parts).map_err(Stop::from)?;
        Ok(Work { plan, deletes, refresh: Refresh::Keys { columns, keys: count, deleted } })
    }

    /// The columns of a unique check, if all of them may be in the key: they choose best. Otherwise all.
    fn narrowed(&self, parts: Vec<(usize, Expr)>, table: &SchemaRef) -> Vec<(usize, Expr)> {
        let is_part = |name: &String| parts.iter().any(|(place, _)| table.field(*place).name() == name);
        let unique = self.checks.iter().filter_map(|check| match &check.probe {
            Probe::Unique { columns } if check.filter.is_none() && columns.iter().all(is_part) => Some(columns),
            _ => None,
        });
        match unique.min_by_key(|columns| columns.len()) {
            Some(columns) => {
                let in_key = |place: usize| columns.contains(table.field(place).name());
                parts.into_iter().filter(|(place, _)| in_key(*place)).collect()
            }
            None => parts,
        }
    }

    /// The distinct keys that plans yield, and how many they are.
    async fn keys(&self, plans: Vec<LogicalPlan>) -> Result<(KeyTable, u64), Halt> {
        let all = LogicalPlanBuilder::from(united(plans)?);
        let distinct = all.distinct().and_then(LogicalPlanBuilder::build).map_err(Stop::from)?;
        let (schema, batches) = self.collect(&distinct, MOST_KEYS).await?;
        let count = batches.iter().map(|batch| batch.num_rows() as u64).sum();
        let table = MemTable::try_new(schema, vec![batches]).map_err(Stop::from)?;
        Ok((KeyTable::new(source_of(table)), count))
    }

    /// Where the table's rows with the keys are.
    async fn rows_of(&self, keys: &KeyTable, columns: &[String]) -> Result<FileRows, Halt> {
        let lake = self.lake;
        let table = LakeTable::with_positions(lake.location(), self.previous, lake.store_url()).await?;
        let paths = table.paths().to_vec();
        let scan = LogicalPlanBuilder::scan("__table", source_of(table), None).and_then(LogicalPlanBuilder::build);
        let parts = columns.iter().enumerate().map(|(place, name)| {
            let key = keys.data_type(place);
            (place, cast(Expr::Column(datafusion::common::Column::new(Some("__table"), name)), key))
        });
        let chosen = keys.choose(scan.map_err(Stop::from)?, &parts.collect::<Vec<_>>());
        let positions = chosen.and_then(|chosen| {
            LogicalPlanBuilder::from(chosen).project([ident(FILE_COLUMN), ident(ROW_COLUMN)])?.build()
        });
        let (_, batches) = self.collect(&positions.map_err(Stop::from)?, usize::MAX).await?;
        let mut rows: HashMap<i64, RoaringTreemap> = HashMap::new();
        for batch in batches {
            let numbers = |column: usize| batch.column(column).as_primitive::<Int64Type>().values().iter().copied();
            for (file, row) in numbers(0).zip(numbers(1)) {
                rows.entry(file).or_default().insert(row as u64);
            }
        }
        Ok(rows
            .into_iter()
            .filter_map(|(file, rows)| Some((paths.get(usize::try_from(file).ok()?)?.clone(), rows)))
            .collect())
    }

    /// The rows of a plan, held in memory: no more than `most`.
    async fn collect(&self, plan: &LogicalPlan, most: usize) -> Result<(SchemaRef, Vec<RecordBatch>), Halt> {
        let physical = self.session.physical(plan, Thrift::Fast).await?;
        let (mut batches, mut rows) = (Vec::new(), 0);
        let lanes = lanes::of_plan(&physical, &self.session.state().task_ctx())?;
        let mut lanes = futures::stream::select_all(lanes);
        while let Some(batch) = lanes.next().await {
            let batch = batch?.rows;
            rows += batch.num_rows();
            if rows > most {
                return halt(format!("more than {most} keys are concerned"));
            }
            batches.push(batch);
        }
        Ok((physical.schema(), batches))
    }
}

/// Why there is no work.
enum Halt {
    Stop(Stop),
    Error(Error),
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

fn halt<T>(why: impl Into<String>) -> Result<T, Halt> {
    Err(Halt::Stop(Stop::Obstacle(why.into())))
}

/// The rows of all plans.
fn united(plans: Vec<LogicalPlan>) -> Result<LogicalPlan, Halt> {
    let mut plans = plans.into_iter();
    let Some(first) = plans.next() else { return halt("nothing that it reads has changed") };
    let mut all = LogicalPlanBuilder::from(first);
    for plan in plans {
        all = all.union(plan).map_err(Stop::from)?;
    }
    Ok(all.build().map_err(Stop::from)?)
}

/// A plan with the columns of another and no rows.
fn nothing(plan: &LogicalPlan) -> LogicalPlan {
    let schema = Arc::clone(plan.schema());
    LogicalPlan::EmptyRelation(datafusion::logical_expr::EmptyRelation { produce_one_row: false, schema })
}

/// The tables that a plan scans, its subqueries included.
fn scanned(plan: &LogicalPlan) -> Result<BTreeMap<TableName, Arc<dyn datafusion::catalog::TableProvider>>, Halt> {
    let mut found = BTreeMap::new();
    let mut strange = false;
    let walked = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(TableScan { table_name, source, .. }) = node {
            let name = table_name.schema().and_then(|schema| TableName::new(schema, table_name.table()).ok());
            match name {
                Some(name) => {
                    found.insert(name, datafusion::datasource::source_as_provider(source)?);
                }
                // What a recursion has found so far, or a table function.
                None => strange = true,
            }
        }
        Ok(TreeNodeRecursion::Continue)
    });
    walked.map_err(Stop::from)?;
    if strange { halt("it is recursive, or calls a table function") } else { Ok(found) }
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
