//! Where the records are in an answer, and what columns they have.

use arrow_schema::DataType;
use headwater_sdk::types::timestamp_utc;
use serde_json::Value;

use super::document::Document;

/// What lists of records are called, whatever they hold.
const NAMES: [&str; 9] = ["data", "items", "results", "records", "values", "content", "entries", "elements", "value"];

/// Records in an answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Records<'a> {
    /// Where they are; `None` when the answer is a list of them.
    pub(super) path: Option<String>,
    /// What one of them is.
    pub(super) item: &'a Value,
}

/// Finds the records of an answer. `resource` is what the path calls them.
///
/// # Errors
/// Why it cannot be told; `None` when there is no list at all.
pub(super) fn find<'a>(
    document: Document<'a>,
    schema: &'a Value,
    resource: &str,
) -> Result<Option<Records<'a>>, String> {
    if let Some(item) = document.items(schema) {
        let is_object = document.kind(item) == Some("object");
        return Ok(is_object.then_some(Records { path: None, item }));
    }
    let mut lists: Vec<(String, &Value)> = Vec::new();
    for (name, property, _) in document.properties(schema) {
        let records =
            |property: &'a Value| document.items(property).filter(|item| document.kind(item) == Some("object"));
        if let Some(item) = records(property) {
            lists.push((written(name), item));
        } else if document.kind(property) == Some("object") {
            let below = document.properties(property).into_iter();
            lists.extend(below.filter_map(|(below, property, _)| {
                Some((format!("{}.{}", written(name), written(below)), records(property)?))
            }));
        }
    }
    let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
    let named = |wanted: &dyn Fn(&str) -> bool| -> Vec<(String, &'a Value)> {
        lists.iter().filter(|(path, _)| wanted(&last(path))).cloned().collect()
    };
    let usual = named(&|name| NAMES.contains(&name));
    let own = named(&|name| name.eq_ignore_ascii_case(resource));
    let chosen = [&own, &usual, &lists].into_iter().find(|lists| lists.len() == 1);
    match (chosen.and_then(|lists| lists.first().cloned()), lists.is_empty()) {
        (Some((path, item)), _) => Ok(Some(Records { path: Some(path), item })),
        (None, true) => Ok(None),
        (None, false) => {
            let paths: Vec<String> = lists.into_iter().map(|(path, _)| path).collect();
            Err(format!("its answer has several lists, {}: say which one in `records`", paths.join(", ")))
        }
    }
}

/// A key as paths have it.
pub(super) fn written(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { name.to_owned() } else { format!("\"{name}\"") }
}

/// The type of a column, where the schema tells it. Objects are left to what comes: an API may add to them.
pub(super) fn data_type(document: Document<'_>, schema: &Value) -> Option<DataType> {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    Some(match (document.kind(schema)?, format) {
        ("string", "date") => DataType::Date32,
        ("string", "date-time") => timestamp_utc(),
        ("string", _) => DataType::Utf8,
        ("integer", "int32") => DataType::Int32,
        ("integer", _) => DataType::Int64,
        ("number", _) => DataType::Float64,
        ("boolean", _) => DataType::Boolean,
        _ => return None,
    })
}
