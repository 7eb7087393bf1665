//! Checks that look at one column of short texts.

use arrow::array::{Array, AsArray, RecordBatch, UInt64Array};
use arrow::compute::take;
use headwater_kernels::Distinct;
use headwater_sdk::Result;

use super::column_checks::{ColumnChecks, Failing};
use crate::session::arrow_error;

/// More texts than this are not kept apart: then judging each row is as good.
const MOST_TEXTS: u32 = 64 * 1024;

/// What a lane knows of the texts of a column.
#[derive(Debug)]
pub(super) struct Texts {
    distinct: Distinct,
    /// For each text, by its number, the flags of the checks that it fails.
    fails: Vec<u64>,
    /// The flags of all texts so far.
    any: u64,
    numbers: Vec<u32>,
    first_rows: Vec<u64>,
}

impl Texts {
    /// What a lane begins with.
    pub(super) fn new(checks: &ColumnChecks) -> Self {
        Self {
            distinct: Distinct::new(MOST_TEXTS),
            fails: vec![checks.null],
            // Whether there is a null is not known.
            any: checks.null,
            numbers: Vec::new(),
            first_rows: Vec::new(),
        }
    }

    /// The failing rows of each check, by its place; `None` when the texts are too many or too long to be kept apart.
    pub(super) fn look(&mut self, checks: &ColumnChecks, batch: &RecordBatch) -> Result<Option<Vec<(usize, Failing)>>> {
        let texts = batch.column(checks.column);
        let nulls = texts.nulls().filter(|nulls| nulls.null_count() > 0);
        let validity = nulls.map(|nulls| (nulls.validity(), nulls.offset()));
        let Self { distinct, fails, any, numbers, first_rows } = self;
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
            let new = checks.judge(take(texts, &rows, None).map_err(arrow_error)?)?;
            *any |= new.iter().fold(0, |any, flags| any | flags);
            fails.extend(new);
        }
        Ok(Some(checks.failing(numbers.len(), *any, |row| fails[numbers[row] as usize])))
    }
}
