//! What a check says once the table's columns are known.

use arrow_schema::{DataType, Field, Schema, TimeUnit};
use headwater_sdk::check::Probe;
use serde_json::{Value, json};

fn schema() -> Schema {
    Schema::new(vec![
        Field::new("text", DataType::Utf8, true),
        Field::new("number", DataType::Int32, true),
        Field::new("flag", DataType::Boolean, true),
        Field::new("day", DataType::Date32, true),
        Field::new("instant", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
        Field::new("part", DataType::Dictionary(DataType::UInt16.into(), DataType::Utf8.into()), true),
    ])
}

/// The predicate of a row probe, or the message.
fn compile(kind: &str, options: Value) -> Result<String, String> {
    let check = headwater_checks::all().into_iter().find(|c| c.name() == kind).unwrap();
    match check.compiler()(options, Some(&schema())) {
        Ok(compiled) => match compiled.probe {
            Probe::Row { fails_when } => Ok(fails_when),
            other => Ok(format!("{other:?}")),
        },
        Err(error) => Err(error.message),
    }
}

#[test]
fn values_must_suit_the_column() {
    let values =
        |column: &str, values: Value| compile("accepted_values", json!({ "column": column, "values": values }));
    assert_eq!(values("text", json!(["a"])).unwrap(), r#""text" NOT IN ('a')"#);
    assert_eq!(values("part", json!(["a"])).unwrap(), r#""part" NOT IN ('a')"#);
    assert_eq!(values("number", json!([1, -2])).unwrap(), r#""number" NOT IN (1, -2)"#);
    assert_eq!(values("flag", json!(true)).unwrap(), r#""flag" NOT IN (true)"#);
    assert_eq!(values("not_there", json!([1])).unwrap(), r#""not_there" NOT IN (1)"#, "the loader reports it");
    assert_eq!(
        values("text", json!([10115])).unwrap_err(),
        "column 'text' is of type string, and '10115' is no such value"
    );
    assert!(values("number", json!(["1"])).is_err());
    assert!(values("flag", json!(["true"])).is_err());
}

#[test]
fn bounds_must_suit_the_column_and_keep_its_precision() {
    let min = |column: &str, min: Value| compile("range", json!({ "column": column, "min": min }));
    assert_eq!(min("day", json!("2013-01-01")).unwrap(), r#""day" < DATE '2013-01-01'"#);
    assert_eq!(min("instant", json!("2013-01-01")).unwrap(), r#""instant" < TIMESTAMP(6) '2013-01-01 00:00:00'"#);
    assert_eq!(
        min("instant", json!("9999-12-31T23:00:00.000001-01:00")).unwrap_err(),
        "'9999-12-31T23:00:00.000001-01:00' is neither a date nor a timestamp",
        "it is in the year 10000"
    );
    assert_eq!(
        min("instant", json!("2013-01-01T01:00:00.5+01:00")).unwrap(),
        r#""instant" < TIMESTAMP(6) '2013-01-01 00:00:00.5'"#
    );
    assert_eq!(
        min("day", json!("2013-01-01T10:00:00Z")).unwrap_err(),
        "column 'day' is of type date, and cannot be compared with 2013-01-01T10:00:00Z"
    );
    assert!(min("number", json!("2013-01-01")).is_err());
    assert!(min("day", json!(2013)).is_err());
    assert!(min("text", json!(1)).is_err() && min("flag", json!(1)).is_err());
}

#[test]
fn text_and_time_checks_need_such_columns() {
    assert!(compile("regex", json!({ "column": "text", "pattern": "a" })).is_ok());
    assert!(compile("regex", json!({ "column": "number", "pattern": "a" })).is_err());
    assert!(compile("length", json!({ "column": "part", "max": 2 })).is_ok());
    assert!(compile("length", json!({ "column": "day", "max": 2 })).is_err());
    assert!(compile("freshness", json!({ "column": "day", "max_age": "1d 12h" })).unwrap().contains("129600"));
    assert_eq!(
        compile("freshness", json!({ "column": "text", "max_age": "1d" })).unwrap_err(),
        "column 'text' is of type string, and has no age"
    );
    assert!(compile("freshness", json!({ "column": "day", "max_age": "99999999999999999999s" })).is_err());
}

#[test]
fn unknown_options_are_errors() {
    for check in headwater_checks::all() {
        let schema = check.options_schema();
        assert_eq!(schema["additionalProperties"], json!(false), "{}", check.name());
        assert!(check.compiler()(json!({ "no_such_option": 1 }), None).is_err(), "{}", check.name());
        for (key, option) in schema["properties"].as_object().unwrap() {
            assert!(option["description"].is_string(), "{}: '{key}' is not described", check.name());
        }
    }
}
