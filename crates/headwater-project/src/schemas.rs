//! JSON Schemas of the project's YAML files, made from the structs that read them.

use std::collections::BTreeMap;

use headwater_sdk::check::CheckType;
use headwater_sdk::connector::ConnectorType;
use headwater_sdk::destination::DestinationType;
use serde_json::{Map, Value, json};

use crate::load::checks::options_schema;
use crate::load::connectors::{SEED_CONNECTOR, seed_schema, source_schema, stream_schema};
use crate::load::destinations::{delivery_schema, destination_schema};
use crate::spec::{ModelHeader, ProjectFile, ScriptFile, UnitTestFile};
use crate::validate::{Schema, lists_take_single_values};

/// The JSON Schema (draft 2020-12) of each kind of YAML in a project: `project` (`headwater.yml`), `source`
/// (a document in `sources/*.yml`), `destination` (one in `destinations/*.yml`), `model` (the header of a model), `script` (`scripts/*/*.yml`), `seed` (`seeds/*.yml`)
/// and `test` (a document in `tests/*.yml`).
pub fn json_schemas(
    connectors: &[Box<dyn ConnectorType>],
    destinations: &[Box<dyn DestinationType>],
    checks: &[Box<dyn CheckType>],
) -> BTreeMap<&'static str, Value> {
    let mut schemas = BTreeMap::from([
        ("project", Schema::of::<ProjectFile>().root),
        ("model", with_checks(Schema::of::<ModelHeader>().root, checks)),
        ("script", with_checks(Schema::of::<ScriptFile>().root, checks)),
        ("source", with_checks(sources(connectors), checks)),
        ("destination", destinations_of(destinations)),
        ("test", unit_tests()),
    ]);
    if let Some(files) = connectors.iter().find(|c| c.name() == SEED_CONNECTOR) {
        schemas.insert("seed", with_checks(seed_schema(files.as_ref()), checks));
    }
    schemas.into_iter().map(|(kind, schema)| (kind, lists_take_single_values(schema))).collect()
}

/// One alternative per connector.
fn sources(connectors: &[Box<dyn ConnectorType>]) -> Value {
    let each = connectors.iter().map(|connector| {
        let kind = connector.as_ref();
        (kind.name(), source_schema(kind), stream_schema(kind))
    });
    alternatives(each, "a source", ("streams", "stream"))
}

/// One alternative per connector.
fn destinations_of(destinations: &[Box<dyn DestinationType>]) -> Value {
    let each = destinations.iter().map(|destination| {
        let kind = destination.as_ref();
        (kind.name(), destination_schema(kind), delivery_schema(kind))
    });
    alternatives(each, "a destination", ("deliveries", "delivery"))
}

/// One alternative per connector: its name, the schema of the whole, and that of each of its `items`, which are called by the second name.
fn alternatives(
    each: impl Iterator<Item = (&'static str, Value, Value)>,
    title: &str,
    (items, item): (&str, &str),
) -> Value {
    let mut definitions = Map::new();
    let mut alternatives = Vec::new();
    for (name, mut whole, mut part) in each {
        hoist(&mut part, &mut definitions);
        let part_name = format!("{name}_{item}");
        definitions.insert(part_name.clone(), part);
        hoist(&mut whole, &mut definitions);
        if let Some(kind) = whole.pointer_mut("/properties/connector") {
            *kind = json!({ "description": "The kind of system.", "const": name });
        }
        if let Some(parts) = whole.pointer_mut(&format!("/properties/{items}")) {
            set(parts, "items", json!({ "$ref": format!("#/$defs/{part_name}") }));
        }
        alternatives.push(whole);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "oneOf": alternatives,
        "$defs": definitions,
    })
}

/// A unit test, or a list of them.
fn unit_tests() -> Value {
    let mut test = Schema::of::<UnitTestFile>().root;
    let mut definitions = Map::new();
    hoist(&mut test, &mut definitions);
    definitions.insert("unit_test".to_owned(), test);
    let reference = json!({ "$ref": "#/$defs/unit_test" });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "unit tests",
        "oneOf": [reference, { "type": "array", "items": reference }],
        "$defs": definitions,
    })
}

/// Says what an entry of `checks` is, wherever there are checks.
fn with_checks(mut schema: Value, checks: &[Box<dyn CheckType>]) -> Value {
    let mut definitions = Map::new();
    let alternatives: Vec<Value> = checks
        .iter()
        .map(|check| {
            let mut options = options_schema(check.as_ref());
            hoist(&mut options, &mut definitions);
            let bare = check.shorthand().and_then(|key| options.get("properties")?.get(key).cloned());
            let value = json!({ "anyOf": std::iter::once(options).chain(bare).collect::<Vec<_>>() });
            json!({
                "type": "object",
                "properties": { check.name(): value },
                "required": [check.name()],
                "additionalProperties": false,
            })
        })
        .collect();
    definitions.insert("check".to_owned(), json!({ "oneOf": alternatives }));
    refer_to_checks(&mut schema);
    if let Some(root) = schema.as_object_mut()
        && let Value::Object(known) = root.entry("$defs").or_insert_with(|| json!({}))
    {
        known.extend(definitions);
    }
    schema
}

/// Every `checks` in a schema lists checks.
fn refer_to_checks(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(checks) = object.get_mut("properties").and_then(|properties| properties.get_mut("checks")) {
                set(checks, "items", json!({ "$ref": "#/$defs/check" }));
            }
            object.values_mut().for_each(refer_to_checks);
        }
        Value::Array(items) => items.iter_mut().for_each(refer_to_checks),
        _ => {}
    }
}

/// Moves the definitions of a schema that becomes a part of another one to where its references find them.
fn hoist(schema: &mut Value, definitions: &mut Map<String, Value>) {
    let Some(object) = schema.as_object_mut() else { return };
    object.shift_remove("$schema");
    if let Some(Value::Object(own)) = object.shift_remove("$defs") {
        definitions.extend(own);
    }
}

fn set(schema: &mut Value, key: &str, value: Value) {
    if let Some(object) = schema.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
}
