//! What a load brings, in temporary files: the columns of the load, then the number, the operation and the kept columns of each
//! change.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, Int8Array, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::datasource::empty::EmptyTable;
use datafusion::execution::{SendableRecordBatchStream, SpillFile, TaskContext};
use datafusion::physical_plan::SpillManager;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, SpillMetrics};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::StreamExt;
use headwater_sdk::Result;
use headwater_sdk::connector::{Operation, ReadPart, SourceBatch};
use headwater_sdk::progress::Progress;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::Layout;
use super::fold::{AFRESH, ChangeRows, State, Values, kept_of};
use crate::session::{Session, arrow_error, sql_error};
use crate::stage::lanes;
use crate::stage::side::SideTable;
use crate::stage::sink::task_error;
use crate::types::cast_batch;

/// The columns behind those of the load.
pub(super) const ORDER: &str = "__headwater_order";
pub(super) const OPERATION: &str = "__headwater_operation";
pub(super) const KEPT: &str = "__headwater_kept";

/// What a batch of the files has at most, unless a single row is larger.
const SLICE_ROWS: usize = 8192;
const SLICE_BYTES: usize = 1 << 20;

/// See the module's documentation.
pub(super) struct Spool {
    schema: SchemaRef,
    files: Vec<Arc<dyn SpillFile>>,
    manager: Arc<SpillManager>,
    /// Rows that came, bad ones included.
    pub(super) rows_in: u64,
    /// Bad ones among them.
    pub(super) rejected_rows: u64,
    /// Where these were put.
    pub(super) rejected: Option<Mutex<SideTable>>,
    /// Whether changes leave values as they are.
    pub(super) has_kept: bool,
    /// The number of the last change that emptied the table: those before it do not count.
    pub(super) emptied_at: Option<i64>,
}

/// What one lane has brought.
#[derive(Default)]
struct Brought {
    file: Option<Arc<dyn SpillFile>>,
    rows_in: u64,
    rejected_rows: u64,
    has_kept: bool,
    emptied_at: Option<i64>,
}

impl Spool {
    /// Reads all parts. Changes are read in order, upserts several at a time.
    pub(super) async fn fill(
        session: &Session,
        layout: &Arc<Layout>,
        parts: Vec<Box<dyn ReadPart>>,
        threads: usize,
        rejected: Option<SideTable>,
        progress: &Arc<Progress>,
    ) -> Result<Self> {
        let schema = schema(layout);
        let env = Arc::clone(session.state().runtime_env());
        let metrics = SpillMetrics::new(&ExecutionPlanMetricsSet::new(), 0);
        let manager = Arc::new(SpillManager::new(env, metrics, Arc::clone(&schema)));
        let rejected = Arc::new(rejected.map(Mutex::new));
        let mut tasks = JoinSet::new();
        for lane in lanes::of_batches(parts, if layout.once { threads } else { 1 }, progress) {
            let filling = Filling {
                layout: Arc::clone(layout),
                schema: Arc::clone(&schema),
                manager: Arc::clone(&manager),
                rejected: Arc::clone(&rejected),
            };
            tasks.spawn(filling.lane(lane));
        }
        let (mut all, mut files) = (Brought::default(), Vec::new());
        while let Some(lane) = tasks.join_next().await {
            let lane = lane.map_err(task_error)??;
            files.extend(lane.file);
            all.rows_in += lane.rows_in;
            all.rejected_rows += lane.rejected_rows;
            all.has_kept |= lane.has_kept;
            all.emptied_at = all.emptied_at.max(lane.emptied_at);
        }
        // Every lane has ended: nobody else holds it.
        let rejected = Arc::into_inner(rejected).flatten();
        let Brought { rows_in, rejected_rows, has_kept, emptied_at, .. } = all;
        Ok(Self { schema, files, manager, rows_in, rejected_rows, rejected, has_kept, emptied_at })
    }

    /// The changes as a table.
    pub(super) fn table(&self) -> datafusion::common::Result<Arc<dyn TableProvider>> {
        if self.files.is_empty() {
            return Ok(Arc::new(EmptyTable::new(Arc::clone(&self.schema))));
        }
        let partition = |file: &Arc<dyn SpillFile>| {
            let (file, manager) = (Arc::clone(file), Arc::clone(&self.manager));
            Arc::new(SpoolFile { schema: Arc::clone(&self.schema), file, manager }) as Arc<dyn PartitionStream>
        };
        let files = self.files.iter().map(partition).collect();
        Ok(Arc::new(StreamingTable::try_new(Arc::clone(&self.schema), files)?))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

/// The columns of the load in lake types, and those of a change.
fn schema(layout: &Layout) -> SchemaRef {
    let own = [
        Field::new(ORDER, DataType::Int64, true),
        Field::new(OPERATION, DataType::Int8, true),
        Field::new(KEPT, DataType::Binary, true),
    ];
    Arc::new(Schema::new(layout.lake.fields().iter().cloned().chain(own.map(Arc::new)).collect::<Vec<_>>()))
}

/// A lane that is being written.
struct Filling {
    layout: Arc<Layout>,
    schema: SchemaRef,
    manager: Arc<SpillManager>,
    rejected: Arc<Option<Mutex<SideTable>>>,
}

impl Filling {
    async fn lane(self, mut batches: lanes::SourceLane) -> Result<Brought> {
        let mut brought = Brought::default();
        let file = self.manager.create_in_progress_file("taking up the rows of a source");
        let mut file = file.map_err(|e| sql_error(&e))?;
        let key = self.layout.key.iter().map(|place| SortField::new(self.schema.field(*place).data_type().clone()));
        let keys = RowConverter::new(key.collect()).map_err(arrow_error)?;
        let mut before = 0_i64;
        while let Some(batch) = batches.next().await {
            let batch = batch?;
            let count = batch.rows.num_rows() + batch.rejected.len();
            brought.rows_in += count as u64;
            brought.rejected_rows += match self.rejected.as_ref() {
                Some(side) => side.lock().await.add_rejected(&batch.rejected).await?,
                None => batch.rejected.len() as u64,
            };
            let rows = self.changes(&batch, before)?;
            before += batch.rows.num_rows() as i64;
            if let Some(last) = last_truncate(&rows, self.layout.width()) {
                brought.emptied_at = Some(last);
            }
            let rows = if self.layout.once { rows } else { self.compacted(&rows, &keys)? };
            brought.has_kept |= rows.column(self.layout.width() + 2).null_count() < rows.num_rows();
            for some in in_slices(&rows) {
                file.append_batch(&some).map_err(|e| sql_error(&e))?;
            }
            tokio::task::yield_now().await;
        }
        brought.file = file.finish().map_err(|e| sql_error(&e))?;
        Ok(brought)
    }

    /// A batch's rows in lake types, each with its number and what it is.
    fn changes(&self, batch: &SourceBatch, before: i64) -> Result<RecordBatch> {
        let rows = cast_batch(&batch.rows, &self.layout.lake).map_err(arrow_error)?;
        let count = rows.num_rows();
        let (operations, kept) = match &batch.changes {
            Some(changes) => (changes.operations.clone(), changes.kept.clone()),
            None => (Int8Array::from_value(Operation::Upsert as i8, count), None),
        };
        let kept = kept.unwrap_or_else(|| BinaryArray::new_null(count));
        let order = Int64Array::from_iter_values((before..).take(count));
        let mut columns: Vec<ArrayRef> = rows.columns().to_vec();
        columns.extend([Arc::new(order) as ArrayRef, Arc::new(operations), Arc::new(kept)]);
        RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(arrow_error)
    }

    /// The last change of each key alone. Rows that are changed all the time would otherwise be carried around as often.
    fn compacted(&self, rows: &RecordBatch, keys: &RowConverter) -> Result<RecordBatch> {
        let width = self.layout.width();
        let changes = ChangeRows::new(rows, width, width + 1);
        let columns: Vec<ArrayRef> = self.layout.key.iter().map(|place| rows.column(*place).clone()).collect();
        let converted = keys.convert_columns(&columns).map_err(arrow_error)?;
        let mut states: HashMap<OwnedRow, (usize, State)> = HashMap::with_capacity(rows.num_rows());
        for row in 0..rows.num_rows() {
            if changes.is(row, Operation::Truncate) {
                states.clear();
                continue;
            }
            let key = converted.row(row).owned();
            let before = states.remove(&key).map(|(_, state)| state);
            states.insert(key, (row, changes.then(before, row)));
        }
        let mut last: Vec<(usize, State)> = states.into_values().collect();
        last.sort_unstable_by_key(|(row, _)| *row);
        let values: Vec<Values> = last
            .iter()
            .map(|(row, state)| match state {
                State::Gone => Values::Of(*row),
                State::There { values, .. } => values.clone(),
            })
            .collect();
        let order = rows.column(width).as_primitive::<Int64Type>();
        let operation = |(_, state): &(usize, State)| match state {
            State::Gone => Operation::Delete as i8,
            State::There { afresh: true, .. } => AFRESH,
            State::There { .. } => Operation::Upsert as i8,
        };
        let kept = kept_of(last.iter().map(|(_, state)| match state {
            State::There { kept, .. } => kept.as_ref(),
            State::Gone => None,
        }));
        let mut columns = changes.values(&values).map_err(arrow_error)?;
        columns.push(Arc::new(Int64Array::from_iter_values(last.iter().map(|(row, _)| order.value(*row)))));
        columns.push(Arc::new(Int8Array::from_iter_values(last.iter().map(operation))));
        columns.push(Arc::new(kept));
        RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(arrow_error)
    }
}

/// The rows in batches that a sort can hold some of: it takes them up whole, and a source's may be large.
fn in_slices(rows: &RecordBatch) -> impl Iterator<Item = RecordBatch> {
    let count = rows.num_rows();
    let bytes: usize = rows.columns().iter().filter_map(|column| column.to_data().get_slice_memory_size().ok()).sum();
    let most = (SLICE_BYTES * count).checked_div(bytes).unwrap_or(SLICE_ROWS).clamp(1, SLICE_ROWS);
    (0..count).step_by(most).map(move |start| rows.slice(start, most.min(count - start)))
}

/// The number of the last change that empties the table.
fn last_truncate(rows: &RecordBatch, width: usize) -> Option<i64> {
    let changes = ChangeRows::new(rows, width, width + 1);
    let last = (0..rows.num_rows()).rev().find(|row| changes.is(*row, Operation::Truncate))?;
    Some(rows.column(width).as_primitive::<Int64Type>().value(last))
}

/// One of the files, as a partition of a table.
struct SpoolFile {
    schema: SchemaRef,
    file: Arc<dyn SpillFile>,
    manager: Arc<SpillManager>,
}

impl std::fmt::Debug for SpoolFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SpoolFile({:?})", self.file.path())
    }
}

impl PartitionStream for SpoolFile {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        match self.manager.read_spill_as_stream(Arc::clone(&self.file), None) {
            Ok(rows) => rows,
            Err(error) => {
                let failed = futures::stream::iter([Err(error)]);
                Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), failed))
            }
        }
    }
}
