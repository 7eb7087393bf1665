//! Texts with `{field}` in them.

use std::collections::BTreeMap;

use serde_json::Value;

/// The values that stand for names, as JSON tokens.
pub(crate) type Fields = BTreeMap<String, Vec<u8>>;

/// A text with places for fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(String),
}

impl Template {
    /// Reads a text. Braces around something else than a name, and around names that `is_known` does not know, are text, as in GraphQL.
    pub(crate) fn new(text: &str, is_known: &dyn Fn(&str) -> bool) -> Self {
        let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(open) = rest.find('{') {
            plain.push_str(&rest[..open]);
            rest = &rest[open..];
            let name = rest[1..].split_once('}').map(|(name, _)| name).filter(|name| is_name(name) && is_known(name));
            let Some(name) = name else {
                plain.push('{');
                rest = &rest[1..];
                continue;
            };
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Field(name.to_owned()));
            rest = &rest[name.len() + 2..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Self(pieces)
    }

    /// The names in it.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Field(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// The text with the values of fields, each through `encode`.
    ///
    /// # Errors
    /// The name of a field that has no value.
    pub(crate) fn fill(&self, fields: &Fields, encode: impl Fn(&str) -> String) -> Result<String, String> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Field(name) => {
                    let value = fields.get(name).and_then(|token| plain_text(token)).ok_or_else(|| name.clone())?;
                    text.push_str(&encode(&value));
                }
            }
        }
        Ok(text)
    }

    /// The text as JSON: the value of a field, where it is nothing else.
    ///
    /// # Errors
    /// As [`Template::fill`].
    pub(crate) fn fill_value(&self, fields: &Fields) -> Result<Value, String> {
        if let [Piece::Field(name)] = self.0.as_slice() {
            let value = fields.get(name).and_then(|token| serde_json::from_slice(token).ok());
            return value.filter(|value: &Value| !value.is_null()).ok_or_else(|| name.clone());
        }
        self.fill(fields, str::to_owned).map(Value::String)
    }
}

/// The name of a placeholder that a text has, known or not; for mistakes.
pub(crate) fn unknown_name<'a>(text: &'a str, is_known: &dyn Fn(&str) -> bool) -> Option<&'a str> {
    text.split('{').skip(1).find_map(|rest| {
        let (name, _) = rest.split_once('}')?;
        (is_name(name) && !is_known(name)).then_some(name)
    })
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A value as a part of a path (RFC 3986): all but unreserved characters as `%XX`.
pub(crate) fn encode(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text
}

/// A JSON token as a plain text: a string without quotes; `None` for null.
pub(crate) fn plain_text(token: &[u8]) -> Option<String> {
    match serde_json::from_slice::<Value>(token).ok()? {
        Value::Null => None,
        Value::String(text) => Some(text),
        // As it stands: a number keeps its digits.
        _ => Some(String::from_utf8_lossy(token).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_filled_in() {
        let known = |name: &str| name == "id" || name == "none";
        let fields: Fields = [("id".to_owned(), b"7.50".to_vec()), ("none".to_owned(), b"null".to_vec())].into();
        let fill = |text: &str| Template::new(text, &known).fill(&fields, |value| format!("<{value}>"));
        assert_eq!(fill("/a/{id}/b").unwrap(), "/a/<7.50>/b");
        assert_eq!(fill("query { users { id } } {id}").unwrap(), "query { users { id } } <7.50>");
        assert_eq!(fill("{other} {").unwrap(), "{other} {");
        assert_eq!(fill("x{none}").unwrap_err(), "none");
        let value = |text: &str| Template::new(text, &known).fill_value(&fields);
        assert_eq!(value("{id}").unwrap(), serde_json::json!(7.5));
        assert_eq!(value("n{id}").unwrap(), serde_json::json!("n7.50"));
        assert_eq!(value("{none}").unwrap_err(), "none");
        assert_eq!(unknown_name("/a/{id}/{idd}", &known), Some("idd"));
        assert_eq!(unknown_name("{ a } {id}", &known), None);
    }
}
