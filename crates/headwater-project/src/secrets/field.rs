//! A value inside of JSON, as managers of secrets print it.

use serde_json::Value;

use super::Unread;

/// The value at the end of `path` in a text of JSON; the text itself for no path.
///
/// # Errors
/// When the text is no JSON, or has no such value. What it has is not shown.
pub(super) fn value(text: &str, path: &[String]) -> Result<String, Unread> {
    if path.is_empty() {
        return Ok(text.to_owned());
    }
    let help = "`field` names a value of JSON: its keys, and places in lists, with dots between";
    let json: Value = serde_json::from_str(text)
        .map_err(|e| Unread::new(format!("it is no JSON (line {}, column {})", e.line(), e.column()), help))?;
    let mut at = &json;
    for (depth, step) in path.iter().enumerate() {
        let next = match at {
            Value::Array(items) => step.parse::<usize>().ok().and_then(|place| items.get(place)),
            other => other.get(step),
        };
        at = next.ok_or_else(|| Unread::new(format!("its JSON has no '{}'", path[..=depth].join(".")), help))?;
    }
    match at {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(Unread::new(format!("'{}' of its JSON is neither a text nor a number", path.join(".")), help))
        }
    }
}
