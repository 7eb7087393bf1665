//! `seeds/*.csv`: small tables that are part of the project, each with what a `.yml` beside it says.

use std::collections::BTreeMap;

use headwater_diagnostics::{Diagnostic, Span, nearest};
use headwater_sdk::connector::{Drift, OnBadRow, ReadMode, StreamSettings};
use serde_json::{Map, Value, json};

use super::checks::split;
use super::connectors::SEED_CONNECTOR;
use super::files::Folder;
use super::settings::single;
use super::sources::{Opened, expand_own_keys, open};
use super::{Parts, columns, tables};
use crate::asset::{Asset, AssetKind};
use crate::codes;
use crate::graph::Draft;
use crate::spec::SeedFile;
use crate::validate;
use crate::yaml::{self, Node};

/// The folder of seeds, and the schema of those that lie in no folder in it.
pub(crate) const FOLDER: &str = "seeds";

/// What is found of a seed.
#[derive(Default)]
struct Pair {
    /// The path of the data.
    csv: Option<String>,
    /// The path of the YAML beside it.
    yml: Option<String>,
}

/// Finds all seeds.
pub(crate) fn read(folder: &mut Folder, parts: &mut Parts<'_>, drafts: &mut Vec<Draft>) {
    let mut seeds: BTreeMap<(String, String), Pair> = BTreeMap::new();
    for found in folder.list(FOLDER) {
        if !found.is_dir {
            sort_in(folder, &mut seeds, FOLDER, &found.name, found.path);
            continue;
        }
        for inner in folder.list(&found.path) {
            if inner.is_dir {
                let help = "seeds are seeds/<name>.csv or seeds/<schema>/<name>.csv";
                let diagnostic = Diagnostic::error(codes::MISPLACED, format!("{} is a folder too deep", inner.path));
                folder.report_at_file(&inner.path, diagnostic.help(help));
            } else {
                sort_in(folder, &mut seeds, &found.name, &inner.name, inner.path);
            }
        }
    }
    let stems: Vec<String> = seeds.iter().filter(|(_, p)| p.csv.is_some()).map(|((_, stem), _)| stem.clone()).collect();
    for ((schema, table), pair) in seeds {
        match pair.csv {
            Some(csv) => drafts.extend(read_seed(folder, parts, &schema, &table, &csv, pair.yml)),
            None => {
                let Some(yml) = pair.yml else { continue };
                let diagnostic = Diagnostic::error(
                    codes::MISPLACED,
                    format!("{yml} describes no seed: there is no {table}.csv beside it"),
                );
                let help = match nearest(&table, stems.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean {near}.yml?"),
                    None => "add the data, or remove the file".to_owned(),
                };
                folder.report_at_file(&yml, diagnostic.help(help));
            }
        }
    }
}

fn sort_in(folder: &mut Folder, seeds: &mut BTreeMap<(String, String), Pair>, schema: &str, name: &str, path: String) {
    let (stem, kind) = name.rsplit_once('.').unwrap_or((name, ""));
    let key = (schema.to_owned(), stem.to_owned());
    match kind {
        "csv" => seeds.entry(key).or_default().csv = Some(path),
        "yml" | "yaml" => seeds.entry(key).or_default().yml = Some(path),
        _ => super::ignored::warn(folder, &path, "seeds are .csv files, with a .yml beside them"),
    }
}

fn read_seed(
    folder: &mut Folder,
    parts: &mut Parts<'_>,
    schema: &str,
    table: &str,
    csv: &str,
    yml: Option<String>,
) -> Option<Draft> {
    let file = folder.files.add(csv.to_owned(), String::new());
    let mut span = Span::new(file, 0..0);
    let name = tables::from_path(schema, table, span, &mut folder.diagnostics)?;
    tables::refuse_reserved(&name, span, &mut folder.diagnostics);
    if !folder.dir().join(csv).is_file() {
        let diagnostic = Diagnostic::error(codes::UNREADABLE, format!("{csv} is no regular file"));
        folder.diagnostics.push(diagnostic.at(span, ""));
    }
    let node = match yml {
        Some(yml) => {
            let file = folder.read(&yml);
            file.and_then(|file| {
                let text = folder.files.text(file).to_owned();
                span = Span::new(file, 0..text.lines().next().map_or(0, str::len));
                let documents = yaml::parse(&text, 0..text.len(), file, &mut folder.diagnostics);
                single(documents, &yml, span, &mut folder.diagnostics)
            })
        }
        None => Some(Node { span, value: yaml::Value::Map(yaml::Map::default()) }),
    };
    let unknown = Draft { name, span, asset: None, reads: Vec::new(), check_reads: Vec::new() };
    let Some(node) = node else { return Some(unknown) };
    Some(describe_seed(unknown, node, csv, parts, &mut folder.diagnostics))
}

fn describe_seed(
    mut draft: Draft,
    mut node: Node,
    csv: &str,
    parts: &mut Parts<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Draft {
    let connectors = parts.connectors;
    let Some(connector) = connectors.get(SEED_CONNECTOR) else {
        let message = format!("seeds need the connector '{SEED_CONNECTOR}', which this version lacks");
        diagnostics.push(Diagnostic::error(codes::CONNECTOR, message).at(draft.span, ""));
        return draft;
    };
    expand_own_keys(&mut node, &connectors.seed_keys, parts, diagnostics);
    let checks = parts.checks.compile(node.get("checks"), Some(&draft.name), false, diagnostics);
    let Some(json) = validate::read(connector.seed(), &node, "a seed", diagnostics) else { return draft };
    let (common, stream) = split(json, &connectors.seed_keys);
    let Ok(common) = serde_json::from_value::<SeedFile>(common) else { return draft };
    let Value::Object(mut stream) = stream else { return draft };
    let inside = csv.strip_prefix("seeds/").unwrap_or(csv);
    stream.insert("path".to_owned(), inside.into());
    let columns = columns::of_stream(common.columns, &node);
    let settings = StreamSettings {
        table: draft.name.clone(),
        mode: ReadMode::Full,
        // A seed is written by the project's authors: what is wrong in it is theirs to put right.
        on_bad_row: OnBadRow::Fail,
        drift: Drift::Add,
        columns: columns::declared(&columns),
        key: Vec::new(),
        lookback: None,
    };
    let source = json!({ "location": FOLDER });
    let source_node = Node { span: node.span, value: yaml::Value::Map(yaml::Map::default()) };
    let opened = Opened {
        connector,
        source: Some(&source),
        source_node: &source_node,
        stream: Value::Object(stream.clone()),
        node: &node,
        is_filled: true,
    };
    let Some(mut seed) = open(opened, settings, &connectors.seed_keys, parts, diagnostics) else { return draft };
    seed.origin = format!("seed: {csv}");
    seed.written = json!({ "source": source, "stream": written_stream(&node, &connectors.seed_keys, inside) });
    draft.check_reads = checks.reads;
    draft.asset = Some(Asset {
        name: draft.name.clone(),
        span: draft.span,
        path: csv.to_owned(),
        description: common.description,
        owner: common.owner.or_else(|| parts.owner.clone()),
        tags: columns::sorted(common.tags),
        columns,
        checks: checks.specs,
        inputs: Vec::new(),
        check_inputs: Vec::new(),
        kind: AssetKind::Seed(seed),
    });
    draft
}

fn written_stream(node: &Node, common_keys: &[String], path: &str) -> Value {
    let mut own = match split(node.written_json(), common_keys).1 {
        Value::Object(own) => own,
        _ => Map::new(),
    };
    own.insert("path".to_owned(), path.into());
    Value::Object(own)
}
