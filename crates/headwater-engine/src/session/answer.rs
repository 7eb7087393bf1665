//! The rows of a query for a reader.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{EmptyRecordBatchStream, execute_stream};
use futures::{StreamExt, TryStreamExt};
use headwater_sdk::Result;
use headwater_sdk::engine::QueryResult;

use super::{Session, Thrift, sql_error};

/// Answers a query. When its joins do not fit into memory and no row was given yet, it begins again with joins that spill.
/// `is_now` says that it reads nothing as it was: that would be laid out otherwise, and tells nothing of what is.
///
/// # Errors
/// When the plan cannot be made executable.
pub(crate) async fn answer(session: Session, plan: LogicalPlan, is_now: bool) -> Result<QueryResult> {
    let thrift = Thrift::Fast;
    let rows = begin(&session, &plan, thrift).await?;
    let schema = rows.schema();
    let asked = session.clone();
    let scans = Arc::new(move || if is_now { asked.scans() } else { Vec::new() });
    let state = Answer { session, plan, thrift, rows, given: false };
    let stream =
        futures::stream::try_unfold(
            state,
            |mut state| async move { Ok(state.next().await?.map(|batch| (batch, state))) },
        );
    Ok(QueryResult { schema, stream: stream.boxed(), scans })
}

struct Answer {
    session: Session,
    plan: LogicalPlan,
    thrift: Thrift,
    rows: SendableRecordBatchStream,
    /// Whether some rows are with the reader already.
    given: bool,
}

impl Answer {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            match self.rows.next().await {
                Some(Ok(batch)) => {
                    self.given |= batch.num_rows() > 0;
                    return Ok(Some(batch));
                }
                None => return Ok(None),
                Some(Err(error)) => {
                    let error = sql_error(&error);
                    let next = if self.given { None } else { self.thrift.next_after(&error) };
                    self.thrift = next.ok_or(error)?;
                    // What the first try holds of the memory is given back before the next one begins.
                    self.rows = Box::pin(EmptyRecordBatchStream::new(self.rows.schema()));
                    self.rows = begin(&self.session, &self.plan, self.thrift).await?;
                }
            }
        }
    }
}

/// The rows of a small answer; what takes too much memory is tried again with less of it.
///
/// # Errors
/// When it cannot be computed.
pub(crate) async fn small_answer(session: &Session, plan: &LogicalPlan) -> Result<Vec<RecordBatch>> {
    let mut thrift = Thrift::Spilling;
    loop {
        let rows = async {
            let rows = begin(session, plan, thrift).await?;
            rows.try_collect().await.map_err(|e| sql_error(&e))
        };
        match rows.await {
            Err(e) => thrift = thrift.next_after(&e).ok_or(e)?,
            rows => return rows,
        }
    }
}

async fn begin(session: &Session, plan: &LogicalPlan, thrift: Thrift) -> Result<SendableRecordBatchStream> {
    let physical = session.physical(plan, thrift).await?;
    execute_stream(physical, session.context(thrift)).map_err(|e| sql_error(&e))
}
