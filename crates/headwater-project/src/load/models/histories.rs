//! What a model's header says of a history or of snapshots: `materialize: scd2` and `materialize: snapshot`, and the keys
//! that go with either alone.

use headwater_diagnostics::{Diagnostic, Span};
use headwater_sdk::check::Severity;
use headwater_sdk::method::{Deletes, History, HistoryColumns, Period, Snapshots};

use crate::asset::{CheckSpec, Materialize};
use crate::codes;
use crate::spec::{DeletesOption, EveryOption, MaterializeOption, ModelHeader, RefreshOption};
use crate::yaml::Node;

/// The keys that only a history takes.
const OF_HISTORY: [&str; 5] = ["key", "track", "updated_at", "deletes", "history_columns"];
/// The keys that only snapshots take.
const OF_SNAPSHOT: [&str; 3] = ["every", "keep", "snapshot_column"];

/// How a model is kept, by its header.
pub(super) fn materialize(header: &ModelHeader) -> Materialize {
    match header.materialize {
        // What an incremental model takes up is read elsewhere.
        MaterializeOption::Table | MaterializeOption::Incremental => Materialize::Table,
        MaterializeOption::View => Materialize::View,
        MaterializeOption::Scd2 => Materialize::Scd2(history(header)),
        MaterializeOption::Snapshot => Materialize::Snapshot(snapshots(header)),
    }
}

fn history(header: &ModelHeader) -> History {
    let names = header.history_columns.clone().unwrap_or_default();
    let default = HistoryColumns::default();
    History {
        key: header.key.clone(),
        track: header.track.clone(),
        updated_at: header.updated_at.clone(),
        deletes: match header.deletes.unwrap_or_default() {
            DeletesOption::Close => Deletes::Close,
            DeletesOption::Keep => Deletes::Keep,
        },
        columns: HistoryColumns {
            valid_from: names.valid_from.unwrap_or(default.valid_from),
            valid_to: names.valid_to.unwrap_or(default.valid_to),
            is_current: names.is_current.unwrap_or(default.is_current),
            row_hash: names.row_hash.unwrap_or(default.row_hash),
        },
    }
}

fn snapshots(header: &ModelHeader) -> Snapshots {
    let every = match header.every.unwrap_or_default() {
        EveryOption::Run => Period::Run,
        EveryOption::Hour => Period::Hour,
        EveryOption::Day => Period::Day,
        EveryOption::Week => Period::Week,
        EveryOption::Month => Period::Month,
    };
    let column = header.snapshot_column.clone().unwrap_or_else(|| every.column().to_owned());
    Snapshots { every, keep: header.keep, column }
}

/// Where the keys of a history or of snapshots, and the columns in them, are written: `key`, `key.customer_id`, …
pub(super) fn spans(node: &Node) -> Vec<(String, Span)> {
    let mut spans = Vec::new();
    for key in OF_HISTORY.iter().chain(&OF_SNAPSHOT) {
        let Some(value) = node.get(key) else { continue };
        spans.push(((*key).to_owned(), value.span));
        for item in value.items() {
            spans.extend(item.as_text().map(|column| (format!("{key}.{column}"), item.span)));
        }
    }
    spans
}

/// Reports what contradicts itself.
pub(super) fn verify(header: &ModelHeader, node: &Node, checks: &[CheckSpec], diagnostics: &mut Vec<Diagnostic>) {
    let (scd2, snapshot) = (MaterializeOption::Scd2, MaterializeOption::Snapshot);
    let what = header.materialize;
    let mut refuse = |at: Span, message: String, help: &str| {
        diagnostics.push(Diagnostic::error(codes::CONTRADICTION, message).at(at, "").help(help));
    };
    // What an incremental model says of its key, says the strategy.
    let elsewhere = |key: &str| key == "key" && what == MaterializeOption::Incremental;
    for (keys, wanted, name) in [(&OF_HISTORY[..], scd2, "scd2"), (&OF_SNAPSHOT[..], snapshot, "snapshot")] {
        let keys = keys.iter().filter(|key| what != wanted && !elsewhere(key));
        for (key, value) in keys.filter_map(|key| Some((key, node.get(key)?))) {
            let help = format!("leave it out, or write `materialize: {name}`");
            refuse(value.span, format!("'{key}' says nothing of a model that is not `materialize: {name}`"), &help);
        }
    }
    if what != scd2 && what != snapshot {
        return;
    }
    let kept = if what == scd2 { "a history" } else { "snapshots" };
    let at = |key: &str| node.get(key).map_or(node.span, |value| value.span);
    if what == scd2 && header.key.is_empty() {
        let help = "name the columns whose values a row keeps, e.g. `key: [customer_id]`";
        refuse(at("materialize"), "a history needs a `key`: which rows are versions of each other".to_owned(), help);
    }
    if header.refresh == RefreshOption::Full {
        let help = "leave `refresh` out: only what has changed is written";
        refuse(at("refresh"), format!("{kept} cannot be computed anew: the query yields what holds now"), help);
    }
    let lists = [("key", Some(&header.key)), ("track", header.track.as_ref())];
    for (name, columns) in lists.into_iter().filter_map(|(name, columns)| Some((name, columns?))) {
        let twice = columns.iter().enumerate().find(|(place, column)| columns[..*place].contains(column));
        if let Some((place, column)) = twice {
            let at = node.get(name).and_then(|list| list.items().get(place)).map_or(at(name), |item| item.span);
            refuse(at, format!("'{column}' is named twice in `{name}`"), "name it once");
        }
    }
    let columns = history(header).columns;
    let own = columns.names();
    if let Some(name) = own.iter().enumerate().find(|(place, name)| own[..*place].contains(name)).map(|(_, name)| name)
    {
        refuse(at("history_columns"), format!("two columns would be called '{name}'"), "give each its own name");
    }
    if header.keep == Some(0) {
        refuse(at("keep"), "no snapshot would be kept".to_owned(), "keep at least one, or leave `keep` out for all");
    }
    for spec in checks.iter().filter(|spec| spec.check.severity == Severity::Quarantine) {
        let message = format!("{kept} cannot quarantine: a version that is set aside would leave a hole");
        let diagnostic = Diagnostic::error(codes::QUARANTINE, message).at(spec.span, "severity: quarantine");
        let help = "check the rows in the model that this one reads, or choose the severity warn or error";
        diagnostics.push(diagnostic.help(help));
    }
}
