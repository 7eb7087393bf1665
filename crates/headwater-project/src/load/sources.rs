//! `sources/*.yml`: each document is a source, each of its streams an asset.

use headwater_diagnostics::{Diagnostic, Span};
use headwater_sdk::TableName;
use headwater_sdk::connector::{OnBadRow, OpenContext, ReadMode, StreamSettings};
use serde_json::{Value, json};

use super::checks::{Checks, split};
use super::connectors::Connector;
use super::files::Folder;
use super::{Parts, columns, freshness, keyed, tables};
use crate::asset::{Asset, AssetKind, StreamAsset};
use crate::codes;
use crate::graph::Draft;
use crate::spec::{SourceCommon, StreamCommon};
use crate::validate;
use crate::yaml::{self, Node};

/// The folder of sources.
pub(crate) const FOLDER: &str = "sources";

/// Reads all sources.
pub(crate) fn read(folder: &mut Folder, parts: &mut Parts<'_>, drafts: &mut Vec<Draft>) {
    for found in folder.list_deep(FOLDER) {
        if !found.name.ends_with(".yml") && !found.name.ends_with(".yaml") {
            super::ignored::warn(folder, &found.path, "sources are .yml files");
            continue;
        }
        let Some(file) = folder.read(&found.path) else { continue };
        let text = folder.files.text(file).to_owned();
        for document in yaml::parse(&text, 0..text.len(), file, &mut folder.diagnostics) {
            read_source(document, &found.path, parts, drafts, &mut folder.diagnostics);
        }
    }
}

/// A source whose own keys are known.
struct Source<'s, 'a> {
    connector: &'s Connector<'a>,
    /// Its file.
    path: &'s str,
    node: &'s Node,
    common: SourceCommon,
    /// The connector's keys; `None` when they have mistakes.
    own: Option<Value>,
    /// Whether something stands for each `${NAME}` in it.
    is_filled: bool,
}

fn read_source(
    mut node: Node,
    path: &str,
    parts: &mut Parts<'_>,
    drafts: &mut Vec<Draft>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if node.as_map().is_none() {
        let message = format!("a source is a mapping, not {}", node.kind());
        let diagnostic = Diagnostic::error(codes::WRONG_TYPE, message).at(node.span, "");
        diagnostics.push(diagnostic.help("start with `connector: …` and `streams: …`"));
        return;
    }
    let mut unfilled = Vec::new();
    let connectors = parts.connectors;
    expand_own_keys(&mut node, &connectors.source_keys, parts, &mut unfilled);
    if let yaml::Value::Map(map) = &mut node.value
        && let Some(streams) = map.entries.iter_mut().find(|e| e.key == "streams")
        && let yaml::Value::List(streams) = &mut streams.value.value
    {
        for stream in streams {
            expand_own_keys(stream, &connectors.stream_keys, parts, &mut unfilled);
        }
    }
    let mut unfilled = yaml::unfilled(unfilled, diagnostics);
    let is_filled = unfilled.is_empty();
    // What is not reached can do without, as long as what stands there is read as what it is.
    let before = diagnostics.len();
    read_filled(&node, path, is_filled, parts, drafts, diagnostics);
    if parts.reaches.sources || diagnostics[before..].iter().any(Diagnostic::is_error) {
        diagnostics.append(&mut unfilled);
    }
}

fn read_filled(
    node: &Node,
    path: &str,
    is_filled: bool,
    parts: &Parts<'_>,
    drafts: &mut Vec<Draft>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let connectors = parts.connectors;
    let connector = match node.get("connector").map(|name| (name, name.as_text())) {
        Some((name, Some(text))) => {
            let known = connectors.get(text);
            if known.is_none() {
                diagnostics.push(connectors.unknown(text, name.span));
            }
            known
        }
        Some((name, None)) => {
            let message = format!("'connector' takes a text, not {}", name.kind());
            diagnostics.push(Diagnostic::error(codes::WRONG_TYPE, message).at(name.span, ""));
            None
        }
        None => {
            let at = node.as_map().and_then(|map| map.entries.first()).map_or(node.span, |entry| entry.key_span);
            let help = format!("add `connector: …`; this version has {}", connectors.names());
            let message = "a source has no 'connector'";
            diagnostics.push(Diagnostic::error(codes::MISSING_KEY, message).at(at, "").help(help));
            None
        }
    };
    let Some(connector) = connector else {
        // Models that read its tables shall not be blamed for that.
        drafts.extend(streams_of(node).iter().filter_map(unknown_stream));
        return;
    };
    let json = validate::read(connector.source(), node, "a source", diagnostics);
    let split = json.map(|json| split(json, &connectors.source_keys));
    let (common, own) = match split {
        Some((common, own)) => (serde_json::from_value(common).unwrap_or_default(), Some(own)),
        None => (SourceCommon::default(), None),
    };
    let source = Source { connector, path, node, common, own, is_filled };
    for stream in streams_of(node) {
        drafts.extend(read_stream(stream, &source, parts, diagnostics));
    }
}

fn streams_of(node: &Node) -> &[Node] {
    node.get("streams").map_or(&[], Node::each)
}

fn unknown_stream(node: &Node) -> Option<Draft> {
    let table = node.get("table")?;
    let name: TableName = table.as_text()?.parse().ok()?;
    Some(Draft { name, span: table.span, asset: None, reads: Vec::new(), check_reads: Vec::new() })
}

/// Puts secrets into the connector's own keys and refuses them in the others.
pub(crate) fn expand_own_keys(
    node: &mut Node,
    common: &[String],
    parts: &mut Parts<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let yaml::Value::Map(map) = &mut node.value else { return };
    for entry in &mut map.entries {
        if !common.contains(&entry.key) {
            parts.secrets.expand(&mut entry.value, diagnostics);
        } else if !matches!(entry.key.as_str(), "streams" | "checks") {
            yaml::forbid(&entry.value, diagnostics);
        }
    }
}

fn read_stream(
    node: &Node,
    source: &Source<'_, '_>,
    parts: &Parts<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Draft> {
    let json = validate::read(source.connector.stream(), node, "a stream", diagnostics);
    let mut draft = unknown_stream(node);
    if let Some(draft) = &draft {
        tables::refuse_reserved(&draft.name, draft.span, diagnostics);
    }
    // Checks are looked at even where the rest of the stream has mistakes.
    let name = draft.as_ref().map(|draft| &draft.name);
    let checks = parts.checks.compile(node.get("checks"), name, false, diagnostics);
    if let (Some(draft), Some(json)) = (&mut draft, json) {
        let (common, stream) = split(json, &parts.connectors.stream_keys);
        draft.check_reads = checks.reads.clone();
        let common = serde_json::from_value::<StreamCommon>(common).ok()?;
        let (connector, source_node) = (source.connector, source.node);
        let is_filled = source.is_filled;
        let opened = Opened { connector, source: source.own.as_ref(), source_node, stream, node, is_filled };
        draft.asset = stream_asset(common, source, opened, checks, draft.span, parts, diagnostics);
    }
    draft
}

/// What a connector needs to make a stream.
pub(crate) struct Opened<'s, 'a> {
    pub(crate) connector: &'s Connector<'a>,
    /// The source's options; `None` when they have mistakes.
    pub(crate) source: Option<&'s Value>,
    pub(crate) source_node: &'s Node,
    pub(crate) stream: Value,
    pub(crate) node: &'s Node,
    /// Whether something stands for each `${NAME}`: the connector can look at it then.
    pub(crate) is_filled: bool,
}

fn stream_asset(
    common: StreamCommon,
    source: &Source<'_, '_>,
    opened: Opened<'_, '_>,
    mut checks: Checks,
    span: Span,
    parts: &Parts<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Asset> {
    let node = opened.node;
    let columns = columns::of_stream(common.columns, node);
    let before = diagnostics.len();
    let freshness = match (&common.freshness, node.get("freshness")) {
        (Some(options), Some(node)) => freshness::add(options, node, &columns, &mut checks, diagnostics),
        _ => None,
    };
    let most_bad_rows = common.most_bad_rows.map(|most| most.0);
    if let (Some(_), OnBadRow::Fail, Some(node)) = (most_bad_rows, common.on_bad_row, node.get("most_bad_rows")) {
        let message = "`most_bad_rows` says how many rows may be set aside, and `on_bad_row: fail` that none is";
        diagnostics.push(Diagnostic::error(codes::CONTRADICTION, message).at(node.span, "").help("remove one of them"));
    }
    let modes = source.connector.kind.modes();
    let mode = match common.mode {
        Some(mode) if !modes.contains(&mode) => {
            let at = node.get("mode").map_or(node.span, |mode| mode.span);
            let message = format!(
                "the connector '{}' cannot read in the mode '{}'",
                source.connector.kind.name(),
                mode_name(mode)
            );
            let can: Vec<&str> = modes.iter().map(|mode| mode_name(*mode)).collect();
            let help = format!("it can read in {}", can.join(", "));
            diagnostics.push(Diagnostic::error(codes::MODE, message).at(at, "").help(help));
            mode
        }
        Some(mode) => mode,
        None if modes.contains(&ReadMode::Full) => ReadMode::Full,
        None => modes.first().copied().unwrap_or_default(),
    };
    let (key, lookback) = keyed::read(common.key, common.lookback.as_ref(), mode, node, &mut checks.specs, diagnostics);
    let settings = StreamSettings {
        table: common.table.0,
        mode,
        on_bad_row: common.on_bad_row,
        drift: common.drift,
        columns: columns::declared(&columns),
        key,
        lookback,
    };
    let name = settings.table.clone();
    let mut stream = open(opened, settings, &parts.connectors.stream_keys, parts, diagnostics)?;
    stream.freshness = freshness;
    stream.most_bad_rows = most_bad_rows;
    if diagnostics[before..].iter().any(Diagnostic::is_error) {
        return None;
    }
    let tags = source.common.tags.iter().chain(&common.tags).cloned().collect();
    Some(Asset {
        name,
        span,
        path: source.path.to_owned(),
        description: common.description,
        owner: common.owner.or_else(|| source.common.owner.clone()).or_else(|| parts.owner.clone()),
        tags: columns::sorted(tags),
        columns,
        checks: checks.specs,
        inputs: Vec::new(),
        check_inputs: Vec::new(),
        kind: AssetKind::Stream(stream),
    })
}

/// Lets the connector look at the options of a stream, and keeps them.
pub(crate) fn open(
    opened: Opened<'_, '_>,
    settings: StreamSettings,
    common_keys: &[String],
    parts: &Parts<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<StreamAsset> {
    let Opened { connector, source, source_node, stream, node, is_filled } = opened;
    let source = source?.clone();
    // The stream is made again when it is read; here it only has to be possible.
    let possible = || {
        let (project_dir, storage) = (parts.dir.clone(), parts.storage.clone());
        let context = OpenContext { project_dir, storage, secrets: parts.secrets.values(), lake_name: String::new() };
        let opened = connector.kind.source(source.clone(), &context);
        opened.and_then(|source| source.stream(stream.clone(), settings.clone())).map(|_| ())
    };
    if let Err(error) = if is_filled { possible() } else { Ok(()) } {
        let key = error.key.and_then(|key| node.get(key).or_else(|| source_node.get(key)));
        let at = key.or_else(|| node.get("table")).map_or(node.span, |value| value.span);
        let message = parts.secrets.redact(&error.message);
        let diagnostic = Diagnostic::error(codes::CONNECTOR_OPTIONS, message).at(at, "");
        let help = error.help.map(|help| parts.secrets.redact(&help));
        diagnostics.push(help.into_iter().fold(diagnostic, Diagnostic::help));
        return None;
    }
    let written_stream = without(node, common_keys);
    let what = written_stream.as_object().and_then(|own| own.values().find_map(Value::as_str));
    let origin = format!("{}: {}", connector.kind.name(), what.unwrap_or(&settings.table.to_string()));
    let written = json!({ "source": without(source_node, &parts.connectors.source_keys), "stream": written_stream });
    Some(StreamAsset {
        connector: connector.kind.name(),
        source,
        stream,
        written,
        settings,
        origin,
        freshness: None,
        most_bad_rows: None,
    })
}

/// The connector's own keys, as they are written.
fn without(node: &Node, common_keys: &[String]) -> Value {
    split(node.written_json(), common_keys).1
}

fn mode_name(mode: ReadMode) -> &'static str {
    match mode {
        ReadMode::Full => "full",
        ReadMode::NewFiles => "new_files",
        ReadMode::Incremental => "incremental",
        ReadMode::Cdc => "cdc",
    }
}
