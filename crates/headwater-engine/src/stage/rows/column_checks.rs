//! Checks whose predicates look at one column: each distinct value of it is judged once, however many rows have it.
//!
//! [`super::texts`] and [`super::integers`] know which value a row has.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::physical_expr::utils::{collect_columns, reassign_expr_columns};
use datafusion::physical_expr_common::physical_expr::is_volatile;
use datafusion::physical_plan::PhysicalExpr;
use headwater_sdk::Result;

use super::row_check::{evaluate, truths};
use crate::session::{arrow_error, sql_error};

/// The checks that fit into a word of flags.
const MOST_CHECKS: usize = u64::BITS as usize;

/// Rows that fail; `None` for none of them.
pub(super) type Failing = Option<BooleanBuffer>;

/// The checks of one column. Each has a flag: a bit of a word, by its place here.
#[derive(Debug)]
pub(super) struct ColumnChecks {
    pub(super) column: usize,
    /// The column alone, as the predicates see it.
    schema: SchemaRef,
    /// The place of each check among its group's, and when a value fails it.
    checks: Vec<(usize, Arc<dyn PhysicalExpr>)>,
    /// The flags of null.
    pub(super) null: u64,
}

/// The column that a predicate is about, when it is about nothing else and says the same of equal values.
pub(super) fn only_column(fails_when: &Arc<dyn PhysicalExpr>) -> Option<usize> {
    let columns = collect_columns(fails_when);
    let column = columns.iter().next().filter(|_| columns.len() == 1)?.index();
    (!is_volatile(fails_when)).then_some(column)
}

impl ColumnChecks {
    pub(super) fn new(column: usize, schema: &SchemaRef) -> Self {
        // Null is judged as well, whether or not the query says that there is one.
        let field = schema.field(column).clone().with_nullable(true);
        Self { column, schema: Arc::new(Schema::new(vec![field])), checks: Vec::new(), null: 0 }
    }

    /// Whether a check of this column can be added.
    pub(super) fn takes(&self, column: usize) -> bool {
        self.column == column && self.checks.len() < MOST_CHECKS
    }

    /// Adds a check; `place` is its place among its group's.
    pub(super) fn add(&mut self, place: usize, fails_when: &Arc<dyn PhysicalExpr>) -> Result<()> {
        let alone = reassign_expr_columns(fails_when.clone(), &self.schema).map_err(|e| sql_error(&e))?;
        self.checks.push((place, alone));
        let null = new_null_array(self.data_type(), 1);
        self.null = self.judge(null)?.first().copied().unwrap_or_default();
        Ok(())
    }

    pub(super) fn data_type(&self) -> &DataType {
        self.schema.field(0).data_type()
    }

    /// The flags of the checks that a value fails, for each value.
    pub(super) fn judge(&self, values: ArrayRef) -> Result<Vec<u64>> {
        let batch = RecordBatch::try_new(self.schema.clone(), vec![values]).map_err(arrow_error)?;
        let mut flags = vec![0; batch.num_rows()];
        for (flag, (_, fails_when)) in self.checks.iter().enumerate() {
            for row in truths(&evaluate(fails_when, &batch)?)?.set_indices() {
                flags[row] |= 1 << flag;
            }
        }
        Ok(flags)
    }

    /// The failing rows of each check, by its place. `any` are the flags that some row may have, `flags_of` those of a row.
    pub(super) fn failing(&self, rows: usize, any: u64, flags_of: impl Fn(usize) -> u64) -> Vec<(usize, Failing)> {
        let failing = |(flag, (place, _)): (usize, &(usize, Arc<dyn PhysicalExpr>))| {
            let bit = 1 << flag;
            (*place, (any & bit != 0).then(|| BooleanBuffer::collect_bool(rows, |row| flags_of(row) & bit != 0)))
        };
        self.checks.iter().enumerate().map(failing).collect()
    }
}
