//! A delivery of all that a source brings: `source: shop` in place of `table: …` stands for a delivery of each of its tables.

use headwater_diagnostics::{Diagnostic, nearest};

use crate::AssetKind;
use crate::asset::{Asset, StreamAsset};
use crate::codes;
use crate::graph::Draft;
use crate::select::Pattern;
use crate::yaml::{Entry, Map, Node, Text, Value};

/// A delivery for each table of a source, of the one in YAML that names it: `{schema}` and `{table}` in the connector's own keys become the
/// parts of the table's name, and rows go by the key of the stream, where it has one.
pub(super) fn deliveries_of(
    source: &str,
    node: &Node,
    common_keys: &[String],
    drafts: &[Draft],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Node> {
    let (Some(map), Some(named)) = (node.as_map(), node.get("source")) else { return Vec::new() };
    for key in ["table", "name", "columns"] {
        if let Some(entry) = map.entry(key) {
            let message = format!("'{key}' is of one table, and `source` is of all that a source brings");
            diagnostics.push(
                Diagnostic::error(codes::CONTRADICTION, message)
                    .at(entry.key_span, "")
                    .help("leave one of the two out; write a delivery of its own for a table that needs more"),
            );
            return Vec::new();
        }
    }
    let of_source: Vec<(&Asset, &StreamAsset)> = drafts.iter().filter_map(|draft| stream_of(draft, source)).collect();
    if of_source.is_empty() {
        let stems = drafts.iter().filter_map(|draft| draft.asset.as_ref()?.source());
        let help = match nearest(source, stems) {
            Some(near) => format!("did you mean '{near}'?"),
            None => "name a file of `sources` without its ending".to_owned(),
        };
        let message = format!("there is no source '{source}', or nothing in it can be read");
        diagnostics.push(Diagnostic::error(codes::UNKNOWN_TABLE, message).at(named.span, "").help(help));
        return Vec::new();
    }
    let only: Vec<Pattern> = node
        .get("only")
        .map_or(&[] as &[Node], Node::each)
        .iter()
        .filter_map(Node::as_text)
        .map(Pattern::new)
        .collect();
    let chosen = of_source.into_iter().filter(|(asset, _)| {
        let (name, table) = (asset.name.to_string(), asset.name.table());
        only.is_empty() || only.iter().any(|pattern| pattern.matches(&name) || pattern.matches(table))
    });
    let chosen: Vec<Node> =
        chosen.map(|(asset, stream)| one(node.span, map, named, common_keys, asset, stream)).collect();
    if chosen.is_empty() {
        let at = node.get("only").map_or(named.span, |only| only.span);
        let message = format!("none of the tables of '{source}' is meant");
        diagnostics.push(Diagnostic::error(codes::UNKNOWN_TABLE, message).at(at, "").help("check `only`"));
    }
    chosen
}

fn stream_of<'a>(draft: &'a Draft, source: &str) -> Option<(&'a Asset, &'a StreamAsset)> {
    let asset = draft.asset.as_ref()?;
    match &asset.kind {
        AssetKind::Stream(stream) if asset.source() == Some(source) => Some((asset, stream)),
        _ => None,
    }
}

/// The delivery of one table.
fn one(
    span: headwater_diagnostics::Span,
    map: &Map,
    named: &Node,
    common_keys: &[String],
    asset: &Asset,
    stream: &StreamAsset,
) -> Node {
    let text =
        |value: &str| Node { span: named.span, value: Value::Text(Text { value: value.to_owned(), written: None }) };
    let entry = |key: &str, value: Node| Entry { key: key.to_owned(), key_span: named.span, value };
    let mut entries = vec![entry("table", text(&asset.name.to_string()))];
    for given in map.entries.iter().filter(|given| !["source", "only"].contains(&given.key.as_str())) {
        let mut given = given.clone();
        if !common_keys.contains(&given.key) {
            fill(&mut given.value, asset);
        }
        entries.push(given);
    }
    let says = |key: &str| map.entry(key).is_some();
    match (&stream.settings.key[..], says("mode") || says("key")) {
        ([], false) => entries.push(entry("mode", text("replace"))),
        (key, false) => {
            let key = key.iter().map(|column| text(column)).collect();
            entries.push(entry("key", Node { span: named.span, value: Value::List(key) }));
        }
        (_, true) => {}
    }
    Node { span, value: Value::Map(Map { entries }) }
}

/// Puts the parts of a table's name into the texts of a value.
fn fill(node: &mut Node, asset: &Asset) {
    let filled = |text: &str| text.replace("{schema}", asset.name.schema()).replace("{table}", asset.name.table());
    match &mut node.value {
        Value::Text(text) => {
            text.value = filled(&text.value);
            text.written = text.written.as_deref().map(filled);
        }
        Value::List(items) => items.iter_mut().for_each(|item| fill(item, asset)),
        Value::Map(map) => map.entries.iter_mut().for_each(|entry| fill(&mut entry.value, asset)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
