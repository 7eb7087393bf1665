//! Everything that is known of some keys, as rows side by side: the versions that the table has, and what the query yields.

use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, lit};
use headwater_sdk::types::timestamp_utc;

use super::columns::Layout;
use crate::refresh::{output_named, outputs};
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
    let own = |name: &str, data_type: &DataType| output_named(&table, name, data_type);
    let mut kept = layout.fields.iter().map(|f| own(f.name(), f.data_type())).collect::<Result<Vec<_>>>()?;
    kept.extend([own(from, &timestamp_utc())?, own(to, &timestamp_utc())?]);
    kept.extend([own(FILE_COLUMN, &DataType::Int64)?, own(ROW_COLUMN, &DataType::Int64)?]);
    seen.union(LogicalPlanBuilder::from(table).project(kept)?.build()?)?.build()
}
