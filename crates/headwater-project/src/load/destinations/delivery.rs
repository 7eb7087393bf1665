//! One delivery: what its keys say, and what they stand for.

use headwater_diagnostics::{Diagnostic, Span, nearest};
use headwater_sdk::TableName;
use headwater_sdk::connector::OpenContext;
use headwater_sdk::destination::{DeliveryMode, DeliverySettings, DestinationType};
use serde_json::Value;

use crate::asset::Written;
use crate::codes;
use crate::delivery::Delivery;
use crate::graph::Draft;
use crate::load::Parts;
use crate::load::implied::{Implied, written};
use crate::spec::DeliveryCommon;
use crate::yaml::Node;

/// What a delivery is read with.
pub(super) struct Of<'a> {
    pub(super) kind: &'a dyn DestinationType,
    pub(super) node: &'a Node,
    pub(super) destination: &'a Node,
    pub(super) stem: &'a str,
    pub(super) system: &'a Value,
    /// The source that all is delivered of.
    pub(super) source: Option<&'a str>,
    /// Whether something stands for each `${NAME}` in it: what it is for can be judged then.
    pub(super) is_filled: bool,
}

/// Reads a delivery; `None` when it has mistakes. Its key becomes checks of its table.
pub(super) fn delivery_of(
    of: &Of<'_>,
    common: DeliveryCommon,
    options: Value,
    parts: &Parts<'_>,
    drafts: &mut [Draft],
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Delivery> {
    let node = of.node;
    let before = diagnostics.len();
    let Some(table) = common.table else {
        let diagnostic = Diagnostic::error(codes::MISSING_KEY, "a delivery has no 'table'").at(node.span, "");
        diagnostics.push(diagnostic.help("add `table: schema.table`, or `source: name` for all that a source brings"));
        return None;
    };
    let table = table.0;
    let span = node.get("table").map_or(node.span, |table| table.span);
    let written_all = |key: &str, names: &[String]| -> Vec<Written> {
        names.iter().map(|column| written(node, key, column)).collect()
    };
    let mode = mode_of(of, &common.key, common.mode, diagnostics);
    if !common.columns.is_empty() && !common.exclude.is_empty() {
        let at = node.as_map().and_then(|map| map.entry("exclude")).map_or(node.span, |entry| entry.key_span);
        let message = "`columns` says already which columns are delivered";
        diagnostics.push(Diagnostic::error(codes::CONTRADICTION, message).at(at, "").help("leave one of the two out"));
    }
    let key = written_all("key", &common.key);
    known(&table, span, drafts, diagnostics);
    if let Some(asset) = drafts.iter_mut().find(|draft| draft.name == table).and_then(|draft| draft.asset.as_mut())
        && !key.is_empty()
    {
        let at = node.get("key").map_or(node.span, |key| key.span);
        let mut implied = Implied::strictly_beside(&asset.checks);
        implied.not_null(&key, at);
        implied.unique(&key, None, None, at);
        let implied = implied.checks;
        asset.checks.extend(implied);
    }
    let settings = DeliverySettings {
        name: format!("{}/{}", of.stem, common.name.unwrap_or_else(|| table.to_string())),
        mode,
        key: common.key,
        on_delete: common.on_delete,
        most_undelivered: common.most_undelivered,
    };
    let (project_dir, storage) = (parts.dir.clone(), parts.storage.clone());
    let context = OpenContext { project_dir, storage, secrets: parts.secrets.values(), lake_name: String::new() };
    // It is made again when there is something to deliver; here it only has to be possible.
    let opened = of.is_filled.then(|| of.kind.destination(of.system.clone(), &context));
    let opened = opened.map(|opened| opened.and_then(|opened| opened.outlet(options.clone(), settings.clone())));
    if let Some(Err(error)) = opened {
        let key = error.key.and_then(|key| node.get(key).or_else(|| of.destination.get(key)));
        let at = key.map_or(span, |value| value.span);
        let diagnostic = Diagnostic::error(codes::CONNECTOR_OPTIONS, parts.secrets.redact(&error.message)).at(at, "");
        let help = error.help.map(|help| parts.secrets.redact(&help));
        diagnostics.push(help.into_iter().fold(diagnostic, Diagnostic::help));
    }
    if diagnostics[before..].iter().any(Diagnostic::is_error) {
        return None;
    }
    let filter = common.filter.map(|name| Written { name, span: node.get("where").map_or(node.span, |at| at.span) });
    let (columns, exclude) = (written_all("columns", &common.columns), written_all("exclude", &common.exclude));
    Some(Delivery {
        destination: of.stem.to_owned(),
        source: of.source.map(str::to_owned),
        span,
        table,
        connector: of.kind.name(),
        system: of.system.clone(),
        options,
        columns,
        exclude,
        filter,
        key,
        settings,
    })
}

/// What becomes of rows, which goes with the key.
fn mode_of(of: &Of<'_>, key: &[String], mode: Option<DeliveryMode>, diagnostics: &mut Vec<Diagnostic>) -> DeliveryMode {
    let node = of.node;
    let at = |name: &str| node.get(name).map_or(node.span, |value| value.span);
    let mut refuse = |code, message: String, at: Span, help: &str| {
        diagnostics.push(Diagnostic::error(code, message).at(at, "").help(help));
    };
    let chosen = match (mode, key.is_empty()) {
        (Some(DeliveryMode::Upsert), true) => {
            let help = "name the columns that tell rows apart with `key`";
            refuse(codes::MISSING_KEY, "an upsert goes by a key".to_owned(), at("mode"), help);
            DeliveryMode::Upsert
        }
        (Some(mode @ (DeliveryMode::Append | DeliveryMode::Replace)), false) => {
            let help = "leave `key` out, or write `mode: upsert`";
            refuse(codes::CONTRADICTION, "only an upsert goes by a key".to_owned(), at("key"), help);
            mode
        }
        (Some(mode), _) => mode,
        (None, false) => DeliveryMode::Upsert,
        (None, true) => {
            let help = "name the columns that tell rows apart with `key`, or write `mode: replace` or `mode: append`";
            refuse(codes::MISSING_KEY, "what becomes of rows is not said".to_owned(), at("table"), help);
            DeliveryMode::Replace
        }
    };
    if !of.kind.modes().contains(&chosen) {
        let can: Vec<&str> = of.kind.modes().iter().map(|mode| mode.name()).collect();
        let message = format!("the connector '{}' cannot deliver in the mode '{}'", of.kind.name(), chosen.name());
        let help = format!("it can in {}", can.join(", "));
        refuse(codes::MODE, message, at("mode"), &help);
    }
    if let Some(again) = (1..key.len()).find(|at| key[..*at].contains(&key[*at])) {
        refuse(codes::CONTRADICTION, format!("column '{}' is in the key twice", key[again]), at("key"), "name it once");
    }
    chosen
}

/// Reports a table that no asset makes.
fn known(table: &TableName, span: Span, drafts: &[Draft], diagnostics: &mut Vec<Diagnostic>) {
    let owner = if table.is_side_table() { table.owner() } else { table.clone() };
    if drafts.iter().any(|draft| draft.name == owner) {
        return;
    }
    let diagnostic = Diagnostic::error(codes::UNKNOWN_TABLE, format!("there is no table {table}")).at(span, "");
    let names: Vec<String> = drafts.iter().map(|draft| draft.name.to_string()).collect();
    diagnostics.push(match nearest(&table.to_string(), names.iter().map(String::as_str)) {
        Some(near) => diagnostic.help(format!("did you mean '{near}'?")),
        None => diagnostic.help("deliver a table that a source, a model, a script or a seed of the project makes"),
    });
}
