//! A source in YAML, as `headwater source add` writes it.

use std::fmt::Write;

use headwater_sdk::connector::FoundStream;
use serde_json::Value;

/// What is written of a stream.
pub(super) struct Chosen<'a> {
    /// The table that it fills.
    pub(super) table: String,
    pub(super) found: &'a FoundStream,
    /// `cdc`, where it is not the default.
    pub(super) mode: Option<&'static str>,
    /// The mode that it is read in.
    pub(super) shown: &'a str,
}

/// The text of a file. `keys` are those of the source, as they were given.
pub(super) fn write(connector: &str, keys: &[(String, Value)], streams: &[Chosen<'_>]) -> String {
    let mut text =
        format!("# Written by `headwater source add {connector}`; change it as you like.\nconnector: {connector}\n");
    for (key, value) in keys {
        let _ = writeln!(text, "{key}: {}", value_text(value));
    }
    text += "streams:\n";
    for Chosen { table, found, mode, .. } in streams {
        let _ = writeln!(text, "  - table: {table}");
        if let Some(description) = &found.description {
            let _ = writeln!(text, "    description: {}", scalar(description));
        }
        for (key, value) in &found.options {
            match value {
                // Those whose types have no name in a project's files are left to what comes.
                Value::Object(columns) if key == "columns" && columns.is_empty() => {}
                Value::Object(columns) if key == "columns" => {
                    text += "    columns:\n";
                    for (name, column) in columns {
                        let _ = writeln!(text, "      {}: {}", scalar(name), value_text(column));
                    }
                }
                value => {
                    let _ = writeln!(text, "    {key}: {}", value_text(value));
                }
            }
        }
        if let Some(mode) = mode {
            let _ = writeln!(text, "    mode: {mode}");
            let key: Vec<String> = found.key.iter().map(|column| scalar(column)).collect();
            let _ = writeln!(text, "    key: [{}]", key.join(", "));
        }
        let described: Vec<_> =
            found.columns.iter().filter_map(|column| Some((&column.name, column.description.as_ref()?))).collect();
        if !described.is_empty() {
            text += "    columns:\n";
        }
        for (name, description) in described {
            let _ = writeln!(text, "      {}: {{ description: {} }}", scalar(name), quoted(description));
        }
    }
    text
}

fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(items) => format!("[{}]", items.iter().map(value_text).collect::<Vec<_>>().join(", ")),
        Value::Object(keys) if !keys.is_empty() => {
            let pair = |(key, value): (&String, &Value)| format!("{}: {}", key_text(key), value_text(value));
            format!("{{ {} }}", keys.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// A key, which is its text even where a value would mean something else: `null`.
fn key_text(key: &str) -> String {
    if is_plain(key) { key.to_owned() } else { quoted(key) }
}

fn is_plain(text: &str) -> bool {
    let may_begin = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '/');
    may_begin && text.chars().all(|c| c.is_ascii_alphanumeric() || " _./-".contains(c)) && !text.ends_with(' ')
}

/// A text, quoted where it would mean something else.
fn scalar(text: &str) -> String {
    let means_something =
        ["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(&text.to_lowercase().as_str());
    if is_plain(text) && !means_something { text.to_owned() } else { quoted(text) }
}

/// JSON's strings are YAML's.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::scalar;

    #[test]
    fn texts_are_quoted_where_they_have_to_be() {
        for plain in ["public.orders", "a text of words", "data/2024-01.csv"] {
            assert_eq!(scalar(plain), plain);
        }
        for (text, written) in [
            ("${SHOP}", "\"${SHOP}\""),
            ("no", "\"no\""),
            ("a: b", "\"a: b\""),
            ("\"Odd\".t", "\"\\\"Odd\\\".t\""),
            ("2024", "\"2024\""),
            ("two\nlines", "\"two\\nlines\""),
            ("", "\"\""),
        ] {
            assert_eq!(scalar(text), written);
        }
    }
}
