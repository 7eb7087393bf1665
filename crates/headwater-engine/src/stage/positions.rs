//! Where rows of a table are: the file, and the row within it.

use std::collections::HashMap;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, ident};
use futures::StreamExt;
use headwater_sdk::Result;
use roaring::RoaringTreemap;

use super::lanes;
use super::lanes::by_key::by_paths;
use crate::lake::delete::FileRows;
use crate::session::{FILE_COLUMN, ROW_COLUMN, Session, Thrift, sql_error};

/// Where the rows are that a plan over [`crate::session::LakeTable::with_positions`] leaves, by the table's `paths`.
///
/// # Errors
/// When the plan fails, with as little memory as it can do with, too.
pub(super) async fn positions(session: &Session, chosen: LogicalPlanBuilder, paths: &[String]) -> Result<FileRows> {
    let plan = chosen.project([ident(FILE_COLUMN), ident(ROW_COLUMN)]).and_then(LogicalPlanBuilder::build);
    let plan = plan.map_err(|e| sql_error(&e))?;
    let mut thrift = Thrift::Fast;
    let rows = loop {
        match by_numbers(session, &plan, thrift).await {
            Ok(rows) => break rows,
            Err(error) => thrift = thrift.next_after(&error).ok_or(error)?,
        }
    };
    Ok(by_paths(rows, paths))
}

/// The rows of each file, by its number, from a plan that yields files and rows.
async fn by_numbers(session: &Session, plan: &LogicalPlan, thrift: Thrift) -> Result<HashMap<i64, RoaringTreemap>> {
    let physical = session.physical(plan, thrift).await?;
    let lanes = lanes::of_plan(&physical, &session.context(thrift))?;
    let mut lanes = futures::stream::select_all(lanes);
    let mut rows: HashMap<i64, RoaringTreemap> = HashMap::new();
    while let Some(batch) = lanes.next().await {
        let batch = batch?.rows;
        let numbers = |column: usize| batch.column(column).as_primitive::<Int64Type>().values().iter().copied();
        for (file, row) in numbers(0).zip(numbers(1)) {
            rows.entry(file).or_default().insert(row as u64);
        }
    }
    Ok(rows)
}
