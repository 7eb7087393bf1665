//! `headwater source add`: a source from what its system says of itself.

use std::collections::BTreeMap;
use std::path::Path;

use clap::{Args, ValueEnum};
use headwater_diagnostics::nearest;
use headwater_project::select::Pattern;
use headwater_project::{Project, Reach, SecretSources};
use headwater_sdk::connector::{ConnectorType, Discovery, FoundStream, OpenContext, ReadMode};
use headwater_sdk::name::is_name_part;
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error};
use serde_json::{Value, json};

use super::place::{Given, Place, given};
use super::yaml::{self, Chosen};
use crate::cli::Global;
use crate::commands::drawing::not_written;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::table::{Column, Table};
use crate::render::units::{count, plural};
use crate::wiring::project;

/// Looks at what a system has, and writes `sources/<name>.yml` with a stream for each table, view or the like: names, keys and comments
/// as the system has them. Nothing is loaded.
///
///   headwater source add postgres connection='${SHOP}' --mode cdc --only 'public.*'
///
///   headwater source add files 'data/flights/*.csv'
///   headwater source add rest openapi.yaml
///
/// Of files, those whose names differ in numbers and dates alone are put together as one table, and what is inferred is written: columns
/// with their types, delimiter, header, encoding, texts that stand for null. Of an API, its OpenAPI document is read.
///
/// A value is written as it is given: put secrets into environment variables and write ${NAME}.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct AddArgs {
    /// The kind of system, e.g. postgres
    connector: String,
    /// Keys of the source, e.g. connection='${SHOP}'; or a folder, a glob or a location of files; or an OpenAPI document
    #[arg(value_name = "KEY=VALUE|PLACE")]
    keys: Vec<String>,
    /// The name of the file in sources/ [default: the connector's]
    #[arg(long)]
    name: Option<String>,
    /// Only what is called so in the system; * stands for anything, ? for one character; may be given several times
    #[arg(long, value_name = "PATTERN")]
    only: Vec<String>,
    /// The schema of the tables that are filled
    #[arg(long, default_value = "raw")]
    schema: String,
    /// How tables are read that have a primary key; others are read in full
    #[arg(long, value_enum, default_value = "full")]
    mode: Mode,
    /// Shows what there is, and writes nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// All of it in every run
    Full,
    /// What the system says has changed
    Cdc,
}

pub(super) async fn add(args: &AddArgs, global: &Global, console: &Console) -> Result<u8, Failure> {
    let opened = project::open(None, global, console, Reach::SOURCES)?;
    let connector = find(&opened.connectors, &args.connector)?;
    if args.mode == Mode::Cdc && !connector.modes().contains(&ReadMode::Cdc) {
        let message = format!("the connector {} does not tell of changes", args.connector);
        return Err(wrong(message, "leave --mode out").into());
    }
    if !is_name_part(&args.schema) {
        return Err(wrong(format!("'{}' is no schema", args.schema), "use lower-case letters, digits and _").into());
    }
    let name = args.name.as_deref().unwrap_or(&args.connector);
    if !is_name_part(&name.replace('-', "_")) {
        return Err(wrong(format!("'{name}' is no name of a file"), "use lower-case letters, digits, - and _").into());
    }
    let file = opened.project.dir.join("sources").join(format!("{name}.yml"));
    if file.exists() && !args.dry_run {
        let message = format!("{} is there already", file.display());
        return Err(wrong(message, "give the new source another --name, or remove the file").into());
    }
    let Given { keys: mut given, place } = given(&args.keys)?;
    if let (true, Some(place)) = (connector.reads_documents(), &place) {
        let described = connector.describe(&read_document(&opened.project.dir.join(place), place)?)?;
        let Keys { written, .. } = keys(connector, &given, &opened.project.secret_sources, console)?;
        let mut source = described.keys;
        source.extend(written);
        return write(
            described.discovery,
            &source.into_iter().collect::<Vec<_>>(),
            args,
            (connector, name, &file),
            &opened.project,
            console,
        );
    }
    let path = match place {
        Some(place) => {
            let Place { location, path } = Place::of(&place, &opened.project.dir);
            given.push(("location".to_owned(), location));
            path
        }
        None => None,
    };
    let Keys { written, expanded, secrets } = keys(connector, &given, &opened.project.secret_sources, console)?;
    let context = OpenContext {
        project_dir: opened.project.dir.clone(),
        storage: opened.project.environment.lake_storage(),
        secrets,
        lake_name: opened.project.lake_name(),
    };
    let source = connector.source(expanded, &context).map_err(|error| {
        let key = error.key.map_or_else(String::new, |key| format!("'{key}': "));
        let help = error.help.unwrap_or_else(|| {
            format!(
                "a value is a text, or JSON where a key takes more: `headwater schema source` has the keys of {}",
                connector.name()
            )
        });
        wrong(format!("{key}{}", error.message), &help)
    })?;
    let Some(found) = source.discover(path.as_deref()).await? else {
        let message = format!("the connector {} cannot tell what there is", args.connector);
        return Err(wrong(message, "write the source by hand: `headwater schema` has its keys").into());
    };
    write(found, &written, args, (connector, name, &file), &opened.project, console)
}

/// Writes what was found into a file, or shows it.
fn write(
    found: Discovery,
    written: &[(String, Value)],
    args: &AddArgs,
    (connector, name, file): (&dyn ConnectorType, &str, &Path),
    project: &Project,
    console: &Console,
) -> Result<u8, Failure> {
    let Discovery { streams: mut found, left_out, notes } = found;
    let only: Vec<Pattern> = args.only.iter().map(Pattern::new).collect();
    found.retain(|stream| only.is_empty() || only.iter().any(|pattern| pattern.matches(&stream.name)));
    for left_out in &left_out {
        console.err(&format!("left out: {left_out}\n"));
    }
    for note in &notes {
        console.err(&format!("note: {note}\n"));
    }
    if found.is_empty() {
        let help = if left_out.is_empty() {
            "check --only, and what the role may read"
        } else {
            "see above why what is there was left out"
        };
        return Err(wrong("there is nothing to read".to_owned(), help).into());
    }
    let chosen = choose(&found, args);
    if args.dry_run {
        return show(&chosen, &left_out, &notes, console);
    }
    refuse_taken(&chosen, project)?;
    save(file, &yaml::write(connector.name(), written, &chosen))?;
    let shown = format!("sources/{name}.yml");
    if console.json {
        let tables: Vec<&String> = chosen.iter().map(|stream| &stream.table).collect();
        console.out_json(
            &json!({ "exit_code": 0, "file": shown, "tables": tables, "left_out": left_out, "notes": notes }),
        )?;
    } else {
        let first = chosen.first().map_or("", |stream| stream.table.as_str());
        let text = format!(
            "wrote {shown} with {}\nnext: headwater source check\n      headwater source preview {first}\n      headwater run\n",
            plural(chosen.len() as u64, "stream")
        );
        console.out(&text)?;
    }
    Ok(0)
}

/// A document that describes a system, as JSON or YAML.
fn read_document(path: &Path, shown: &str) -> Result<Value, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let help =
            "name a file, as JSON or YAML; one of a web server is fetched first, e.g. with `curl -o openapi.json`";
        wrong(format!("{shown} cannot be read"), help).caused_by(error)
    })?;
    serde_json::from_str(&text)
        .or_else(|_| headwater_project::document(&text))
        .map_err(|why| wrong(format!("{shown} is neither JSON nor YAML: {why}"), "correct the document"))
}

fn wrong(message: String, help: &str) -> Error {
    Error::new("HW0823", Blame::Project, message).help(help)
}

fn find<'a>(connectors: &'a [Box<dyn ConnectorType>], name: &str) -> Result<&'a dyn ConnectorType, Error> {
    let found = connectors.iter().find(|connector| connector.name() == name);
    found.map(AsRef::as_ref).ok_or_else(|| {
        let names: Vec<&str> = connectors.iter().map(|connector| connector.name()).collect();
        let near = nearest(name, names.iter().copied());
        let help =
            near.map_or_else(|| format!("there are {}", names.join(", ")), |near| format!("did you mean '{near}'?"));
        wrong(format!("there is no connector '{name}'"), &help)
    })
}

/// The keys of a source.
struct Keys {
    /// As they are to be written.
    written: Vec<(String, Value)>,
    /// With what stands for `${NAME}`.
    expanded: Value,
    /// What it has.
    secrets: Vec<String>,
}

/// The keys that are given, read by the connector's schema.
fn keys(
    connector: &dyn ConnectorType,
    given: &[(String, String)],
    sources: &SecretSources,
    console: &Console,
) -> Result<Keys, Error> {
    let schema = connector.source_schema();
    let known = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let (mut written, mut expanded, mut secrets) = (Vec::new(), serde_json::Map::new(), Vec::new());
    for (key, text) in given {
        let Some(property) = known.get(key) else {
            let names: Vec<&str> = known.keys().map(String::as_str).collect();
            let near = nearest(key, names.iter().copied());
            let help = near
                .map_or_else(|| format!("its keys are {}", names.join(", ")), |near| format!("did you mean '{near}'?"));
            return Err(wrong(format!("a source of {} has no key '{key}'", connector.name()), &help));
        };
        let is_text = property.get("type").is_none_or(|kind| kind == "string" || kind.is_array());
        // What may be one of several things is one of keys where it is written so.
        let may_have_keys = property.get("type").is_none();
        let value = |text: String| match serde_json::from_str::<Value>(&text) {
            Ok(value) if !is_text || may_have_keys && value.is_object() => value,
            _ => Value::String(text),
        };
        let filled = headwater_project::expand(text, sources, &|name| std::env::var(name).ok());
        let (filled, found) = filled.map_err(|unfilled| wrong(unfilled.message(), &unfilled.help()))?;
        secrets.extend(found);
        written.push((key.clone(), value(text.clone())));
        expanded.insert(key.clone(), value(filled));
    }
    console.secrets.set(&secrets);
    Ok(Keys { written, expanded: Value::Object(expanded), secrets })
}

/// A table for each, all of different names.
fn choose<'a>(found: &'a [FoundStream], args: &AddArgs) -> Vec<Chosen<'a>> {
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for stream in found {
        *uses.entry(plain(&stream.table)).or_default() += 1;
    }
    // A mode that the connector proposes stands among the stream's keys.
    let proposed = |stream: &'a FoundStream| stream.options.get("mode").and_then(Value::as_str);
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let chosen = found.iter().map(|stream| {
        let short = plain(&stream.table);
        // Of several schemas: with the schema's name before it.
        let name = if uses.get(&short) == Some(&1) { short } else { plain(&stream.name) };
        let again = taken.entry(name.clone()).or_default();
        *again += 1;
        let name = if *again == 1 { name } else { format!("{name}_{again}") };
        let mode = (args.mode == Mode::Cdc && !stream.key.is_empty()).then_some("cdc");
        Chosen {
            table: format!("{}.{name}", args.schema),
            found: stream,
            mode,
            shown: mode.or(proposed(stream)).unwrap_or("full"),
        }
    });
    chosen.collect()
}

/// Refuses to write streams into tables that others fill.
fn refuse_taken(chosen: &[Chosen<'_>], project: &Project) -> Result<(), Error> {
    let filled = |stream: &Chosen<'_>| {
        let asset = project.assets.iter().find(|asset| asset.name.to_string() == stream.table)?;
        Some(format!("{} by {}", stream.table, asset.path))
    };
    let taken: Vec<String> = chosen.iter().filter_map(filled).collect();
    match taken.as_slice() {
        [] => Ok(()),
        taken => Err(wrong(
            format!("the project fills already: {}", taken.join(", ")),
            "name another schema for the new tables with --schema, choose others with --only, or remove what is there",
        )),
    }
}

/// A name as tables of the lake have them.
fn plain(name: &str) -> String {
    let may = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut name: String =
        name.chars().filter(|c| *c != '"').map(|c| if may(c) { c.to_ascii_lowercase() } else { '_' }).collect();
    while name.contains("__") {
        name = name.replace("__", "_");
    }
    let name = name.trim_matches('_');
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name.to_owned() } else { format!("t_{name}") }
}

fn show(chosen: &[Chosen<'_>], left_out: &[String], notes: &[String], console: &Console) -> Result<u8, Failure> {
    if console.json {
        let streams: Vec<Value> = chosen
            .iter()
            .map(|Chosen { table, found, shown, .. }| {
                let columns: Vec<Value> = found
                    .columns
                    .iter()
                    .map(|column| {
                        json!({ "name": column.name, "source_type": column.written, "type": type_name(&column.data_type),
                                "nullable": column.nullable, "description": column.description })
                    })
                    .collect();
                json!({ "name": found.name, "kind": found.kind, "table": table, "mode": shown, "key": found.key,
                        "rows": found.rows, "description": found.description, "columns": columns })
            })
            .collect();
        console.out_json(&json!({ "exit_code": 0, "streams": streams, "left_out": left_out, "notes": notes }))?;
        return Ok(0);
    }
    let mut table = Table::new(vec![
        Column::text("in the system"),
        Column::text("kind").optional(1),
        Column::text("table"),
        Column::text("mode"),
        Column::text("key").optional(2),
        Column::number("columns").optional(3),
        Column::number("rows, about").optional(2),
    ]);
    for Chosen { table: name, found, shown, .. } in chosen {
        table.push(vec![
            found.name.clone().into(),
            found.kind.clone().into(),
            name.clone().into(),
            (*shown).into(),
            found.key.join(", ").into(),
            found.columns.len().to_string().into(),
            found.rows.map_or_else(String::new, count).into(),
        ]);
    }
    console.out(&table.render(console.width(), console.color_out))?;
    Ok(0)
}

fn save(path: &Path, text: &str) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| not_written(folder, e))?;
    }
    std::fs::write(path, text).map_err(|e| not_written(path, e))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_names() {
        for (pattern, name, is) in [
            ("public.*", "public.orders", true),
            ("*", "a.b", true),
            ("*.orders", "public.orders", true),
            ("p*.o*s", "public.orders", true),
            ("public.*", "other.orders", false),
            ("public", "public.orders", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches(name), is, "{pattern} {name}");
        }
    }

    #[test]
    fn names_become_those_of_tables() {
        for (name, table) in [
            ("Orders", "orders"),
            ("\"Odd name\"", "odd_name"),
            ("2024", "t_2024"),
            ("a__b", "a_b"),
            ("ümlaut", "mlaut"),
        ] {
            assert_eq!(plain(name), table);
        }
    }
}
