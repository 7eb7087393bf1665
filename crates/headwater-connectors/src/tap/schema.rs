//! The types of columns, from a JSON Schema.
//!
//! Sources: JSON Schema (<https://json-schema.org>), what taps of Singer write into it (`singer.decimal`, `multipleOf`), and
//! Airbyte's `airbyte_type` and `WellKnownTypes.json`.

use arrow_schema::{DataType, Field, TimeUnit};
use headwater_sdk::types::{list_of, timestamp_utc, type_name};
use serde_json::Value;

use super::columns::JsonType;
use crate::columns::MAX_DEPTH;

/// Digits of a decimal without a limit, and those of them behind the point: as of `numeric` in PostgreSQL.
const UNLIMITED: DataType = DataType::Decimal128(38, 9);

/// The most digits of a decimal.
const DIGITS: u32 = 38;

/// The columns that a schema of objects has, in its order; none when it is no such schema.
pub(crate) fn columns(schema: &Value) -> Vec<(String, JsonType)> {
    let root = Root(schema);
    let properties = root.resolve(schema).get("properties").and_then(Value::as_object);
    let column = |(name, schema): (&String, &Value)| {
        let data_type = root.type_of(schema, 0);
        (name.clone(), JsonType { written: written(root.resolve(schema), &data_type), data_type })
    };
    properties.into_iter().flatten().map(column).collect()
}

/// A type as its schema has it, in short.
fn written(schema: &Value, data_type: &DataType) -> String {
    let kinds = kinds(schema).join(" or ");
    let format = ["airbyte_type", "format"].into_iter().find_map(|key| schema.get(key).and_then(Value::as_str));
    match (kinds.as_str(), format) {
        ("", _) => type_name(data_type),
        (kinds, None) => kinds.to_owned(),
        (kinds, Some(format)) => format!("{kinds} ({format})"),
    }
}

/// The kinds of values that a schema names, but for null.
fn kinds(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => vec![kind.as_str()],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect(),
        _ => Vec::new(),
    }
}

/// A schema, which parts of it may refer to.
struct Root<'a>(&'a Value);

impl<'a> Root<'a> {
    /// What a schema refers to, if it is there; otherwise the schema itself.
    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let mut found = schema;
        for _ in 0..MAX_DEPTH {
            let target = found.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
            match target.and_then(|target| self.0.pointer(target)) {
                Some(next) => found = next,
                None => break,
            }
        }
        found
    }

    /// The lake type of the values; of what has no type of its own there, their text, or their JSON.
    fn type_of(&self, schema: &'a Value, depth: usize) -> DataType {
        let schema = self.resolve(schema);
        if depth > MAX_DEPTH {
            return DataType::Utf8;
        }
        if let Some(known) = schema.get("$ref").and_then(Value::as_str).and_then(well_known) {
            return known;
        }
        for combined in ["anyOf", "oneOf", "allOf"] {
            if let Some(Value::Array(schemas)) = schema.get(combined) {
                return self.one_of(schemas, depth);
            }
        }
        let kinds = kinds(schema);
        match kinds.as_slice() {
            ["boolean"] => DataType::Boolean,
            ["integer"] => integer(schema),
            ["string"] => text(schema),
            ["object"] => self.object(schema, depth),
            [] if schema.get("properties").is_some() => self.object(schema, depth),
            ["array"] => match schema.get("items") {
                Some(items @ Value::Object(_)) => list_of(self.type_of(items, depth + 1)),
                _ => DataType::Utf8,
            },
            kinds if !kinds.is_empty() && kinds.iter().all(|kind| matches!(*kind, "integer" | "number")) => {
                number(schema)
            }
            kinds
                if is_decimal(schema) && kinds.iter().all(|kind| matches!(*kind, "integer" | "number" | "string")) =>
            {
                decimal(schema)
            }
            _ => DataType::Utf8,
        }
    }

    /// Of several schemas: the type that all have that say something.
    fn one_of(&self, schemas: &'a [Value], depth: usize) -> DataType {
        let says = |schema: &&Value| !(schema.get("type").is_some() && kinds(schema).is_empty() || is_null(schema));
        let mut types = schemas.iter().filter(says).map(|schema| self.type_of(schema, depth + 1));
        match types.next() {
            Some(first) if types.all(|other| other == first) => first,
            _ => DataType::Utf8,
        }
    }

    fn object(&self, schema: &'a Value, depth: usize) -> DataType {
        let Some(properties) = schema.get("properties").and_then(Value::as_object).filter(|own| !own.is_empty()) else {
            return DataType::Utf8;
        };
        let field = |(name, schema): (&String, &'a Value)| Field::new(name, self.type_of(schema, depth + 1), true);
        DataType::Struct(properties.iter().map(field).collect())
    }
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("null")
}

/// A type of Airbyte's `WellKnownTypes.json`, by the end of its reference.
fn well_known(reference: &str) -> Option<DataType> {
    let (_, name) = reference.split_once("WellKnownTypes.json#/definitions/")?;
    Some(match name {
        "Boolean" => DataType::Boolean,
        "Integer" => DataType::Int64,
        "Number" => DataType::Float64,
        "Date" => DataType::Date32,
        "TimestampWithTimezone" => timestamp_utc(),
        "TimestampWithoutTimezone" => DataType::Timestamp(TimeUnit::Microsecond, None),
        _ => DataType::Utf8,
    })
}

fn integer(schema: &Value) -> DataType {
    let limit = |key: &str| schema.get(key).and_then(Value::as_f64).unwrap_or_default().abs();
    // Unsigned integers of 64 bits, and larger ones.
    let most = limit("maximum").max(limit("minimum"));
    if most <= 9_223_372_036_854_775_808.0 { DataType::Int64 } else { exact(schema, 0) }
}

fn number(schema: &Value) -> DataType {
    match schema.get("airbyte_type").and_then(Value::as_str) {
        Some("integer") => return DataType::Int64,
        Some("big_integer") => return DataType::Decimal128(38, 0),
        _ => {}
    }
    if is_decimal(schema) {
        return decimal(schema);
    }
    match schema.get("multipleOf").and_then(Value::as_f64).and_then(scale) {
        Some(scale) => exact(schema, scale),
        None => DataType::Float64,
    }
}

fn text(schema: &Value) -> DataType {
    if is_decimal(schema) {
        return decimal(schema);
    }
    match schema.get("airbyte_type").and_then(Value::as_str) {
        Some("timestamp_without_timezone") => return DataType::Timestamp(TimeUnit::Microsecond, None),
        Some("timestamp_with_timezone") => return timestamp_utc(),
        _ => {}
    }
    match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => timestamp_utc(),
        Some("date") => DataType::Date32,
        // The lake has no time of day.
        _ => DataType::Utf8,
    }
}

fn is_decimal(schema: &Value) -> bool {
    schema.get("format").and_then(Value::as_str) == Some("singer.decimal")
}

/// Of `singer.decimal`: as many digits as it says.
fn decimal(schema: &Value) -> DataType {
    let told = |keys: [&str; 2]| keys.into_iter().find_map(|key| schema.get(key).and_then(Value::as_u64));
    match (told(["precision", "x-singer.decimal-precision"]), told(["scale", "x-singer.decimal-scale"])) {
        (Some(precision @ 1..=38), scale) if scale.unwrap_or(0) <= precision => {
            DataType::Decimal128(precision as u8, scale.unwrap_or(0) as i8)
        }
        _ => schema.get("multipleOf").and_then(Value::as_f64).and_then(scale).map_or(UNLIMITED, |s| exact(schema, s)),
    }
}

/// The digits behind the point of multiples of `step`; `None` where it is no power of ten of at most 1.
fn scale(step: f64) -> Option<u32> {
    let scale = -step.log10().round();
    let is_power = step > 0.0 && (10_f64.powf(-scale) - step).abs() <= step * 1e-9;
    (is_power && (0.0..=f64::from(DIGITS)).contains(&scale)).then_some(scale as u32)
}

/// A decimal with so many digits behind the point, and as many before it as the schema's limits need.
fn exact(schema: &Value, scale: u32) -> DataType {
    let limit = |key: &str| schema.get(key).and_then(Value::as_f64).map(f64::abs);
    let excludes = schema.get("exclusiveMaximum").is_some_and(|exclusive| *exclusive != Value::Bool(false));
    let most =
        limit("maximum").or_else(|| limit("exclusiveMaximum")).map(|most| most.max(limit("minimum").unwrap_or(0.0)));
    let digits = match most {
        Some(most) if most >= 1.0 => {
            let digits = if excludes { most.log10().ceil() } else { most.log10().floor() + 1.0 };
            (digits.max(1.0) as u32).saturating_add(scale)
        }
        _ => DIGITS,
    };
    match (digits, scale) {
        (digits, scale) if digits <= DIGITS && scale <= digits => DataType::Decimal128(digits as u8, scale as i8),
        // Without limits that fit: what is left for the digits before the point has to do.
        (_, scale) if most.is_none() && scale <= 19 => DataType::Decimal128(DIGITS as u8, scale as i8),
        _ => UNLIMITED,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn schemas_become_types() {
        for (schema, expected) in [
            (r#"{"type": ["null", "integer"]}"#, "bigint"),
            (r#"{"type": "integer", "minimum": 0, "maximum": 18446744073709551615}"#, "decimal(20,0)"),
            (r#"{"type": ["number", "null"]}"#, "double"),
            (r#"{"type": ["integer", "number"]}"#, "double"),
            (
                r#"{"type": ["null", "number"], "multipleOf": 0.01, "maximum": 100000000, "minimum": -100000000,
                "exclusiveMaximum": true, "exclusiveMinimum": true}"#,
                "decimal(10,2)",
            ),
            (r#"{"type": "number", "multipleOf": 0.001}"#, "decimal(38,3)"),
            (r#"{"type": "number", "multipleOf": 1e-38, "maximum": 1e62, "minimum": -1e62}"#, "decimal(38,9)"),
            (r#"{"type": "number", "multipleOf": 5}"#, "double"),
            (r#"{"type": "number", "multipleOf": 1}"#, "decimal(38,0)"),
            (r#"{"type": ["null", "string"], "format": "singer.decimal"}"#, "decimal(38,9)"),
            (
                r#"{"type": ["null", "number"], "format": "singer.decimal", "precision": 12, "scale": 4}"#,
                "decimal(12,4)",
            ),
            (r#"{"type": ["string", "number", "null"], "format": "singer.decimal"}"#, "decimal(38,9)"),
            (r#"{"type": "string", "format": "date-time"}"#, "timestamp"),
            (r#"{"type": "string", "format": "date"}"#, "date"),
            (r#"{"type": "string", "format": "time"}"#, "string"),
            (
                r#"{"type": "string", "format": "date-time", "airbyte_type": "timestamp_without_timezone"}"#,
                "timestamp_ntz",
            ),
            (r#"{"type": "number", "airbyte_type": "integer"}"#, "bigint"),
            (r#"{"$ref": "WellKnownTypes.json#/definitions/Date"}"#, "date"),
            (r##"{"$ref": "#/definitions/flag"}"##, "boolean"),
            (r##"{"$ref": "#/definitions/loop"}"##, "string"),
            (r#"{"anyOf": [{"type": "null"}, {"type": "integer"}]}"#, "bigint"),
            (r#"{"anyOf": [{"type": "string", "format": "date-time"}, {"type": ["string", "null"]}]}"#, "string"),
            (r#"{"type": ["string", "integer"]}"#, "string"),
            (r#"{"type": "object"}"#, "string"),
            (r#"{"type": "array"}"#, "string"),
            (r#"{"type": "null"}"#, "string"),
            (r#"{}"#, "string"),
            ("true", "string"),
        ] {
            let column: Value = serde_json::from_str(schema).unwrap();
            let definitions =
                serde_json::json!({ "flag": { "type": "boolean" }, "loop": { "$ref": "#/definitions/loop" } });
            let of_stream = serde_json::json!({ "properties": { "c": column }, "definitions": definitions });
            assert_eq!(type_name(&columns(&of_stream)[0].1.data_type), expected, "{schema}");
        }
    }

    #[test]
    fn nested_schemas_become_structs_and_lists_in_their_order() {
        let schema = serde_json::json!({ "type": ["null", "object"], "properties": {
            "z": { "type": "array", "items": { "type": "object", "properties": { "b": { "type": "integer" } } } },
            "a": { "type": ["string", "null"] },
        } });
        let found = columns(&schema);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["z", "a"]);
        let b = DataType::Struct(vec![Arc::new(Field::new("b", DataType::Int64, true))].into());
        assert_eq!(found[0].1.data_type, list_of(b));
    }
}
