//! What a stream asks for, by its keys in YAML.

use std::sync::Arc;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{ReadMode, StreamSettings};

use super::cursor::Cursor;
use super::pages::{Parent, Resource};
use super::{Defaults, RestStream};
use crate::columns::{LateKeys, Reading};
use crate::http_api::Api;
use crate::rest::answer::{Include, JsonPath, RecordsAt};
use crate::rest::options::{CursorOptions, MissingOption, PaginateOptions, ParentOptions, StreamOptions};
use crate::rest::paging::Paging;
use crate::rest::request::{Asked, RequestOptions};

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
    let paginate = paginate.or(defaults.paginate.as_ref());
    let paging = Paging::new(paginate)?;
    let max_pages = paginate.and_then(|paginate| paginate.max_pages);
    if paging.needs_body() && !asked.has_body() {
        let help = "say `method: post`, or name a parameter with `param`";
        return Err(wrong("paginate", "a request of the method get has no `body`", help));
    }
    let skip_missing = missing == MissingOption::Skip;
    Ok(Arc::new(Resource { asked, records, paging, max_pages, skip_missing }))
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
    let fields = fields.iter().map(field).collect::<Result<_, _>>()?;
    Ok(Parent { resource, fields, read_by: Vec::new() })
}

impl RestStream {
    /// Checks a stream's options.
    ///
    /// # Errors
    /// [`OptionsError`] when they make no sense.
    pub(in crate::rest) fn new(
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
        let mut parent_of = parent_of;
        if let Some(parent) = parent_of.as_mut().filter(|_| cursor.is_some())
            && !parent.resource.asked.takes_cursor()
        {
            parent.read_by = resource.asked.sent_fields();
        }
        let (api, parent) = (Arc::clone(api), parent_of.map(Arc::new));
        let late = Arc::new(LateKeys::new(&Reading::default()));
        Ok(Self { api, resource, parent, cursor, settings, late, shown })
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
