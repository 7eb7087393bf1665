//! A catalogue in which the streams are selected that a tap is to print.

use headwater_sdk::connector::ReadMode;
use serde_json::{Map, Value, json};

use super::catalogue::{forced_method, of_table};
use super::options::Selection;
use crate::tap::{Catalogue, Chosen};

/// The catalogue of a tap, with all streams, the chosen ones selected.
pub(super) fn selected(catalogue: &Catalogue, chosen: &[&Chosen], how: Selection) -> Value {
    let streams = catalogue.streams.iter().map(|listed| {
        let mut entry = listed.entry.clone();
        select(&mut entry, chosen.iter().find(|chosen| chosen.id == listed.id).copied(), how);
        entry
    });
    json!({ "streams": streams.collect::<Vec<_>>() })
}

/// Selects a stream, or the contrary, in all places where taps look for that.
fn select(entry: &mut Value, chosen: Option<&Chosen>, how: Selection) {
    let is_selected = chosen.is_some();
    let method = chosen.map(|chosen| match (forced_method(entry), chosen.mode) {
        (Some(forced), _) => forced.to_owned(),
        (None, ReadMode::Incremental) => "INCREMENTAL".to_owned(),
        (None, _) => "FULL_TABLE".to_owned(),
    });
    let by = chosen.filter(|chosen| chosen.mode == ReadMode::Incremental).and_then(|chosen| {
        let told = of_table(entry, "replication-key").or_else(|| entry.get("replication_key")).and_then(Value::as_str);
        let may = of_table(entry, "valid-replication-keys").and_then(Value::as_array);
        let only = may.filter(|may| may.len() == 1).and_then(|may| may.first()).and_then(Value::as_str);
        chosen.cursor.as_deref().or(told).or(only).map(str::to_owned)
    });
    let properties = entry.pointer("/schema/properties").and_then(Value::as_object);
    let properties: Vec<String> = properties.map(|own| own.keys().cloned().collect()).unwrap_or_default();
    let wants = |column: &str| chosen.is_some_and(|chosen| chosen.exclude.iter().all(|out| out != column));

    let Some(stream) = entry.as_object_mut() else { return };
    stream.insert("selected".to_owned(), is_selected.into());
    for (key, value) in [("replication_method", &method), ("replication_key", &by)] {
        if let Some(value) = value {
            stream.insert(key.to_owned(), value.clone().into());
        }
    }
    if how == Selection::Properties
        && let Some(schema) = stream.get_mut("schema").and_then(Value::as_object_mut)
    {
        schema.insert("selected".to_owned(), is_selected.into());
        if let Some(own) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            for (name, column) in own {
                if let Some(column) = column.as_object_mut() {
                    column.insert("selected".to_owned(), wants(name).into());
                }
            }
        }
    }
    let metadata = stream.entry("metadata").or_insert_with(|| Value::Array(Vec::new()));
    let Some(metadata) = metadata.as_array_mut() else { return };
    if let Some(of_table) = place(metadata, &[]) {
        of_table.insert("selected".to_owned(), is_selected.into());
        for (key, value) in [("replication-method", method), ("replication-key", by)] {
            if let Some(value) = value {
                of_table.insert(key.to_owned(), value.into());
            }
        }
    }
    for column in &properties {
        place(metadata, &["properties", column]);
    }
    for of_part in metadata.iter_mut() {
        let column = of_part.pointer("/breadcrumb/1").and_then(Value::as_str).map(str::to_owned);
        if let Some(column) = column
            && let Some(own) = of_part.get_mut("metadata").and_then(Value::as_object_mut)
        {
            own.insert("selected".to_owned(), wants(&column).into());
        }
    }
}

/// The metadata of a place, which are made if they are not there; `None` where something else is in their place.
fn place<'a>(metadata: &'a mut Vec<Value>, breadcrumb: &[&str]) -> Option<&'a mut Map<String, Value>> {
    let breadcrumb = json!(breadcrumb);
    let at = metadata.iter().position(|entry| entry.get("breadcrumb") == Some(&breadcrumb));
    let at = at.unwrap_or_else(|| {
        metadata.push(json!({ "breadcrumb": breadcrumb }));
        metadata.len() - 1
    });
    metadata[at].as_object_mut()?.entry("metadata").or_insert_with(|| Value::Object(Map::new())).as_object_mut()
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::read;
    use super::*;

    #[test]
    fn streams_and_columns_are_selected_in_all_forms() {
        let catalogue = read(
            br#"{"streams": [
                {"tap_stream_id": "a", "stream": "a", "schema": {"properties": {"id": {}, "x": {}}},
                 "metadata": [{"breadcrumb": ["properties", "x"], "metadata": {"inclusion": "available"}}]},
                {"tap_stream_id": "b", "stream": "b", "schema": {"properties": {"id": {}}},
                 "metadata": [{"breadcrumb": [], "metadata": {"forced-replication-method": "FULL_TABLE", "selected": true}}]}]}"#,
        );
        let catalogue = catalogue.unwrap();
        let chosen = Chosen {
            id: "a".to_owned(),
            name: "a".to_owned(),
            mode: ReadMode::Incremental,
            cursor: Some("id".to_owned()),
            exclude: vec!["x".to_owned()],
            key: Vec::new(),
        };
        let expected = json!({ "streams": [
            { "tap_stream_id": "a", "stream": "a", "selected": true, "replication_method": "INCREMENTAL", "replication_key": "id",
              "schema": { "selected": true, "properties": { "id": { "selected": true }, "x": { "selected": false } } },
              "metadata": [
                { "breadcrumb": ["properties", "x"], "metadata": { "inclusion": "available", "selected": false } },
                { "breadcrumb": [], "metadata":
                    { "selected": true, "replication-method": "INCREMENTAL", "replication-key": "id" } },
                { "breadcrumb": ["properties", "id"], "metadata": { "selected": true } }] },
            { "tap_stream_id": "b", "stream": "b", "selected": false,
              "schema": { "selected": false, "properties": { "id": { "selected": false } } },
              "metadata": [
                { "breadcrumb": [], "metadata": { "forced-replication-method": "FULL_TABLE", "selected": false } },
                { "breadcrumb": ["properties", "id"], "metadata": { "selected": false } }] }] });
        assert_eq!(selected(&catalogue, &[&chosen], Selection::Properties), expected);
        let by_catalog = selected(&catalogue, &[&chosen], Selection::Catalog);
        assert_eq!(by_catalog["streams"][0]["schema"], json!({ "properties": { "id": {}, "x": {} } }));
    }
}
