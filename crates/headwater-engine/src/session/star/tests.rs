use std::sync::Arc;

use arrow::array::AsArray;
use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int16Array,
    Int32Array, Int64Array, NullArray, StringArray, StringViewArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, UInt64Array,
};
use arrow::datatypes::Int64Type;

use super::surrogate_key::keys;

fn key(columns: &[ArrayRef]) -> Option<i64> {
    let keys = keys(columns).unwrap();
    let keys = keys.as_primitive::<Int64Type>();
    assert_eq!(keys.len(), 1);
    keys.iter().next().unwrap()
}

fn text(value: &str) -> ArrayRef {
    Arc::new(StringArray::from(vec![value]))
}

fn int(value: i32) -> ArrayRef {
    Arc::new(Int32Array::from(vec![value]))
}

fn decimal(value: i128, scale: i8) -> ArrayRef {
    Arc::new(Decimal128Array::from(vec![value]).with_precision_and_scale(20, scale).unwrap())
}

/// `tests/expected/surrogate_keys.py` computed these from the description of the encoding, with a BLAKE3 of its own.
#[test]
fn keys_are_those_of_the_description() {
    let null: ArrayRef = Arc::new(NullArray::new(1));
    let golden: [(Vec<ArrayRef>, i64); 12] = include!("golden.in");
    for (columns, expected) in golden {
        assert_eq!(key(&columns), Some(expected), "{columns:?}");
    }
}

#[test]
fn what_is_equal_in_sql_has_one_key() {
    let same: [&[ArrayRef]; 3] = [
        &[
            int(10),
            Arc::new(Int16Array::from(vec![10])),
            Arc::new(Int64Array::from(vec![10])),
            Arc::new(UInt64Array::from(vec![10])),
            decimal(10, 0),
            decimal(1000, 2),
        ],
        &[text("é"), Arc::new(StringViewArray::from(vec!["é"]))],
        &[Arc::new(Float64Array::from(vec![0.5])), Arc::new(Float32Array::from(vec![0.5]))],
    ];
    for columns in same {
        let keys: Vec<_> = columns.iter().map(|column| key(std::slice::from_ref(column))).collect();
        assert!(keys.iter().all(|key| *key == keys[0] && key.is_some()), "{columns:?}: {keys:?}");
    }
    let float = |value: f64| key(&[Arc::new(Float64Array::from(vec![value])) as ArrayRef]);
    assert_eq!(float(0.0), float(-0.0));
    assert_eq!(float(f64::NAN), float(-f64::NAN));
    let seconds: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![1_000]).with_timezone("UTC"));
    let micros: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1_000_000]).with_timezone("+02:00"));
    assert_eq!(key(&[seconds]), key(&[micros]), "an instant is the same everywhere");
}

#[test]
fn what_differs_has_other_keys() {
    let null: ArrayRef = Arc::new(StringArray::from(vec![None::<&str>]));
    let different: Vec<Vec<ArrayRef>> = vec![
        vec![text("a"), text("bc")],
        vec![text("ab"), text("c")],
        vec![text("abc")],
        vec![text("abc"), null.clone()],
        vec![null.clone(), text("abc")],
        vec![text("abc"), text("")],
        vec![text("")],
        vec![text("1")],
        vec![int(1)],
        vec![int(-1)],
        vec![decimal(1, 1)],
        vec![Arc::new(Float64Array::from(vec![1.0]))],
        vec![Arc::new(BooleanArray::from(vec![true]))],
        vec![Arc::new(Date32Array::from(vec![1]))],
        vec![Arc::new(BinaryArray::from(vec![b"1".as_slice()]))],
        vec![Arc::new(TimestampMicrosecondArray::from(vec![1]))],
        vec![Arc::new(TimestampMicrosecondArray::from(vec![1]).with_timezone("UTC"))],
    ];
    let keys: Vec<i64> = different.iter().map(|columns| key(columns).unwrap()).collect();
    let mut distinct = keys.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), keys.len(), "{keys:?}");
    assert!(keys.iter().all(|key| *key >= 0), "{keys:?}");
}

#[test]
fn nothing_has_no_key() {
    let null: ArrayRef = Arc::new(StringArray::from(vec![None::<&str>]));
    assert_eq!(key(std::slice::from_ref(&null)), None);
    assert_eq!(key(&[null, Arc::new(NullArray::new(1))]), None);
}

/// Checked with GNU `date` and Python's `calendar`.
#[test]
fn days_are_described() {
    use jiff::civil::date;
    let days = [date(2016, 1, 1), date(2024, 2, 29), date(2024, 9, 30), date(2024, 12, 30), date(2023, 10, 1)];
    let rows = super::date_columns::rows(&days, 10).unwrap();
    let shown = |name: &str| -> Vec<String> {
        let column = rows.column_by_name(name).unwrap();
        (0..days.len()).map(|row| arrow::util::display::array_value_to_string(column, row).unwrap()).collect()
    };
    for (name, expected) in [
        ("date_key", ["20160101", "20240229", "20240930", "20241230", "20231001"]),
        ("date", ["2016-01-01", "2024-02-29", "2024-09-30", "2024-12-30", "2023-10-01"]),
        ("year_quarter", ["2016-Q1", "2024-Q1", "2024-Q3", "2024-Q4", "2023-Q4"]),
        ("month_name", ["January", "February", "September", "December", "October"]),
        ("iso_year", ["2015", "2024", "2024", "2025", "2023"]),
        ("iso_year_week", ["2015-W53", "2024-W09", "2024-W40", "2025-W01", "2023-W39"]),
        ("day_of_year", ["1", "60", "274", "365", "274"]),
        ("day_of_week", ["5", "4", "1", "1", "7"]),
        ("day_short", ["Fri", "Thu", "Mon", "Mon", "Sun"]),
        ("is_weekend", ["false", "false", "false", "false", "true"]),
        ("first_of_week", ["2015-12-28", "2024-02-26", "2024-09-30", "2024-12-30", "2023-09-25"]),
        ("last_of_month", ["2016-01-31", "2024-02-29", "2024-09-30", "2024-12-31", "2023-10-31"]),
        ("is_last_of_month", ["false", "true", "true", "false", "false"]),
        ("first_of_quarter", ["2016-01-01", "2024-01-01", "2024-07-01", "2024-10-01", "2023-10-01"]),
        ("fiscal_year", ["2016", "2024", "2024", "2025", "2024"]),
        ("fiscal_quarter", ["2", "2", "4", "1", "1"]),
        ("fiscal_month", ["4", "5", "12", "3", "1"]),
    ] {
        assert_eq!(shown(name), expected, "{name}");
    }
    let calendar = super::date_columns::rows(&days, 1).unwrap();
    let fiscal = calendar.column_by_name("fiscal_year").unwrap();
    assert_eq!(fiscal.as_ref(), calendar.column_by_name("year").unwrap().as_ref());
}
