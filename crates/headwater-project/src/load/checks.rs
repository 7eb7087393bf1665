//! Entries of `checks`: from `{ kind: options }` to compiled checks.

use std::collections::{BTreeMap, HashMap};

use headwater_diagnostics::{Diagnostic, Span, nearest};
use headwater_sdk::TableName;
use headwater_sdk::check::{CheckType, CompiledCheck, Probe, Severity, Threshold};
use serde_json::Value;

use super::conditions::check_condition;
use crate::asset::{CheckSpec, WrittenCheck, options_error};
use crate::codes;
use crate::graph::Read;
use crate::spec::CheckCommon;
use crate::sql;
use crate::validate::{self, Schema, merge};
use crate::yaml::{self, Entry, Map, Node};

/// The check types, with their schemas.
pub(crate) struct CheckTypes<'a> {
    by_name: BTreeMap<&'static str, (&'a dyn CheckType, Schema)>,
    common: Vec<String>,
}

/// The checks of a table, so far.
#[derive(Default)]
pub(crate) struct Checks {
    pub(crate) specs: Vec<CheckSpec>,
    /// The tables that they read.
    pub(crate) reads: Vec<Read>,
    /// How often each name has been given.
    names: HashMap<String, usize>,
}

impl Checks {
    /// Adds a check under its name, made unique.
    pub(crate) fn add(&mut self, mut spec: CheckSpec) {
        let count = self.names.entry(spec.check.name.clone()).or_insert(0);
        *count += 1;
        if *count > 1 {
            spec.check.name = format!("{} #{count}", spec.check.name);
        }
        self.specs.push(spec);
    }
}

/// The schema of a check's options with the keys that all checks take.
pub(crate) fn options_schema(check: &dyn CheckType) -> Value {
    merge(Schema::of::<CheckCommon>().root, check.options_schema(), &format!("{}_", check.name()))
}

impl<'a> CheckTypes<'a> {
    pub(crate) fn new(checks: &'a [Box<dyn CheckType>]) -> Self {
        let common = Schema::of::<CheckCommon>();
        let common = common.root.get("properties").and_then(Value::as_object).map(|p| p.keys().cloned().collect());
        let typed = |check: &'a dyn CheckType| (check.name(), (check, Schema { root: options_schema(check) }));
        Self { by_name: checks.iter().map(|check| typed(check.as_ref())).collect(), common: common.unwrap_or_default() }
    }

    /// Compiles the entries of a table's `checks`. `table` is its name, where that is known; `is_view` says whether it
    /// has no rows of its own.
    pub(crate) fn compile(
        &self,
        list: Option<&Node>,
        table: Option<&TableName>,
        is_view: bool,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Checks {
        let mut checks = Checks::default();
        for entry in list.map_or(&[] as &[Node], Node::items) {
            yaml::forbid(entry, diagnostics);
            if let Some(spec) = self.compile_entry(entry, is_view, diagnostics) {
                self.note_reads(&spec, entry, table, &mut checks.reads, diagnostics);
                checks.add(spec);
            }
        }
        checks
    }

    fn compile_entry(&self, node: &Node, is_view: bool, diagnostics: &mut Vec<Diagnostic>) -> Option<CheckSpec> {
        let entry = self.entry_of(node, diagnostics)?;
        let Some((check, schema)) = self.by_name.get(entry.key.as_str()) else {
            diagnostics.push(self.unknown(&entry.key, entry.key_span));
            return None;
        };
        let options = self.options_of(*check, entry, diagnostics)?;
        let what = format!("the check '{}'", entry.key);
        let json = validate::read(schema, &options, &what, diagnostics)?;
        let (common, own) = split(json, &self.common);
        let common: CheckCommon = match serde_json::from_value(common) {
            Ok(common) => common,
            Err(error) => {
                diagnostics.push(Diagnostic::error(codes::WRONG_TYPE, error.to_string()).at(options.span, ""));
                return None;
            }
        };
        let compiled = match check.compiler()(own.clone(), None) {
            Ok(compiled) => compiled,
            Err(error) => {
                let at = error.key.and_then(|key| options.get(key)).map_or(entry.key_span, |value| value.span);
                diagnostics.push(options_error(&entry.key, check.code(), error, at));
                return None;
            }
        };
        let span = entry.span();
        let filter_span = options.get("where").map(|node| node.span);
        if let (Some(filter), Some(span)) = (&common.r#where, filter_span) {
            check_condition(filter, "'where'", span, diagnostics);
        }
        if let Probe::Row { fails_when } = &compiled.probe {
            check_condition(fails_when, &what, entry.span(), diagnostics);
        }
        if common.severity == Severity::Quarantine {
            let at = options.get("severity").map_or(span, |node| node.span);
            refuse_quarantine(&entry.key, &compiled.probe, is_view, at, diagnostics);
        }
        let threshold = common.threshold.map(|t| t.0);
        refuse_idle_keys(&entry.key, &compiled.probe, threshold, &options, diagnostics);
        let name = if compiled.arguments.is_empty() {
            entry.key.clone()
        } else {
            format!("{}({})", entry.key, compiled.arguments)
        };
        let column_spans =
            compiled.columns.iter().filter_map(|column| Some((column.clone(), options.find_text(column)?.span)));
        Some(CheckSpec {
            span,
            column_spans: column_spans.collect(),
            filter_span,
            written: Some(WrittenCheck {
                option_spans: options
                    .as_map()
                    .map(|map| map.entries.iter().map(|option| (option.key.clone(), option.value.span)).collect())
                    .unwrap_or_default(),
                options: own,
                compile: check.compiler(),
                code: check.code(),
            }),
            check: CompiledCheck {
                kind: entry.key.clone(),
                name: common.name.unwrap_or(name),
                description: common.description,
                columns: compiled.columns,
                severity: common.severity,
                threshold: threshold.unwrap_or_default(),
                filter: common.r#where,
                probe: compiled.probe,
            },
        })
    }

    /// The one key of an entry, with its value.
    fn entry_of<'n>(&self, node: &'n Node, diagnostics: &mut Vec<Diagnostic>) -> Option<&'n Entry> {
        let malformed = |message: &str| Diagnostic::error(codes::CHECK_ENTRY, message).at(node.span, "");
        let Some(map) = node.as_map() else {
            diagnostics.push(match node.as_text().filter(|name| self.by_name.contains_key(name)) {
                Some(name) => malformed("a check without options").help(format!("write `{name}: {{}}`")),
                None => malformed("a check is a mapping").help("write `- not_null: order_id`, for example"),
            });
            return None;
        };
        if let [one] = map.entries.as_slice() {
            return Some(one);
        }
        let kinds: Vec<&Entry> = map.entries.iter().filter(|e| self.by_name.contains_key(e.key.as_str())).collect();
        let stray = map.entries.iter().find(|e| self.common.contains(&e.key));
        diagnostics.push(match (kinds.as_slice(), stray) {
            ([kind], Some(stray)) => {
                let (kind, stray) = (&kind.key, stray);
                malformed(&format!("'{}' stands beside the check", stray.key))
                    .help(format!("write it among the check's options: `- {kind}: {{ …, {}: … }}`", stray.key))
            }
            ([_, _, ..], _) => {
                malformed("more than one check in an entry").help("write each check as an entry of its own: `- …`")
            }
            _ => malformed("a check has one key: its kind").help(format!("the checks are {}", self.names())),
        });
        None
    }

    /// The options as a mapping: a bare value stands for one of them.
    fn options_of(&self, check: &dyn CheckType, entry: &Entry, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
        let wrap = |entries| Node { span: entry.value.span, value: yaml::Value::Map(Map { entries }) };
        match (&entry.value.value, check.shorthand()) {
            (yaml::Value::Map(_), _) => Some(entry.value.clone()),
            (yaml::Value::Null, _) => Some(wrap(Vec::new())),
            (_, Some(key)) => {
                let key_span = entry.value.span;
                Some(wrap(vec![Entry { key: key.to_owned(), key_span, value: entry.value.clone() }]))
            }
            (_, None) => {
                let message = format!("'{}' takes options, not {}", entry.key, entry.value.kind());
                let keys = self.by_name.get(entry.key.as_str()).and_then(|(_, schema)| schema.root.get("properties"));
                let keys: Vec<&str> =
                    keys.and_then(Value::as_object).into_iter().flatten().map(|(key, _)| key.as_str()).collect();
                let help = format!("write `{}: {{ … }}` with some of {}", entry.key, keys.join(", "));
                diagnostics.push(Diagnostic::error(codes::CHECK_ENTRY, message).at(entry.value.span, "").help(help));
                None
            }
        }
    }

    /// Notes the tables that a check reads beside its own.
    fn note_reads(
        &self,
        spec: &CheckSpec,
        entry: &Node,
        table: Option<&TableName>,
        reads: &mut Vec<Read>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let is_own = |parts: &[String]| {
            table.is_some_and(|table| parts.iter().map(String::as_str).eq([table.schema(), table.table()]))
        };
        match &spec.check.probe {
            Probe::References { to, .. } => {
                let name = to.to_string();
                let span = find_containing(entry, &name).map_or(spec.span, |node| node.span);
                reads.push(Read { parts: vec![to.schema().to_owned(), to.table().to_owned()], span });
            }
            Probe::Query { sql } => {
                let span = entry.find_text(sql).map_or(spec.span, |node| node.span);
                match sql::read_query(sql) {
                    Ok(tables) => {
                        let others = tables.into_iter().filter(|named| !is_own(&named.parts));
                        reads.extend(others.map(|named| Read { parts: named.parts, span }));
                    }
                    Err(problem) => {
                        let diagnostic = Diagnostic::error(problem.code, problem.message).at(span, "");
                        diagnostics.push(problem.help.into_iter().fold(diagnostic, Diagnostic::help));
                    }
                }
            }
            Probe::Row { .. }
            | Probe::NotNull { .. }
            | Probe::RowCount { .. }
            | Probe::Freshness { .. }
            | Probe::Unique { .. } => {}
        }
    }

    fn unknown(&self, name: &str, span: Span) -> Diagnostic {
        let diagnostic = Diagnostic::error(codes::CHECK, format!("there is no check '{name}'")).at(span, "");
        match nearest(name, self.by_name.keys().copied()) {
            Some(near) => diagnostic.help(format!("did you mean '{near}'?")),
            None => diagnostic.help(format!("the checks are {}", self.names())),
        }
    }

    fn names(&self) -> String {
        self.by_name.keys().copied().collect::<Vec<_>>().join(", ")
    }
}

fn refuse_quarantine(kind: &str, probe: &Probe, is_view: bool, at: Span, diagnostics: &mut Vec<Diagnostic>) {
    let (message, help) = if !probe.names_rows() {
        (format!("'{kind}' cannot quarantine"), "it does not say which rows fail; use `error` or `warn`")
    } else if is_view {
        (
            "a view cannot quarantine".to_owned(),
            "it has no rows of its own to set aside; use `materialize: table`, `error` or `warn`",
        )
    } else {
        return;
    };
    diagnostics.push(Diagnostic::error(codes::QUARANTINE, message).at(at, "").help(help));
}

/// A key that would change nothing is a mistake about what the check does.
fn refuse_idle_keys(
    kind: &str,
    probe: &Probe,
    threshold: Option<Threshold>,
    options: &Node,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut refuse = |key: &str, message: String, help: &str| {
        let at = options.get(key).map_or(options.span, |node| node.span);
        diagnostics.push(Diagnostic::error(codes::CHECK_KEY, message).at(at, "").help(help));
    };
    match (probe, threshold) {
        (Probe::RowCount { .. } | Probe::Freshness { .. }, Some(_)) => {
            refuse("threshold", format!("'{kind}' has no failing rows to tolerate"), "remove `threshold`");
        }
        (Probe::Query { .. }, Some(Threshold::Percent(_))) => {
            let message = format!("'{kind}' returns failing rows only, so that there is no share of them");
            refuse("threshold", message, "give a number of rows");
        }
        _ => {}
    }
    if matches!(probe, Probe::Query { .. }) && options.get("where").is_some() {
        refuse("where", format!("'{kind}' chooses its rows itself"), "write the condition into the query");
    }
}

/// The first text in a node that holds another text.
fn find_containing<'n>(node: &'n Node, wanted: &str) -> Option<&'n Node> {
    match &node.value {
        yaml::Value::Text(text) => text.value.contains(wanted).then_some(node),
        yaml::Value::List(items) => items.iter().find_map(|item| find_containing(item, wanted)),
        yaml::Value::Map(map) => map.entries.iter().find_map(|entry| find_containing(&entry.value, wanted)),
        _ => None,
    }
}

/// An object's keys in two parts: those in a list, and the others.
pub(crate) fn split(json: Value, first: &[String]) -> (Value, Value) {
    let Value::Object(object) = json else { return (Value::Null, Value::Null) };
    let (inside, outside): (serde_json::Map<_, _>, serde_json::Map<_, _>) =
        object.into_iter().partition(|(key, _)| first.iter().any(|f| f == key));
    (Value::Object(inside), Value::Object(outside))
}
