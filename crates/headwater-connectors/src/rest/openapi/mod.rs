//! A source from an API's OpenAPI document: a stream for each operation that lists something.

mod auth;
mod document;
mod pages;
mod records;

use headwater_sdk::connector::{Described, Discovery, FoundColumn, FoundStream};
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error, Result};
use serde_json::{Map, Value, json};

use document::{Document, Parameter};
use records::Records;

use crate::codes;

/// What a document says of an API.
///
/// # Errors
/// When it is no OpenAPI document of version 3.
pub(super) fn describe(root: &Value) -> Result<Described> {
    let document = Document::new(root);
    let version = document.at(&["openapi"]).and_then(Value::as_str).unwrap_or_default();
    if !version.starts_with("3.") {
        let found = if root.get("swagger").is_some() { "one of Swagger 2" } else { "something else" };
        return Err(Error::new(
            codes::REST_DOCUMENT,
            Blame::Data,
            format!("the document is no OpenAPI document of version 3, but {found}"),
        )
        .help("convert it to OpenAPI 3, or write the source by hand: `headwater schema` has its keys"));
    }
    let (mut streams, mut left_out, mut others) = (Vec::new(), Vec::new(), 0);
    let reads = document.reads();
    for (path, item, operation) in &reads {
        match stream(document, path, item, operation, &reads) {
            Ok(Some(found)) => streams.push(found),
            Ok(None) => others += 1,
            Err(why) => left_out.push(format!("GET {path}: {why}")),
        }
    }
    if others > 0 {
        left_out.push(format!("{others} operations whose answers are no lists of objects"));
    }
    let mut keys = Map::new();
    match url(document) {
        Some(url) => keys.insert("url".to_owned(), json!(url)),
        None => {
            left_out.push("the document names no server: say `url=https://…`".to_owned());
            None
        }
    };
    let title = document.at(&["info", "title"]).and_then(Value::as_str).unwrap_or("api");
    let first = reads.first().map(|(_, _, operation)| *operation);
    match auth::find(document, first, &auth::secret_name(title)) {
        Ok(Some(auth)) => {
            keys.insert("auth".to_owned(), auth);
        }
        Ok(None) => {}
        Err(why) => left_out.push(format!("how requests are authorised: {why}")),
    }
    Ok(Described { keys, discovery: Discovery { streams, left_out, notes: Vec::new() } })
}

/// The first server, with the defaults of its variables.
fn url(document: Document<'_>) -> Option<String> {
    let server = document.at(&["servers"])?.as_array()?.first()?;
    let mut url = server.get("url")?.as_str()?.to_owned();
    for (name, variable) in server.get("variables").and_then(Value::as_object).into_iter().flatten() {
        url = url.replace(&format!("{{{name}}}"), variable.get("default").and_then(Value::as_str).unwrap_or_default());
    }
    (url.starts_with("https://") || url.starts_with("http://")).then(|| url.trim_end_matches('/').to_owned())
}

/// The names in braces of a path.
fn holes(path: &str) -> Vec<&str> {
    path.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name)).collect()
}

/// A name in small letters with `_` between its words.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for (at, c) in name.chars().enumerate() {
        if c.is_ascii_uppercase() && at > 0 && !out.ends_with('_') {
            out.push('_');
        }
        out.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' });
    }
    out
}

/// What a path is about: its last part that is no hole.
fn resource(path: &str) -> &str {
    path.split('/').rfind(|part| !part.is_empty() && !part.contains('{')).unwrap_or(path)
}

type Read<'a> = (&'a str, &'a Value, &'a Value);

/// What a list is read by: where its records are, its pages, and its parameters.
struct Asked<'a> {
    records: Records<'a>,
    paginate: Option<Value>,
    params: Map<String, Value>,
}

fn asked<'a>(
    document: Document<'a>,
    (path, item, operation): Read<'a>,
) -> std::result::Result<Option<Asked<'a>>, String> {
    let Some((answer, schema)) = document.answer(operation) else { return Ok(None) };
    let Some(records) = records::find(document, schema, resource(path))? else { return Ok(None) };
    let parameters = document.parameters(item, operation);
    let (paginate, mut params) = pages::find(document, &parameters, answer, schema);
    let is_paging = |parameter: &Parameter<'_>| {
        paginate.as_ref().is_some_and(|paginate| paginate.to_string().contains(&format!("\"{}\"", parameter.name)))
    };
    for parameter in
        parameters.iter().filter(|parameter| parameter.place == "query" && parameter.required && !is_paging(parameter))
    {
        if params.contains_key(parameter.name) {
            continue;
        }
        let Some(default) = parameter.schema.and_then(|schema| schema.get("default")) else {
            return Err(format!("it needs the parameter {}: say it in `params`", parameter.name));
        };
        params.insert(parameter.name.to_owned(), default.clone());
    }
    Ok(Some(Asked { records, paginate, params }))
}

/// The stream of an operation; `None` when its answer is no list.
fn stream<'a>(
    document: Document<'a>,
    path: &'a str,
    item: &'a Value,
    operation: &'a Value,
    reads: &[Read<'a>],
) -> std::result::Result<Option<FoundStream>, String> {
    let Some(Asked { records, paginate, params }) = asked(document, (path, item, operation))? else { return Ok(None) };
    let properties = document.properties(records.item);
    let mut keys = Map::new();
    let mut own_path = path.to_owned();
    let mut parent = None;
    match holes(path)[..] {
        [] => {}
        [hole] => {
            let (of, field) = parent_of(document, path, hole, reads)?;
            let mut column = snake(hole);
            if properties.iter().any(|(name, ..)| name.eq_ignore_ascii_case(&column)) {
                column = format!("parent_{column}");
            }
            own_path = path.replace(&format!("{{{hole}}}"), &format!("{{{column}}}"));
            let mut keys = Map::new();
            keys.insert("path".to_owned(), json!(of.0));
            if let Some(asked) = asked(document, of)? {
                keys.extend(asked.records.path.map(|path| ("records".to_owned(), json!(path))));
                keys.extend((!asked.params.is_empty()).then(|| ("params".to_owned(), Value::Object(asked.params))));
                keys.extend(asked.paginate.map(|paginate| ("paginate".to_owned(), paginate)));
            }
            keys.insert("fields".to_owned(), json!({ column: records::written(field) }));
            parent = Some(keys);
        }
        _ => return Err("its path has more than one parameter, and a parent has no parent of its own".to_owned()),
    }
    keys.insert("path".to_owned(), json!(own_path));
    keys.extend(records.path.map(|path| ("records".to_owned(), json!(path))));
    keys.extend((!params.is_empty()).then(|| ("params".to_owned(), Value::Object(params))));
    keys.extend(paginate.map(|paginate| ("paginate".to_owned(), paginate)));
    keys.extend(parent.map(|parent| ("parent".to_owned(), Value::Object(parent))));
    let text = |value: &Value, key: &str| {
        value
            .get(key)
            .and_then(Value::as_str)
            .map(|text| text.trim().replace('\n', " "))
            .filter(|text| !text.is_empty())
    };
    let columns: Vec<FoundColumn> = properties
        .iter()
        .filter_map(|(name, schema, required)| {
            let data_type = records::data_type(document, schema)?;
            let description = text(schema, "description");
            Some(FoundColumn {
                name: (*name).to_owned(),
                written: type_name(&data_type),
                data_type,
                nullable: !required,
                description,
            })
        })
        .collect();
    let declared = columns.iter().map(|column| {
        let mut keys = Map::new();
        keys.insert("type".to_owned(), json!(column.written));
        keys.extend(column.description.as_ref().map(|text| ("description".to_owned(), json!(text))));
        (column.name.clone(), Value::Object(keys))
    });
    keys.insert("columns".to_owned(), Value::Object(declared.collect()));
    let key =
        properties.iter().filter(|(name, _, required)| *name == "id" && *required).map(|(name, ..)| (*name).to_owned());
    Ok(Some(FoundStream {
        name: format!("GET {path}"),
        table: table(path),
        kind: "list".to_owned(),
        description: text(operation, "summary").or_else(|| text(operation, "description")),
        options: keys,
        key: key.collect(),
        columns: columns.into_iter().map(|column| FoundColumn { description: None, ..column }).collect(),
        rows: None,
    }))
}

/// A name for a table: what the path is about, with what it belongs to.
fn table(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && !part.contains('{')).collect();
    match (parts.last(), holes(path).is_empty()) {
        (Some(last), true) => snake(last),
        (Some(last), false) => {
            let of = parts.len().checked_sub(2).map_or("", |at| parts[at]);
            let of = match of.strip_suffix("ies") {
                Some(stem) => format!("{stem}y"),
                None => of.strip_suffix('s').unwrap_or(of).to_owned(),
            };
            snake(&format!("{of}_{last}"))
        }
        (None, _) => "root".to_owned(),
    }
}

/// The list that has a value for a hole in a path, and the field that it is.
fn parent_of<'a>(
    document: Document<'a>,
    path: &str,
    hole: &str,
    reads: &[Read<'a>],
) -> std::result::Result<(Read<'a>, &'a str), String> {
    let before = path.split(&format!("/{{{hole}}}")).next().unwrap_or_default();
    let nothing = || format!("nothing tells where the values of {{{hole}}} in its path come from: say `parent`");
    let list = reads
        .iter()
        .find(|(path, ..)| path.trim_end_matches('/') == before && !before.is_empty())
        .ok_or_else(nothing)?;
    let records = asked(document, *list)?.ok_or_else(nothing)?.records;
    let properties = document.properties(records.item);
    let name = snake(hole);
    // `{user_id}` is a field of that name, or the id of a user.
    let last = name.rsplit('_').next().unwrap_or(&name).to_owned();
    let field = [name, last]
        .into_iter()
        .find_map(|wanted| properties.iter().find(|(field, ..)| snake(field) == wanted).map(|(field, ..)| *field));
    Ok((*list, field.ok_or_else(nothing)?))
}
