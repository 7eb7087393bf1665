//! Batches that sorts can hold some of.
//!
//! A sort takes up batches whole, and reserves twice their memory. Batches of wide rows would need more than its share at once; and views of
//! texts stand for all values of the pages that they are from, however few are left of these. Before a sort, such batches are
//! copied, and cut.

use std::fmt::{self, Formatter};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, UInt64Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::utils::memory::get_record_batch_memory_size;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
};
use futures::{TryStreamExt, stream};

/// Batches that hold more bytes than this are copied, and those whose rows do are cut.
const MOST: usize = 2 << 20;
/// Bytes of a part.
const PART: usize = 1 << 20;

/// The plan with small batches before each sort that takes up all rows.
pub(super) fn before_sorts(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let small = plan.transform_up(|node| {
        let input = match node.downcast_ref::<SortExec>() {
            Some(sort) if sort.fetch().is_none() => small_batches(Arc::clone(sort.input())),
            _ => return Ok(Transformed::no(node)),
        };
        let keep = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Keep);
        Ok(Transformed::yes(node.replace_children(vec![input], keep)?))
    });
    Ok(small?.data)
}

/// The plan's rows in small batches.
pub(crate) fn small_batches(input: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    Arc::new(SmallBatchesExec { input })
}

/// The rows with texts and bytes of their own, where they are views of a larger batch.
pub(crate) fn owned(rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = rows.columns().iter().map(|column| match column.data_type() {
        DataType::Utf8View => Arc::new(column.as_string_view().gc()) as ArrayRef,
        DataType::BinaryView => Arc::new(column.as_binary_view().gc()),
        _ => Arc::clone(column),
    });
    RecordBatch::try_new(rows.schema(), columns.collect())
}

/// The rows in batches that are small, or of one row.
fn parts(rows: RecordBatch) -> Result<Vec<RecordBatch>, ArrowError> {
    if rows.num_columns() == 0 || get_record_batch_memory_size(&rows) <= MOST {
        return Ok(vec![rows]);
    }
    let rows = owned(&rows)?;
    let (count, bytes) = (rows.num_rows(), get_record_batch_memory_size(&rows));
    if bytes <= MOST || count < 2 {
        return Ok(vec![rows]);
    }
    let step = (count * PART / bytes).max(1);
    let starts = (0..count).step_by(step);
    let part = |start: usize| {
        let end = (start + step).min(count);
        owned(&take_record_batch(&rows, &UInt64Array::from_iter_values(start as u64..end as u64))?)
    };
    starts.map(part).collect()
}

/// Hands rows on in small batches.
#[derive(Debug)]
struct SmallBatchesExec {
    input: Arc<dyn ExecutionPlan>,
}

impl DisplayAs for SmallBatchesExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ExecutionPlan for SmallBatchesExec {
    fn name(&self) -> &str {
        "SmallBatchesExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(small_batches(children.swap_remove(0)))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let rows = self.input.execute(partition, context)?;
        let schema = rows.schema();
        let small = rows.and_then(async |batch| Ok(stream::iter(parts(batch)?.into_iter().map(Ok)))).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, small)))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, StringViewArray};

    use super::*;

    fn wide(rows: usize) -> RecordBatch {
        let text = |row: usize| format!("{row:0>1000}");
        let columns: [(&str, ArrayRef); 2] = [
            ("n", Arc::new(Int64Array::from_iter_values(0..rows as i64))),
            ("text", Arc::new(StringViewArray::from_iter_values((0..rows).map(text)))),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    #[test]
    fn wide_rows_are_cut_and_keep_their_order() {
        let rows = wide(8192);
        let small = parts(rows.clone()).unwrap();
        assert!(small.len() >= 8, "{}", small.len());
        assert!(small.iter().all(|part| get_record_batch_memory_size(part) <= MOST));
        assert_eq!(arrow::compute::concat_batches(&rows.schema(), &small).unwrap(), rows);
    }

    #[test]
    fn a_few_rows_of_a_large_batch_let_go_of_the_others() {
        let few = wide(8192).slice(100, 5);
        assert!(get_record_batch_memory_size(&few) > MOST);
        let small = parts(few.clone()).unwrap();
        assert_eq!(small, [few]);
        assert!(get_record_batch_memory_size(&small[0]) < 100_000);
    }

    #[test]
    fn small_batches_stay_as_they_are_and_a_large_row_stays_whole() {
        assert_eq!(parts(wide(10)).unwrap().len(), 1);
        let huge: [(&str, ArrayRef); 1] =
            [("text", Arc::new(StringViewArray::from_iter_values([3, 4].map(|mib: usize| "x".repeat(mib << 20)))))];
        let small = parts(RecordBatch::try_from_iter(huge).unwrap()).unwrap();
        assert_eq!(small.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [1, 1]);
    }
}
