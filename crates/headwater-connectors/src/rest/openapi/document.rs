//! An OpenAPI document (3.0 and 3.1), gone through with references followed.

use serde_json::{Map, Value};

/// References that lead to one another, at most.
const LINKS: usize = 32;

/// A document.
#[derive(Clone, Copy)]
pub(super) struct Document<'a> {
    root: &'a Value,
}

/// A parameter of an operation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parameter<'a> {
    pub(super) name: &'a str,
    /// `query`, `path`, `header` or `cookie`.
    pub(super) place: &'a str,
    pub(super) required: bool,
    pub(super) schema: Option<&'a Value>,
}

impl<'a> Document<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        Self { root }
    }

    /// What stands at a place, by keys.
    pub(super) fn at(self, keys: &[&str]) -> Option<&'a Value> {
        keys.iter().try_fold(self.root, |value, key| value.get(key))
    }

    /// What a value is, where it is a reference within the document; `None` when that leads nowhere.
    pub(super) fn followed(self, value: &'a Value) -> Option<&'a Value> {
        let mut value = value;
        for _ in 0..LINKS {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Some(value) };
            value = self.root.pointer(reference.strip_prefix('#')?)?;
        }
        None
    }

    /// The operations that read: path, the path's own entry, and the operation.
    pub(super) fn reads(self) -> Vec<(&'a str, &'a Value, &'a Value)> {
        let paths = self.at(&["paths"]).and_then(Value::as_object);
        let read = |(path, item): (&'a String, &'a Value)| {
            let item = self.followed(item)?;
            Some((path.as_str(), item, item.get("get")?))
        };
        paths.into_iter().flatten().filter_map(read).collect()
    }

    /// The parameters of an operation, with those of its path.
    pub(super) fn parameters(self, item: &'a Value, operation: &'a Value) -> Vec<Parameter<'a>> {
        let mut all: Vec<Parameter<'a>> = Vec::new();
        for list in [operation, item] {
            for parameter in list.get("parameters").and_then(Value::as_array).into_iter().flatten() {
                let Some(parameter) = self.followed(parameter) else { continue };
                let text = |key: &str| parameter.get(key).and_then(Value::as_str);
                let (Some(name), Some(place)) = (text("name"), text("in")) else { continue };
                // What the operation says goes before what its path says.
                if all.iter().any(|known| (known.name, known.place) == (name, place)) {
                    continue;
                }
                let required = place == "path" || parameter.get("required") == Some(&Value::Bool(true));
                let schema = parameter.get("schema").and_then(|schema| self.followed(schema));
                all.push(Parameter { name, place, required, schema });
            }
        }
        all
    }

    /// The answer to an operation that has succeeded, and the schema of its JSON.
    pub(super) fn answer(self, operation: &'a Value) -> Option<(&'a Value, &'a Value)> {
        let responses = operation.get("responses")?.as_object()?;
        let found = ["200", "2XX", "2xx", "206", "default"].iter().find_map(|status| responses.get(*status))?;
        let answer = self.followed(found)?;
        let content = answer.get("content")?.as_object()?;
        let is_json = |kind: &str| {
            let kind = kind.split(';').next().unwrap_or(kind).trim();
            kind == "application/json" || kind.ends_with("+json") || kind == "*/*"
        };
        let (_, media) = content.iter().find(|(kind, _)| is_json(kind))?;
        Some((answer, self.followed(media.get("schema")?)?))
    }

    /// The properties of a schema of objects, those of its parts included, each with whether it has to be there.
    pub(super) fn properties(self, schema: &'a Value) -> Vec<(&'a str, &'a Value, bool)> {
        let mut found = Vec::new();
        self.collect(schema, &mut found, 0);
        found
    }

    fn collect(self, schema: &'a Value, found: &mut Vec<(&'a str, &'a Value, bool)>, depth: usize) {
        let Some(schema) = self.followed(schema).filter(|_| depth < LINKS) else { return };
        let required = |name: &str| {
            schema
                .get("required")
                .and_then(Value::as_array)
                .is_some_and(|names| names.iter().any(|known| known == name))
        };
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flat_map(Map::iter) {
            if let (Some(property), false) = (self.followed(property), found.iter().any(|(known, ..)| known == name)) {
                found.push((name, property, required(name)));
            }
        }
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.collect(part, found, depth + 1);
        }
    }

    /// The type of a schema, without `null`; `object` and `array` are told also where they are not said.
    pub(super) fn kind(self, schema: &'a Value) -> Option<&'a str> {
        let schema = self.followed(schema)?;
        let said = match schema.get("type") {
            Some(Value::String(kind)) => Some(kind.as_str()),
            Some(Value::Array(kinds)) => {
                let mut kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
                kinds.next().filter(|_| kinds.next().is_none())
            }
            _ => None,
        };
        said.or_else(|| schema.get("items").map(|_| "array"))
            .or_else(|| (!self.properties(schema).is_empty()).then_some("object"))
    }

    /// What the items of a list are.
    pub(super) fn items(self, schema: &'a Value) -> Option<&'a Value> {
        let schema = self.followed(schema)?;
        if self.kind(schema) != Some("array") {
            return None;
        }
        self.followed(schema.get("items")?)
    }
}
