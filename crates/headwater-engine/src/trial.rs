//! Trying a query out: its rows over given tables, as a run would compute and write them.

use arrow::compute::concat_batches;
use arrow::record_batch::RecordBatch;
use datafusion::physical_plan::collect;
use headwater_sdk::Result;
use headwater_sdk::engine::TrialRequest;

use crate::session::{Runtime, Session, Thrift, arrow_error, sql_error};
use crate::types::{cast_batch, lake_schema};

/// See [`headwater_sdk::engine::Engine::try_out`].
pub(crate) async fn try_out(runtime: &Runtime, request: TrialRequest) -> Result<RecordBatch> {
    let session = Session::on_given(runtime, request.tables, request.now)?;
    let plan = session.plan(&request.sql).await?;
    let physical = session.physical(&plan, Thrift::Fast).await?;
    let schema = lake_schema(&physical.schema())?.into();
    let batches = collect(physical, session.state().task_ctx()).await.map_err(|e| sql_error(&e))?;
    let batches: Vec<RecordBatch> =
        batches.iter().map(|batch| cast_batch(batch, &schema)).collect::<Result<_, _>>().map_err(arrow_error)?;
    concat_batches(&schema, &batches).map_err(arrow_error)
}
