//! JSON Schemas as schemars emits them (draft 2020-12), looked at and put together.

use schemars::JsonSchema;
use serde_json::{Map, Value, json};

/// A schema with its definitions.
#[derive(Debug, Clone)]
pub(crate) struct Schema {
    pub(crate) root: Value,
}

impl Schema {
    /// The schema of a type.
    pub(crate) fn of<T: JsonSchema>() -> Self {
        Self { root: schemars::schema_for!(T).to_value() }
    }

    /// The schema that a `$ref` stands for, or the schema itself.
    pub(crate) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        // A chain of references longer than this is a circle.
        for _ in 0..16 {
            let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { break };
            match reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer)) {
                Some(target) => schema = target,
                None => break,
            }
        }
        schema
    }
}

/// Puts the keys of two object schemas together; on a clash those of `common` win. The definitions of `own` get
/// `prefix` before their names. No other keys are allowed then.
pub(crate) fn merge(common: Value, own: Value, prefix: &str) -> Value {
    let mut merged = common;
    let mut own = renamed(own, prefix);
    let (Some(object), Some(own)) = (merged.as_object_mut(), own.as_object_mut()) else { return merged };
    for part in ["properties", "$defs"] {
        let Some(Value::Object(added)) = own.remove(part) else { continue };
        if let Value::Object(kept) = object.entry(part).or_insert_with(|| json!({})) {
            for (key, value) in added {
                kept.entry(key).or_insert(value);
            }
        }
    }
    if let Some(Value::Array(added)) = own.remove("required")
        && let Value::Array(kept) = object.entry("required").or_insert_with(|| json!([]))
    {
        kept.extend(added);
        let mut seen = Vec::new();
        kept.retain(|key| {
            !seen.contains(key) && {
                seen.push(key.clone());
                true
            }
        });
    }
    for part in ["allOf", "anyOf", "oneOf", "x-not-built"] {
        match (own.remove(part), object.get_mut(part)) {
            (Some(Value::Array(added)), Some(Value::Array(kept))) => kept.extend(added),
            (Some(added), None) => {
                object.insert(part.to_owned(), added);
            }
            _ => {}
        }
    }
    object.insert("additionalProperties".to_owned(), json!(false));
    merged
}

fn renamed(schema: Value, prefix: &str) -> Value {
    match schema {
        Value::Object(object) => Value::Object(
            object
                .into_iter()
                .map(|(key, value)| match (key.as_str(), value) {
                    ("$ref", Value::String(reference)) => {
                        let renamed = reference.replacen("#/$defs/", &format!("#/$defs/{prefix}"), 1);
                        (key, Value::String(renamed))
                    }
                    ("$defs", Value::Object(defs)) => {
                        let defs =
                            defs.into_iter().map(|(name, def)| (format!("{prefix}{name}"), renamed(def, prefix)));
                        (key, Value::Object(defs.collect::<Map<_, _>>()))
                    }
                    (_, value) => (key, renamed(value, prefix)),
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| renamed(item, prefix)).collect()),
        other => other,
    }
}

/// Says in a schema what [`super::read`] does: a list of scalars takes a single one as well.
pub(crate) fn lists_take_single_values(schema: Value) -> Value {
    match schema {
        Value::Array(items) => Value::Array(items.into_iter().map(lists_take_single_values).collect()),
        Value::Object(object) => {
            let object: Map<_, _> =
                object.into_iter().map(|(key, value)| (key, lists_take_single_values(value))).collect();
            let scalar = |items: &Value| {
                matches!(items.get("type").and_then(Value::as_str), Some("string" | "integer" | "number" | "boolean"))
            };
            match object.get("items") {
                Some(items) if object.get("type") == Some(&json!("array")) && scalar(items) => {
                    let mut outer: Map<_, _> = Map::new();
                    let single = items.clone();
                    let (about, list): (Map<_, _>, Map<_, _>) =
                        object.into_iter().partition(|(key, _)| key == "description" || key == "default");
                    outer.extend(about);
                    outer.insert("anyOf".to_owned(), json!([Value::Object(list), single]));
                    Value::Object(outer)
                }
                _ => Value::Object(object),
            }
        }
        other => other,
    }
}
