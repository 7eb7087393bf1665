//! Values of every type, as people write them.

use arrow_array::{ArrayRef, Decimal128Array};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{DataType, Field, Fields};
use headwater_diagnostics::{Diagnostic, SourceMap, Span};
use headwater_project::{CellValue, TestCell, TestText};
use headwater_sdk::types::parse_type;

use super::Column;

fn span() -> Span {
    Span::new(SourceMap::default().add("t.yml".into(), "x".into()), 0..1)
}

fn cell(value: CellValue) -> TestCell {
    TestCell { span: span(), value }
}

fn scalar(text: &str) -> TestCell {
    cell(CellValue::Scalar(text.into()))
}

fn array(data_type: &DataType, value: &TestCell) -> Result<ArrayRef, Vec<Diagnostic>> {
    let mut wrong = Vec::new();
    let column = Column { table: &"a.b".parse().unwrap(), name: "c" };
    let array = column.array(data_type, &[Some(value), None], &mut wrong);
    assert_eq!((array.len(), array.data_type(), array.is_null(1)), (2, data_type, true));
    if wrong.is_empty() { Ok(array) } else { Err(wrong) }
}

fn shown(data_type: &DataType, value: &TestCell) -> String {
    match array(data_type, value) {
        Ok(array) => {
            let options = FormatOptions::default();
            ArrayFormatter::try_new(array.as_ref(), &options).unwrap().value(0).to_string()
        }
        Err(wrong) => format!("{} ({})", wrong[0].message, wrong[0].help.as_deref().unwrap_or("")),
    }
}

#[test]
fn scalars_get_the_types_of_their_columns() {
    for (name, text, wanted) in [
        ("boolean", "true", "true"),
        ("smallint", "-7", "-7"),
        ("bigint", "9223372036854775807", "9223372036854775807"),
        ("double", "1e3", "1000.0"),
        ("double", ".nan", "NaN"),
        ("decimal(10,2)", "1.500", "1.50"),
        ("decimal(38,0)", "12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
        ("decimal(4,2)", "-.5", "-0.50"),
        ("string", "007", "007"),
        ("string", "", ""),
        ("binary", "00ff", "00ff"),
        ("date", "2013-01-31", "2013-01-31"),
        ("date", "1969-12-31", "1969-12-31"),
        ("timestamp", "2013-01-31T08:00:00Z", "2013-01-31T08:00:00Z"),
        ("timestamp", "2013-01-31T08:00:00+02:00", "2013-01-31T06:00:00Z"),
        ("timestamp", "2013-01-31 08:00:00.000001", "2013-01-31T08:00:00.000001Z"),
        ("timestamp", "2013-01-31", "2013-01-31T00:00:00Z"),
        ("timestamp", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ("timestamp_ntz", "2013-01-31T08:00:00", "2013-01-31T08:00:00"),
    ] {
        assert_eq!(shown(&parse_type(name).unwrap(), &scalar(text)), wanted, "{name} {text}");
    }
}

#[test]
fn what_is_no_such_value_is_told() {
    for (name, text, help) in [
        ("boolean", "yes", "write true or false"),
        ("int", "1.0", "write a whole number"),
        ("smallint", "40000", "it is out of the range of the type"),
        ("bigint", "9223372036854775808", "it is out of the range of the type"),
        ("double", "1,5", "write a number, e.g. 1.5, 2e6, .nan or -.inf"),
        ("decimal(4,2)", "1.005", "the type has 4 digits, 2 of them after the point"),
        ("decimal(4,2)", "100", "the type has 4 digits, 2 of them after the point"),
        ("decimal(4,2)", "1e1", "write a number, e.g. 12.50"),
        ("binary", "0ff", "write pairs of hexadecimal digits, e.g. 00ff"),
        ("date", "2013-02-30", "write a date as 2026-01-31"),
        ("date", "2013-02-03T00:00:00", "write a date as 2026-01-31"),
        ("date", "20130203", "write a date as 2026-01-31"),
        ("timestamp", "now", "write a time as 2026-01-31T08:00:00Z, or with an offset; without one it is in UTC"),
        ("timestamp", "2013-01-31T08:00:00.0000001Z", "timestamps have microseconds"),
        ("timestamp_ntz", "2013-01-31T08:00:00Z", "write a time as 2026-01-31T08:00:00, without a zone"),
        ("timestamp_ntz", "2013-01-31T08:00:00+01:00", "write a time as 2026-01-31T08:00:00, without a zone"),
    ] {
        let said = shown(&parse_type(name).unwrap(), &scalar(text));
        assert_eq!(said, format!("'{text}' is no {name}, as column 'c' of a.b is ({help})"));
    }
}

#[test]
fn null_is_null_and_lists_and_mappings_are_no_scalars() {
    let int = DataType::Int32;
    assert!(array(&int, &cell(CellValue::Null)).unwrap().is_null(0));
    assert!(shown(&int, &cell(CellValue::List(Vec::new()))).starts_with("a list is no int"));
    assert!(shown(&int, &cell(CellValue::Map(Vec::new()))).starts_with("a mapping is no int"));
}

#[test]
fn nested_values_are_written_as_in_yaml() {
    let key = |text: &str| TestText { text: text.into(), span: span() };
    let list = DataType::List(Field::new("element", DataType::Int32, true).into());
    let numbers = cell(CellValue::List(vec![scalar("1"), cell(CellValue::Null)]));
    assert_eq!(shown(&list, &numbers), "[1, ]");
    assert!(shown(&list, &scalar("1")).ends_with("(write a list: [1, 2])"));
    assert!(shown(&list, &cell(CellValue::List(vec![scalar("x")]))).starts_with("'x' is no int"));
    let fields = Fields::from(vec![Field::new("a", DataType::Utf8, true), Field::new("b", list.clone(), true)]);
    let whole = DataType::Struct(fields.clone());
    let value = cell(CellValue::Map(vec![(key("b"), numbers)]));
    assert_eq!(shown(&whole, &value), "{a: , b: [1, ]}");
    let value = cell(CellValue::Map(vec![(key("z"), scalar("1"))]));
    assert_eq!(shown(&whole, &value), "column 'c' of a.b has no field 'z' (its fields are: a, b)");
    let pair = vec![Field::new("key", DataType::Utf8, false), Field::new("value", DataType::Int32, true)];
    let entries = Field::new("key_value", DataType::Struct(Fields::from(pair)), false);
    let map = DataType::Map(entries.into(), false);
    assert_eq!(shown(&map, &cell(CellValue::Map(vec![(key("k"), scalar("1"))]))), "{k: 1}");
    assert!(shown(&map, &scalar("1")).ends_with("(write a mapping: { a: 1 })"));
}

#[test]
fn decimals_are_never_rounded() {
    let array = array(&DataType::Decimal128(5, 3), &scalar("-1.25")).unwrap();
    let decimals: &Decimal128Array = array.as_any().downcast_ref().unwrap();
    assert_eq!(decimals.value(0), -1250);
}
