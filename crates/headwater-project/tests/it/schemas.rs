//! The printed JSON Schemas.

use headwater_project::json_schemas;
use serde_json::Value;

use crate::fakes;

#[test]
fn there_is_one_per_kind_of_file_and_every_reference_is_defined() {
    let schemas = json_schemas(&fakes::connectors(), &[], &fakes::checks());
    let kinds: Vec<_> = schemas.keys().copied().collect();
    assert_eq!(kinds, ["destination", "model", "project", "script", "seed", "source", "test"]);
    for (kind, schema) in &schemas {
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{kind}");
        let mut references = Vec::new();
        collect(schema, &mut references);
        for reference in references {
            let target = schema.pointer(reference.strip_prefix('#').unwrap());
            assert!(target.is_some(), "{kind}: {reference}");
        }
    }
}

fn collect<'a>(schema: &'a Value, references: &mut Vec<&'a str>) {
    match schema {
        Value::Object(object) => {
            references.extend(object.get("$ref").and_then(Value::as_str));
            object.values().for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}

#[test]
fn a_source_has_an_alternative_per_connector_with_the_keys_of_both() {
    let schemas = json_schemas(&fakes::connectors(), &[], &fakes::checks());
    let source = &schemas["source"];
    let files = &source["oneOf"][0];
    assert_eq!(files["properties"]["connector"]["const"], "files");
    assert!(files["properties"]["location"].is_object() && files["properties"]["owner"].is_object());
    assert_eq!(files["additionalProperties"], false);
    let stream = source.pointer("/$defs/files_stream").unwrap();
    assert!(stream["properties"]["path"].is_object() && stream["properties"]["on_bad_row"].is_object());
    assert_eq!(stream["properties"]["checks"]["items"]["$ref"], "#/$defs/check");
    let required: Vec<&str> = stream["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(required, ["table", "path"]);
    assert!(schemas["seed"]["properties"].get("path").is_none());
}

#[test]
fn the_schema_of_a_models_header() {
    let schemas = json_schemas(&fakes::connectors(), &[], &fakes::checks());
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("model_schema", serde_json::to_string_pretty(&schemas["model"]).unwrap());
    });
}
