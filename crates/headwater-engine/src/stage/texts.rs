//! Checks that look at one column of short texts: each distinct text is judged once, however many rows have it.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt64Array, new_null_array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::take;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::physical_expr::utils::{collect_columns, reassign_expr_columns};
use datafusion::physical_expr_common::physical_expr::is_volatile;
use datafusion::physical_plan::PhysicalExpr;
use headwater_kernels::Distinct;
use headwater_sdk::Result;

use super::rows::{arrow_error, evaluate, truths};
use crate::session::sql_error;

/// More texts than this are not kept apart: then judging each row is as good.
const MOST_TEXTS: u32 = 64 * 1024;
/// The checks that fit into a word of flags.
const MOST_CHECKS: usize = u64::BITS as usize;

/// The checks of one column.
#[derive(Debug)]
pub(super) struct TextChecks {
    column: usize,
    /// The column alone, as the predicates see it.
    schema: SchemaRef,
    /// The place of each check among its table's, and when a text fails it.
    checks: Vec<(usize, Arc<dyn PhysicalExpr>)>,
    /// The flags of null.
    null: u64,
}

/// What a lane knows of the texts of a column.
#[derive(Debug)]
pub(super) struct Judged {
    distinct: Distinct,
    /// For each text, by its number, a flag for each check that it fails.
    fails: Vec<u64>,
    /// The flags of all texts so far.
    any: u64,
    numbers: Vec<u32>,
    first_rows: Vec<u64>,
}

/// The column of texts that a predicate is about, when it is about nothing else.
pub(super) fn only_text_column(fails_when: &Arc<dyn PhysicalExpr>, schema: &Schema) -> Option<usize> {
    let columns = collect_columns(fails_when);
    let column = columns.iter().next().filter(|_| columns.len() == 1)?.index();
    let is_text = matches!(schema.field(column).data_type(), DataType::Utf8 | DataType::Utf8View);
    (is_text && !is_volatile(fails_when)).then_some(column)
}

impl TextChecks {
    pub(super) fn new(column: usize, schema: &SchemaRef) -> Result<Self> {
        // Null is judged as well, whether or not the query says that there is one.
        let field = schema.field(column).clone().with_nullable(true);
        let schema = Arc::new(Schema::new(vec![field]));
        Ok(Self { column, schema, checks: Vec::new(), null: 0 })
    }

    pub(super) fn is_of(&self, column: usize) -> bool {
        self.column == column && self.checks.len() < MOST_CHECKS
    }

    /// Adds a check; `place` is its place among the table's.
    pub(super) fn add(&mut self, place: usize, fails_when: &Arc<dyn PhysicalExpr>) -> Result<()> {
        let alone = reassign_expr_columns(fails_when.clone(), &self.schema).map_err(|e| sql_error(&e))?;
        self.checks.push((place, alone));
        let null = new_null_array(self.schema.field(0).data_type(), 1);
        self.null = self.judge(null)?.first().copied().unwrap_or_default();
        Ok(())
    }

    /// What a lane begins with.
    pub(super) fn begin(&self) -> Judged {
        Judged {
            distinct: Distinct::new(MOST_TEXTS),
            fails: vec![self.null],
            // Whether there is a null is not known.
            any: self.null,
            numbers: Vec::new(),
            first_rows: Vec::new(),
        }
    }

    /// The failing rows of each check, by its place; `None` when the texts are too many or too long to be kept apart.
    pub(super) fn look(&self, batch: &RecordBatch, judged: &mut Judged) -> Result<Option<Vec<(usize, Failing)>>> {
        let texts = batch.column(self.column);
        let validity = texts.nulls().map(|nulls| (nulls.validity(), nulls.offset()));
        let Judged { distinct, fails, any, numbers, first_rows } = judged;
        let numbered = match (texts.as_string_view_opt(), texts.as_string_opt::<i32>()) {
            (Some(texts), _) => distinct.number_views(texts.views(), validity, numbers, first_rows),
            (_, Some(texts)) => {
                distinct.number_texts(texts.value_offsets(), texts.value_data(), validity, numbers, first_rows)
            }
            _ => false,
        };
        if !numbered {
            return Ok(None);
        }
        if !first_rows.is_empty() {
            let rows = UInt64Array::from(first_rows.clone());
            let new = self.judge(take(texts, &rows, None).map_err(arrow_error)?)?;
            *any |= new.iter().fold(0, |any, flags| any | flags);
            fails.extend(new);
        }
        let failing = |(flag, (place, _)): (usize, &(usize, Arc<dyn PhysicalExpr>))| {
            let bit = 1 << flag;
            let rows = (*any & bit != 0)
                .then(|| BooleanBuffer::collect_bool(numbers.len(), |row| fails[numbers[row] as usize] & bit != 0));
            (*place, rows)
        };
        Ok(Some(self.checks.iter().enumerate().map(failing).collect()))
    }

    /// A flag for each check that a text fails, for each text.
    fn judge(&self, texts: ArrayRef) -> Result<Vec<u64>> {
        let batch = RecordBatch::try_new(self.schema.clone(), vec![texts]).map_err(arrow_error)?;
        let mut flags = vec![0; batch.num_rows()];
        for (flag, (_, fails_when)) in self.checks.iter().enumerate() {
            for row in truths(&evaluate(fails_when, &batch)?)?.set_indices() {
                flags[row] |= 1 << flag;
            }
        }
        Ok(flags)
    }
}

/// Rows that fail; `None` for none of them.
pub(super) type Failing = Option<BooleanBuffer>;
