//! Trying a query out: its rows over given tables, as a run would compute and write them, and what checks say of them.

use std::sync::Arc;

use arrow::compute::concat_batches;
use arrow::record_batch::RecordBatch;
use datafusion::physical_plan::collect;
use headwater_sdk::Result;
use headwater_sdk::engine::{GivenTable, Trial, TrialRequest};

use crate::session::{Runtime, Session, Thrift, arrow_error, sql_error};
use crate::stage::{audit_query, now_micros};
use crate::types::{cast_batch, lake_schema};

/// See [`headwater_sdk::engine::Engine::try_out`].
pub(crate) async fn try_out(runtime: &Runtime, request: TrialRequest) -> Result<Trial> {
    let TrialRequest { table, sql, mut tables, checks, now } = request;
    let rows = rows(&Session::on_given(runtime, &tables, now)?, &sql).await?;
    if checks.is_empty() {
        return Ok(Trial { rows, checks: Vec::new() });
    }
    tables.insert(table.clone(), GivenTable::Rows(rows.clone()));
    let session = Session::on_given(runtime, &tables, now)?;
    let all = format!("SELECT * FROM {table}");
    let now = now.unwrap_or_else(now_micros);
    let audited = audit_query(&session, &all, &table, &checks, &Arc::default(), now).await?;
    Ok(Trial { rows, checks: audited.checks })
}

/// The rows of a query, in lake types.
async fn rows(session: &Session, sql: &str) -> Result<RecordBatch> {
    let plan = session.plan(sql).await?;
    let physical = session.physical(&plan, Thrift::Fast).await?;
    let schema = lake_schema(&physical.schema())?.into();
    let batches = collect(physical, session.state().task_ctx()).await.map_err(|e| sql_error(&e))?;
    let batches: Vec<RecordBatch> =
        batches.iter().map(|batch| cast_batch(batch, &schema)).collect::<Result<_, _>>().map_err(arrow_error)?;
    concat_batches(&schema, &batches).map_err(arrow_error)
}
