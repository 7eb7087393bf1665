//! Where a table's rows come from: lanes, read in parallel.

pub(in crate::stage) mod by_key;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures::stream::{self, BoxStream, StreamExt};
use headwater_sdk::Result;
use headwater_sdk::connector::{ReadPart, RejectedRow, SourceBatch};
use headwater_sdk::progress::Progress;

use crate::session::sql_error;

/// Some rows, and the bad ones met on the way.
#[derive(Debug)]
pub(crate) struct LaneBatch {
    pub(crate) rows: RecordBatch,
    pub(crate) rejected: Vec<RejectedRow>,
}

/// Rows in order, one lane of several.
pub(crate) type Lane = BoxStream<'static, Result<LaneBatch>>;

/// One lane for each partition of a plan.
pub(crate) fn of_plan(plan: &Arc<dyn ExecutionPlan>, context: &Arc<TaskContext>) -> Result<Vec<Lane>> {
    (0..plan.output_partitioning().partition_count())
        .map(|partition| {
            let rows = plan.execute(partition, context.clone()).map_err(|e| sql_error(&e))?;
            let lane = rows.map(|batch| match batch {
                Ok(rows) => Ok(LaneBatch { rows, rejected: Vec::new() }),
                Err(e) => Err(sql_error(&e)),
            });
            Ok(lane.boxed())
        })
        .collect()
}

/// Batches of a source in order, one lane of several.
pub(crate) type SourceLane = BoxStream<'static, Result<SourceBatch>>;

/// The rows of lanes that share the parts of a source. See [`of_batches`].
pub(crate) fn of_parts(parts: Vec<Box<dyn ReadPart>>, lanes: usize, progress: &Arc<Progress>) -> Vec<Lane> {
    let plain = |batch: SourceBatch| LaneBatch { rows: batch.rows, rejected: batch.rejected };
    of_batches(parts, lanes, progress).into_iter().map(|lane| lane.map(move |batch| batch.map(plain)).boxed()).collect()
}

/// `lanes` lanes that share the parts of a source: each takes the next part when it is done with one.
pub(crate) fn of_batches(parts: Vec<Box<dyn ReadPart>>, lanes: usize, progress: &Arc<Progress>) -> Vec<SourceLane> {
    progress.set_total_bytes_in(parts.iter().map(|part| part.bytes()).sum());
    let lanes = lanes.clamp(1, parts.len().max(1));
    let queue = Arc::new(Mutex::new(VecDeque::from(parts)));
    (0..lanes)
        .map(|_| {
            let (queue, progress) = (queue.clone(), progress.clone());
            let parts = stream::iter(std::iter::from_fn(move || {
                queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
            }));
            parts.flat_map(move |part| part.read(progress.clone())).boxed()
        })
        .collect()
}

/// The schema that files are written with: the lake's columns, but strings and binaries as views where they come so,
/// for which no copy is needed. Partition columns become text in the log and are always in lake types.
pub(crate) fn write_schema(lake: &SchemaRef, input: &SchemaRef, partition_by: &[String]) -> SchemaRef {
    use arrow::datatypes::{DataType, Field, Schema};
    let fields = lake.fields().iter().zip(input.fields()).map(|(lake, input)| {
        let keep = matches!(
            (lake.data_type(), input.data_type()),
            (DataType::Utf8, DataType::Utf8View) | (DataType::Binary, DataType::BinaryView)
        );
        if keep && !partition_by.contains(lake.name()) {
            Arc::new(Field::new(lake.name(), input.data_type().clone(), true))
        } else {
            lake.clone()
        }
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
