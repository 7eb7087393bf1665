//! Keeping secrets out of texts that leave the program or are kept.

use std::borrow::Cow;

use serde_json::Value;

/// Shorter values are not blotted out: they would be found everywhere, and are no secrets.
const SHORTEST: usize = 4;

/// The text with `***` in place of the values, which are tried in their order: longer ones should come first.
pub fn redact<'a>(text: &'a str, values: &[String]) -> Cow<'a, str> {
    let mut text = Cow::Borrowed(text);
    for value in values.iter().filter(|value| value.len() >= SHORTEST) {
        if text.contains(value.as_str()) {
            text = Cow::Owned(text.replace(value.as_str(), "***"));
        }
    }
    text
}

/// The same for every text in a JSON value.
pub fn redact_json(json: Value, values: &[String]) -> Value {
    match json {
        Value::String(text) => redact(&text, values).into_owned().into(),
        Value::Array(items) => items.into_iter().map(|item| redact_json(item, values)).collect(),
        Value::Object(entries) => {
            Value::Object(entries.into_iter().map(|(key, value)| (key, redact_json(value, values))).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_blotted_out() {
        let values = ["hunter2-long", "hunter2", "abc"].map(String::from);
        assert_eq!(redact("a hunter2-long and hunter2, abc", &values), "a *** and ***, abc");
        let json = serde_json::json!({ "a": ["x hunter2"], "n": 1 });
        assert_eq!(redact_json(json, &values), serde_json::json!({ "a": ["x ***"], "n": 1 }));
    }
}
