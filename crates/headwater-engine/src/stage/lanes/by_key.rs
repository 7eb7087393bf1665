//! Rows that come sorted by a key, handed on with all rows of each key together.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::{SortOptions, concat_batches};
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, Rows, SortField};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{ExecutionPlan, Partitioning};
use futures::StreamExt;
use headwater_sdk::Result;
use roaring::RoaringTreemap;

use super::Lane;
use crate::lake::delete::FileRows;
use crate::session::{Session, Thrift, arrow_error, owned, small_batches, sql_error};

/// The rows of a batch that have one key.
pub(in crate::stage) type Run = Range<usize>;

/// The rows of a plan in lanes: each key in one of them, its rows by the column `then`, nulls last. Keys are told by the columns at
/// `key`. Sorts spill. What is executed comes with them.
///
/// # Errors
/// When the plan cannot be executed.
pub(in crate::stage) async fn in_lanes(
    session: &Session,
    plan: &LogicalPlan,
    thrift: Thrift,
    key: &[usize],
    then: usize,
) -> Result<(Arc<dyn ExecutionPlan>, Vec<Lane>)> {
    let rows = session.physical(plan, thrift).await?;
    let lanes = if thrift == Thrift::Alone { 1 } else { session.state().config().target_partitions() };
    let schema = rows.schema();
    let column = |place: usize| -> Arc<dyn PhysicalExpr> { Arc::new(Column::new(schema.field(place).name(), place)) };
    let key: Vec<_> = key.iter().map(|place| column(*place)).collect();
    let last = SortOptions { descending: false, nulls_first: false };
    let order = key.iter().cloned().chain([column(then)]).map(|expr| PhysicalSortExpr::new(expr, last));
    let order = LexOrdering::new(order);
    let apart = RepartitionExec::try_new(rows, Partitioning::Hash(key, lanes)).map_err(|e| sql_error(&e))?;
    let apart: Arc<dyn ExecutionPlan> = Arc::new(apart);
    let sorted = match order {
        Some(order) => Arc::new(SortExec::new(order, small_batches(apart)).with_preserve_partitioning(true)),
        None => apart,
    };
    let lanes = super::of_plan(&sorted, &session.context(thrift))?;
    Ok((sorted, lanes))
}

/// Takes rows off a lane, key by key.
pub(in crate::stage) struct ByKey {
    rows: Lane,
    /// The places of the key's columns.
    places: Vec<usize>,
    keys: RowConverter,
    /// Rows of a key of which more may come.
    held: Option<RecordBatch>,
    ended: bool,
}

impl ByKey {
    /// The rows of a lane that is sorted by the columns at `places`, which have these types.
    pub(in crate::stage) fn new(rows: Lane, places: Vec<usize>, types: impl Iterator<Item = DataType>) -> Result<Self> {
        let keys = RowConverter::new(types.map(SortField::new).collect()).map_err(arrow_error)?;
        Ok(Self { rows, places, keys, held: None, ended: false })
    }

    /// The next rows, and which of them have one key each; `None` at the end. Rows behind the last run come again.
    pub(in crate::stage) async fn next(&mut self) -> Result<Option<(RecordBatch, Vec<Run>)>> {
        while !self.ended {
            let next = self.rows.next().await.transpose()?.map(|batch| batch.rows);
            self.ended = next.is_none();
            let rows = match (self.held.take(), next) {
                (Some(held), Some(next)) => concat_batches(&next.schema(), [&held, &next]).map_err(arrow_error)?,
                (Some(rows), None) | (None, Some(rows)) => rows,
                (None, None) => return Ok(None),
            };
            let columns: Vec<ArrayRef> = self.places.iter().map(|place| rows.column(*place).clone()).collect();
            let mut runs = runs(&self.keys.convert_columns(&columns).map_err(arrow_error)?);
            if !self.ended {
                let Some(open) = runs.pop() else { continue };
                // Views would hold all values of the lane: what is held is laid before the next batch, and so on.
                self.held = Some(owned(&rows.slice(open.start, open.len())).map_err(arrow_error)?);
            }
            if !runs.is_empty() {
                return Ok(Some((rows, runs)));
            }
        }
        Ok(None)
    }
}

fn runs(keys: &Rows) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for row in 0..keys.num_rows() {
        match runs.last_mut() {
            Some(run) if keys.row(run.start) == keys.row(row) => run.end = row + 1,
            _ => runs.push(row..row + 1),
        }
    }
    runs
}

/// A row's key, for people: `id = 7`, `(day = 2024-05-01, shop = 3)`.
pub(in crate::stage) fn shown_key(rows: &RecordBatch, places: &[usize], row: usize) -> String {
    let options = FormatOptions::default().with_null("null");
    let parts = places.iter().map(|place| {
        let value = ArrayFormatter::try_new(rows.column(*place).as_ref(), &options)
            .and_then(|column| column.value(row).try_to_string());
        format!("{} = {}", rows.schema().field(*place).name(), value.unwrap_or_default())
    });
    let parts: Vec<String> = parts.collect();
    if parts.len() == 1 { parts.concat() } else { format!("({})", parts.join(", ")) }
}

/// Rows of a table, by the places of their files, told by the files' paths.
pub(in crate::stage) fn by_paths(rows: HashMap<i64, RoaringTreemap>, paths: &[String]) -> FileRows {
    let path = |file: i64| paths.get(usize::try_from(file).ok()?).cloned();
    rows.into_iter().filter_map(|(file, rows)| Some((path(file)?, rows))).collect()
}
