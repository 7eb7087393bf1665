//! What there is in a place with files: which of them are of one table, and how they are written.

mod cut;
mod dates;
mod groups;
mod names;
mod sniff;
mod trial;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema};
use encoding_rs::{Encoding, UTF_8};
use headwater_sdk::connector::{Discovery, Drift, FoundColumn, FoundStream, StreamSettings};
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error, Result};
use serde_json::{Map, Value, json};

use super::format::{Format, kind_of_path};
use super::inspect::inspect;
use super::listing::{FileEntry, Wanted};
use super::location::Location;
use super::options::{FormatOptions, FormatType, OneOrMany};
use super::part::{Source, feed};
use crate::codes;
use crate::columns::{Seen, resolve};
use crate::delivered::{options_error, read_back};
use groups::{Group, glob, group};
use sniff::Sniffed;
use trial::Trial;

/// More columns than this are likelier to be data.
const MANY_COLUMNS: usize = 1_000;

/// Looks at the files of a location, or at those that `path` names.
///
/// # Errors
/// When they cannot be listed, or there are none.
pub(super) async fn discover(location: &Location, path: Option<&str>) -> Result<Option<Discovery>> {
    if path.is_none() && matches!(location, Location::Web(_)) {
        return Ok(None);
    }
    let wanted = OneOrMany::One(path.unwrap_or("**").to_owned());
    let wanted = Wanted::new(&wanted, location).map_err(options_error)?;
    let files = wanted.list(location, &|_| false).await?;
    if files.is_empty() {
        return Err(wanted.nothing_found(location));
    }
    let mut left_out: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    let mut kept = Vec::new();
    for file in files {
        let hidden = file.path.split('/').any(|part| part.starts_with(['.', '_']));
        let why = match kind_of_path(&file.path) {
            _ if hidden => "hidden: its name, or a folder's, begins with . or _",
            None => "its extension tells no format",
            Some((FormatType::Xml, _)) => {
                "which element is a record has to be said: `format: { type: xml, record: … }`"
            }
            Some(_) if file.is_empty() => "it is empty",
            Some(_) => {
                kept.push(file);
                continue;
            }
        };
        left_out.entry(why).or_default().push(file.path);
    }
    let mut left_out: Vec<String> = left_out.iter().map(|(why, paths)| format!("{}: {why}", some_of(paths))).collect();
    let paths: Vec<&str> = kept.iter().map(|file| file.path.as_str()).collect();
    let mut streams = Vec::new();
    let mut groups = group(&paths, &fallback(location));
    // Whose glob finds a single file now means those that come later, too.
    if let (Some(given), [only]) = (path, groups.as_mut_slice())
        && given.contains(['*', '?', '['])
        && kind_of_path(given).is_some()
        && left_out.is_empty()
    {
        only.paths = vec![given.to_owned()];
    }
    let mut notes = Vec::new();
    for group in groups {
        let files: Vec<FileEntry> = group.files.iter().map(|at| kept[*at].clone()).collect();
        match look(group, files).await {
            Ok(found) => {
                for Described { stream, guesses, .. } in found {
                    notes.extend(guesses.into_iter().map(|guess| format!("{}: {guess}", stream.name)));
                    streams.push(stream);
                }
            }
            Err((what, error)) => left_out.push(format!("{what}: {}", error.full_message())),
        }
    }
    Ok(Some(Discovery { streams, left_out, notes }))
}

/// A few names, and how many more.
fn some_of(paths: &[String]) -> String {
    match paths.len() {
        0..=3 => paths.join(", "),
        more => format!("{} and {} more files", paths[..3].join(", "), more - 3),
    }
}

/// The name of a table of files that have none: that of the folder.
fn fallback(location: &Location) -> String {
    let shown = location.shown().trim_end_matches('/');
    let name = shown.rsplit('/').find(|part| part.chars().any(char::is_alphanumeric));
    name.unwrap_or("files").to_owned()
}

/// The streams of a group: one, unless its files have other columns than one another.
async fn look(group: Group, files: Vec<FileEntry>) -> std::result::Result<Vec<Described>, (String, Error)> {
    let failed = |error| (some_of(&group.paths), error);
    let found = describe(&group.table, &group.paths, &files).await.map_err(failed)?;
    let mut sets: BTreeMap<Vec<&str>, Vec<usize>> = BTreeMap::new();
    for (at, seen) in found.seen.iter().enumerate() {
        // Rows of JSON leave columns out, and so may files of them.
        let columns = seen.columns.as_ref().filter(|_| !seen.sparse);
        let mut names: Vec<&str> =
            columns.iter().flat_map(|columns| columns.iter().map(|(name, _)| name.as_str())).collect();
        names.sort_unstable();
        sets.entry(names).or_default().push(at);
    }
    if sets.len() == 1 {
        return Ok(vec![found]);
    }
    let mut sets: Vec<Vec<usize>> = sets.into_values().collect();
    // Most of them are what the name stands for.
    sets.sort_by_key(|places| std::cmp::Reverse(places.len()));
    let mut streams = Vec::new();
    for (at, places) in sets.into_iter().enumerate() {
        let table = if at == 0 { group.table.clone() } else { format!("{}_{}", group.table, at + 1) };
        let set: Vec<FileEntry> = places.into_iter().map(|at| files[at].clone()).collect();
        let paths: Vec<String> = set.iter().map(|file| glob(&file.path, "")).collect();
        streams.push(describe(&table, &paths, &set).await.map_err(failed)?);
    }
    Ok(streams)
}

/// A stream of files.
struct Described {
    stream: FoundStream,
    /// What each file has.
    seen: Vec<Seen>,
    /// What may be otherwise: clauses.
    guesses: Vec<String>,
}

/// How files are written, and their columns as a stream without declared ones would have them.
async fn describe(table: &str, paths: &[String], files: &[FileEntry]) -> Result<Described> {
    let path = files.first().map(|file| file.path.as_str()).unwrap_or_default();
    let mut written = Written::default();
    if let Some((FormatType::Csv, tabs)) = kind_of_path(path) {
        written = csv_options(files, path, tabs).await?;
    }
    let Written { options, names, thousands, mut guesses } = written;
    let seen = inspected(files, path, &options, names).await?;
    let settings = StreamSettings { drift: Drift::Add, ..read_back(&Schema::empty())? };
    let schema = resolve(&settings, None, &seen)?.schema;
    let schema = texts_of(&schema, &thousands, &options, &mut guesses);
    let columns = schema.fields().iter().map(|field| FoundColumn {
        name: field.name().clone(),
        written: type_name(field.data_type()),
        data_type: field.data_type().clone(),
        nullable: true,
        description: None,
    });
    let mut keys = Map::new();
    keys.insert("path".to_owned(), if let [path] = paths { json!(path) } else { json!(paths) });
    // What names one file alone is read whole.
    if paths != [glob(path, "")] {
        keys.insert("mode".to_owned(), json!("new_files"));
    }
    let format = keys_of(&options);
    if !format.is_empty() {
        keys.insert("format".to_owned(), Value::Object(format));
    }
    // Nested types have no names that a project could write: they stay inferred.
    let named = schema.fields().iter().filter(|field| !field.data_type().is_nested());
    let typed = named.map(|field| (field.name().clone(), json!({ "type": type_name(field.data_type()) })));
    keys.insert("columns".to_owned(), Value::Object(typed.collect()));
    let kind = kind_of_path(path).map_or("files", |(kind, _)| kind.name());
    if schema.fields().len() > MANY_COLUMNS && matches!(kind, "json") {
        guesses.push(format!(
            "{} columns: where keys are data, have the records made of them first, e.g. by a script",
            schema.fields().len()
        ));
    }
    let stream = FoundStream {
        name: paths.join(", "),
        table: table.to_owned(),
        kind: kind.to_owned(),
        description: None,
        options: keys,
        columns: columns.collect(),
        key: Vec::new(),
        rows: None,
    };
    Ok(Described { stream, seen, guesses })
}

/// Makes texts of numbers that may be thousands, where nothing told how numbers are written.
fn texts_of(schema: &Schema, thousands: &[String], options: &FormatOptions, guesses: &mut Vec<String>) -> Schema {
    let told = options.decimal.is_some() || options.grouping.is_some();
    let is_open = |field: &Field| !told && *field.data_type() == DataType::Float64 && thousands.contains(field.name());
    let mut open = Vec::new();
    let fields = schema.fields().iter().map(|field| {
        if !is_open(field) {
            return field.as_ref().clone();
        }
        open.push(field.name().as_str());
        field.as_ref().clone().with_data_type(DataType::Utf8)
    });
    let fields: Vec<Field> = fields.collect();
    if !open.is_empty() {
        guesses.push(format!(
            "{}: all values are like 1.000, which is 1 or a thousand: texts; say `grouping: \".\"` and the type bigint, or the type double alone",
            open.join(", ")
        ));
    }
    Schema::new(fields)
}

/// What files have. `names` are those of fields without a header.
async fn inspected(
    files: &[FileEntry],
    path: &str,
    options: &FormatOptions,
    names: Option<Vec<String>>,
) -> Result<Vec<Seen>> {
    let format = Arc::new(Format::resolve(path, options).map_err(options_error)?);
    inspect(files, &format, &Arc::new(names.unwrap_or_default()), None).await
}

/// The keys of `format` that are not the default.
fn keys_of(options: &FormatOptions) -> Map<String, Value> {
    let mut keys = Map::new();
    let mut put = |key: &str, value: Option<Value>| keys.extend(value.map(|value| (key.to_owned(), value)));
    put("delimiter", options.delimiter.as_ref().map(|delimiter| json!(delimiter)));
    put("comment", options.comment.as_ref().map(|comment| json!(comment)));
    put("skip", options.skip.map(|skip| json!(skip)));
    put("decimal", options.decimal.as_ref().map(|decimal| json!(decimal)));
    put("grouping", options.grouping.as_ref().map(|grouping| json!(grouping)));
    put("header", options.header.map(Value::Bool));
    put("date_format", options.date_format.as_ref().map(|format| json!(format)));
    put("timestamp_format", options.timestamp_format.as_ref().map(|format| json!(format)));
    put("encoding", options.encoding.as_ref().map(|encoding| json!(encoding)));
    put("null", options.null.as_ref().map(|null| json!(null.as_slice())));
    keys
}

/// How files of delimited text are written.
#[derive(Default)]
struct Written {
    options: FormatOptions,
    /// The columns' names, where their header does not tell them.
    names: Option<Vec<String>>,
    /// Columns whose numbers may be thousands.
    thousands: Vec<String>,
    guesses: Vec<String>,
}

/// How files of delimited text are written, by a look at the first one that has something in it.
async fn csv_options(files: &[FileEntry], path: &str, tabs: bool) -> Result<Written> {
    let Some(first) = files.first() else { return Ok(Written::default()) };
    let usual = if tabs { b'\t' } else { b',' };
    let mut options = FormatOptions::default();
    let (source, file) = (Source::start(first, None), first.clone());
    let format = Format::resolve(path, &options).map_err(options_error)?;
    let look = move || -> Result<(Sniffed, &'static Encoding)> {
        let mut text = feed(source, &file, &format)?;
        text.more()?;
        let (bytes, ended) = (text.bytes(), text.ended());
        Ok((sniff::sniff(bytes, ended, usual), sniff::encoding(bytes)))
    };
    let looked = tokio::task::spawn_blocking(look).await.map_err(|error| {
        Error::new(codes::DEFECT, Blame::Headwater, "looking at a file was cut off").caused_by(error)
    })?;
    let (Sniffed { delimiter, comment, skip, header, made, thousands, dates, notes: mut guesses }, encoding) = looked?;
    options.delimiter = (delimiter != usual).then(|| char::from(delimiter).to_string());
    options.header = (!header).then_some(false);
    options.encoding = (encoding != UTF_8).then(|| encoding.name().to_ascii_lowercase());
    options.comment = comment.map(|comment| char::from(comment).to_string());
    options.skip = (skip > 0).then_some(skip);
    guesses.extend(Trial { file: first, path }.complete(&mut options, dates).await?);
    Ok(Written { options, names: made, thousands, guesses })
}
