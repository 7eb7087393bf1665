//! `models/<schema>/<name>.sql`: a header in YAML, a query in SQL.

mod histories;
mod incremental;

use std::ops::Range;

use headwater_diagnostics::{Diagnostic, FileId, Span};
use headwater_sdk::TableName;
use headwater_sdk::parallel::in_parallel;

use super::checks::{CheckTypes, Checks};
use super::files::{Folder, Found};
use super::settings::single;
use super::{Parts, STACK, clustering, columns, star, tables};
use crate::asset::{Asset, AssetKind, Materialize, ModelAsset, Refresh};
use crate::codes;
use crate::graph::{Draft, Read};
use crate::spec::{ModelHeader, RefreshOption};
use crate::sql;
use crate::template::{Place, Templates, is_templated};
use crate::validate::{self, Schema};
use crate::yaml::{self, Node};

/// The folder of models.
pub(crate) const FOLDER: &str = "models";

const OPEN: &str = "/*---";
const CLOSE: &str = "---*/";

/// What the models are read with.
struct Shared<'a> {
    checks: &'a CheckTypes<'a>,
    templates: &'a Templates,
    header_schema: &'a Schema,
    owner: Option<&'a str>,
}

/// A file that should be a model.
struct ModelFile {
    schema: String,
    stem: String,
    path: String,
    file: FileId,
}

/// Reads all models, on all processors: parsing headers and queries is most of what loading takes.
pub(crate) fn read(folder: &mut Folder, parts: &Parts<'_>, drafts: &mut Vec<Draft>) {
    let mut found_files = Vec::new();
    for schema in folder.list(FOLDER) {
        if !schema.is_dir {
            misplaced(folder, &schema);
            continue;
        }
        for found in folder.list(&schema.path) {
            let Some(stem) = found.name.strip_suffix(".sql") else {
                misplaced(folder, &found);
                continue;
            };
            // A folder named `x.sql` is reported by reading it.
            let Some(file) = folder.read(&found.path) else { continue };
            found_files.push(ModelFile { schema: schema.name.clone(), stem: stem.to_owned(), path: found.path, file });
        }
    }
    let Parts { checks, templates, header_schema, owner, .. } = parts;
    let shared = Shared { checks, templates, header_schema, owner: owner.as_deref() };
    let files = &folder.files;
    let read = in_parallel(&found_files, STACK, |found| {
        let mut diagnostics = Vec::new();
        let draft = read_model(files.text(found.file), &shared, found, &mut diagnostics);
        (draft, diagnostics)
    });
    for (draft, diagnostics) in read {
        drafts.extend(draft);
        folder.diagnostics.extend(diagnostics);
    }
}

fn misplaced(folder: &mut Folder, found: &Found) {
    let help = "a model is models/<schema>/<name>.sql";
    if found.name.ends_with(".sql") || found.is_dir {
        let what = if found.is_dir { "is a folder too deep" } else { "lies in no schema's folder" };
        let diagnostic = Diagnostic::error(codes::MISPLACED, format!("{} {what}", found.path));
        folder.report_at_file(&found.path, diagnostic.help(help));
    } else if found.name.ends_with(".yml") || found.name.ends_with(".yaml") {
        let help = "what is said about a model stands in its own file: /*--- … ---*/";
        super::ignored::warn(folder, &found.path, help);
    } else {
        super::ignored::warn(folder, &found.path, help);
    }
}

/// A model's file in two parts.
pub(crate) struct Layout {
    /// The YAML of the header, if there is one.
    pub(crate) header: Option<Range<usize>>,
    /// The query.
    pub(crate) body: Range<usize>,
}

/// Where the first thing stands that is neither white space nor a comment, but for a header.
fn after_comments(text: &str) -> usize {
    let mut start = 0;
    loop {
        let rest = &text[start..];
        start += rest.len() - rest.trim_start().len();
        let rest = &text[start..];
        let comment = match rest {
            _ if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") && !rest.starts_with(OPEN) => match rest.find("*/") {
                Some(end) if stray_header(&rest[..end]).is_none() => end + "*/".len(),
                _ => return start,
            },
            _ => return start,
        };
        start += comment;
    }
}

/// Where something stands that looks like a header and is not read as one. A line of more dashes is an ornament.
fn stray_header(body: &str) -> Option<Range<usize>> {
    body.match_indices("/*").find_map(|(start, open)| {
        let rest = &body[start + open.len()..];
        let dashes = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let after = rest[dashes..].strip_prefix("---")?;
        (!after.starts_with('-')).then(|| start..start + open.len() + dashes + "---".len())
    })
}

/// Finds the header: a comment above the query. `Err` has the place of a header that does not end.
pub(crate) fn layout(text: &str) -> Result<Layout, Range<usize>> {
    let start = after_comments(text);
    if !text[start..].starts_with(OPEN) {
        return Ok(Layout { header: None, body: 0..text.len() });
    }
    let inside = start + OPEN.len();
    match text[inside..].find(CLOSE) {
        Some(length) => {
            Ok(Layout { header: Some(inside..inside + length), body: inside + length + CLOSE.len()..text.len() })
        }
        None => Err(start..inside),
    }
}

fn read_model(text: &str, parts: &Shared<'_>, found: &ModelFile, diagnostics: &mut Vec<Diagnostic>) -> Option<Draft> {
    let ModelFile { schema, stem, path, file } = found;
    let file = *file;
    let first_line = Span::new(file, 0..text.lines().next().map_or(0, |line| line.trim_end().len()));
    let name = tables::from_path(schema, stem, first_line, diagnostics)?;
    let before = diagnostics.len();
    let layout = match layout(text) {
        Ok(layout) => layout,
        Err(open) => {
            let diagnostic =
                Diagnostic::error(codes::HEADER, "the header does not end").at(Span::new(file, open), "it starts here");
            diagnostics.push(diagnostic.help(format!("end it with {CLOSE}")));
            return Some(Draft { name, span: first_line, asset: None, reads: Vec::new(), check_reads: Vec::new() });
        }
    };
    if let Some(stray) = text.get(layout.body.clone()).and_then(stray_header) {
        let stray = Span::new(file, layout.body.start + stray.start..layout.body.start + stray.end);
        let diagnostic = Diagnostic::error(codes::HEADER, "this header would not be read").at(stray, "");
        let help =
            format!("a model has one header, above its query and all that is a template, and it begins with {OPEN}");
        diagnostics.push(diagnostic.help(help));
    }
    let span = declared_at(text, &layout, file);
    tables::refuse_reserved(&name, span, diagnostics);
    let (mut header, node, mut checks) = read_header(text, &layout, file, &name, parts, diagnostics);
    let chosen = header.as_ref().and_then(|header| incremental::read(header, &node, &mut checks.specs, diagnostics));
    let (star, arrivals) = match &mut header {
        Some(header) => star::of_header(header, &node, text, diagnostics),
        None => (None, Vec::new()),
    };
    let (model, mut reads) = read_body(text, layout.body, file, path, parts, diagnostics);
    let model = model.map(|model| ModelAsset { star, ..model });
    reads.extend(arrivals);
    let asset = match (header, model) {
        (Some(header), Some(model)) if diagnostics[before..].iter().all(|d| !d.is_error()) => {
            let materialize = chosen.map_or_else(|| histories::materialize(&header), Materialize::Incremental);
            let model = ModelAsset { materialize, ..model };
            Some(asset(name.clone(), (span, path), header, &node, model, checks.specs, parts))
        }
        _ => None,
    };
    Some(Draft { name, span, asset, reads, check_reads: checks.reads })
}

/// Where a model is declared: the first line of its query.
fn declared_at(text: &str, layout: &Layout, file: FileId) -> Span {
    let body = text.get(layout.body.clone()).unwrap_or("");
    let start = layout.body.start + (body.len() - body.trim_start().len());
    let line = text.get(start..).and_then(|rest| rest.lines().next()).map_or(0, |line| line.trim_end().len());
    Span::new(file, start..start + line)
}

fn read_header(
    text: &str,
    layout: &Layout,
    file: FileId,
    name: &TableName,
    parts: &Shared<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Option<ModelHeader>, Node, Checks) {
    let start = layout.header.clone().unwrap_or(layout.body.start..layout.body.start);
    let empty = || Node { span: Span::new(file, start.clone()), value: yaml::Value::Map(yaml::Map::default()) };
    let Some(range) = layout.header.clone() else { return (Some(ModelHeader::default()), empty(), Checks::default()) };
    if let Some(end) = text.get(range.clone()).and_then(|header| header.find("*/")) {
        let at = Span::new(file, range.start + end..range.start + end + 2);
        let diagnostic = Diagnostic::error(codes::HEADER, "the comment ends inside of the header")
            .at(at, "here for every SQL editor");
        diagnostics.push(diagnostic.help("write the text in another way, without */"));
    }
    let parsed = diagnostics.len();
    let documents = yaml::parse(text, range, file, diagnostics);
    if documents.is_empty() {
        // An empty header says nothing; one that is no YAML has been reported.
        let header = (diagnostics.len() == parsed).then(ModelHeader::default);
        return (header, empty(), Checks::default());
    }
    let opening = Span::new(file, start.start.saturating_sub(OPEN.len())..start.start);
    let Some(node) = single(documents, "a model's header", opening, diagnostics) else {
        return (None, empty(), Checks::default());
    };
    for entry in node.as_map().map_or(&[] as &[yaml::Entry], |map| &map.entries) {
        if entry.key != "checks" {
            yaml::forbid(&entry.value, diagnostics);
        }
    }
    let is_view = node.get("materialize").and_then(Node::as_text) == Some("view");
    let checks = parts.checks.compile(node.get("checks"), Some(name), is_view, diagnostics);
    let json = validate::read(parts.header_schema, &node, "a model's header", diagnostics);
    let header = json.and_then(|json| serde_json::from_value::<ModelHeader>(json).ok());
    if let Some(header) = &header {
        clustering::verify(&header.into(), &node, is_view, diagnostics);
    }
    if let Some(header) = &header {
        histories::verify(header, &node, &checks.specs, diagnostics);
    }
    (header, node, checks)
}

fn read_body(
    text: &str,
    body: Range<usize>,
    file: FileId,
    path: &str,
    parts: &Shared<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Option<ModelAsset>, Vec<Read>) {
    let source = text.get(body.clone()).unwrap_or("");
    let place = Place { path, body: Span::new(file, body) };
    let (sql, pieces) = if is_templated(source) {
        match parts.templates.render(source, place) {
            Ok(rendered) => (rendered.sql, Some(rendered.pieces)),
            Err(diagnostic) => {
                diagnostics.extend(diagnostic.map(|boxed| *boxed));
                return (None, Vec::new());
            }
        }
    } else {
        (source.to_owned(), None)
    };
    let named = sql::read_query(&sql);
    let model = ModelAsset { pieces, ..ModelAsset::new(sql, place.body) };
    match named {
        Ok(tables) => {
            let reads = tables.into_iter().map(|named| Read { span: model.span_of(named.range), parts: named.parts });
            let reads = reads.collect();
            (Some(model), reads)
        }
        Err(problem) => {
            let span = problem.range.map_or(trimmed(source, place.body), |range| model.span_of(range));
            let diagnostic = Diagnostic::error(problem.code, problem.message).at(span, "");
            let diagnostic = problem.help.into_iter().fold(diagnostic, Diagnostic::help);
            let note = "the place is that of the template; the SQL is what it was rendered to";
            diagnostics.push(if model.pieces.is_some() { diagnostic.note(note) } else { diagnostic });
            (None, Vec::new())
        }
    }
}

/// A body without the white space around it.
fn trimmed(source: &str, body: Span) -> Span {
    let start = body.start + (source.len() - source.trim_start().len());
    Span { start, end: (body.start + source.trim_end().len()).max(start), ..body }
}

fn asset(
    name: TableName,
    (span, path): (Span, &str),
    header: ModelHeader,
    node: &Node,
    model: ModelAsset,
    checks: Vec<crate::asset::CheckSpec>,
    parts: &Shared<'_>,
) -> Asset {
    let partition_spans = clustering::spans_of(node, "partition_by", header.partition_by.len(), span);
    let (layout, cluster_spans) = clustering::of(&(&header).into(), node, span);
    let model = ModelAsset {
        named_columns: incremental::named_columns(&header, node),
        option_spans: histories::spans(node),
        refresh: match header.refresh {
            RefreshOption::Auto => Refresh::Auto,
            RefreshOption::Full => Refresh::Full,
        },
        partition_by: header.partition_by,
        partition_spans,
        layout,
        cluster_spans,
        ..model
    };
    Asset {
        name,
        span,
        path: path.to_owned(),
        description: header.description,
        owner: header.owner.or_else(|| parts.owner.map(str::to_owned)),
        tags: columns::sorted(header.tags),
        columns: columns::of_model(header.columns, node),
        checks,
        inputs: Vec::new(),
        check_inputs: Vec::new(),
        kind: AssetKind::Model(model),
    }
}
