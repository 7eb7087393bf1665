//! A stream of an API: its columns, and what there is to read.

mod cursor;
mod decode;
mod look;
mod pages;
mod part;
mod reached;
mod wanted;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use async_trait::async_trait;
use headwater_sdk::connector::{
    Delivery, Drift, Finding, LoadPosition, ReadPart, ReadPlan, SourceStream, StreamSettings,
};
use headwater_sdk::{Blame, Error, Result};
use serde_json::Value;

use self::cursor::Cursor;
use self::decode::{Load, LoadCursor};
use self::pages::{AskedFrom, Pages, Parent, Resource};
use self::part::PagesPart;
use self::reached::Reached;
use super::options::PaginateOptions;
use crate::cautions::of_cursor;
use crate::codes;
use crate::columns::{KeyRules, LateKeys, Reading, Resolved, Sample, Seen, Target, UnknownKeys, resolve};
use crate::http_api::Api;
use crate::lake_types::lake_schema;
use crate::position::written;

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
    /// What loads have come upon that their samples did not have.
    late: Arc<LateKeys>,
    /// What it is called in messages.
    shown: Arc<str>,
}

impl RestStream {
    /// The columns of records, judged against the table's.
    fn resolve(&self, sample: &Sample, table: Option<&SchemaRef>) -> Result<Resolved> {
        if sample.len() > 0 {
            sample.refuse_too_many_keys(&self.shown)?;
            let seen = Seen { file: Arc::clone(&self.shown), columns: Some(sample.evidence(true)), sparse: true };
            let seen: Vec<Seen> = [seen].into_iter().chain(self.late.take_up()).collect();
            return resolve(&self.settings, table.map(|table| &**table), &seen);
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

    /// What requests take of the cursor.
    fn asked_from(&self, table: Option<&SchemaRef>, before: Option<&Reached>) -> Result<AskedFrom> {
        let (Some(cursor), Some(before)) = (&self.cursor, before) else { return Ok(AskedFrom::default()) };
        let kind = table.map(|table| cursor.kind(table, &self.shown)).transpose()?;
        let from = |read_to: Option<&str>| cursor.asked_from(read_to, kind, self.settings.lookback);
        let mut asked_from = AskedFrom { whole: from(before.whole())?, ..AskedFrom::default() };
        for (parent, read_to) in before.parents() {
            asked_from.parents.extend(from(Some(read_to))?.map(|token| (parent.clone(), token)));
        }
        Ok(asked_from)
    }

    /// The cursor of a load into columns.
    fn load_cursor(&self, schema: &Schema, before: Option<Reached>) -> Result<Option<LoadCursor>> {
        let (Some(cursor), Some(before)) = (&self.cursor, before) else { return Ok(None) };
        let kind = cursor.kind(schema, &self.shown)?;
        let marks = before.marks(kind, &self.shown)?;
        // With a key, what is known takes its own place.
        let leaves_out = self.settings.key.is_empty();
        let by_parents = self.parent.as_ref().is_some_and(|parent| !parent.read_by.is_empty());
        Ok(Some(LoadCursor { field: cursor.field.clone(), kind, before, marks, leaves_out, by_parents }))
    }
}

#[async_trait]
impl SourceStream for RestStream {
    async fn plan(&self, table: Option<SchemaRef>, position: Option<Value>) -> Result<ReadPlan> {
        let table = table.map(|table| lake_schema(&table)).transpose()?;
        let before = match &self.cursor {
            Some(cursor) => Some(match position {
                Some(position) => Reached::read(position, &cursor.field, &self.shown)?,
                None => Reached::nothing(&cursor.field),
            }),
            None => None,
        };
        let asked_from = self.asked_from(table.as_ref(), before.as_ref())?;
        let mut pages = Pages::new(&self.api, &self.resource, self.parent.as_ref(), asked_from);
        let reading = Reading { ignore_unknown_keys: self.settings.drift == Drift::Ignore, ..Reading::default() };
        let (looked, sample) = self.look(&mut pages, table.as_deref(), &reading).await?;
        let Resolved { schema, inferred, notes } = self.resolve(&sample, table.as_ref())?;
        let cursor = self.load_cursor(&schema, before)?;
        let position = match &cursor {
            Some(cursor) => LoadPosition::known(written(&cursor.before)?),
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
        let description = self.described(&looked, cursor.as_ref().map(|cursor| &cursor.before));
        let load = Load {
            target: Arc::new(target),
            keys: KeyRules {
                late: Some(Arc::clone(&self.late)),
                ..UnknownKeys::of(self.settings.drift, table.is_some()).into()
            },
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

    async fn examine(&self, schema: &SchemaRef) -> Result<Vec<Finding>> {
        // An API is asked from the last value on, that one included.
        let cursor = self.cursor.as_ref().map(|cursor| cursor.field.as_str());
        Ok(Vec::from_iter(of_cursor(&self.settings, cursor, schema, true)))
    }

    fn has_more_columns(&self) -> bool {
        self.late.has_news()
    }

    async fn vanished(&self, position: Value) -> Result<Vec<String>> {
        // A position of the mode `full` has no cursor.
        let reached = serde_json::from_value::<Reached>(position).ok().filter(|reached| !reached.is_nothing());
        Ok(reached.map(|_| format!("what was deleted from {} since it was read", self.shown)).into_iter().collect())
    }
}
