use std::collections::BTreeMap;

use headwater_diagnostics::SourceMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::*;
use crate::yaml;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Everything {
    text: Option<String>,
    number: Option<f64>,
    small: Option<u8>,
    flag: Option<bool>,
    list: Option<Vec<String>>,
    pair: Option<(i64, String)>,
    map: Option<BTreeMap<String, i64>>,
    colour: Option<Colour>,
    shape: Option<Shape>,
    one_or_many: Option<OneOrMany>,
    tree: Option<Box<Tree>>,
    wrapped: Option<Wrapped>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Colour {
    /// Documented.
    Red,
    Green,
}

/// Internally tagged.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Shape {
    Circle { radius: f64 },
    Square { side: f64, colour: Option<Colour> },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum OneOrMany {
    One(i64),
    Many(Vec<i64>),
    Named(BTreeMap<String, i64>),
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Tree {
    value: i64,
    children: Option<Vec<Tree>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Wrapped {
    title: String,
    #[serde(flatten)]
    shape: Shape,
}

/// Reads YAML as [`Everything`]: the JSON, or the diagnostics as `line:column message (help)`.
fn read_text(text: &str) -> Result<Value, Vec<String>> {
    let mut files = SourceMap::default();
    let file = files.add("a.yml".into(), text.into());
    let mut diagnostics = Vec::new();
    let node = yaml::parse(text, 0..text.len(), file, &mut diagnostics).remove(0);
    match read(&Schema::of::<Everything>(), &node, "it", &mut diagnostics) {
        Some(value) => {
            let typed: Everything = serde_json::from_value(value).expect("what validates can be read");
            let object = serde_json::to_value(typed).unwrap().as_object().unwrap().clone();
            Ok(Value::Object(object.into_iter().filter(|(_, value)| !value.is_null()).collect()))
        }
        None => Err(diagnostics
            .iter()
            .map(|d| {
                let place = files.position(file, d.span().unwrap().start);
                let help = d.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
                format!("{}:{} {}{help}", place.line, place.column, d.message)
            })
            .collect()),
    }
}

#[test]
fn what_fits_becomes_json() {
    for (text, expected) in [
        (
            "{ text: a, number: 1, small: 255, flag: true }",
            json!({ "text": "a", "number": 1.0, "small": 255, "flag": true }),
        ),
        ("{ text: ~, list: [] }", json!({ "list": [] })),
        ("list: a", json!({ "list": ["a"] })),
        ("pair: [1, a]", json!({ "pair": [1, "a"] })),
        ("map: { a: 1, b: -2 }", json!({ "map": { "a": 1, "b": -2 } })),
        ("colour: green", json!({ "colour": "green" })),
        (
            "shape: { kind: square, side: 2, colour: red }",
            json!({ "shape": { "kind": "square", "side": 2.0, "colour": "red" } }),
        ),
        ("one_or_many: 1", json!({ "one_or_many": 1 })),
        ("one_or_many: [1, 2]", json!({ "one_or_many": [1, 2] })),
        ("one_or_many: { a: 1 }", json!({ "one_or_many": { "a": 1 } })),
        (
            "tree: { value: 1, children: [ { value: 2, children: [ { value: 3 } ] } ] }",
            json!({ "tree": { "value": 1, "children": [{ "value": 2, "children": [{ "value": 3, "children": null }] }] } }),
        ),
        (
            "wrapped: { title: x, kind: circle, radius: 1 }",
            json!({ "wrapped": { "title": "x", "kind": "circle", "radius": 1.0 } }),
        ),
    ] {
        assert_eq!(read_text(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_does_not_fit_is_pointed_at() {
    for (text, expected) in [
        (
            "{ text: 5, txt: 1 }",
            vec![
                "1:9 'text' takes a text, not a number (put it in quotes)",
                "1:12 it has no key 'txt' (did you mean 'text'?)",
            ],
        ),
        ("number: '5'", vec!["1:9 'number' takes a number, not a text (leave the quotes out)"]),
        ("small: 256", vec!["1:8 'small' is more than 255"]),
        ("small: -1", vec!["1:8 'small' is less than 0"]),
        ("small: 1.5", vec!["1:8 'small' takes a whole number, not a number"]),
        ("flag: on", vec!["1:7 'flag' takes true or false, not a text (write true or false)"]),
        (
            "list: [a, 1, [b]]",
            vec!["1:11 'list' takes a text, not a number (put it in quotes)", "1:14 'list' takes a text, not a list"],
        ),
        ("list: { a: b }", vec!["1:7 'list' takes a list, not a mapping"]),
        ("pair: [1]", vec!["1:8 'pair' needs at least 2 items"]),
        ("map: { a: x }", vec!["1:11 'a' takes a whole number, not a text"]),
        ("colour: Green", vec!["1:9 'colour' cannot be 'Green' (did you mean 'green'? It takes one of green, red)"]),
        ("colour: 5", vec!["1:9 'colour' takes one of green, red, not a number"]),
        ("shape: { side: 2 }", vec!["1:10 'shape' has no 'kind' (add `kind: …`; it takes one of circle, square)"]),
        (
            "shape: { kind: squar, side: 2 }",
            vec!["1:16 'kind' cannot be 'squar' (did you mean 'square'? It takes one of circle, square)"],
        ),
        (
            "shape: { kind: circle, side: 2 }",
            vec![
                "1:24 'shape' has no key 'side' (the keys are kind, radius)",
                "1:10 'shape' has no 'radius' (add `radius: …`; it takes a number)",
            ],
        ),
        ("shape: circle", vec!["1:8 'shape' takes a mapping, not a text"]),
        ("one_or_many: x", vec!["1:14 'one_or_many' takes a whole number or a list or a mapping, not a text"]),
        ("one_or_many: [1, x]", vec!["1:18 'one_or_many' takes a whole number, not a text"]),
        (
            "tree:\n  value: 1\n  children:\n    - value: x\n    - valu: 1",
            vec![
                "4:14 'value' takes a whole number, not a text",
                "5:7 'children' has no key 'valu' (did you mean 'value'?)",
                "5:7 'children' has no 'value' (add `value: …`; it takes a whole number)",
            ],
        ),
        (
            "wrapped: { kind: circle, radius: x }",
            vec![
                "1:34 'radius' takes a number, not a text",
                "1:12 'wrapped' has no 'title' (add `title: …`; it takes a text)",
            ],
        ),
        (
            "wrapped: { title: x, kind: triangle }",
            vec!["1:28 'kind' cannot be 'triangle' (it takes one of circle, square)"],
        ),
        ("- a", vec!["1:1 it takes a mapping, not a list"]),
        ("tree:", vec![]),
    ] {
        match read_text(text) {
            Ok(_) => assert!(expected.is_empty(), "{text} is taken"),
            Err(found) => assert_eq!(found, expected, "{text}"),
        }
    }
}

#[test]
fn merged_schemas_keep_their_definitions_apart() {
    let common = json!({ "type": "object", "properties": { "a": { "$ref": "#/$defs/X" } }, "$defs": { "X": { "type": "string" } } });
    let own = json!({ "type": "object", "properties": { "a": true, "b": { "$ref": "#/$defs/X" } }, "required": ["b"], "$defs": { "X": { "type": "integer" } } });
    let merged = merge(common, own, "own_");
    assert_eq!(merged["properties"]["a"]["$ref"], "#/$defs/X");
    assert_eq!(merged["properties"]["b"]["$ref"], "#/$defs/own_X");
    assert_eq!(merged["$defs"]["own_X"]["type"], "integer");
    assert_eq!(merged["additionalProperties"], false);
    let loose = lists_take_single_values(json!({ "description": "d", "type": "array", "items": { "type": "string" } }));
    assert_eq!(loose["anyOf"][1]["type"], "string");
    assert_eq!(loose["description"], "d");
}
