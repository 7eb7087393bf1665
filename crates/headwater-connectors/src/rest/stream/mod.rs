//! A stream of an API: its columns, and what there is to read.

mod cursor;
mod decode;
mod look;
mod pages;
mod part;
mod wanted;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use async_trait::async_trait;
use headwater_sdk::connector::{Delivery, Drift, LoadPosition, ReadPart, ReadPlan, SourceStream, StreamSettings};
use headwater_sdk::{Blame, Error, Result};
use serde_json::Value;

use self::cursor::Cursor;
use self::decode::{Load, LoadCursor};
use self::pages::{Pages, Parent, Resource};
use self::part::PagesPart;
use super::options::PaginateOptions;
use super::request::Values;
use crate::codes;
use crate::columns::{Reading, Resolved, Sample, Seen, Target, UnknownKeys, resolve};
use crate::http_api::Api;
use crate::lake_types::lake_schema;
use crate::position::{Position, written};

/// What a source says for all of its streams.
pub(super) struct Defaults {
    pub(super) params: BTreeMap<String, Value>,
    pub(super) paginate: Option<PaginateOptions>,
}

/// A stream of an API.
pub(super) struct RestStream {
    api: Arc<Api>,
    resource: Arc<Resource>,
    parent: Option<Arc<Parent>>,
    cursor: Option<Cursor>,
    settings: StreamSettings,
    /// What it is called in messages.
    shown: Arc<str>,
}

impl RestStream {
    /// The columns of records, judged against the table's.
    fn resolve(&self, sample: Sample, table: Option<&SchemaRef>) -> Result<Resolved> {
        if sample.len() > 0 {
            sample.refuse_too_many_keys(&self.shown)?;
            let seen = Seen { file: Arc::clone(&self.shown), columns: Some(sample.evidence(true)), sparse: true };
            return resolve(&self.settings, table.map(|table| &**table), &[seen]);
        }
        match table {
            // Nothing to read changes nothing.
            Some(table) => {
                let inferred = vec![false; table.fields().len()];
                Ok(Resolved { schema: Arc::clone(table), inferred, notes: Vec::new() })
            }
            None if !self.settings.columns.is_empty() => resolve(&self.settings, None, &[]),
            None => {
                let message =
                    format!("{} has no records yet that are objects, so that its columns are not known", self.shown);
                Err(Error::new(codes::REST_COLUMNS, Blame::Data, message)
                    .help("declare them under `columns`, or check `path`, `params` and `records`"))
            }
        }
    }

    /// How far the last load came.
    fn read_position(&self, position: Value) -> Result<Option<String>> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        Ok(Position::<String>::read(position, Some(&cursor.field), &self.shown)?.read_to)
    }

    /// The cursor of a load into columns.
    fn load_cursor(&self, schema: &Schema, read_to: Option<&str>) -> Result<Option<LoadCursor>> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let kind = cursor.kind(schema, &self.shown)?;
        let mark = read_to.map(|read_to| {
            kind.mark(read_to).ok_or_else(|| {
                let message =
                    format!("{} was read to '{read_to}', which is no value of '{}'", self.shown, cursor.field);
                Error::new(codes::BAD_POSITION, Blame::Environment, message)
                    .help("--full-refresh loads everything again")
            })
        });
        // With a key, what is known takes its own place.
        let past = mark.transpose()?.filter(|_| self.settings.key.is_empty());
        Ok(Some(LoadCursor { field: cursor.field.clone(), kind, read_to: read_to.map(str::to_owned), past }))
    }
}

#[async_trait]
impl SourceStream for RestStream {
    async fn plan(&self, table: Option<SchemaRef>, position: Option<Value>) -> Result<ReadPlan> {
        let table = table.map(|table| lake_schema(&table)).transpose()?;
        let read_to = position.map(|position| self.read_position(position)).transpose()?.flatten();
        let asked_from = match &self.cursor {
            Some(cursor) => {
                let kind = table.as_ref().map(|table| cursor.kind(table, &self.shown)).transpose()?;
                cursor.asked_from(read_to.as_deref(), kind, self.settings.lookback)?
            }
            None => None,
        };
        let values = Values { cursor: asked_from, ..Values::default() };
        let mut pages = Pages::new(&self.api, &self.resource, self.parent.as_ref(), values);
        let reading = Reading { ignore_unknown_keys: self.settings.drift == Drift::Ignore, ..Reading::default() };
        let (looked, sample) = self.look(&mut pages, table.as_deref(), &reading).await?;
        let Resolved { schema, inferred, notes } = self.resolve(sample, table.as_ref())?;
        let cursor = self.load_cursor(&schema, read_to.as_deref())?;
        let position = match &cursor {
            Some(cursor) => {
                let read_to = cursor.read_to.clone();
                LoadPosition::known(written(&Position { cursor: cursor.field.clone(), read_to })?)
            }
            None => LoadPosition::known(Value::Null),
        };
        let target = Target {
            schema: Arc::clone(&schema),
            inferred,
            on_bad_row: self.settings.on_bad_row,
            unit: "record",
            key: Target::places_of(&self.settings.key, &schema),
        };
        // A type that cannot be read is found before anything is.
        target.columns(&reading)?;
        let description = self.described(&looked, read_to.as_deref());
        let load = Load {
            target: Arc::new(target),
            unknown_keys: UnknownKeys::of(self.settings.drift, table.is_some()),
            reading,
            cursor,
            told: pages.told(),
            position: position.clone(),
            shown: Arc::clone(&self.shown),
        };
        let fingerprint = match looked.ended {
            true => looked.digest.finalize().to_hex().to_string(),
            // Nobody can tell whether what follows is what it was.
            false => format!("{} at {}", self.shown, jiff::Timestamp::now().as_microsecond()),
        };
        let nothing = looked.ended && load.knows_all(looked.pages.iter());
        let part = PagesPart { load: Arc::new(load), first: looked.pages, rest: pages };
        let parts: Vec<Box<dyn ReadPart>> = if nothing { Vec::new() } else { vec![Box::new(part)] };
        let description = if nothing { "no new records".to_owned() } else { description };
        let delivery = match self.settings.key.as_slice() {
            [] => Delivery::Rows,
            // What changes while pages are read comes twice: the later one counts.
            key => Delivery::Latest { key: key.to_vec() },
        };
        Ok(ReadPlan { schema, parts, delivery, position, fingerprint, description, drift: notes, changed: Vec::new() })
    }

    async fn vanished(&self, position: Value) -> Result<Vec<String>> {
        Ok(Position::<String>::vanished(position, &self.shown))
    }
}
