//! What a tap says of its streams (`--discover`).

use serde_json::Value;

use crate::tap::{Catalogue, Listed, columns};

/// Reads a catalogue. The error is a clause about the text.
///
/// # Errors
/// When it is none.
pub(super) fn read(printed: &[u8]) -> Result<Catalogue, String> {
    if printed.trim_ascii().is_empty() {
        return Err("is empty".to_owned());
    }
    let catalogue: Value = serde_json::from_slice(printed).map_err(|error| format!("is no JSON: {error}"))?;
    let Some(entries) = catalogue.get("streams").and_then(Value::as_array) else {
        return Err("has no list `streams`".to_owned());
    };
    let streams = entries.iter().map(listed).collect::<Result<_, _>>()?;
    Ok(Catalogue { streams })
}

fn listed(entry: &Value) -> Result<Listed, String> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
    let id = text("tap_stream_id").or_else(|| text("stream"));
    let id = id.ok_or_else(|| "has a stream without a `tap_stream_id`".to_owned())?;
    let schema = entry.get("schema").ok_or_else(|| format!("has no schema of the stream '{id}'"))?;
    let told = |key: &str| of_table(entry, key);
    let names = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let keys = [told("table-key-properties"), told("view-key-properties"), entry.get("key_properties")];
    let key = keys.into_iter().flatten().map(names).find(|key| !key.is_empty()).unwrap_or_default();
    let forced = forced_method(entry);
    let by = told("replication-key").or_else(|| entry.get("replication_key")).is_some_and(Value::is_string);
    let may_be_by = told("valid-replication-keys").is_some_and(|keys| !names(keys).is_empty());
    let says_nothing = told("inclusion").is_none() && told("table-key-properties").is_none();
    Ok(Listed {
        name: text("stream").unwrap_or_else(|| id.clone()),
        columns: columns(schema).into_iter().filter(|(name, _)| is_supported(entry, name)).collect(),
        key,
        incremental: forced.map(|method| method != "FULL_TABLE"),
        needs_cursor: forced.is_none() && !by && !may_be_by && !says_nothing,
        description: schema.get("description").and_then(Value::as_str).map(str::to_owned),
        rows: told("row-count").and_then(Value::as_u64),
        entry: entry.clone(),
        id,
    })
}

/// What the metadata say of something: of the table where the place is empty.
fn metadata<'a>(entry: &'a Value, place: &[&str]) -> Option<&'a Value> {
    let entries = entry.get("metadata").and_then(Value::as_array)?;
    let is_there = |entry: &&Value| {
        let breadcrumb = entry.get("breadcrumb").and_then(Value::as_array);
        breadcrumb
            .is_some_and(|names| names.iter().map(|name| name.as_str().unwrap_or_default()).eq(place.iter().copied()))
    };
    entries.iter().find(is_there).and_then(|entry| entry.get("metadata"))
}

/// What the metadata say of the table.
pub(super) fn of_table<'a>(entry: &'a Value, key: &str) -> Option<&'a Value> {
    metadata(entry, &[])?.get(key).filter(|value| !value.is_null())
}

/// The only way to read a stream, where there is only one.
pub(super) fn forced_method(entry: &Value) -> Option<&str> {
    let forced = of_table(entry, "forced-replication-method")?;
    // Some taps put the reason beside it.
    let method = forced.as_str().or_else(|| forced.get("replication-method").and_then(Value::as_str));
    method.filter(|method| !method.is_empty())
}

fn is_supported(entry: &Value, column: &str) -> bool {
    let of_column = metadata(entry, &["properties", column]).and_then(|of_column| of_column.get("inclusion"));
    let in_schema = || entry.pointer("/schema/properties")?.get(column)?.get("inclusion");
    of_column.or_else(in_schema).and_then(Value::as_str) != Some("unsupported")
}
