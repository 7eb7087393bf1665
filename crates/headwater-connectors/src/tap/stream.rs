//! A stream of a program: its columns, and what there is to read.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{
    Delivery, Drift, LoadPosition, ReadMode, ReadPart, ReadPlan, SourceStream, StreamSettings,
};
use headwater_sdk::{Blame, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::catalogue::Listed;
use super::gathering::Member;
use super::part::{Rows, StreamPart};
use super::router::Expected;
use super::source::Tap;
use super::spool::Spool;
use crate::codes;
use crate::columns::Target;
use crate::columns::{KeyRules, UnknownKeys};
use crate::database::{ColumnRead, chosen, schema};

/// What a project says of a stream, beside its settings.
#[derive(Debug, Clone)]
pub(crate) struct StreamKeys {
    /// What it is called in the catalogue.
    pub(crate) stream: String,
    pub(crate) cursor: Option<String>,
    pub(crate) exclude: Vec<String>,
}

/// A stream as the program is asked for it.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) mode: ReadMode,
    pub(crate) cursor: Option<String>,
    pub(crate) exclude: Vec<String>,
    /// The columns of its key; none when it has none.
    pub(crate) key: Vec<String>,
}

/// How far a stream was read, as the commit with its rows keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) stream: String,
    /// What the program is handed back; `None` while it has told nothing.
    pub(super) state: Option<Value>,
    /// The mark of the state that the last load began with.
    #[serde(default)]
    pub(super) began: Option<String>,
    /// The version of the table's rows, where the program tells versions.
    #[serde(default)]
    pub(super) version: Option<i64>,
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct TapStream {
    tap: Arc<Tap>,
    keys: StreamKeys,
    settings: StreamSettings,
}

impl TapStream {
    /// # Errors
    /// When the keys do not go together.
    pub(crate) fn new(
        tap: Arc<Tap>,
        keys: StreamKeys,
        settings: StreamSettings,
    ) -> std::result::Result<Self, OptionsError> {
        let wrong = |key: &'static str, message: &str, help: &str| {
            Err(OptionsError { key: Some(key), message: message.to_owned(), help: Some(help.to_owned()) })
        };
        if keys.cursor.is_some() && settings.mode != ReadMode::Incremental {
            let help = "write `mode: incremental`, or leave `cursor` out";
            return wrong("cursor", "a cursor says nothing where all rows are read", help);
        }
        if settings.lookback.is_some() {
            let help = "leave `lookback` out; many programs have a setting of their own for it";
            return wrong("lookback", "how far back it reads is up to the program", help);
        }
        let needed = settings.key.iter().chain(&keys.cursor).find(|column| keys.exclude.contains(column));
        if let Some(needed) = needed {
            let help = "leave it out of `exclude`: rows are told apart, or read on, by it";
            return wrong("exclude", &format!("'{needed}' is needed"), help);
        }
        Ok(Self { tap, keys, settings })
    }

    /// What the stream's key is.
    fn key(&self, listed: &Listed) -> Vec<String> {
        if self.settings.mode == ReadMode::Full {
            return Vec::new();
        }
        let declared = &self.settings.key;
        if declared.is_empty() { listed.key.clone() } else { declared.clone() }
    }

    fn read_position(&self, position: Value, listed: &Listed) -> Result<Position> {
        let wrong = |message: String| {
            Error::new(codes::BAD_POSITION, Blame::Environment, message).help("--full-refresh loads everything again")
        };
        let read = serde_json::from_value::<Position>(position);
        let read = read.map_err(|error| wrong(format!("how far '{}' was read is not known: {error}", listed.id)))?;
        if read.stream == listed.id {
            return Ok(read);
        }
        Err(wrong(format!("'{}' was read, and is '{}' now", read.stream, listed.id)))
    }

    fn verify(&self, listed: &Listed) -> Result<()> {
        let cursor = self.keys.cursor.as_deref();
        let wrong =
            |message: String, help: &str| Err(Error::new(codes::TAP_OPTIONS, Blame::Project, message).help(help));
        if let Some(cursor) = cursor.filter(|cursor| listed.columns.iter().all(|(name, _)| name != cursor)) {
            let names = listed.columns.iter().map(|(name, _)| name.as_str());
            return Err(crate::database::no_column(codes::TAP_OPTIONS, &listed.id, cursor, names));
        }
        if self.settings.mode == ReadMode::Incremental {
            let (called, id) = (self.tap.protocol.called(), &listed.id);
            if listed.incremental == Some(false) {
                let message = format!("'{id}' is read as a whole only: the {called} says so");
                return wrong(message, "leave `mode` out, or write `mode: full`");
            }
            if listed.needs_cursor && cursor.is_none() {
                let message = format!("the {called} does not say by which column '{id}' is read on");
                return wrong(message, "name a column that grows with every change: `cursor: updated_at`");
            }
        }
        Ok(())
    }
}

#[async_trait]
impl SourceStream for TapStream {
    async fn plan(&self, table: Option<SchemaRef>, position: Option<Value>) -> Result<ReadPlan> {
        let catalogue = self.tap.catalogue().await?;
        let listed = catalogue.find(&self.keys.stream)?;
        self.verify(listed)?;
        let adds = self.settings.mode == ReadMode::Incremental;
        let before = position.filter(|_| adds).map(|position| self.read_position(position, listed)).transpose()?;
        let (found, exclude, settings) = (listed.columns.clone(), &self.keys.exclude, &self.settings);
        let (columns, drift) = chosen(found, exclude, settings, table.as_deref(), &listed.id)?;
        let schema = schema(&columns);
        let key = self.key(listed);
        let delivery = if key.is_empty() { Delivery::Rows } else { Delivery::Repeats { key: key.clone() } };
        let declared = |name: &str| settings.columns.iter().any(|own| own.name == name && own.data_type.is_some());
        let expected = Expected {
            columns: columns
                .iter()
                .filter(|column| !declared(&column.name))
                .map(|column| (column.name.clone(), column.reading.data_type().clone()))
                .collect(),
            drift: settings.drift,
        };
        let spool = Arc::new(Spool::new()?);
        let member = Member {
            chosen: Chosen {
                id: listed.id.clone(),
                name: listed.name.clone(),
                mode: settings.mode,
                cursor: self.keys.cursor.clone(),
                exclude: exclude.clone(),
                key: key.clone(),
            },
            position: before.clone(),
            keyed: !key.is_empty(),
            expected,
            spool: Arc::clone(&spool),
        };
        let (gathering, place) = self.tap.gather(member);
        let load_position = if adds { LoadPosition::default() } else { LoadPosition::known(Value::Null) };
        let unknown = if settings.drift == Drift::Ignore { UnknownKeys::Ignore } else { UnknownKeys::Untold };
        let key_places = Target::places_of(&key, &schema);
        let left_out: HashSet<String> = exclude.iter().cloned().collect();
        let description = match before.as_ref().and_then(|before| before.state.as_ref()) {
            Some(_) => "what came since its last state",
            None => "all of it",
        };
        let rows = Rows {
            spool,
            shown: listed.id.clone(),
            schema: Arc::clone(&schema),
            on_bad_row: settings.on_bad_row,
            keys: KeyRules { left_out, ..unknown.into() },
            key: key_places,
            keyed: !key.is_empty(),
            position: adds.then(|| load_position.clone()),
            before,
            called: self.tap.protocol.called(),
        };
        let part = StreamPart { tap: Arc::clone(&self.tap), gathering, place, rows };
        // Nothing tells whether there is anything new but to read it.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        Ok(ReadPlan {
            schema,
            parts: vec![Box::new(part) as Box<dyn ReadPart>],
            delivery,
            position: load_position,
            fingerprint: format!("{} at {now}", listed.id),
            description: description.to_owned(),
            drift,
            changed: Vec::new(),
        })
    }

    async fn vanished(&self, position: Value) -> Result<Vec<String>> {
        let read = serde_json::from_value::<Position>(position).is_ok_and(|position| position.state.is_some());
        let what = || format!("what was deleted from '{}' since it was read", self.keys.stream);
        Ok(read.then(what).into_iter().collect())
    }
}
