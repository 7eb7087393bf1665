//! Several changes of one key, in order, come to one.

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BinaryBuilder, Int8Array, RecordBatch, UInt32Array};
use arrow::compute::{interleave, take};
use arrow::datatypes::Int8Type;
use arrow::error::ArrowError;
use headwater_sdk::connector::Operation;

/// An upsert, as [`Operation::Upsert`], of a row that was gone before it: the values that it leaves as they are are no row's of the
/// table. The source alone has them.
pub(super) const AFRESH: i8 = 3;

/// Rows that are changes: the columns of the load first, then what they are.
pub(super) struct ChangeRows<'a> {
    rows: &'a RecordBatch,
    width: usize,
    operations: &'a Int8Array,
    kept: &'a BinaryArray,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// The row is gone.
    Gone,
    /// It is there.
    There {
        values: Values,
        /// The columns whose values are those of a row that came before all that was folded; none of them, if absent.
        kept: Option<Vec<u8>>,
        /// Whether that row was gone before, so that the table's row, if there is one, is not it.
        afresh: bool,
    },
}

impl State {
    /// All values of the row are known.
    pub(super) fn whole(values: Values) -> Self {
        Self::There { values, kept: None, afresh: false }
    }
}

/// Where the values of a row come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Values {
    /// All of one row.
    Of(usize),
    /// Of a row for each column.
    Mixed(Vec<usize>),
}

impl Values {
    fn of(&self, column: usize) -> usize {
        match self {
            Self::Of(row) => *row,
            Self::Mixed(rows) => rows[column],
        }
    }
}

impl<'a> ChangeRows<'a> {
    /// Rows whose first `width` columns are those of a load; [`Operation`]s and kept columns stand at `operation` and behind it.
    pub(super) fn new(rows: &'a RecordBatch, width: usize, operation: usize) -> Self {
        let operations = rows.column(operation).as_primitive::<Int8Type>();
        Self { rows, width, operations, kept: rows.column(operation + 1).as_binary::<i32>() }
    }

    pub(super) fn is(&self, row: usize, operation: Operation) -> bool {
        self.operations.value(row) == operation as i8
    }

    /// What a change makes of a key.
    pub(super) fn then(&self, before: Option<State>, row: usize) -> State {
        if self.is(row, Operation::Delete) {
            return State::Gone;
        }
        if self.kept.is_null(row) {
            return State::whole(Values::Of(row));
        }
        let stays = |column: usize| is_set(self.kept.value(row), column);
        let is_afresh = self.operations.value(row) == AFRESH;
        let (values, kept, afresh) = match before {
            Some(State::There { values, kept, afresh }) if !is_afresh => (values, kept, afresh),
            // Nothing is known of the values that stay, or there are none: whoever lays the row beside the table finds out.
            before => {
                let afresh = is_afresh || before == Some(State::Gone);
                return State::There { values: Values::Of(row), kept: Some(self.kept.value(row).to_vec()), afresh };
            }
        };
        let sources = (0..self.width).map(|column| if stays(column) { values.of(column) } else { row }).collect();
        let kept = kept.map(|mut kept| {
            (0..self.width).filter(|column| !stays(*column)).for_each(|column| clear(&mut kept, column));
            kept
        });
        let kept = kept.filter(|kept| kept.iter().any(|byte| *byte != 0));
        State::There { values: Values::Mixed(sources), afresh: afresh && kept.is_some(), kept }
    }

    /// The columns of the load, for rows whose values come from others.
    pub(super) fn values(&self, rows: &[Values]) -> Result<Vec<ArrayRef>, ArrowError> {
        let columns = self.rows.columns().iter().take(self.width);
        let whole = rows.iter().all(|values| matches!(values, Values::Of(_)));
        if whole {
            let places = UInt32Array::from_iter_values(rows.iter().map(|values| values.of(0) as u32));
            return columns.map(|column| take(column, &places, None)).collect();
        }
        let mixed = |(place, column): (usize, &ArrayRef)| {
            let places: Vec<(usize, usize)> = rows.iter().map(|values| (0, values.of(place))).collect();
            interleave(&[column.as_ref()], &places)
        };
        columns.enumerate().map(mixed).collect()
    }
}

/// The kept columns of several rows.
pub(super) fn kept_of<'s>(states: impl Iterator<Item = Option<&'s Vec<u8>>>) -> BinaryArray {
    let mut kept = BinaryBuilder::new();
    states.for_each(|bits| kept.append_option(bits));
    kept.finish()
}

fn is_set(bits: &[u8], column: usize) -> bool {
    bits.get(column / 8).is_some_and(|byte| byte & (1 << (column % 8)) != 0)
}

fn clear(bits: &mut [u8], column: usize) {
    if let Some(byte) = bits.get_mut(column / 8) {
        *byte &= !(1 << (column % 8));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Int64Array;
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;

    /// An operation, the values and the columns that stay.
    type Change = (i8, i64, i64, Option<u8>);

    /// Rows of columns `a` and `b`.
    fn batch(changes: &[Change]) -> RecordBatch {
        let schema = Schema::new(vec![
            Field::new("a", DataType::Int64, true),
            Field::new("b", DataType::Int64, true),
            Field::new("operation", DataType::Int8, true),
            Field::new("kept", DataType::Binary, true),
        ]);
        let number = |of: fn(&Change) -> i64| -> ArrayRef { Arc::new(changes.iter().map(of).collect::<Int64Array>()) };
        let kept: Vec<Option<Vec<u8>>> = changes.iter().map(|change| change.3.map(|bits| vec![bits])).collect();
        RecordBatch::try_new(
            Arc::new(schema),
            vec![
                number(|change| change.1),
                number(|change| change.2),
                Arc::new(changes.iter().map(|change| change.0).collect::<Int8Array>()),
                Arc::new(kept_of(kept.iter().map(Option::as_ref))),
            ],
        )
        .unwrap()
    }

    fn folded(changes: &[Change]) -> State {
        let rows = batch(changes);
        let changes = ChangeRows::new(&rows, 2, 2);
        (0..rows.num_rows()).fold(None, |state, row| Some(changes.then(state, row))).unwrap()
    }

    #[test]
    fn the_last_change_counts() {
        assert_eq!(folded(&[(0, 1, 1, None), (0, 2, 2, None)]), State::whole(Values::Of(1)));
        assert_eq!(folded(&[(0, 1, 1, None), (1, 0, 0, None)]), State::Gone);
        assert_eq!(folded(&[(1, 0, 0, None), (0, 3, 3, None)]), State::whole(Values::Of(1)));
    }

    #[test]
    fn values_that_stay_are_those_of_the_row_before() {
        // `b` stays in the second change, `a` in the third.
        let state = folded(&[(0, 1, 10, None), (0, 2, 0, Some(0b10)), (0, 0, 30, Some(0b01))]);
        assert_eq!(state, State::whole(Values::Mixed(vec![1, 2])));
        // Nothing is known of what came before: `b` is still that of the table.
        let state = folded(&[(0, 2, 0, Some(0b10)), (0, 0, 0, Some(0b11))]);
        assert_eq!(state, State::There { values: Values::Mixed(vec![0, 0]), kept: Some(vec![0b10]), afresh: false });
        let rows = batch(&[(0, 1, 10, None), (0, 2, 0, Some(0b10))]);
        let values = ChangeRows::new(&rows, 2, 2).values(&[Values::Mixed(vec![1, 0]), Values::Of(0)]).unwrap();
        assert_eq!(values[0].as_ref(), &Int64Array::from(vec![2, 1]) as &dyn Array);
        assert_eq!(values[1].as_ref(), &Int64Array::from(vec![10, 10]) as &dyn Array);
    }

    #[test]
    fn values_of_a_row_that_is_gone_stay_unknown() {
        let state = folded(&[(1, 0, 0, None), (0, 5, 0, Some(0b10))]);
        let afresh = |row| State::There { values: Values::Of(row), kept: Some(vec![0b10]), afresh: true };
        assert_eq!(state, afresh(1));
        // Brought to one change already, it is the same whatever stands before it.
        assert_eq!(folded(&[(0, 1, 1, None), (AFRESH, 5, 0, Some(0b10))]), afresh(1));
        let state = folded(&[(AFRESH, 5, 0, Some(0b10)), (0, 6, 0, Some(0b10))]);
        assert_eq!(state, State::There { values: Values::Mixed(vec![1, 0]), kept: Some(vec![0b10]), afresh: true });
        let state = folded(&[(AFRESH, 5, 0, Some(0b10)), (0, 0, 7, Some(0b01))]);
        assert_eq!(state, State::whole(Values::Mixed(vec![0, 1])));
    }
}
