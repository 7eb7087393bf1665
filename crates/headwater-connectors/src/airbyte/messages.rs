//! The protocol (<https://docs.airbyte.com/platform/understanding-airbyte/airbyte-protocol>).

use std::borrow::Cow;
use std::ffi::OsString;

use headwater_sdk::connector::{Finding, Standing};
use headwater_sdk::{Blame, Error, Result};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::catalogue::{configured, id, read};
use crate::codes;
use crate::process::Workplace;
use crate::tap::{Catalogue, Chosen, Listed, Message, Protocol, StateOf};

/// What a connector is started with. Its `Debug` shows no configuration.
#[derive(Clone)]
pub(super) struct Airbyte {
    pub(super) config: Map<String, Value>,
}

impl std::fmt::Debug for Airbyte {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Airbyte").finish_non_exhaustive()
    }
}

impl Airbyte {
    fn configured(&self, command: &str, workplace: &Workplace) -> Result<Vec<OsString>> {
        let config = workplace.write("config.json", &json!(self.config).to_string())?;
        Ok(vec![command.into(), "--config".into(), config])
    }

    /// The arguments with which a connector says whether it can read.
    ///
    /// # Errors
    /// When its files cannot be written.
    pub(super) fn check(&self, workplace: &Workplace) -> Result<Vec<OsString>> {
        self.configured("check", workplace)
    }
}

/// A line, as far as it matters.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    record: Option<Record<'a>>,
    state: Option<Value>,
    log: Option<Log>,
    trace: Option<Trace>,
}

#[derive(Deserialize)]
struct Record<'a> {
    stream: Cow<'a, str>,
    namespace: Option<String>,
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(Deserialize)]
struct Log {
    message: String,
}

#[derive(Deserialize)]
struct Trace {
    error: Option<TraceError>,
}

#[derive(Deserialize)]
struct TraceError {
    message: String,
    internal_message: Option<String>,
    failure_type: Option<String>,
}

impl Protocol for Airbyte {
    fn called(&self) -> &'static str {
        "connector"
    }

    fn discovery(&self, workplace: &Workplace) -> Result<Vec<OsString>> {
        self.configured("discover", workplace)
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
        let mut arguments = self.configured("read", workplace)?;
        arguments
            .extend(["--catalog".into(), workplace.write("catalog.json", &configured(catalogue, chosen).to_string())?]);
        if let Some(state) = state {
            arguments.extend(["--state".into(), workplace.write("state.json", &state.to_string())?]);
        }
        Ok(arguments)
    }

    fn message<'a>(&self, line: &'a [u8]) -> std::result::Result<Message<'a>, String> {
        let Ok(Line { kind, record, state, log, trace }) = serde_json::from_slice::<Line<'a>>(line) else {
            // A message that is cut off must not be taken for words.
            if line.starts_with(br#"{"type""#) {
                return Err("is no whole message of Airbyte".to_owned());
            }
            return Ok(Message::Said(String::from_utf8_lossy(line).into_owned()));
        };
        Ok(match (kind.as_ref(), record, state, log, trace) {
            ("RECORD", Some(Record { stream, namespace, data }), ..) => {
                let stream = namespace.map_or(stream.clone(), |namespace| id(Some(&namespace), &stream).into());
                Message::Record { stream, record: data.get(), version: None }
            }
            ("RECORD", None, ..) => return Err("is a RECORD without a record".to_owned()),
            ("STATE", _, Some(state), ..) => Message::State { of: of(&state), state },
            ("LOG", _, _, Some(log), _) => Message::Said(log.message),
            ("TRACE", _, _, _, Some(Trace { error: Some(error) })) => Message::Failed(failed(error)),
            _ => Message::Nothing,
        })
    }

    fn tells_schemas(&self) -> bool {
        false
    }

    /// States of streams stand side by side, also with none. What is shared or of an older form has to be the same.
    fn kin(&self, state: Option<&Value>) -> Value {
        match state {
            Some(state) if is(state, "GLOBAL") => json!({ "shared": state.pointer("/global/shared_state") }),
            Some(state) if !is(state, "STREAM") => json!({ "legacy": state.get("data") }),
            _ => Value::Null,
        }
    }

    fn joined(&self, states: &[Value]) -> Option<Value> {
        let first = states.first()?;
        if is(first, "STREAM") {
            let mut states = states.to_vec();
            states.sort_by_key(|state| state.get("stream").and_then(of_descriptor));
            return Some(Value::Array(states));
        }
        if is(first, "GLOBAL") {
            let mut joined = first.clone();
            let own = states.iter().filter_map(|state| state.pointer("/global/stream_states")?.as_array());
            let mut own: Vec<Value> = own.flatten().cloned().collect();
            own.sort_by_key(of_descriptor);
            if let Some(all) = joined.pointer_mut("/global/stream_states") {
                *all = Value::Array(own);
            }
            return Some(Value::Array(vec![joined]));
        }
        // An older connector reads the state itself.
        first.get("data").cloned()
    }

    fn own(&self, state: &Value, stream: &Listed) -> Value {
        let mut own = state.clone();
        let is_own = |part: &Value| of_descriptor(part).is_some_and(|id| id == stream.id);
        if let Some(Value::Array(parts)) = own.pointer_mut("/global/stream_states") {
            parts.retain(is_own);
        }
        own
    }
}

fn is(state: &Value, kind: &str) -> bool {
    state.get("type").and_then(Value::as_str) == Some(kind)
}

/// Which streams a state is of.
fn of(state: &Value) -> StateOf {
    let stream = state.get("stream").filter(|_| is(state, "STREAM")).and_then(of_descriptor);
    stream.map_or(StateOf::All, StateOf::Stream)
}

/// The stream that a part of a state describes.
fn of_descriptor(part: &Value) -> Option<String> {
    let descriptor = part.get("stream_descriptor")?;
    let namespace = descriptor.get("namespace").and_then(Value::as_str);
    Some(id(namespace, descriptor.get("name")?.as_str()?))
}

fn failed(error: TraceError) -> Error {
    let TraceError { message, internal_message, failure_type } = error;
    let internal = internal_message.filter(|internal| !internal.is_empty() && !message.contains(internal.as_str()));
    let message = match internal {
        Some(internal) => format!("the connector says: {message} ({internal})"),
        None => format!("the connector says: {message}"),
    };
    let (blame, help) = match failure_type.as_deref() {
        Some("config_error") => (Blame::Project, "correct its `config`"),
        Some("transient_error") => (Blame::Environment, "it says that this may pass: run again later"),
        _ => (Blame::Environment, "put right what it says, or ask who keeps the connector"),
    };
    let error = Error::new(codes::TAP_FAILED, blame, message).help(help);
    if failure_type.as_deref() == Some("transient_error") { error.transient() } else { error }
}

/// What a connector says when it is asked whether it can read.
pub(super) fn checked(printed: &[u8]) -> Option<Finding> {
    let messages = printed.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let status = messages.filter_map(|message| message.get("connectionStatus").cloned()).next_back()?;
    let said = status.get("message").and_then(Value::as_str).unwrap_or("it says no more");
    let succeeded = status.get("status").and_then(Value::as_str) == Some("SUCCEEDED");
    Some(match succeeded {
        true => Finding { standing: Standing::Good, what: "the connector can read (check)".to_owned(), help: None },
        false => Finding {
            standing: Standing::Trouble,
            what: format!("the connector cannot read (check): {said}"),
            help: Some("correct its `config`, or what it reads from".to_owned()),
        },
    })
}
