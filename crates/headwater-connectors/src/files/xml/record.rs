//! One element as a JSON value.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_schema::{DataType, Field};

/// How elements become records.
#[derive(Debug, Clone, Default)]
pub(crate) struct XmlOptions {
    /// The names of the element that is a record, from an outer one inwards; the last one is its own.
    pub(crate) record: Vec<String>,
    /// Elements that are lists, also where one comes alone.
    pub(crate) lists: HashSet<String>,
    /// The same of single elements, by the names of those that they stand in within a record, and their own, with `/` between.
    pub(crate) repeated: HashSet<String>,
    /// Whether the project says nothing of the text's encoding, so that what the file says of it counts.
    pub(crate) plain: bool,
}

impl XmlOptions {
    /// The same for records whose columns are known: what is a list there is one in each record.
    pub(crate) fn with_columns<'a>(&self, columns: impl IntoIterator<Item = &'a Arc<Field>>) -> Self {
        let mut repeated = HashSet::new();
        lists_within(columns, "", &mut repeated);
        Self { repeated, ..self.clone() }
    }

    /// Whether the innermost of these elements is a record.
    pub(super) fn is_record(&self, path: &[String]) -> bool {
        !self.record.is_empty() && path.ends_with(&self.record)
    }
}

/// Finds the lists among columns or fields, and within them.
fn lists_within<'a>(fields: impl IntoIterator<Item = &'a Arc<Field>>, above: &str, lists: &mut HashSet<String>) {
    for field in fields {
        let path = format!("{above}{}", field.name());
        let item = match field.data_type() {
            DataType::List(item) => item.data_type(),
            other => other,
        };
        if let DataType::Struct(fields) = item {
            lists_within(fields, &format!("{path}/"), lists);
        }
        if matches!(field.data_type(), DataType::List(_)) {
            lists.insert(path);
        }
    }
}

/// The key of an element's own text, where it has attributes or elements beside it.
const TEXT: &str = "value";

/// An element on its way to a value.
#[derive(Debug, Default)]
pub(super) struct Element {
    name: String,
    /// Attributes and elements, in the order in which their names came first.
    parts: Vec<(String, Vec<String>)>,
    text: String,
    /// Where what is taken as it is, blanks included, begins in the text and ends; none where nothing is.
    verbatim: Option<(usize, usize)>,
}

impl Element {
    pub(super) fn new(name: String) -> Self {
        Self { name, ..Self::default() }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Adds an attribute.
    pub(super) fn attribute(&mut self, name: String, text: &str) {
        self.part(name, scalar(text));
    }

    /// Adds an element within, which is a JSON value.
    pub(super) fn part(&mut self, name: String, value: String) {
        match self.parts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => self.parts.push((name, vec![value])),
        }
    }

    /// Adds text.
    pub(super) fn text(&mut self, text: &str, verbatim: bool) {
        let from = self.text.len();
        self.text.push_str(text);
        if verbatim {
            self.verbatim = Some((self.verbatim.map_or(from, |(first, _)| first), self.text.len()));
        }
    }

    /// The JSON value. A record, which stands in no other elements, is an object, whatever it holds.
    pub(super) fn finish(mut self, options: &XmlOptions, outer: &[Self]) -> String {
        let is_record = outer.is_empty();
        let text = std::mem::take(&mut self.text);
        let text = match self.verbatim {
            Some((from, to)) => {
                let (before, behind) = (text[..from].trim_start(), text[to..].trim_end());
                &text[from - before.len()..to + behind.len()]
            }
            None => text.trim(),
        };
        if self.parts.is_empty() && !is_record {
            return if text.is_empty() { "null".into() } else { scalar(text) };
        }
        if !text.is_empty() {
            self.part(TEXT.to_owned(), scalar(text));
        }
        let mut json = String::from("{");
        let above = match options.repeated.is_empty() {
            true => String::new(),
            // The record itself is no part of what its columns are called.
            false => outer.iter().chain([&self]).skip(1).map(|element| format!("{}/", element.name)).collect(),
        };
        for (name, values) in self.parts {
            if json.len() > 1 {
                json.push(',');
            }
            json.push_str(&quoted(&name));
            json.push(':');
            let is_list = values.len() > 1
                || options.lists.contains(&name)
                || (!options.repeated.is_empty() && options.repeated.contains(&format!("{above}{name}")));
            if !is_list {
                json.push_str(&values[0]);
            } else {
                json.push('[');
                json.push_str(&values.join(","));
                json.push(']');
            }
        }
        json.push('}');
        json
    }
}

/// A text as a JSON value: a number or a truth value where it is written as one and reads back as it was.
fn scalar(text: &str) -> String {
    if matches!(text, "true" | "false") || is_number(text) {
        return text.to_owned();
    }
    quoted(text)
}

/// A text as a JSON string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Whether a text is a number without an exponent. Leading zeros make it a name (`007`), and so do digits that no number holds.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').map_or((unsigned, None), |(whole, rest)| (whole, Some(rest)));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let plain = digits(whole) && (whole == "0" || !whole.starts_with('0'));
    let count = whole.len() + fraction.map_or(0, str::len);
    plain && fraction.is_none_or(digits) && count <= 18
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_numbers_only_where_they_read_back() {
        for (text, json) in [
            ("12", "12"),
            ("-0.50", "-0.50"),
            ("007", "\"007\""),
            ("1e5", "\"1e5\""),
            ("+1", "\"+1\""),
            (".5", "\".5\""),
            ("1.", "\"1.\""),
            ("-", "\"-\""),
            ("1234567890123456789", "\"1234567890123456789\""),
            ("true", "true"),
            ("a\"\n\u{1}", "\"a\\\"\\n\\u0001\""),
        ] {
            assert_eq!(scalar(text), json, "{text}");
            assert!(serde_json::from_str::<serde_json::Value>(&scalar(text)).is_ok());
        }
    }

    #[test]
    fn blanks_are_kept_where_they_are_verbatim() {
        for (texts, json) in [
            (&[("\n  ", false), (" a ", true), ("\n", false)][..], "\" a \""),
            (&[(" x ", false), ("y ", true), (" z ", false)], "\"x y  z\""),
            (&[(" ", true), (" b ", false), ("", true), (" ", false)], "\"  b \""),
            (&[(" ", false), ("", true), (" ", false)], "null"),
        ] {
            let mut element = Element::new("e".to_owned());
            texts.iter().for_each(|(text, verbatim)| element.text(text, *verbatim));
            assert_eq!(element.finish(&XmlOptions::default(), &[Element::new("r".to_owned())]), json, "{texts:?}");
        }
    }

    #[test]
    fn a_text_beside_a_part_of_its_name_makes_a_list() {
        let mut element = Element::new("price".to_owned());
        element.attribute("value".to_owned(), "gross");
        element.text(" 12 ", false);
        assert_eq!(
            element.finish(&XmlOptions::default(), &[Element::new("r".to_owned())]),
            r#"{"value":["gross",12]}"#
        );
    }
}
