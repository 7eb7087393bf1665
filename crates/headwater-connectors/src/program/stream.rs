//! A stream that a program prints: its columns are those that are declared.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use arrow_schema::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Delivery, LoadPosition, ReadMode, ReadPart, ReadPlan, SourceStream, StreamSettings};
use headwater_sdk::script::Program;
use headwater_sdk::{Blame, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::options::StreamOptions;
use super::part::PrintedPart;
use crate::codes;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct PrintedStream {
    program: Program,
    schema: SchemaRef,
    settings: StreamSettings,
}

/// How far a program has read, as the commit with its rows keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// What the program wrote; `None` while it has written nothing.
    pub(super) state: Option<String>,
}

impl PrintedStream {
    pub(super) fn new(
        mut program: Program,
        options: StreamOptions,
        settings: StreamSettings,
    ) -> std::result::Result<Self, OptionsError> {
        let wrong = |key: &'static str, message: String, help: &str| {
            Err(OptionsError { key: Some(key), message, help: Some(help.to_owned()) })
        };
        if let Some(untyped) = settings.columns.iter().find(|column| column.data_type.is_none()) {
            let message = format!("column '{}' has no type", untyped.name);
            return wrong("columns", message, "give it one: nothing is started to find it out");
        }
        if settings.columns.is_empty() {
            let help =
                "declare all columns that the program prints, with their types: `columns: { id: { type: bigint } }`";
            return wrong("columns", "the stream does not say which columns the program prints".to_owned(), help);
        }
        if settings.lookback.is_some() {
            let help = "leave `lookback` out; give the program an argument for it";
            return wrong("lookback", "how far back it reads is up to the program".to_owned(), help);
        }
        let missing = settings.key.iter().find(|key| settings.columns.iter().all(|column| column.name != **key));
        if let Some(missing) = missing {
            let message = format!("there is no column '{missing}', which is to be of the key");
            return wrong("key", message, "declare it under `columns`");
        }
        let field = |column: &headwater_sdk::connector::DeclaredColumn| {
            column.data_type.clone().map(|data_type| Field::new(&column.name, data_type, true))
        };
        let schema = Arc::new(Schema::new(settings.columns.iter().filter_map(field).collect::<Vec<_>>()));
        program.command.extend(options.args);
        Ok(Self { program, schema, settings })
    }
}

#[async_trait]
impl SourceStream for PrintedStream {
    async fn plan(&self, _table: Option<SchemaRef>, position: Option<Value>) -> Result<ReadPlan> {
        let adds = self.settings.mode == ReadMode::Incremental;
        let before =
            position.filter(|_| adds).map(serde_json::from_value::<Position>).transpose().map_err(|error| {
                let message = format!("how far `{}` has read is not known: {error}", self.program.command.join(" "));
                Error::new(codes::BAD_POSITION, Blame::Environment, message)
                    .help("--full-refresh loads everything again")
            })?;
        let state = before.and_then(|before| before.state);
        let key = &self.settings.key;
        let position = if adds { LoadPosition::default() } else { LoadPosition::known(Value::Null) };
        let part = PrintedPart {
            table: self.settings.table.clone(),
            name: self.program.command.join(" "),
            program: self.program.clone(),
            schema: Arc::clone(&self.schema),
            on_bad_row: self.settings.on_bad_row,
            keyed: !key.is_empty(),
            state: state.clone(),
            position: adds.then(|| position.clone()),
        };
        // Nothing tells whether there is anything new but to run it.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        Ok(ReadPlan {
            schema: Arc::clone(&self.schema),
            fingerprint: now.to_string(),
            parts: vec![Box::new(part) as Box<dyn ReadPart>],
            delivery: if key.is_empty() { Delivery::Rows } else { Delivery::Repeats { key: key.clone() } },
            position,
            description: if state.is_some() { "what came since its last state" } else { "all of it" }.to_owned(),
            drift: Vec::new(),
            changed: Vec::new(),
        })
    }

    async fn vanished(&self, position: Value) -> Result<Vec<String>> {
        let read = serde_json::from_value::<Position>(position).is_ok_and(|position| position.state.is_some());
        Ok(read.then(|| "what the program prints no more".to_owned()).into_iter().collect())
    }
}
