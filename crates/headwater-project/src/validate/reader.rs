//! From a node and a schema to JSON, or to everything that is wrong with the node.

use headwater_diagnostics::{Diagnostic, Span, nearest};
use serde_json::{Map, Value};

use super::describe::{branches, enumeration, expected, is_null, takes, type_of};
use super::object::keys;
use super::schema::Schema;
use crate::codes;
use crate::spec::FORMATS;
use crate::yaml::{self, Node};

/// How many values are looked at: alternatives inside alternatives must not take for ever.
const MAX_STEPS: usize = 2_000_000;

/// Validates a node. `what` names it in messages, e.g. `a source`. Lists of scalars take a single scalar as well. The
/// JSON is whole only if nothing was added to `diagnostics`.
pub(crate) fn read(schema: &Schema, node: &Node, what: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Value> {
    let mut reader = Reader { schema, what, found: Vec::new(), steps: 0 };
    let value = reader.value(node, &schema.root, what);
    let is_sound = reader.found.is_empty();
    diagnostics.append(&mut reader.found);
    is_sound.then_some(value)
}

pub(super) struct Reader<'a> {
    pub(super) schema: &'a Schema,
    what: &'a str,
    pub(super) found: Vec<Diagnostic>,
    steps: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn value(&mut self, node: &Node, part: &'a Value, name: &str) -> Value {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            if self.steps == MAX_STEPS + 1 {
                let diagnostic = Diagnostic::error(codes::YAML_LIMIT, format!("{} has too many values", self.what));
                self.found.push(diagnostic.at(node.span, "here"));
            }
            return Value::Null;
        }
        let not_built = part.get("x-not-built");
        let part = self.schema.resolve(part);
        if part.as_bool() == Some(true) {
            return json_of(node);
        }
        if let Some(allowed) = enumeration(self.schema, part) {
            return self.one_of(node, part, &allowed, not_built, name);
        }
        if let Some(branches) = branches(part) {
            return self.any_of(node, part, branches, name);
        }
        let kind = type_of(node);
        if !takes(part, kind) {
            return self.other_type(node, part, name);
        }
        match &node.value {
            yaml::Value::Null => Value::Null,
            yaml::Value::Bool(value) => (*value).into(),
            yaml::Value::Number(number) => self.number(node, number, part, name),
            yaml::Value::Text(text) => self.text(node, &text.value, text.written(), part, name),
            yaml::Value::List(items) => self.list(items, part, name),
            yaml::Value::Map(map) => self.map(node, map, part, name),
        }
    }

    /// A value that is not of the wanted type, but perhaps can be made so.
    pub(super) fn other_type(&mut self, node: &Node, part: &'a Value, name: &str) -> Value {
        if takes(part, "array")
            && part.get("type").is_some()
            && !matches!(node.value, yaml::Value::List(_) | yaml::Value::Map(_) | yaml::Value::Null)
            && let Some(items) = part.get("items")
        {
            return Value::Array(vec![self.value(node, items, name)]);
        }
        // What came from the environment is a text; where a number is wanted it is read as one.
        if let yaml::Value::Text(text) = &node.value
            && text.written.is_some()
            && let Ok(value) = serde_json::from_str::<Value>(&text.value)
            && matches!((&value, node.kind()), (Value::Number(_) | Value::Bool(_), _))
        {
            let name_of = if value.is_boolean() { "boolean" } else { "integer" };
            if takes(part, name_of) {
                return value;
            }
        }
        self.wrong_type(node, part, name);
        Value::Null
    }

    pub(super) fn wrong_type(&mut self, node: &Node, part: &'a Value, name: &str) {
        let wanted = expected(self.schema, part);
        let place = self.place(name);
        if node.is_null() {
            let diagnostic = Diagnostic::error(codes::WRONG_TYPE, format!("{place} has no value"));
            self.found.push(diagnostic.at(node.span, "").help(format!("it takes {wanted}")));
            return;
        }
        let message = format!("{place} takes {wanted}, not {}", node.kind());
        let diagnostic = Diagnostic::error(codes::WRONG_TYPE, message).at(node.span, "");
        self.found.push(match self.way_out(node, part) {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    }

    /// What to do about a value of the wrong type, where that can be guessed.
    fn way_out(&self, node: &Node, part: &'a Value) -> Option<String> {
        let part = self.schema.resolve(part);
        let alternatives = branches(part).map_or(std::slice::from_ref(part), Vec::as_slice);
        let of_type = |wanted: &str| {
            let mut resolved = alternatives.iter().map(|alternative| self.schema.resolve(alternative));
            resolved.find(|alternative| alternative.get("type").is_some() && takes(alternative, wanted))
        };
        match &node.value {
            yaml::Value::Number(_) | yaml::Value::Bool(_) => {
                let text = of_type("string")?;
                let format = text.get("format").and_then(Value::as_str);
                match FORMATS.iter().find(|f| Some(f.name) == format) {
                    Some(format) => (format.check)(&node.written_json().to_string()).err(),
                    None => Some("put it in quotes".to_owned()),
                }
            }
            yaml::Value::Text(text) => {
                let text = text.written();
                if of_type("boolean").is_some() && ["yes", "no", "on", "off"].contains(&&*text.to_lowercase()) {
                    return Some("write true or false".to_owned());
                }
                if of_type("number").is_some() && text.trim().parse::<f64>().is_ok() {
                    return Some("leave the quotes out".to_owned());
                }
                let inner = of_type("object")?.get("properties")?.get("type")?;
                takes(inner, "string").then(|| format!("write {{ type: {text} }}"))
            }
            _ => None,
        }
    }

    fn one_of(
        &mut self,
        node: &Node,
        part: &'a Value,
        allowed: &[&str],
        not_built: Option<&Value>,
        name: &str,
    ) -> Value {
        let yaml::Value::Text(text) = &node.value else {
            let optional = branches(part).is_some_and(|all| all.iter().any(|b| is_null(self.schema.resolve(b))));
            if !(node.is_null() && optional) {
                self.wrong_type(node, part, name);
            }
            return Value::Null;
        };
        if allowed.contains(&text.value.as_str()) {
            return text.value.clone().into();
        }
        let later = not_built.and_then(Value::as_array).is_some_and(|all| all.iter().any(|v| v == text.value.as_str()));
        let listed = allowed.join(", ");
        let diagnostic = if later {
            Diagnostic::error(codes::NOT_BUILT, format!("{name}: {} is not built yet", text.value))
                .help(format!("this version has {listed}"))
        } else {
            let help = match nearest(text.written(), allowed.iter().copied()) {
                Some(near) => format!("did you mean '{near}'? It takes one of {listed}"),
                None => format!("it takes one of {listed}"),
            };
            Diagnostic::error(codes::NOT_ALLOWED, format!("'{name}' cannot be '{}'", text.written())).help(help)
        };
        self.found.push(diagnostic.at(node.span, ""));
        Value::Null
    }

    fn number(&mut self, node: &Node, number: &serde_json::Number, part: &Value, name: &str) -> Value {
        let value = number.as_f64().unwrap_or(0.0);
        let bound = |key: &str| part.get(key).and_then(Value::as_f64);
        let wrong = match (bound("minimum"), bound("maximum"), bound("exclusiveMinimum"), bound("exclusiveMaximum")) {
            (Some(min), _, _, _) if value < min => Some(format!("'{name}' is less than {min}")),
            (_, Some(max), _, _) if value > max => Some(format!("'{name}' is more than {max}")),
            (_, _, Some(min), _) if value <= min => Some(format!("'{name}' is not more than {min}")),
            (_, _, _, Some(max)) if value >= max => Some(format!("'{name}' is not less than {max}")),
            _ => None,
        };
        if let Some(message) = wrong {
            self.found.push(Diagnostic::error(codes::MALFORMED, message).at(node.span, ""));
        }
        Value::Number(number.clone())
    }

    fn text(&mut self, node: &Node, text: &str, written: &str, part: &Value, name: &str) -> Value {
        let format = part.get("format").and_then(Value::as_str);
        if let Some(format) = FORMATS.iter().find(|f| Some(f.name) == format)
            && let Err(help) = (format.check)(text)
        {
            // A message may repeat the value only where that is no secret.
            let message = if text == written {
                format!("'{text}' is not {}", format.what)
            } else {
                format!("'{name}' is not {}", format.what)
            };
            let help = if text == written { help } else { format!("it takes {}", format.what) };
            self.found.push(Diagnostic::error(format.code, message).at(node.span, "").help(help));
        }
        let length = text.chars().count() as u64;
        if part.get("minLength").and_then(Value::as_u64).is_some_and(|min| length < min) {
            self.found.push(Diagnostic::error(codes::MALFORMED, format!("'{name}' is too short")).at(node.span, ""));
        }
        if part.get("maxLength").and_then(Value::as_u64).is_some_and(|max| length > max) {
            self.found.push(Diagnostic::error(codes::MALFORMED, format!("'{name}' is too long")).at(node.span, ""));
        }
        text.into()
    }

    fn list(&mut self, items: &[Node], part: &'a Value, name: &str) -> Value {
        let fixed = part.get("prefixItems").and_then(Value::as_array);
        let rest = part.get("items").unwrap_or(&Value::Bool(true));
        let read: Vec<Value> = items
            .iter()
            .enumerate()
            .map(|(index, item)| self.value(item, fixed.and_then(|f| f.get(index)).unwrap_or(rest), name))
            .collect();
        let length = read.len() as u64;
        let wrong = match (part.get("minItems").and_then(Value::as_u64), part.get("maxItems").and_then(Value::as_u64)) {
            (Some(min), _) if length < min => Some(format!("'{name}' needs at least {min} items")),
            (_, Some(max)) if length > max => Some(format!("'{name}' has more than {max} items")),
            _ => None,
        };
        if let (Some(message), Some(first)) = (wrong, items.first()) {
            self.found.push(Diagnostic::error(codes::MALFORMED, message).at(first.span, ""));
        }
        Value::Array(read)
    }

    fn map(&mut self, node: &Node, map: &yaml::Map, part: &'a Value, name: &str) -> Value {
        let keys = keys(self.schema, part, map);
        let mut object = Map::new();
        if let Some((tag, values)) = &keys.undecided {
            self.undecided(node, map, tag, values, name);
        }
        for entry in &map.entries {
            if keys.undecided.as_ref().is_some_and(|(tag, _)| *tag == entry.key) {
                continue;
            }
            let known = keys.properties.iter().find(|(key, _)| *key == entry.key).map(|(_, value)| *value);
            match known.or(keys.others) {
                Some(part) => {
                    object.insert(entry.key.clone(), self.value(&entry.value, part, &entry.key));
                }
                None if keys.not_built.contains(&entry.key.as_str()) => {
                    let diagnostic = Diagnostic::error(codes::NOT_BUILT, format!("'{}' is not built yet", entry.key));
                    self.found.push(diagnostic.at(entry.key_span, "").help("leave the key out for now"));
                }
                None => self.unknown_key(&entry.key, entry.key_span, name, &keys.properties),
            }
        }
        for required in &keys.required {
            if map.entry(required).is_none() {
                let message = format!("{} has no '{required}'", self.place(name));
                let wanted = keys.properties.iter().find(|(key, _)| key == required);
                let wanted = wanted.map_or("a value".to_owned(), |(_, part)| expected(self.schema, part));
                let diagnostic = Diagnostic::error(codes::MISSING_KEY, message).at(first_line(node, map), "");
                self.found.push(diagnostic.help(format!("add `{required}: …`; it takes {wanted}")));
            }
        }
        Value::Object(object)
    }

    pub(super) fn undecided(&mut self, node: &Node, map: &yaml::Map, tag: &str, values: &[&str], name: &str) {
        let listed = values.join(", ");
        let diagnostic = match map.get(tag) {
            Some(value) => {
                let written = if let yaml::Value::Text(text) = &value.value { text.written() } else { value.kind() };
                let help = match nearest(written, values.iter().copied()) {
                    Some(near) => format!("did you mean '{near}'? It takes one of {listed}"),
                    None => format!("it takes one of {listed}"),
                };
                let diagnostic = Diagnostic::error(codes::NOT_ALLOWED, format!("'{tag}' cannot be '{written}'"));
                diagnostic.at(value.span, "").help(help)
            }
            None => Diagnostic::error(codes::MISSING_KEY, format!("{} has no '{tag}'", self.place(name)))
                .at(first_line(node, map), "")
                .help(format!("add `{tag}: …`; it takes one of {listed}")),
        };
        self.found.push(diagnostic);
    }

    fn unknown_key(&mut self, key: &str, span: Span, name: &str, properties: &[(&str, &Value)]) {
        let known: Vec<&str> = properties.iter().map(|(key, _)| *key).collect();
        let help = match nearest(key, known.iter().copied()) {
            Some(near) => format!("did you mean '{near}'?"),
            None if known.is_empty() => "it takes no keys".to_owned(),
            None => format!("the keys are {}", known.join(", ")),
        };
        let message = format!("{} has no key '{key}'", self.place(name));
        self.found.push(Diagnostic::error(codes::UNKNOWN_KEY, message).at(span, "unknown key").help(help));
    }

    fn place(&self, name: &str) -> String {
        if name == self.what { name.to_owned() } else { format!("'{name}'") }
    }
}

/// Where to point when something is missing in a mapping: its first key.
fn first_line(node: &Node, map: &yaml::Map) -> Span {
    map.entries.first().map_or(node.span, |entry| entry.key_span)
}

/// The value as JSON, with secrets in it.
fn json_of(node: &Node) -> Value {
    match &node.value {
        yaml::Value::Null => Value::Null,
        yaml::Value::Bool(value) => (*value).into(),
        yaml::Value::Number(number) => Value::Number(number.clone()),
        yaml::Value::Text(text) => text.value.clone().into(),
        yaml::Value::List(items) => items.iter().map(json_of).collect(),
        yaml::Value::Map(map) => {
            Value::Object(map.entries.iter().map(|entry| (entry.key.clone(), json_of(&entry.value))).collect())
        }
    }
}
