//! All that is known of the keys that a load brings, as rows side by side: the table's rows, then the changes in order.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::{Column, NullEquality, Result as Planned, ScalarValue};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, ident, lit};
use headwater_sdk::{Result, TableName};

use super::Layout;
use super::spool::{KEPT, OPERATION, ORDER, Spool};
use crate::Lake;
use crate::lake::table::TableVersion;
use crate::refresh::{as_keys, output_named, source_of};
use crate::session::{FILE_COLUMN, ROW_COLUMN, Session, semi_join, sql_error};
use crate::stage::history::open;
use crate::stage::incremental::{collect_keys, keys_of_table, settle};

/// What the table, and the load, are called in plans.
const TABLE: &str = "__table";
const LOAD: &str = "__load";
/// The number of a row of the table: before all changes.
const FIRST: i64 = -1;

/// The places behind the columns of the load.
pub(super) const OPERATION_PLACE: usize = 1;
pub(super) const FILE_PLACE: usize = 3;
pub(super) const ROW_PLACE: usize = 4;

/// The table's rows that have one of the keys of a load, or with `anew` all of them, and the paths of the table's files.
pub(super) async fn kept(
    lake: &Lake,
    session: &Session,
    name: &TableName,
    layout: &Layout,
    spool: &Spool,
    previous: &TableVersion,
    anew: bool,
) -> Result<(LogicalPlan, Vec<String>)> {
    let table = open(lake, name, previous).await?;
    let paths = table.paths().to_vec();
    let failed = |e| sql_error(&e);
    let scan = LogicalPlanBuilder::scan(TABLE, source_of(table), None).and_then(LogicalPlanBuilder::build);
    let scan = scan.map_err(failed)?;
    if anew {
        return Ok((scan, paths));
    }
    let columns = layout.key_names();
    let keys = load_keys(layout, spool).map_err(failed)?;
    let rows = match settle(collect_keys(session, &keys).await)? {
        Ok((keys, _)) => keys.choose(scan, &keys_of_table(&keys, TABLE, &columns)),
        // Too many to be held: both sides are sorted.
        Err(_) => {
            let on = columns.iter().zip(keys.schema().columns());
            let on = on.map(|(name, key)| (Expr::Column(Column::new(Some(TABLE), name)), Expr::Column(key)));
            let on = on.collect();
            semi_join(Arc::new(scan), Arc::new(keys.clone()), on, NullEquality::NullEqualsNothing)
        }
    };
    Ok((rows.map_err(failed)?, paths))
}

/// The keys of a load, each once.
fn load_keys(layout: &Layout, spool: &Spool) -> Planned<LogicalPlan> {
    let keys: Vec<Expr> = layout.key.iter().map(|place| own(layout, *place)).collect::<Planned<_>>()?;
    let load = scan(spool)?.build()?;
    LogicalPlanBuilder::from(as_keys(load, &keys)?).distinct()?.build()
}

/// The changes that count.
fn scan(spool: &Spool) -> Planned<LogicalPlanBuilder> {
    let load = LogicalPlanBuilder::scan(LOAD, provider_as_source(spool.table()?), None)?;
    match spool.emptied_at {
        Some(emptied) => load.filter(ident(ORDER).gt(lit(emptied))),
        None => Ok(load),
    }
}

/// A column of the load in the type in which it is compared.
fn own(layout: &Layout, place: usize) -> Planned<Expr> {
    let field = layout.fields.field(place);
    Ok(cast(Expr::Column(Column::new(Some(LOAD), field.name())), field.data_type().clone()).alias(field.name()))
}

/// The changes and the table's rows `kept`; of these the keys alone, unless the walk has to know their values.
pub(super) fn events(
    layout: &Layout,
    spool: &Spool,
    kept: Option<LogicalPlan>,
    has_values: bool,
) -> Planned<LogicalPlan> {
    let nothing = |data_type: &DataType| -> Planned<Expr> { Ok(lit(ScalarValue::try_from(data_type)?)) };
    let mut seen = (0..layout.width()).map(|place| own(layout, place)).collect::<Planned<Vec<Expr>>>()?;
    seen.extend([ORDER, OPERATION, KEPT].map(|name| Expr::Column(Column::new(Some(LOAD), name)).alias(name)));
    seen.push(nothing(&DataType::Int64)?.alias(FILE_COLUMN));
    seen.push(nothing(&DataType::Int64)?.alias(ROW_COLUMN));
    let seen = scan(spool)?.project(seen)?;
    let Some(table) = kept else { return seen.build() };
    let found = |name: &str, data_type: &DataType| output_named(&table, name, data_type);
    let mut columns = Vec::new();
    for (place, field) in layout.fields.fields().iter().enumerate() {
        columns.push(match has_values || layout.key.contains(&place) {
            true => found(field.name(), field.data_type())?,
            false => nothing(field.data_type())?.alias(field.name()),
        });
    }
    columns.push(lit(FIRST).alias(ORDER));
    columns.push(lit(ScalarValue::Int8(Some(headwater_sdk::connector::Operation::Upsert as i8))).alias(OPERATION));
    columns.push(nothing(&DataType::Binary)?.alias(KEPT));
    columns.extend([found(FILE_COLUMN, &DataType::Int64)?, found(ROW_COLUMN, &DataType::Int64)?]);
    seen.union(LogicalPlanBuilder::from(table).project(columns)?.build()?)?.build()
}
