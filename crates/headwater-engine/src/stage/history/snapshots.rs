//! Snapshots: a query's rows are added under the time of the run, in place of those of the same period.

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Date32Type, Field, TimestampMicrosecondType};
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};
use futures::StreamExt;
use headwater_sdk::method::Snapshots;
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error, Result, TableName};

use super::columns::misfit;
use super::{MICROS_OF_DAY, open};
use crate::Lake;
use crate::lake::delete::{self, FileRows};
use crate::lake::table::TableVersion;
use crate::refresh::{outputs, source_of};
use crate::session::{LakeTable, Session, Thrift, sql_error};
use crate::stage::lanes;
use crate::stage::positions::positions;
use crate::types::lake_schema;

const TABLE: &str = "__snapshots";

/// A snapshot that is added.
pub(in crate::stage) struct Snapshot {
    /// Its rows.
    pub(in crate::stage) plan: LogicalPlan,
    /// The rows that it takes the place of, and those that are kept no longer.
    pub(in crate::stage) removed: FileRows,
    /// How many rows it takes the place of.
    pub(in crate::stage) replaced: u64,
    /// How many rows are kept no longer.
    pub(in crate::stage) expired: u64,
    /// Whether there are none before it.
    pub(in crate::stage) begins: bool,
}

/// The snapshot that a run which began `at` adds to `previous`.
pub(in crate::stage) async fn snapshot(
    lake: &Lake,
    session: &Session,
    name: &TableName,
    (snapshots, at): (&Snapshots, i64),
    plan: &LogicalPlan,
    previous: Option<&TableVersion>,
) -> Result<Snapshot> {
    let query = lake_schema(plan.schema().as_arrow())?;
    snapshots.verify(&query).map_err(misfit)?;
    let schema = snapshots.schema(&query);
    let column = schema.field(query.fields().len());
    let start = snapshots.every.start(at);
    let value = moment(column.data_type(), start);
    let mut columns = outputs(plan);
    columns.push(lit(value.clone()).alias(column.name()));
    let plan = LogicalPlanBuilder::from(plan.clone()).project(columns).and_then(LogicalPlanBuilder::build);
    let plan = plan.map_err(|e| sql_error(&e))?;
    let previous = previous.filter(|previous| previous.schema().field_with_name(column.name()).is_ok());
    let (removed, replaced, expired) = (FileRows::new(), 0, 0);
    let mut snapshot = Snapshot { plan, removed, replaced, expired, begins: previous.is_none() };
    let Some(previous) = previous else { return Ok(snapshot) };
    verify(name, &schema, previous)?;
    let table = open(lake, name, previous).await?;
    let kept = Kept { session, table: &table, column };
    let same = lit(value.clone());
    snapshot.replaced = kept.take_out(&mut snapshot.removed, &|column| column.eq(same.clone())).await?;
    if let Some(most) = snapshots.keep {
        let mut starts = kept.starts().await?;
        starts.retain(|other| *other != start);
        starts.push(start);
        starts.sort_unstable_by(|one, other| other.cmp(one));
        if let Some(oldest) = starts.get((most.max(1) as usize).saturating_sub(1)) {
            let oldest = lit(moment(column.data_type(), *oldest));
            snapshot.expired = kept.take_out(&mut snapshot.removed, &|column| column.lt(oldest.clone())).await?;
        }
    }
    Ok(snapshot)
}

/// A moment as a value of the added column.
fn moment(data_type: &DataType, at: i64) -> ScalarValue {
    match data_type {
        DataType::Date32 => ScalarValue::Date32(i32::try_from(at.div_euclid(MICROS_OF_DAY)).ok()),
        _ => ScalarValue::TimestampMicrosecond(Some(at), Some("UTC".into())),
    }
}

/// Whether snapshots go on in a table: without losing a column.
fn verify(name: &TableName, schema: &arrow::datatypes::Schema, table: &TableVersion) -> Result<()> {
    for field in table.schema().fields() {
        let (column, then) = (field.name(), type_name(field.data_type()));
        let wrong = match schema.field_with_name(column) {
            Err(_) => (
                format!("the snapshots in {name} have the column '{column}', which its query lacks"),
                format!("keep it in the query: cast(null as {then}) as {column}"),
            ),
            Ok(now) if now.data_type() != field.data_type() => (
                format!(
                    "the column '{column}' of the snapshots in {name} is {then}, and not {}",
                    type_name(now.data_type())
                ),
                format!("cast it in the query: cast({column} as {then}) as {column}"),
            ),
            Ok(_) => continue,
        };
        let (message, help) = wrong;
        let help = format!("{help}; to begin anew in their place, run with --full-refresh --discard-history");
        return Err(Error::new("HW0632", Blame::Project, message).help(help));
    }
    Ok(())
}

/// The snapshots that are there.
struct Kept<'a> {
    session: &'a Session,
    table: &'a LakeTable,
    column: &'a Field,
}

impl Kept<'_> {
    fn scan(&self) -> datafusion::common::Result<(LogicalPlanBuilder, Expr)> {
        let column = Expr::Column(Column::new(Some(TABLE), self.column.name()));
        Ok((LogicalPlanBuilder::scan(TABLE, source_of(self.table.clone()), None)?, column))
    }

    /// Adds the rows that a condition on their time chooses; how many there are.
    async fn take_out(&self, rows: &mut FileRows, condition: &(dyn Fn(Expr) -> Expr + Sync)) -> Result<u64> {
        let chosen = self.scan().and_then(|(scan, column)| scan.filter(condition(column)));
        let found = positions(self.session, chosen.map_err(|e| sql_error(&e))?, self.table.paths()).await?;
        let count = delete::count(&found);
        for (path, positions) in found {
            *rows.entry(path).or_default() |= positions;
        }
        Ok(count)
    }

    /// When the periods begin of which there are snapshots.
    async fn starts(&self) -> Result<Vec<i64>> {
        let plan = self.scan().and_then(|(scan, column)| scan.project([column])?.distinct()?.build());
        let physical = self.session.physical(&plan.map_err(|e| sql_error(&e))?, Thrift::Fast).await?;
        let lanes = lanes::of_plan(&physical, &self.session.state().task_ctx())?;
        let mut lanes = futures::stream::select_all(lanes);
        let mut starts = Vec::new();
        while let Some(batch) = lanes.next().await {
            let column = batch?.rows.column(0).clone();
            match column.data_type() {
                DataType::Date32 => {
                    let days = column.as_primitive::<Date32Type>();
                    starts.extend(days.iter().flatten().map(|day| i64::from(day) * MICROS_OF_DAY));
                }
                _ => starts.extend(column.as_primitive::<TimestampMicrosecondType>().iter().flatten()),
            }
        }
        Ok(starts)
    }
}
