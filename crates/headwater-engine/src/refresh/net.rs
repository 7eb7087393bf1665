//! Rows that a table has lost and gained again are not changed: what remains when they cancel out.
//!
//! A table that is written whole, a dimension say, has lost all of its rows and gained all of them, and mostly the same.

use std::collections::HashMap;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use arrow::row::{OwnedRow, RowConverter, SortField};

/// The rows that came and those that went, without those that did both, as often as they did. Rows are the same when all
/// of their values are, bit for bit.
///
/// # Errors
/// When values of a column's type cannot be compared.
pub(crate) fn net(
    schema: &Schema,
    came: &[RecordBatch],
    went: &[RecordBatch],
) -> Result<(Vec<RecordBatch>, Vec<RecordBatch>), ArrowError> {
    if schema.fields().is_empty() {
        // Without columns all rows are the same.
        let count = |batches: &[RecordBatch]| batches.iter().map(RecordBatch::num_rows).sum::<usize>();
        let both = count(came).min(count(went));
        return Ok((all_but(both, came), all_but(both, went)));
    }
    let fields = schema.fields().iter().map(|field| SortField::new(field.data_type().clone()));
    let converter = RowConverter::new(fields.collect())?;
    let mut counts: HashMap<OwnedRow, usize> = HashMap::new();
    for batch in went {
        for row in &converter.convert_columns(batch.columns())? {
            *counts.entry(row.owned()).or_default() += 1;
        }
    }
    // A row that came stays unless one that went is left to cancel it.
    let came = keep(&converter, came, |row| !take(&mut counts, &row))?;
    let went = keep(&converter, went, |row| take(&mut counts, &row))?;
    Ok((came, went))
}

/// The rows without as many as `count` of them.
fn all_but(mut count: usize, batches: &[RecordBatch]) -> Vec<RecordBatch> {
    let mut kept = Vec::new();
    for batch in batches {
        let left_out = count.min(batch.num_rows());
        count -= left_out;
        if left_out < batch.num_rows() {
            kept.push(batch.slice(left_out, batch.num_rows() - left_out));
        }
    }
    kept
}

/// Takes one of a row's count; whether there was one.
fn take(counts: &mut HashMap<OwnedRow, usize>, row: &OwnedRow) -> bool {
    match counts.get_mut(row) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    }
}

fn keep(
    converter: &RowConverter,
    batches: &[RecordBatch],
    mut stays: impl FnMut(OwnedRow) -> bool,
) -> Result<Vec<RecordBatch>, ArrowError> {
    let mut kept = Vec::new();
    for batch in batches {
        let rows = converter.convert_columns(batch.columns())?;
        let chosen: BooleanArray = rows.iter().map(|row| Some(stays(row.owned()))).collect();
        if chosen.true_count() > 0 {
            kept.push(filter_record_batch(batch, &chosen)?);
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, AsArray, Float64Array, RecordBatchOptions};
    use arrow::datatypes::Float64Type;

    use super::*;

    fn batch(values: &[Option<f64>]) -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable([(
            "x",
            Arc::new(Float64Array::from(values.to_vec())) as ArrayRef,
            true,
        )])
        .unwrap()
    }

    fn values(batches: &[RecordBatch]) -> Vec<Option<f64>> {
        batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Float64Type>().iter()).collect()
    }

    #[test]
    fn what_came_as_often_as_it_went_is_not_changed() {
        let came = [batch(&[Some(1.0), Some(1.0), None]), batch(&[Some(2.0), Some(-0.0)])];
        let went = [batch(&[Some(1.0), None, None, Some(0.0)]), batch(&[Some(3.0), Some(2.0)])];
        let (came, went) = net(&came[0].schema(), &came, &went).unwrap();
        // A zero with another sign is another value.
        assert_eq!(
            values(&came).iter().map(|v| v.unwrap().to_bits()).collect::<Vec<_>>(),
            [1.0_f64.to_bits(), (-0.0_f64).to_bits()]
        );
        assert_eq!(values(&went), [None, Some(0.0), Some(3.0)]);
        let bare = |rows: usize| {
            let options = RecordBatchOptions::new().with_row_count(Some(rows));
            RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options).unwrap()
        };
        let (came, went) = net(&Schema::empty(), &[bare(3), bare(4)], &[bare(5)]).unwrap();
        assert_eq!((came.iter().map(RecordBatch::num_rows).sum::<usize>(), went.len()), (2, 0));
        let (came, went) = net(&batch(&[]).schema(), &[batch(&[None])], &[batch(&[None])]).unwrap();
        assert!(came.is_empty() && went.is_empty());
    }
}
