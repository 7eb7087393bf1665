//! Everything that is known of some keys, as rows side by side: the versions that the table has, and what the query yields.

use std::sync::Arc;

use arrow::compute::SortOptions;
use arrow::datatypes::DataType;
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, lit};
use datafusion::physical_expr::expressions::Column as PhysicalColumn;
use datafusion::physical_expr::{LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{ExecutionPlan, Partitioning};
use headwater_sdk::types::timestamp_utc;

use super::columns::Layout;
use crate::refresh::outputs;
use crate::session::{FILE_COLUMN, ROW_COLUMN};

/// The columns behind those of the query: from when and until when a version holds, its file and its row. All are null in a
/// row of the query.
pub(super) const FROM: usize = 0;
pub(super) const TO: usize = 1;
pub(super) const FILE: usize = 2;
pub(super) const ROW: usize = 3;

/// The rows of the query and those of the table.
pub(super) fn events(layout: &Layout, input: LogicalPlan, table: Option<LogicalPlan>) -> Result<LogicalPlan> {
    let moment = || lit(ScalarValue::TimestampMicrosecond(None, Some("UTC".into())));
    let place = || lit(ScalarValue::Int64(None));
    let [from, to, ..] = layout.names.names();
    let columns = outputs(&input).into_iter().zip(&layout.fields);
    let mut seen: Vec<Expr> =
        columns.map(|(column, field)| cast(column, field.data_type().clone()).alias(field.name())).collect();
    seen.extend([moment().alias(from), moment().alias(to), place().alias(FILE_COLUMN), place().alias(ROW_COLUMN)]);
    let seen = LogicalPlanBuilder::from(input).project(seen)?;
    let Some(table) = table else { return seen.build() };
    let own = |name: &str, data_type: &DataType| -> Result<Expr> {
        let found = table.schema().iter().find(|(_, field)| field.name() == name);
        Ok(match found {
            Some((qualifier, field)) => {
                cast(Expr::Column(Column::new(qualifier.cloned(), field.name())), data_type.clone()).alias(name)
            }
            // A column that is new.
            None => lit(ScalarValue::try_from(data_type)?).alias(name),
        })
    };
    let mut kept = layout.fields.iter().map(|f| own(f.name(), f.data_type())).collect::<Result<Vec<_>>>()?;
    kept.extend([own(from, &timestamp_utc())?, own(to, &timestamp_utc())?]);
    kept.extend([own(FILE_COLUMN, &DataType::Int64)?, own(ROW_COLUMN, &DataType::Int64)?]);
    seen.union(LogicalPlanBuilder::from(table).project(kept)?.build()?)?.build()
}

/// A plan of [`events`] such that each key is in one lane, the versions in order and the query's rows behind them. Sorts
/// spill.
pub(super) fn in_lanes(
    layout: &Layout,
    events: Arc<dyn ExecutionPlan>,
    lanes: usize,
) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = events.schema();
    let column =
        |place: usize| -> Arc<dyn PhysicalExpr> { Arc::new(PhysicalColumn::new(schema.field(place).name(), place)) };
    let key: Vec<_> = layout.places.key.iter().map(|place| column(*place)).collect();
    let last = SortOptions { descending: false, nulls_first: false };
    let order = key.iter().cloned().chain([column(layout.fields.len() + FROM)]);
    let order = order.map(|expr| PhysicalSortExpr::new(expr, last));
    let apart = Arc::new(RepartitionExec::try_new(events, Partitioning::Hash(key.clone(), lanes))?);
    Ok(match LexOrdering::new(order) {
        Some(order) => Arc::new(SortExec::new(order, apart).with_preserve_partitioning(true)),
        None => apart,
    })
}
