//! The order in which rows are written: by the columns that partition and cluster the table.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::{SortColumn, SortOptions, concat_batches, lexsort_to_indices, take_record_batch};
use arrow::datatypes::Schema;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::sorts::sort::SortExec;
use headwater_sdk::Result;
use headwater_sdk::engine::Layout;

use crate::session::{arrow_error, small_batches};

/// Nulls come last.
const ASCENDING: SortOptions = SortOptions { descending: false, nulls_first: false };

/// The columns by which rows are sorted; none when they are written as they come.
pub(super) fn columns(layout: &Layout, partition_by: &[String]) -> Vec<String> {
    match layout.clustering.columns.as_slice() {
        [] => Vec::new(),
        clustered => partition_by.iter().chain(clustered).cloned().collect(),
    }
}

/// Sorts each of a plan's lanes. What does not fit into memory goes to temporary files.
pub(super) fn sorted(plan: Arc<dyn ExecutionPlan>, columns: &[String]) -> Arc<dyn ExecutionPlan> {
    match LexOrdering::new(keys(&plan.schema(), columns)) {
        Some(order) => Arc::new(SortExec::new(order, small_batches(plan)).with_preserve_partitioning(true)),
        None => plan,
    }
}

fn keys(schema: &Schema, columns: &[String]) -> Vec<PhysicalSortExpr> {
    let place = |name: &String| schema.index_of(name).ok();
    let key = |name: &String| Some(PhysicalSortExpr::new(Arc::new(Column::new(name, place(name)?)), ASCENDING));
    columns.iter().filter_map(key).collect()
}

/// Sorts rows that are in memory.
pub(super) fn sort_batches(batches: Vec<RecordBatch>, columns: &[String]) -> Result<Vec<RecordBatch>> {
    let Some(first) = batches.first().filter(|_| !columns.is_empty()) else { return Ok(batches) };
    let all = concat_batches(&first.schema(), &batches).map_err(arrow_error)?;
    let keys: Vec<SortColumn> = columns
        .iter()
        .filter_map(|name| all.column_by_name(name))
        .map(|values| SortColumn { values: values.clone(), options: Some(ASCENDING) })
        .collect();
    if keys.is_empty() {
        return Ok(vec![all]);
    }
    let order = lexsort_to_indices(&keys, None).map_err(arrow_error)?;
    Ok(vec![take_record_batch(&all, &order).map_err(arrow_error)?])
}
