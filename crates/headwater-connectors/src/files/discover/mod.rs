//! What there is in a place with files: which of them are of one table, and how they are written.

mod csv;
mod cut;
mod dates;
mod groups;
mod names;
mod numbers;
mod sniff;
mod trial;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::{DataType, FieldRef, Schema};
use headwater_sdk::connector::{Discovery, Drift, FoundColumn, FoundStream, StreamSettings};
use headwater_sdk::types::type_name;
use headwater_sdk::{Error, Result};
use serde_json::{Map, Value, json};

use super::format::{Format, kind_of_path};
use super::inspect::inspect;
use super::listing::{FileEntry, Wanted};
use super::location::Location;
use super::options::{FormatOptions, FormatType, OneOrMany};
use crate::columns::{Seen, resolve};
use crate::delivered::{options_error, read_back};
use csv::Written;
use groups::{Group, glob, group};

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
    // Columns that are taken by their place have to have the same one in all files.
    let headers = if found.is_made { csv::names_of(&files).await.map_err(failed)? } else { Vec::new() };
    for (at, seen) in found.seen.iter().enumerate() {
        if let Some(names) = headers.get(at) {
            sets.entry(names.iter().map(String::as_str).collect()).or_default().push(at);
            continue;
        }
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
    // Most of them are what the name stands for, or else the first ones.
    sets.sort_by_key(|places| (std::cmp::Reverse(places.len()), places.first().copied()));
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
    /// Whether no header tells the columns' names.
    is_made: bool,
}

/// How files are written, and their columns as a stream without declared ones would have them.
async fn describe(table: &str, paths: &[String], files: &[FileEntry]) -> Result<Described> {
    let path = files.first().map(|file| file.path.as_str()).unwrap_or_default();
    let mut written = Written::default();
    if let Some((FormatType::Csv, _)) = kind_of_path(path) {
        written = csv::written(files).await?;
    }
    let Written { options, names, is_made, texts, mut guesses } = written;
    let declared = is_made.then(|| names.clone());
    let seen = inspected(files, path, &options, declared).await?;
    let settings = StreamSettings { drift: Drift::Add, ..read_back(&Schema::empty())? };
    let schema = resolve(&settings, None, &seen)?.schema;
    let texts: Vec<&str> = texts.iter().filter_map(|at| names.get(*at)).map(String::as_str).collect();
    let schema = as_texts(&schema, &texts);
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
    let format = csv::keys_of(&options);
    if !format.is_empty() {
        keys.insert("format".to_owned(), Value::Object(format));
    }
    // Types are found in each load, which sets aside what they would change: one that is declared takes what it can read. Declared are names
    // that no file tells, and what could be read as a number and may be none.
    let mut declared = Map::new();
    // Without a header all fields are named, or none.
    let all = is_made || options.header == Some(false) && !texts.is_empty();
    for field in schema.fields().iter().filter(|field| all || texts.contains(&field.name().as_str())) {
        let is_text = texts.contains(&field.name().as_str());
        declared.insert(field.name().clone(), if is_text { json!({ "type": "string" }) } else { json!({}) });
    }
    keys.insert("columns".to_owned(), Value::Object(declared));
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
    Ok(Described { stream, seen, guesses, is_made })
}

/// Columns that stay texts.
fn as_texts(schema: &Schema, texts: &[&str]) -> Schema {
    let field = |field: &FieldRef| match texts.contains(&field.name().as_str()) {
        true => field.as_ref().clone().with_data_type(DataType::Utf8),
        false => field.as_ref().clone(),
    };
    Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>())
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
