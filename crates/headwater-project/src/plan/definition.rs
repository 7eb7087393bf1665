//! A fingerprint of an asset's definition, in named parts, so that a plan can say which of them changed.
//!
//! Written `part=hash;part=hash`, with 16 hexadecimal digits of BLAKE3 each. A source's options count as they are
//! written, with `${NAME}` in place of secrets: a rotated password reloads nothing, and nothing of it is kept.

use std::collections::BTreeMap;

use headwater_sdk::check::Severity;
use headwater_sdk::connector::OnBadRow;

use super::tokens::normalize_sql;
use crate::{Asset, AssetKind, Materialize, ScriptAsset, StreamAsset};

/// The part of the checks that set no rows aside.
const JUDGING: &str = "checks";
/// The part of a model's query.
const SQL: &str = "SQL";
/// The part of declared types.
const COLUMNS: &str = "columns";

/// The part of what becomes of a stream whose columns change.
const DRIFT: &str = "drift policy";
/// The part of what becomes of a stream's rows that cannot be read.
const BAD_ROWS: &str = "treatment of bad rows";
/// The part of how a table's files are partitioned.
const PARTITIONING: &str = "partitioning";
/// The part of how a model is kept.
const MATERIALIZATION: &str = "materialization";
/// The part of what is kept of a model's rows.
const HISTORY: &str = "history";

/// The fingerprint of an asset's definition.
pub fn definition(asset: &Asset) -> String {
    let mut parts = BTreeMap::new();
    let mut columns: Vec<_> =
        asset.columns.iter().map(|c| (c.name.clone(), c.data_type.as_ref().map(ToString::to_string))).collect();
    columns.retain(|(_, data_type)| data_type.is_some());
    parts.insert(COLUMNS, format!("{columns:?}"));
    let checks = |quarantine: bool| {
        let chosen = asset.checks.iter().filter(|spec| (spec.check.severity == Severity::Quarantine) == quarantine);
        let mut checks: Vec<String> = chosen
            .map(|spec| {
                let mut check = spec.check.clone();
                check.description = None;
                serde_json::to_string(&check).unwrap_or_else(|_| format!("{check:?}"))
            })
            .collect();
        checks.sort();
        checks.join("\n")
    };
    parts.insert(JUDGING, checks(false));
    parts.insert("quarantine checks", checks(true));
    match &asset.kind {
        AssetKind::Stream(stream) => {
            parts.insert("source", source_text(stream));
            parts.insert(DRIFT, format!("{:?}", stream.settings.drift));
            parts.extend(bad_rows(stream));
        }
        AssetKind::Seed(seed) => {
            parts.insert("source", source_text(seed));
            parts.extend(bad_rows(seed));
        }
        AssetKind::Model(model) => {
            let added = model.star.as_ref().map(|star| star.added_rows()).unwrap_or_default();
            let separator = if added.is_empty() { "" } else { "\n" };
            parts.insert(SQL, [&normalize_sql(&model.sql), separator, &added].concat());
            parts.insert(MATERIALIZATION, asset.kind_name().to_owned());
            match &model.materialize {
                Materialize::Scd2(history) => {
                    parts.insert(HISTORY, format!("{history:?}"));
                }
                Materialize::Snapshot(snapshots) => {
                    parts.insert(HISTORY, format!("{snapshots:?}"));
                }
                Materialize::Incremental(how) => {
                    // How far back rows are taken up again may change without the table being made anew.
                    let time = how.time.as_ref().map(|time| &time.column);
                    parts.insert("strategy", format!("{:?} {time:?}", how.strategy));
                }
                Materialize::Table | Materialize::View => {}
            }
            parts.insert(PARTITIONING, model.partition_by.join(","));
        }
        AssetKind::Script(script) => parts.extend(script_parts(script)),
    }
    parts.iter().map(|(name, text)| format!("{name}={}", short_hash(text))).collect::<Vec<_>>().join(";")
}

/// The parts of a script: all that may make its rows others, and what they are said to be made from.
fn script_parts(script: &ScriptAsset) -> [(&'static str, String); 7] {
    let input = |input: &crate::ScriptInput| {
        let names = |columns: &Vec<(String, _)>| columns.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let filter = input.filter.as_ref().map(|(condition, _)| condition);
        format!("{} {:?} {filter:?}", input.table, input.columns.as_ref().map(names))
    };
    let inputs: Vec<String> = script.inputs.iter().map(input).collect();
    let origins = script.from.iter().map(|from| {
        from.as_ref().map(|from| from.iter().map(|(of, _)| format!("{}.{}", of.table, of.column)).collect::<Vec<_>>())
    });
    [
        ("command", format!("{:?} in {}", script.command, script.folder)),
        ("files", format!("{:?}", script.files)),
        ("inputs", format!("{} {}", inputs.join("\n"), script.input_format.as_str())),
        ("output", format!("{} {:?}", script.output_format.as_str(), script.on_bad_row)),
        ("lineage", format!("{:?}", origins.collect::<Vec<_>>())),
        ("variables", format!("{} {:?}", script.written_env, script.vars)),
        (PARTITIONING, script.partition_by.join(",")),
    ]
}

/// Whether two definitions yield the same rows: they differ, if at all, in checks that set nothing aside, and in what becomes of
/// columns that come or go from now on, and of rows that cannot be read.
pub(super) fn same_rows(old: &str, new: &str) -> bool {
    let without_checks = |definition| {
        let mut parts = split_parts(definition);
        parts.remove(JUDGING);
        parts.remove(DRIFT);
        parts.remove(BAD_ROWS);
        parts
    };
    without_checks(old) == without_checks(new)
}

/// The kind of model that an asset was whose table keeps what its query yields no longer: `scd2` or `snapshot`.
pub fn kept_history(definition: &str) -> Option<&'static str> {
    let parts = split_parts(definition);
    let kind = parts.get(MATERIALIZATION)?;
    ["scd2", "snapshot"].into_iter().find(|name| short_hash(name) == **kind)
}

/// Whether two definitions of a model differ, if at all, in what fingerprints of columns tell, and in what changes no row:
/// checks that set nothing aside, and declared types, which have to be those of the SQL.
pub(super) fn keeps_parts(old: &str, new: &str) -> bool {
    changed_parts(old, new).iter().all(|part| matches!(part.as_str(), SQL | JUDGING | COLUMNS))
}

/// The names of the parts in which two definitions differ, sorted.
pub(super) fn changed_parts(old: &str, new: &str) -> Vec<String> {
    let (old, new) = (split_parts(old), split_parts(new));
    let mut names: Vec<&str> =
        new.iter().filter(|(name, hash)| old.get(*name) != Some(*hash)).map(|(n, _)| *n).collect();
    names.extend(old.keys().filter(|name| !new.contains_key(*name)));
    names.sort_unstable();
    names.into_iter().map(str::to_owned).collect()
}

/// What differs between two definitions, in words: `its SQL and its checks changed`.
pub(super) fn describe_change(parts: &[String]) -> String {
    if parts.is_empty() {
        return "its definition changed".to_owned();
    }
    format!("its {} changed", parts.join(" and its "))
}

fn split_parts(definition: &str) -> BTreeMap<&str, &str> {
    definition.split(';').filter_map(|part| part.split_once('=')).collect()
}

fn source_text(stream: &StreamAsset) -> String {
    let settings = &stream.settings;
    // Streams without a key are called what they were called before there were keys.
    let key = if settings.key.is_empty() { String::new() } else { format!(" {:?}", settings.key) };
    // What becomes of bad rows was told here once; where it is the usual, nothing has changed by that.
    let bad_rows = OnBadRow::Reject;
    format!("{}\n{}\n{:?} {bad_rows:?}{key}", stream.connector, stream.written, settings.mode)
}

/// What becomes of bad rows, where that is not the usual.
fn bad_rows(stream: &StreamAsset) -> Option<(&'static str, String)> {
    let policy = stream.settings.on_bad_row;
    (policy != OnBadRow::default()).then(|| (BAD_ROWS, format!("{policy:?}")))
}

/// 16 hexadecimal digits of the BLAKE3 hash of a text.
pub fn short_hash(text: &str) -> String {
    let mut hex = blake3::hash(text.as_bytes()).to_hex().to_string();
    hex.truncate(16);
    hex
}
