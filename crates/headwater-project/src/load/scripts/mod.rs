//! `scripts/<schema>/<name>.yml`: what a program reads, what it yields, and how it is run.

mod files;
mod inputs;

use std::collections::BTreeMap;

use headwater_diagnostics::{Diagnostic, Span, nearest};
use headwater_sdk::TableName;
use headwater_sdk::connector::OnBadRow;
use headwater_sdk::script::DataFormat;
use serde_json::Value;

use self::files::ProgramFiles;
use super::checks::Checks;
use super::files::{Folder, Found};
use super::settings::single;
use super::{Parts, clustering, columns, tables};
use crate::asset::{Asset, AssetKind, ScriptAsset, ScriptRefresh};
use crate::codes;
use crate::graph::{Draft, Read};
use crate::spec::{ScriptFile, ScriptRefreshOption};
use crate::validate::{self, Schema};
use crate::yaml::{self, Node};

/// The folder of scripts.
pub(crate) const FOLDER: &str = "scripts";

/// What Headwater itself tells every program: no project sets these.
const RESERVED: &str = "HEADWATER_";

/// Reads all scripts.
pub(crate) fn read(folder: &mut Folder, parts: &mut Parts<'_>, drafts: &mut Vec<Draft>) {
    let schema = Schema::of::<ScriptFile>();
    for found in folder.list(FOLDER) {
        if !found.is_dir {
            misplaced(folder, &found);
            continue;
        }
        let mut files = ProgramFiles::of(folder, &found.path);
        for inner in folder.list(&found.path) {
            let stem = inner.name.strip_suffix(".yml").or_else(|| inner.name.strip_suffix(".yaml"));
            let Some(stem) = stem.filter(|_| !inner.is_dir) else { continue };
            drafts.extend(read_script(folder, parts, &schema, (&found.name, stem), &inner.path, &mut files));
        }
        files.warn_of_unnamed(folder);
    }
}

fn misplaced(folder: &mut Folder, found: &Found) {
    let help = "a script is scripts/<schema>/<name>.yml, with its program beside it";
    if found.name.ends_with(".yml") || found.name.ends_with(".yaml") {
        let diagnostic = Diagnostic::error(codes::MISPLACED, format!("{} lies in no schema's folder", found.path));
        folder.report_at_file(&found.path, diagnostic.help(help));
    } else {
        super::ignored::warn(folder, &found.path, help);
    }
}

fn read_script(
    folder: &mut Folder,
    parts: &mut Parts<'_>,
    schema: &Schema,
    (schema_name, stem): (&str, &str),
    path: &str,
    files: &mut ProgramFiles,
) -> Option<Draft> {
    let file = folder.read(path)?;
    let text = folder.files.text(file).to_owned();
    let span = Span::new(file, 0..text.lines().next().map_or(0, |line| line.trim_end().len()));
    let name = tables::from_path(schema_name, stem, span, &mut folder.diagnostics)?;
    tables::refuse_reserved(&name, span, &mut folder.diagnostics);
    let mut draft = Draft { name, span, asset: None, reads: Vec::new(), check_reads: Vec::new() };
    let documents = yaml::parse(&text, 0..text.len(), file, &mut folder.diagnostics);
    let before = folder.diagnostics.len();
    let Some(mut node) = single(documents, path, span, &mut folder.diagnostics) else { return Some(draft) };
    expand(&mut node, parts, &mut folder.diagnostics);
    let checks = parts.checks.compile(node.get("checks"), Some(&draft.name), false, &mut folder.diagnostics);
    let json = validate::read(schema, &node, "a script", &mut folder.diagnostics);
    draft.check_reads.clone_from(&checks.reads);
    let Some(declared) = json.and_then(|json| serde_json::from_value::<ScriptFile>(json).ok()) else {
        // Models that read its table shall not be blamed for that, and neither shall its files.
        files.take_all();
        return Some(draft);
    };
    draft.reads = inputs::reads(&declared.inputs, &node);
    let asset = describe(declared, &node, (&draft, path), checks, parts, files, folder);
    draft.asset = asset.filter(|_| folder.diagnostics[before..].iter().all(|d| !d.is_error()));
    Some(draft)
}

/// Puts secrets into `env`, and refuses them elsewhere.
fn expand(node: &mut Node, parts: &mut Parts<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let yaml::Value::Map(map) = &mut node.value else { return };
    for entry in &mut map.entries {
        match entry.key.as_str() {
            "env" => parts.secrets.expand(&mut entry.value, diagnostics),
            "checks" => {}
            _ => yaml::forbid(&entry.value, diagnostics),
        }
    }
}

fn describe(
    declared: ScriptFile,
    node: &Node,
    (draft, path): (&Draft, &str),
    checks: Checks,
    parts: &Parts<'_>,
    files: &mut ProgramFiles,
    folder: &mut Folder,
) -> Option<Asset> {
    let found = files.of_command(&declared.command, node, folder);
    let named = files.of_patterns(&declared.files, node, folder);
    let diagnostics = &mut folder.diagnostics;
    verify_command(&declared.command, node, diagnostics);
    verify_formats(&declared, node, diagnostics);
    verify_env(&declared.env, node, diagnostics);
    clustering::verify(&(&declared).into(), node, false, diagnostics);
    let inputs = inputs::read(&declared.inputs, node, diagnostics);
    let from = inputs::origins(&declared.columns, node, &inputs, diagnostics);
    let vars = variables(&declared.vars, node, parts, diagnostics);
    let partition_spans = clustering::spans_of(node, "partition_by", declared.partition_by.len(), draft.span);
    let (layout, cluster_spans) = clustering::of(&(&declared).into(), node, draft.span);
    let mut files: Vec<(String, String)> = found.into_iter().chain(named).collect();
    files.sort();
    files.dedup();
    let script = ScriptAsset {
        command: declared.command,
        folder: path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned(),
        inputs,
        input_format: declared.input_format,
        output_format: declared.output_format,
        on_bad_row: declared.on_bad_row.unwrap_or_default(),
        from,
        files,
        vars,
        env: declared.env,
        written_env: node.get("env").map(Node::written_json).unwrap_or_default(),
        timeout: declared.timeout.map(|timeout| timeout.0),
        refresh: match declared.refresh {
            ScriptRefreshOption::Auto => ScriptRefresh::Auto,
            ScriptRefreshOption::Always => ScriptRefresh::Always,
        },
        partition_by: declared.partition_by,
        partition_spans,
        layout,
        cluster_spans,
    };
    Some(Asset {
        name: draft.name.clone(),
        span: draft.span,
        path: path.to_owned(),
        description: declared.description,
        owner: declared.owner.or_else(|| parts.owner.clone()),
        tags: columns::sorted(declared.tags),
        columns: columns::of_script(declared.columns, node, diagnostics)?,
        checks: checks.specs,
        inputs: Vec::new(),
        check_inputs: Vec::new(),
        kind: AssetKind::Script(Box::new(script)),
    })
}

/// One word with blanks is a line for a shell, which there is none of.
fn verify_command(command: &[String], node: &Node, diagnostics: &mut Vec<Diagnostic>) {
    let at = node.get("command").map_or(node.span, |command| command.span);
    match command {
        [line] if line.trim().contains(char::is_whitespace) => {
            let words = line.split_whitespace().collect::<Vec<_>>().join(", ");
            let message = format!("'{line}' is a whole line: a command is a list of a program and its arguments");
            let help = format!("write command: [{words}], or [sh, -c, '{line}'] where a shell is meant");
            diagnostics.push(Diagnostic::error(codes::SCRIPT, message).at(at, "").help(help));
        }
        [program, ..] if program.trim().is_empty() => {
            let diagnostic = Diagnostic::error(codes::SCRIPT, "the command names no program").at(at, "");
            diagnostics.push(diagnostic.help("write the program's name or path first"));
        }
        _ => {}
    }
}

fn verify_formats(declared: &ScriptFile, node: &Node, diagnostics: &mut Vec<Diagnostic>) {
    let mut contradiction = |key: &str, message: String, help: &str| {
        if let Some(written) = node.get(key) {
            diagnostics.push(Diagnostic::error(codes::CONTRADICTION, message).at(written.span, "").help(help));
        }
    };
    let (input, output) = (declared.input_format, declared.output_format);
    if input != DataFormat::Arrow && declared.inputs.len() > 1 {
        let (format, inputs) = (input.as_str(), declared.inputs.len());
        let message = format!("{format} has one table, and the script reads {inputs}");
        let help = "leave `input_format` out to read Arrow streams one after another, or join the tables in a model";
        contradiction("input_format", message, help);
    }
    if output == DataFormat::Arrow && declared.on_bad_row == Some(OnBadRow::Reject) {
        let message = "there are no bad rows in Arrow, whose values have their types".to_owned();
        contradiction("on_bad_row", message, "leave `on_bad_row` out, or say `output_format: jsonl` (or csv)");
    }
}

fn verify_env(env: &BTreeMap<String, String>, node: &Node, diagnostics: &mut Vec<Diagnostic>) {
    for name in env.keys() {
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let (message, help) = if !is_name {
            (format!("'{name}' is no name of a variable"), "use letters, digits and _")
        } else if name.starts_with(RESERVED) {
            (format!("'{name}' is reserved: Headwater sets such variables itself"), "choose another name")
        } else {
            continue;
        };
        let entry = node.get("env").and_then(Node::as_map).and_then(|map| map.entry(name));
        let at = entry.map_or(node.span, |entry| entry.key_span);
        diagnostics.push(Diagnostic::error(codes::SCRIPT, message).at(at, "").help(help));
    }
}

/// The variables of the project that the script is given.
fn variables(
    names: &[String],
    node: &Node,
    parts: &Parts<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Value> {
    let spans = clustering::spans_of(node, "vars", names.len(), node.span);
    let mut vars = BTreeMap::new();
    for (name, span) in names.iter().zip(spans) {
        match parts.templates.var(name) {
            Some(value) => {
                vars.insert(name.clone(), value.clone());
            }
            None => {
                let message = format!("there is no variable '{name}'");
                let help = match nearest(name, parts.templates.var_names()) {
                    Some(near) => format!("did you mean '{near}'?"),
                    None => "declare it under `vars` in headwater.yml".to_owned(),
                };
                diagnostics.push(Diagnostic::error(codes::VARIABLE, message).at(span, "").help(help));
            }
        }
    }
    vars
}

/// A table's name as the graph looks it up.
fn read_of(table: &TableName, span: Span) -> Read {
    Read { parts: vec![table.schema().to_owned(), table.table().to_owned()], span }
}
