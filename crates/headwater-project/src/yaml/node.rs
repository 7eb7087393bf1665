//! A YAML value that knows where it is written.

use headwater_diagnostics::Span;
use serde_json::Number;

use super::scalar;

/// A value and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

/// A value of YAML 1.2's core schema.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    Text(Text),
    List(Vec<Node>),
    Map(Map),
}

/// A text. Its `Debug` shows only what is written.
#[derive(Clone)]
pub(crate) struct Text {
    /// The text, with secrets in it.
    pub(crate) value: String,
    /// The text with `${NAME}` in place of secrets, where there are some.
    pub(crate) written: Option<String>,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.written())
    }
}

impl Text {
    /// The text as it stands in the file: fit to be shown and kept.
    pub(crate) fn written(&self) -> &str {
        self.written.as_deref().unwrap_or(&self.value)
    }
}

/// A mapping, in the order of the file. No key is there twice.
#[derive(Debug, Clone, Default)]
pub(crate) struct Map {
    pub(crate) entries: Vec<Entry>,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

impl Entry {
    /// The entry's place: from its key to the end of its value.
    pub(crate) fn span(&self) -> Span {
        if self.value.span.file == self.key_span.file && self.value.span.end >= self.key_span.start {
            Span { end: self.value.span.end, ..self.key_span }
        } else {
            self.key_span
        }
    }
}

impl Map {
    /// The entry of a key.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.key == key)
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|e| &e.value)
    }
}

impl Node {
    /// The value of a key, if this is a mapping that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    pub(crate) fn as_map(&self) -> Option<&Map> {
        if let Value::Map(map) = &self.value { Some(map) } else { None }
    }

    /// The items of a list; of another value nothing.
    pub(crate) fn items(&self) -> &[Self] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    /// The items of a list; another value counts as a list of itself, as it does where the validator takes it for one, and nothing as none.
    pub(crate) fn each(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            Value::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// The text, with secrets in it.
    pub(crate) fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(&text.value) } else { None }
    }

    /// A scalar letter for letter, for a reader who knows its type better than YAML does: `007` keeps its zeros. `text` is
    /// that of the file. `None` for lists, mappings and null.
    pub(crate) fn scalar_text(&self, text: &str) -> Option<String> {
        let written = || text.get(self.span.start..self.span.end).unwrap_or("");
        match &self.value {
            Value::Text(text) => Some(text.written().to_owned()),
            Value::Bool(value) => Some(value.to_string()),
            // At the place of an alias stands its name; and the digits of `0x1f` are not those that others read.
            Value::Number(number) => match scalar::number(written()) {
                Some(same) if same == *number && !written().contains(['x', 'o']) => Some(written().to_owned()),
                _ => Some(number.to_string()),
            },
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// What it is, for messages: `a text`, `a list`, ….
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// The first scalar in it, depth first, that is exactly this text.
    pub(crate) fn find_text(&self, wanted: &str) -> Option<&Self> {
        match &self.value {
            Value::Text(text) => (text.value == wanted).then_some(self),
            Value::List(items) => items.iter().find_map(|item| item.find_text(wanted)),
            Value::Map(map) => map.entries.iter().find_map(|entry| entry.value.find_text(wanted)),
            Value::Null | Value::Bool(_) | Value::Number(_) => None,
        }
    }

    /// The value as JSON, with `${NAME}` in place of secrets.
    pub(crate) fn written_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Number(number) => serde_json::Value::Number(number.clone()),
            Value::Text(text) => text.written().into(),
            Value::List(items) => items.iter().map(Self::written_json).collect(),
            Value::Map(map) => serde_json::Value::Object(
                map.entries.iter().map(|entry| (entry.key.clone(), entry.value.written_json())).collect(),
            ),
        }
    }

    /// How many nodes and bytes of text a copy of it takes.
    pub(crate) fn weight(&self) -> usize {
        1 + match &self.value {
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            Value::Text(text) => text.value.len(),
            Value::List(items) => items.iter().map(Self::weight).sum(),
            Value::Map(map) => map.entries.iter().map(|entry| entry.key.len() + entry.value.weight()).sum(),
        }
    }
}
