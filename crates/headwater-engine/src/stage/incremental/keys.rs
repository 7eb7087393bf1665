//! The rows of the keys that changes concern: which keys, where the table has them, and what they are now.

use std::collections::HashMap;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Int64Type, SchemaRef};
use datafusion::common::Column;
use datafusion::datasource::MemTable;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, ident};
use headwater_sdk::check::{Probe, Severity};
use headwater_sdk::engine::Refresh;
use roaring::RoaringTreemap;

use super::{Case, Halt, Work, collect, halt, nothing, united};
use crate::lake::delete::{self, FileRows};
use crate::refresh::{Changed, KeyTable, Reach, Stop, affected, key_columns, outputs, restrict, source_of};
use crate::session::{FILE_COLUMN, LakeTable, ROW_COLUMN, Session};

/// More keys than this are not looked up.
const MOST_KEYS: usize = 2_000_000;
/// More rows of the table than this are not looked up.
const MOST_ROWS: usize = 8_000_000;
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
    pub(in crate::stage) async fn keys(&self, plans: Vec<LogicalPlan>) -> Result<(KeyTable, u64), Halt> {
        let all = LogicalPlanBuilder::from(united(plans)?);
        let distinct = all.distinct().and_then(LogicalPlanBuilder::build).map_err(Stop::from)?;
        collect_keys(self.session, &distinct).await
    }

    /// Where the table's rows with the keys are.
    async fn rows_of(&self, keys: &KeyTable, columns: &[String]) -> Result<FileRows, Halt> {
        let lake = self.lake;
        let table = LakeTable::with_positions(lake.location(), self.previous, lake.store_url()).await?;
        let paths = table.paths().to_vec();
        let scan = LogicalPlanBuilder::scan("__table", source_of(table), None).and_then(LogicalPlanBuilder::build);
        let parts = columns.iter().enumerate().map(|(place, name)| {
            let key = keys.data_type(place);
            (place, cast(Expr::Column(Column::new(Some("__table"), name)), key))
        });
        let chosen = keys.choose(scan.map_err(Stop::from)?, &parts.collect::<Vec<_>>());
        let positions = chosen.and_then(|chosen| {
            LogicalPlanBuilder::from(chosen).project([ident(FILE_COLUMN), ident(ROW_COLUMN)])?.build()
        });
        let (_, batches) =
            self.collect(&positions.map_err(Stop::from)?, MOST_ROWS, "too many of its rows are concerned").await?;
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
}

/// Keys that a plan yields, none of them twice, and how many they are.
pub(in crate::stage) async fn collect_keys(session: &Session, distinct: &LogicalPlan) -> Result<(KeyTable, u64), Halt> {
    let (schema, batches) = collect(session, distinct, MOST_KEYS, "too many keys are concerned").await?;
    let count = batches.iter().map(|batch| batch.num_rows() as u64).sum();
    let table = MemTable::try_new(schema, vec![batches]).map_err(Stop::from)?;
    Ok((KeyTable::new(source_of(table)), count))
}

/// Whether equal values of a column's type are equal in the table, and different ones different.
pub(in crate::stage) fn is_key_type(computed: &DataType, kept: &DataType) -> bool {
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
