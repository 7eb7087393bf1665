//! The protocol (<https://hub.meltano.com/singer/spec>).

use std::borrow::Cow;
use std::ffi::OsString;

use headwater_sdk::Result;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::catalogue::read;
use super::options::Selection;
use super::selection::selected;
use crate::process::Workplace;
use crate::tap::{Catalogue, Chosen, Listed, Message, Protocol, StateOf};

/// What a tap is started with. Its `Debug` shows no configuration.
pub(super) struct Singer {
    pub(super) config: Map<String, Value>,
    pub(super) selection: Selection,
}

impl std::fmt::Debug for Singer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Singer").field("selection", &self.selection).finish_non_exhaustive()
    }
}

impl Singer {
    fn configured(&self, workplace: &Workplace) -> Result<Vec<OsString>> {
        Ok(vec!["--config".into(), workplace.write("config.json", &json!(self.config).to_string())?])
    }
}

/// A line, as far as it matters.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    stream: Option<Cow<'a, str>>,
    #[serde(borrow)]
    record: Option<&'a RawValue>,
    schema: Option<Value>,
    value: Option<Value>,
    version: Option<i64>,
}

impl Protocol for Singer {
    fn called(&self) -> &'static str {
        "tap"
    }

    fn discovery(&self, workplace: &Workplace) -> Result<Vec<OsString>> {
        let mut arguments = self.configured(workplace)?;
        arguments.push("--discover".into());
        Ok(arguments)
    }

    fn catalogue(&self, printed: &[u8]) -> std::result::Result<Catalogue, String> {
        read(printed)
    }

    fn reading(
        &self,
        workplace: &Workplace,
        catalogue: &Catalogue,
        chosen: &[&Chosen],
        state: Option<&Value>,
    ) -> Result<Vec<OsString>> {
        let mut arguments = self.configured(workplace)?;
        let (flag, name) = match self.selection {
            Selection::Catalog => ("--catalog", "catalog.json"),
            Selection::Properties => ("--properties", "properties.json"),
        };
        arguments
            .extend([flag.into(), workplace.write(name, &selected(catalogue, chosen, self.selection).to_string())?]);
        if let Some(state) = state {
            arguments.extend(["--state".into(), workplace.write("state.json", &state.to_string())?]);
        }
        Ok(arguments)
    }

    fn message<'a>(&self, line: &'a [u8]) -> std::result::Result<Message<'a>, String> {
        let Line { kind, stream, record, schema, value, version } =
            serde_json::from_slice(line).map_err(|error| format!("is no message of Singer ({})", short(&error)))?;
        let named = |stream: Option<Cow<'a, str>>| stream.ok_or_else(|| format!("is a {kind} that names no stream"));
        Ok(match kind.as_ref() {
            "RECORD" => match record.map(RawValue::get) {
                Some(record) if record.starts_with('{') => Message::Record { stream: named(stream)?, record, version },
                _ => return Err("is a RECORD without a record".to_owned()),
            },
            "SCHEMA" => match schema {
                Some(schema @ Value::Object(_)) => Message::Schema { stream: named(stream)?, schema },
                _ => return Err("is a SCHEMA without a schema".to_owned()),
            },
            "STATE" => match value {
                Some(state) => Message::State { of: StateOf::All, state },
                None => Message::Nothing,
            },
            "ACTIVATE_VERSION" => match version {
                Some(version) => Message::Activate { stream: named(stream)?, version },
                None => return Err("is an ACTIVATE_VERSION without a version".to_owned()),
            },
            "BATCH" => {
                return Err("is a BATCH message, which names files instead of holding records; let the tap print records (leave `batch_config` out of its configuration)".to_owned());
            }
            _ => Message::Nothing,
        })
    }

    fn tells_schemas(&self) -> bool {
        true
    }

    /// What is in a state, only the tap knows: it is handed back as it was.
    fn kin(&self, state: Option<&Value>) -> Value {
        state.cloned().unwrap_or_default()
    }

    fn joined(&self, states: &[Value]) -> Option<Value> {
        states.first().cloned()
    }

    fn own(&self, state: &Value, _stream: &Listed) -> Value {
        state.clone()
    }
}

/// A JSON error without its place, which is that of the text.
fn short(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text).to_owned()
}
