//! A stream of an API: its columns, and what there is to read.

mod cursor;
mod decode;
mod pages;
mod part;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{
    Delivery, Drift, LoadPosition, ReadMode, ReadPart, ReadPlan, SourceStream, StreamSettings,
};
use headwater_sdk::{Blame, Error, Result};
use serde_json::Value;

use self::cursor::Cursor;
use self::decode::{Load, LoadCursor};
use self::pages::{Page, Pages, Parent, Resource, Told};
use self::part::PagesPart;
use super::answer::{Include, JsonPath, RecordsAt};
use super::http::Api;
use super::options::{CursorOptions, MissingOption, PaginateOptions, ParentOptions, StreamOptions};
use super::paging::Paging;
use super::request::{Asked, RequestOptions, Values};
use crate::codes;
use crate::columns::{
    Reading, Resolved, Row, Rows, Sample, Seen, Target, UnknownKeys, read_object, resolve, sample_objects, shown,
};
use crate::database::{Position, written};
use crate::lake_types::lake_schema;

/// How much of a stream is looked at for its columns: it is read from there on when it is loaded.
const SAMPLE_PAGES: usize = 5;
const SAMPLE_RECORDS: usize = 10_000;
const SAMPLE_BYTES: usize = 8 << 20;

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

fn wrong(key: &'static str, message: impl Into<String>, help: impl Into<String>) -> OptionsError {
    OptionsError { key: Some(key), message: message.into(), help: Some(help.into()) }
}

/// A path of records.
fn path(key: &'static str, text: &str) -> Result<JsonPath, OptionsError> {
    let help = "write keys with dots between them, `[]` behind the key of a list, `$` for the answer itself";
    JsonPath::parse(text).map_err(|what| wrong(key, format!("'{text}' is no path: {what}"), help))
}

/// A request and its pages, of a stream or of a parent.
fn resource(
    options: &RequestOptions<'_>,
    paginate: Option<&PaginateOptions>,
    defaults: &Defaults,
    fields: &[String],
    records: RecordsAt,
    missing: MissingOption,
) -> Result<Arc<Resource>, OptionsError> {
    let asked = Asked::new(options, &defaults.params, fields)?;
    let paging = Paging::new(paginate.or(defaults.paginate.as_ref()))?;
    if paging.needs_body() && !asked.has_body() {
        let help = "say `method: post`, or name a parameter with `param`";
        return Err(wrong("paginate", "a request of the method get has no `body`", help));
    }
    let skip_missing = missing == MissingOption::Skip;
    Ok(Arc::new(Resource { asked, records, paging, skip_missing }))
}

fn parent(options: &ParentOptions, defaults: &Defaults) -> Result<Parent, OptionsError> {
    let ParentOptions { path: at, method, params, body, records, paginate, fields, missing: _ } = options;
    let records = records.as_deref().map(|text| path("parent", text)).transpose()?;
    let records = RecordsAt::new(records, Vec::new()).map_err(|what| wrong("parent", what, "correct `records`"))?;
    let request = RequestOptions { path: at, method: *method, params, body: body.as_ref(), cursor_param: None };
    let resource = resource(&request, paginate.as_ref(), defaults, &[], records, MissingOption::Fail)
        .map_err(|error| OptionsError { key: Some("parent"), ..error })?;
    let field = |(name, text): (&String, &String)| {
        let path = path("parent", text)?;
        match path.has_lists() {
            true => {
                Err(wrong("parent", format!("'{text}' is not the path of one value"), "name one field of a record"))
            }
            false => Ok((name.clone(), path)),
        }
    };
    if fields.is_empty() || fields.contains_key("cursor") {
        let help = "name what the stream's requests need of a record: `fields: { user_id: id }`";
        return Err(wrong("parent", "`fields` has to name fields, none of which is called `cursor`", help));
    }
    Ok(Parent { resource, fields: fields.iter().map(field).collect::<Result<_, _>>()? })
}

impl RestStream {
    /// Checks a stream's options.
    ///
    /// # Errors
    /// [`OptionsError`] when they make no sense.
    pub(super) fn new(
        api: &Arc<Api>,
        defaults: &Defaults,
        options: &StreamOptions,
        settings: StreamSettings,
    ) -> Result<Self, OptionsError> {
        let StreamOptions { path: at, method, params, body, records, include, paginate, parent: of, cursor } = options;
        let parent_of = of.as_ref().map(|of| parent(of, defaults)).transpose()?;
        let fields: Vec<String> =
            parent_of.iter().flat_map(|parent| &parent.fields).map(|(name, _)| name.clone()).collect();
        if let Some(twice) = include.keys().find(|column| fields.contains(column)) {
            let help = "give one of them another name";
            return Err(wrong("include", format!("'{twice}' is a field of the parent, too"), help));
        }
        let include =
            include.iter().map(|(column, text)| Ok(Include { column: column.clone(), path: path("include", text)? }));
        let include = include.collect::<Result<_, OptionsError>>()?;
        let records = records.as_deref().map(|text| path("records", text)).transpose()?;
        let records = RecordsAt::new(records, include).map_err(|what| {
            wrong("include", what, "write the path from the answer on, through the lists that the records are in")
        })?;
        let cursor_param = cursor.as_ref().and_then(|cursor| cursor.param.as_deref());
        let request = RequestOptions { path: at, method: *method, params, body: body.as_ref(), cursor_param };
        let missing = of.as_ref().map_or(MissingOption::Fail, |of| of.missing);
        let resource = resource(&request, paginate.as_ref(), defaults, &fields, records, missing)?;
        let asked = [Some(&resource.asked), parent_of.as_ref().map(|parent| &parent.resource.asked)];
        let cursor = read_cursor(cursor.as_ref(), &asked, settings.mode)?;
        let shown = api.base.secrets.redact(&format!("{}{}", api.base.shown, at.trim_start_matches('/'))).into();
        let (api, parent) = (Arc::clone(api), parent_of.map(Arc::new));
        Ok(Self { api, resource, parent, cursor, settings, shown })
    }

    /// The columns of records, judged against the table's.
    fn resolve(&self, sampled: Sampled, table: Option<&SchemaRef>) -> Result<Resolved> {
        let Sampled { sample, any } = sampled;
        if any {
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
                let message = format!("{} has no records yet, so that its columns are not known", self.shown);
                Err(Error::new(codes::REST_COLUMNS, Blame::Data, message)
                    .help("declare them under `columns`, or check `path`, `params` and `records`"))
            }
        }
    }

    /// How far the last load came.
    fn read_position(&self, position: Value) -> Result<Option<String>> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let wrong = |message: String| {
            Error::new(codes::BAD_POSITION, Blame::Environment, message).help("--full-refresh loads everything again")
        };
        let read: Position<String> = serde_json::from_value(position)
            .map_err(|error| wrong(format!("how far {} was read is not known: {error}", self.shown)))?;
        match read.cursor == cursor.field {
            true => Ok(read.read_to),
            false => Err(wrong(format!("{} was read by the cursor '{}'", self.shown, read.cursor))),
        }
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

/// Checks the cursor of a stream. `asked` are its requests.
fn read_cursor(
    options: Option<&CursorOptions>,
    asked: &[Option<&Asked>],
    mode: ReadMode,
) -> Result<Option<Cursor>, OptionsError> {
    let asked = || asked.iter().flatten();
    match (mode, options) {
        (ReadMode::Incremental, None) => {
            let help = "name a field that grows, and the parameter that takes it: `cursor: { field: updated_at, param: since }`";
            Err(wrong("cursor", "the mode incremental needs a cursor", help))
        }
        (ReadMode::Incremental, Some(options)) => {
            let cursor = Cursor::new(options)?;
            let is_sent = asked().any(|asked| asked.takes_cursor());
            if !is_sent && (cursor.start.is_some() || options.format.is_some()) {
                let help = "name the parameter that takes it: `param: since`";
                return Err(wrong("cursor", "no request takes the value of the cursor", help));
            }
            if cursor.start.is_none() && asked().any(|asked| asked.needs_cursor()) {
                let help = "say what the first load begins with: `start: 2024-01-01`";
                return Err(wrong(
                    "cursor",
                    "a request needs a value of the cursor, and the first load has none",
                    help,
                ));
            }
            Ok(Some(cursor))
        }
        (_, Some(_)) => {
            let help = "write `mode: incremental`, or leave `cursor` out";
            Err(wrong("cursor", "a cursor says nothing where all records are read", help))
        }
        (_, None) if asked().any(|asked| asked.takes_cursor()) => {
            let help = "write `mode: incremental` and a `cursor`, or leave `{cursor}` out";
            Err(wrong("cursor", "nothing stands for {cursor}", help))
        }
        (_, None) => Ok(None),
    }
}

/// What was seen of records.
struct Sampled {
    sample: Sample,
    any: bool,
}

/// The first pages of a stream.
struct Looked {
    pages: VecDeque<Page>,
    sampled: Sampled,
    /// Whether they are all.
    ended: bool,
    /// Records in them.
    records: usize,
    /// A digest of the records.
    digest: blake3::Hasher,
}

impl RestStream {
    /// Reads the first pages.
    async fn look(&self, pages: &mut Pages, table: Option<&Schema>, reading: &Reading) -> Result<Looked> {
        let sampled = Sampled { sample: Sample::new(reading), any: false };
        let digest = blake3::Hasher::new();
        let mut looked = Looked { pages: VecDeque::new(), sampled, ended: false, records: 0, digest };
        let mut bytes = 0;
        while looked.pages.len() < SAMPLE_PAGES && looked.records < SAMPLE_RECORDS && bytes < SAMPLE_BYTES {
            let Some(page) = pages.next().await? else {
                looked.ended = true;
                break;
            };
            bytes += page.body.len();
            looked.records += page.found.records.len();
            self.sample(&page, table, &mut looked)?;
            looked.pages.push_back(page);
        }
        Ok(looked)
    }

    fn sample(&self, page: &Page, table: Option<&Schema>, looked: &mut Looked) -> Result<()> {
        let (mut text, mut rows) = (Vec::new(), Rows::default());
        for record in &page.found.records {
            text.clear();
            page.found.write(*record, &page.body, &mut text);
            self.refuse_namesakes(page, &text)?;
            looked.digest.update(&text);
            rows.clear();
            rows.rows.push(Row { start: 0, end: text.len() as u32, line: 0 });
            sample_objects(&text, &rows, table, &mut looked.sampled.sample);
        }
        looked.sampled.any |= !page.found.records.is_empty();
        Ok(())
    }

    /// Columns of what is around a record, or of its parent, may not be its own.
    fn refuse_namesakes(&self, page: &Page, record: &[u8]) -> Result<()> {
        let parents = self.parent.iter().flat_map(|parent| &parent.fields).map(|(name, _)| name.as_str());
        let added: Vec<&str> = parents.chain(self.resource.records.columns()).collect();
        if added.is_empty() {
            return Ok(());
        }
        let (mut seen, mut twice) = (Vec::new(), None);
        let _bad_row = read_object(record, |key, _| {
            if added.contains(&key) {
                if seen.contains(&key.to_owned()) {
                    twice = Some(key.to_owned());
                }
                seen.push(key.to_owned());
            }
            Ok(())
        });
        let Some(twice) = twice else { return Ok(()) };
        let message = format!("{}: the records have '{}' themselves", page.shown, shown(twice.as_bytes()));
        Err(Error::new(codes::REST_COLUMNS, Blame::Project, message)
            .help("give the field of the parent, or of what is around the records, another name"))
    }

    /// What is to be read, in words.
    fn described(&self, looked: &Looked, read_to: Option<&str>) -> String {
        let count = match (looked.records, looked.ended) {
            (1, true) => "1 record".to_owned(),
            (count, true) => format!("{count} records"),
            (count, false) => format!("{count} records and more"),
        };
        match (&self.cursor, read_to) {
            (Some(_), Some(_)) if looked.records == 0 => "no new records".to_owned(),
            (Some(cursor), Some(read_to)) => format!("{count} with {} from {read_to} on", cursor.field),
            _ => count,
        }
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
        let told = Arc::new(Told::default());
        let values = Values { cursor: asked_from, ..Values::default() };
        let mut pages = Pages::new(&self.api, &self.resource, self.parent.as_ref(), values, &told);
        let reading = Reading { ignore_unknown_keys: self.settings.drift == Drift::Ignore, ..Reading::default() };
        let mut looked = self.look(&mut pages, table.as_deref(), &reading).await?;
        let sampled = std::mem::replace(&mut looked.sampled, Sampled { sample: Sample::new(&reading), any: false });
        let Resolved { schema, inferred, notes } = self.resolve(sampled, table.as_ref())?;
        let cursor = self.load_cursor(&schema, read_to.as_deref())?;
        let position = match &cursor {
            Some(cursor) => {
                let read_to = cursor.read_to.clone();
                LoadPosition::known(written(&Some(Position { cursor: cursor.field.clone(), read_to }))?)
            }
            None => LoadPosition::known(Value::Null),
        };
        let target =
            Target { schema: Arc::clone(&schema), inferred, on_bad_row: self.settings.on_bad_row, unit: "record" };
        // A type that cannot be read is found before anything is.
        target.columns(&reading)?;
        let description = self.described(&looked, read_to.as_deref());
        let load = Load {
            target: Arc::new(target),
            unknown_keys: UnknownKeys::of(self.settings.drift, table.is_some()),
            reading,
            key: self.settings.key.clone(),
            cursor,
            resource: Arc::clone(&self.resource),
            told,
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
        // A position of the mode `full` has no cursor.
        let position = serde_json::from_value::<Position<String>>(position).ok();
        let was_read = position.is_some_and(|position| position.read_to.is_some());
        Ok(was_read.then(|| format!("what was deleted from {} since it was read", self.shown)).into_iter().collect())
    }
}
