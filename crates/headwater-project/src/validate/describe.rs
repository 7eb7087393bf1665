//! What a schema wants, in words.

use serde_json::Value;

use super::schema::Schema;
use crate::spec::FORMATS;
use crate::yaml::{self, Node};

/// The texts that a schema allows, if it is an enumeration (null aside).
pub(crate) fn enumeration<'a>(schema: &'a Schema, part: &'a Value) -> Option<Vec<&'a str>> {
    let part = schema.resolve(part);
    if let Some(value) = part.get("const") {
        return value.as_str().map(|v| vec![v]);
    }
    if let Some(Value::Array(values)) = part.get("enum") {
        return Some(values.iter().filter_map(Value::as_str).collect());
    }
    let mut values = Vec::new();
    for branch in branches(part)? {
        if !is_null(schema.resolve(branch)) {
            values.extend(enumeration(schema, branch)?);
        }
    }
    Some(values)
}

/// The alternatives of a schema that is nothing but alternatives.
pub(crate) fn branches(part: &Value) -> Option<&Vec<Value>> {
    if part.get("properties").is_some() {
        return None;
    }
    part.get("anyOf").or_else(|| part.get("oneOf")).and_then(Value::as_array)
}

pub(crate) fn is_null(part: &Value) -> bool {
    part.get("type").and_then(Value::as_str) == Some("null")
}

/// Whether a schema names a type among those that it takes; one without types takes any.
pub(crate) fn takes(part: &Value, wanted: &str) -> bool {
    match part.get("type") {
        Some(Value::String(name)) => name == wanted || (wanted == "integer" && name == "number"),
        Some(Value::Array(names)) => names.iter().any(|n| n == wanted || (wanted == "integer" && n == "number")),
        _ => part.get("const").is_none() && part.get("enum").is_none() || wanted == "string",
    }
}

/// The JSON Schema type of a node.
pub(crate) fn type_of(node: &Node) -> &'static str {
    match &node.value {
        yaml::Value::Null => "null",
        yaml::Value::Bool(_) => "boolean",
        yaml::Value::Number(number) if number.is_f64() => "number",
        yaml::Value::Number(_) => "integer",
        yaml::Value::Text(_) => "string",
        yaml::Value::List(_) => "array",
        yaml::Value::Map(_) => "object",
    }
}

/// What a schema takes, for messages: `a text`, `a list or a text`.
pub(crate) fn expected(schema: &Schema, part: &Value) -> String {
    let mut names = Vec::new();
    collect(schema, part, &mut names, 0);
    names.dedup();
    if names.is_empty() { "another value".to_owned() } else { names.join(" or ") }
}

fn collect(schema: &Schema, part: &Value, names: &mut Vec<String>, depth: usize) {
    let part = schema.resolve(part);
    if depth > 4 {
        return;
    }
    if let Some(values) = enumeration(schema, part) {
        names.push(format!("one of {}", values.join(", ")));
    } else if let Some(branches) = branches(part) {
        branches.iter().for_each(|branch| collect(schema, branch, names, depth + 1));
    } else {
        let format = part.get("format").and_then(Value::as_str);
        let types = match part.get("type") {
            Some(Value::String(name)) => vec![name.as_str()],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        for name in types {
            let words = match name {
                "string" => FORMATS.iter().find(|f| Some(f.name) == format).map_or("a text", |f| f.what),
                "integer" => "a whole number",
                "number" => "a number",
                "boolean" => "true or false",
                "array" => "a list",
                "object" => "a mapping",
                _ => continue,
            };
            names.push(words.to_owned());
        }
    }
}
