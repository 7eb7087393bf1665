//! The keys that a schema of an object takes, put together from its parts.

use serde_json::Value;

use super::describe::{branches, enumeration};
use super::schema::Schema;
use crate::yaml::Map;

/// The keys of an object.
#[derive(Default)]
pub(crate) struct Keys<'a> {
    pub(crate) properties: Vec<(&'a str, &'a Value)>,
    pub(crate) required: Vec<&'a str>,
    /// What other keys' values must be; `None` when there may be none.
    pub(crate) others: Option<&'a Value>,
    /// Keys of later versions.
    pub(crate) not_built: Vec<&'a str>,
    /// The key that chooses between alternatives, with the values that it may have, when it is missing or wrong.
    pub(crate) undecided: Option<(&'a str, Vec<&'a str>)>,
}

/// The keys that a schema takes for a mapping: those of all its parts, and of the alternative that the mapping chooses.
pub(crate) fn keys<'a>(schema: &'a Schema, part: &'a Value, map: &Map) -> Keys<'a> {
    let mut keys = Keys::default();
    let mut open = true;
    add(schema, part, map, &mut keys, &mut open, 0);
    if open && keys.others.is_none() {
        keys.others = Some(&Value::Bool(true));
    }
    keys
}

fn add<'a>(schema: &'a Schema, part: &'a Value, map: &Map, keys: &mut Keys<'a>, open: &mut bool, depth: usize) {
    let part = schema.resolve(part);
    if depth > 8 {
        return;
    }
    if let Some(Value::Object(properties)) = part.get("properties") {
        for (key, value) in properties {
            if !keys.properties.iter().any(|(known, _)| known == key) {
                keys.properties.push((key, value));
            }
        }
    }
    let texts = |name: &str| part.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    keys.required.extend(texts("required"));
    keys.not_built.extend(texts("x-not-built"));
    for closing in ["additionalProperties", "unevaluatedProperties"] {
        match part.get(closing) {
            Some(Value::Bool(false)) => *open = false,
            Some(others @ Value::Object(_)) => keys.others = Some(others),
            _ => {}
        }
    }
    if let Some(Value::Array(all)) = part.get("allOf") {
        all.iter().for_each(|each| add(schema, each, map, keys, open, depth + 1));
    }
    let alternatives = part.get("oneOf").or_else(|| part.get("anyOf")).and_then(Value::as_array);
    if let Some(alternatives) = alternatives {
        match choose(schema, alternatives, map) {
            Choice::One(index) => add(schema, &alternatives[index], map, keys, open, depth + 1),
            Choice::Undecided(tag, values) => {
                keys.undecided = Some((tag, values));
                // The keys of all alternatives are known, so that only the tag is reported.
                for alternative in alternatives {
                    let required = keys.required.len();
                    add(schema, alternative, map, keys, open, depth + 1);
                    keys.required.truncate(required);
                }
            }
            Choice::Untagged => {}
        }
    }
}

/// Which of several object schemas a mapping means.
pub(crate) enum Choice<'a> {
    /// The one of this number.
    One(usize),
    /// None: the key that tells them apart is missing or has none of these values.
    Undecided(&'a str, Vec<&'a str>),
    /// No key tells them apart.
    Untagged,
}

/// Chooses by the key that is a constant in every alternative, as serde's tagged enums have it.
pub(crate) fn choose<'a>(schema: &'a Schema, alternatives: &'a [Value], map: &Map) -> Choice<'a> {
    let constant = |alternative: &'a Value, key: &str| -> Option<&'a str> {
        let property = schema.resolve(alternative).get("properties")?.get(key)?;
        match enumeration(schema, property)?.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    };
    let Some(Value::Object(first)) = alternatives.first().and_then(|a| schema.resolve(a).get("properties")) else {
        return Choice::Untagged;
    };
    let is_tag = |key: &&String| alternatives.iter().all(|a| branches(a).is_none() && constant(a, key).is_some());
    let Some(tag) = first.keys().find(is_tag) else { return Choice::Untagged };
    let values: Vec<&str> = alternatives.iter().filter_map(|a| constant(a, tag)).collect();
    match map.get(tag).and_then(|node| node.as_text()).and_then(|text| values.iter().position(|v| *v == text)) {
        Some(index) => Choice::One(index),
        None => Choice::Undecided(tag, values),
    }
}
