//! What a connector says of its streams (`discover`), and which of them it is asked for.

use headwater_sdk::connector::ReadMode;
use serde_json::{Value, json};

use crate::tap::{Catalogue, Chosen, Listed, columns};

/// Reads the message `CATALOG` among others, or a file with one. The error is a clause about the text.
///
/// # Errors
/// When there is none.
pub(super) fn read(printed: &[u8]) -> Result<Catalogue, String> {
    let messages = printed.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let catalogue = messages.filter_map(|message| message.get("catalog").cloned()).next_back();
    // A file may hold the catalogue alone, over several lines.
    let catalogue = catalogue.or_else(|| {
        let whole: Value = serde_json::from_slice(printed).ok()?;
        Some(whole.get("catalog").cloned().unwrap_or(whole))
    });
    let entries = catalogue.as_ref().and_then(|catalogue| catalogue.get("streams")).and_then(Value::as_array);
    let Some(entries) = entries else { return Err("has no message CATALOG with `streams`".to_owned()) };
    Ok(Catalogue { streams: entries.iter().map(listed).collect::<Result<_, _>>()? })
}

/// What tells a stream from all others.
pub(super) fn id(namespace: Option<&str>, name: &str) -> String {
    match namespace {
        Some(namespace) => format!("{namespace}.{name}"),
        None => name.to_owned(),
    }
}

fn listed(entry: &Value) -> Result<Listed, String> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str);
    let name = text("name").ok_or_else(|| "has a stream without a `name`".to_owned())?;
    let schema = entry.get("json_schema").ok_or_else(|| format!("has no `json_schema` of the stream '{name}'"))?;
    let modes = entry.get("supported_sync_modes").and_then(Value::as_array);
    let incremental = modes.map(|modes| modes.iter().any(|mode| mode == "incremental"));
    let own_cursor = entry.get("source_defined_cursor") == Some(&Value::Bool(true));
    Ok(Listed {
        id: id(text("namespace"), name),
        name: name.to_owned(),
        columns: columns(schema),
        key: key(entry),
        incremental,
        needs_cursor: !own_cursor && default_cursor(entry).is_none(),
        description: schema.get("description").and_then(Value::as_str).map(str::to_owned),
        rows: None,
        entry: entry.clone(),
    })
}

/// The columns of the primary key; none where one is inside of another.
fn key(entry: &Value) -> Vec<String> {
    let paths = entry.get("source_defined_primary_key").and_then(Value::as_array);
    let column = |path: &Value| match path.as_array().map(Vec::as_slice) {
        Some([Value::String(column)]) => Some(column.clone()),
        _ => None,
    };
    paths.and_then(|paths| paths.iter().map(column).collect::<Option<Vec<_>>>()).unwrap_or_default()
}

fn default_cursor(entry: &Value) -> Option<&Value> {
    entry.get("default_cursor_field").filter(|path| path.as_array().is_some_and(|path| !path.is_empty()))
}

/// The catalogue with which a connector is asked for the chosen streams.
pub(super) fn configured(catalogue: &Catalogue, chosen: &[&Chosen]) -> Value {
    let stream = |listed: &Listed| {
        let chosen = chosen.iter().find(|chosen| chosen.id == listed.id)?;
        let adds = chosen.mode == ReadMode::Incremental;
        let mut stream = json!({
            "stream": listed.entry,
            "sync_mode": if adds { "incremental" } else { "full_refresh" },
            "destination_sync_mode": match (adds, chosen.key.is_empty()) {
                (false, _) => "overwrite",
                (true, false) => "append_dedup",
                (true, true) => "append",
            },
            "generation_id": 0,
            "minimum_generation_id": 0,
            "sync_id": 0,
        });
        let key = if chosen.key.is_empty() { &listed.key } else { &chosen.key };
        if !key.is_empty() {
            stream["primary_key"] = key.iter().map(|column| vec![column.clone()]).collect();
        }
        if adds {
            let cursor = chosen.cursor.as_ref().map(|cursor| json!([cursor]));
            if let Some(cursor) = cursor.or_else(|| default_cursor(&listed.entry).cloned()) {
                stream["cursor_field"] = cursor;
            }
        }
        Some(stream)
    };
    json!({ "streams": catalogue.streams.iter().filter_map(stream).collect::<Vec<_>>() })
}
