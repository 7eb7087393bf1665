//! What a driver hands over, looked at before it is believed: Arrow's interface between libraries checks nothing, and drivers pass on
//! what databases hold.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, BinaryArray, PrimitiveArray, RecordBatch, RecordBatchOptions};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, TimeUnit};

/// Days and seconds from 1970 to the first day of the year 1, and to the last one of 9999: what other readers of the lake's tables have.
const DAYS: (i64, i64) = (-719_162, 2_932_896);
const SECONDS: (i64, i64) = (DAYS.0 * 86_400, DAYS.1 * 86_400 + 86_399);

/// A batch whose arrays are what their types say, and the rows that have a value that the lake has not, each with the reason; such a value may
/// be null.
///
/// # Errors
/// When an array is none.
pub(super) fn sound(batch: &RecordBatch) -> Result<(RecordBatch, Vec<(usize, String)>), ArrowError> {
    let mut broken = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(batch.num_columns());
    let schema = batch.schema();
    for (array, field) in batch.columns().iter().zip(schema.fields()) {
        let bad = &mut |row: usize, what: &str| broken.push((row, format!("column '{}' {what}", field.name())));
        let array = match (array.to_data().validate_full(), array.data_type()) {
            (Ok(()), _) => Arc::clone(array),
            (Err(_), DataType::Utf8) => texts(array, bad)?,
            (Err(error), _) => return Err(error),
        };
        judge(&array, bad);
        arrays.push(array);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok((RecordBatch::try_new_with_options(schema, arrays, &options)?, broken))
}

/// Texts of which some are none.
fn texts(array: &ArrayRef, bad: &mut dyn FnMut(usize, &str)) -> Result<ArrayRef, ArrowError> {
    let bytes = BinaryArray::from(array.as_string::<i32>().clone());
    bytes.to_data().validate_full()?;
    for row in (0..bytes.len()).filter(|row| bytes.is_valid(*row)) {
        if std::str::from_utf8(bytes.value(row)).is_err() {
            bad(row, "holds bytes that are not UTF-8");
        }
    }
    cast_with_options(&bytes, &DataType::Utf8, &CastOptions { safe: true, ..CastOptions::default() })
}

fn judge(array: &ArrayRef, bad: &mut dyn FnMut(usize, &str)) {
    const WHEN: &str = "is outside of the years 1 to 9999";
    match array.data_type() {
        DataType::Date32 => within::<Date32Type>(array, |days| in_span(i64::from(days), 1, DAYS), WHEN, bad),
        DataType::Timestamp(TimeUnit::Second, _) => {
            within::<TimestampSecondType>(array, |value| in_span(value, 1, SECONDS), WHEN, bad);
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            within::<TimestampMillisecondType>(array, |value| in_span(value, 1_000, SECONDS), WHEN, bad);
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            within::<TimestampMicrosecondType>(array, |value| in_span(value, 1_000_000, SECONDS), WHEN, bad);
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            // How databases say that there is no end.
            let finite = |value: i64| value != i64::MAX && value > -i64::MAX;
            within::<TimestampNanosecondType>(array, finite, WHEN, bad);
        }
        DataType::Decimal128(precision, _) => {
            let digits = 10_u128.checked_pow(u32::from(*precision)).unwrap_or(u128::MAX);
            let fits = |value: i128| value.unsigned_abs() < digits;
            within::<Decimal128Type>(array, fits, &format!("has more than {precision} digits"), bad);
        }
        _ => {}
    }
}

fn in_span(value: i64, parts: i64, (first, last): (i64, i64)) -> bool {
    (first..=last).contains(&value.div_euclid(parts))
}

fn within<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    fits: impl Fn(T::Native) -> bool,
    what: &str,
    bad: &mut dyn FnMut(usize, &str),
) {
    let array: &PrimitiveArray<T> = array.as_primitive();
    if array.values().iter().all(|value| fits(*value)) {
        return;
    }
    for row in (0..array.len()).filter(|row| array.is_valid(*row)) {
        if !fits(array.value(row)) {
            bad(row, what);
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{Date32Array, Decimal128Array, StringArray, TimestampMicrosecondArray};

    use super::*;

    fn look(array: ArrayRef) -> Vec<(usize, String)> {
        sound(&RecordBatch::try_from_iter([("c", array)]).unwrap()).unwrap().1
    }

    #[test]
    fn values_that_the_lake_lacks_are_told() {
        let dates =
            Date32Array::from(vec![Some(0), Some(i32::MAX), None, Some(2_932_896), Some(2_932_897), Some(-719_163)]);
        let rows: Vec<usize> = look(Arc::new(dates)).into_iter().map(|(row, _)| row).collect();
        assert_eq!(rows, [1, 4, 5]);
        let times =
            TimestampMicrosecondArray::from(vec![i64::MAX, 0, 253_402_300_799_999_999, 253_402_300_800_000_000]);
        let rows: Vec<usize> = look(Arc::new(times)).into_iter().map(|(row, _)| row).collect();
        assert_eq!(rows, [0, 3]);
        let digits = Decimal128Array::from(vec![99, 100, -100]).with_precision_and_scale(2, 0).unwrap();
        assert_eq!(look(Arc::new(digits))[0], (1, "column 'c' has more than 2 digits".to_owned()));
        assert!(look(Arc::new(StringArray::from(vec!["ä"]))).is_empty());
    }
}
