//! Connectors, with the schemas of what they take.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use headwater_diagnostics::{Diagnostic, Span, nearest};
use headwater_sdk::connector::ConnectorType;
use serde_json::{Value, json};

use crate::codes;
use crate::spec::{SeedFile, SourceCommon, StreamCommon};
use crate::validate::{Schema, merge};

/// The connector that reads seeds.
pub(crate) const SEED_CONNECTOR: &str = "files";

/// A connector and the schemas of its YAML, made when they are first needed.
pub(crate) struct Connector<'a> {
    pub(crate) kind: &'a dyn ConnectorType,
    source: OnceCell<Schema>,
    stream: OnceCell<Schema>,
    seed: OnceCell<Schema>,
}

impl Connector<'_> {
    /// The schema of a source, where anything may be a stream.
    pub(crate) fn source(&self) -> &Schema {
        self.source.get_or_init(|| Schema { root: source_schema(self.kind) })
    }

    /// The schema of a stream.
    pub(crate) fn stream(&self) -> &Schema {
        self.stream.get_or_init(|| Schema { root: stream_schema(self.kind) })
    }

    /// The schema of the file beside a seed.
    pub(crate) fn seed(&self) -> &Schema {
        self.seed.get_or_init(|| Schema { root: seed_schema(self.kind) })
    }
}

/// The schema of a source of a connector.
pub(crate) fn source_schema(kind: &dyn ConnectorType) -> Value {
    merge(Schema::of::<SourceCommon>().root, kind.source_schema(), &format!("{}_source_", kind.name()))
}

/// The schema of a stream of a connector.
pub(crate) fn stream_schema(kind: &dyn ConnectorType) -> Value {
    merge(Schema::of::<StreamCommon>().root, kind.stream_schema(), &format!("{}_stream_", kind.name()))
}

/// The schema of the file beside a seed: its connector's stream keys, without the path, which the seed's own place tells.
pub(crate) fn seed_schema(kind: &dyn ConnectorType) -> Value {
    let mut own = kind.stream_schema();
    if let Some(properties) = own.get_mut("properties").and_then(Value::as_object_mut) {
        properties.shift_remove("path");
    }
    if let Some(Value::Array(required)) = own.get_mut("required") {
        required.retain(|key| *key != json!("path"));
    }
    merge(Schema::of::<SeedFile>().root, own, &format!("{}_stream_", kind.name()))
}

/// The connectors by name, and which keys are not theirs.
pub(crate) struct Connectors<'a> {
    by_name: BTreeMap<&'static str, Connector<'a>>,
    pub(crate) source_keys: Vec<String>,
    pub(crate) stream_keys: Vec<String>,
    pub(crate) seed_keys: Vec<String>,
}

impl<'a> Connectors<'a> {
    pub(crate) fn new(connectors: &'a [Box<dyn ConnectorType>]) -> Self {
        let with_schemas = |kind: &'a dyn ConnectorType| {
            let (source, stream, seed) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
            (kind.name(), Connector { kind, source, stream, seed })
        };
        let keys = |schema: &Schema| {
            let properties = schema.root.get("properties").and_then(Value::as_object);
            properties.map(|p| p.keys().cloned().collect()).unwrap_or_default()
        };
        Self {
            by_name: connectors.iter().map(|kind| with_schemas(kind.as_ref())).collect(),
            source_keys: keys(&Schema::of::<SourceCommon>()),
            stream_keys: keys(&Schema::of::<StreamCommon>()),
            seed_keys: keys(&Schema::of::<SeedFile>()),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Connector<'a>> {
        self.by_name.get(name)
    }

    pub(crate) fn unknown(&self, name: &str, span: Span) -> Diagnostic {
        let diagnostic = Diagnostic::error(codes::CONNECTOR, format!("there is no connector '{name}'")).at(span, "");
        match nearest(name, self.by_name.keys().copied()) {
            Some(near) => diagnostic.help(format!("did you mean '{near}'?")),
            None => diagnostic.help(format!("this version has {}", self.names())),
        }
    }

    pub(crate) fn names(&self) -> String {
        self.by_name.keys().copied().collect::<Vec<_>>().join(", ")
    }
}
