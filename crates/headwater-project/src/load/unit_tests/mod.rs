//! `tests/*.yml`: unit tests of models.
//!
//! They are read before the graph is known, and put into it afterwards ([`link`]).

mod csv;
mod link;
mod rows;
mod variants;

use std::collections::{BTreeMap, BTreeSet};

use headwater_diagnostics::{Diagnostic, FileId, Span};
use headwater_sdk::TableName;
use serde_json::Value;

use super::columns;
use super::files::Folder;
use crate::codes;
use crate::spec::UnitTestFile;
use crate::unit_test::{Expectation, ExpectedCheck, GivenRows, TestText, UnitTest};
use crate::validate::{self, Schema};
use crate::yaml::{self, Node};

pub(crate) use link::{Names, link};

/// The folder of unit tests.
pub(crate) const FOLDER: &str = "tests";

/// A test as its own file has it, before its names are looked up.
pub(crate) struct TestDraft {
    test: UnitTest,
    /// Where the model is named.
    model_span: Span,
    /// Variables that have another value, with the places of their names.
    vars: BTreeMap<String, (Value, Span)>,
}

/// Files of rows that tests name, each read once.
#[derive(Default)]
struct Fixtures {
    /// Path → the file, or nothing when it cannot be read.
    read: BTreeMap<String, Option<FileId>>,
}

/// Reads all unit tests.
pub(crate) fn read(folder: &mut Folder) -> Vec<TestDraft> {
    let schema = Schema::of::<UnitTestFile>();
    let (mut drafts, mut fixtures, mut tables) = (Vec::new(), Fixtures::default(), BTreeSet::new());
    for found in folder.list_deep(FOLDER) {
        if found.name.ends_with(".csv") {
            tables.insert(found.path);
            continue;
        }
        if !found.name.ends_with(".yml") && !found.name.ends_with(".yaml") {
            super::ignored::warn(folder, &found.path, "unit tests are .yml files, and .csv files that they name");
            continue;
        }
        let Some(file) = folder.read(&found.path) else { continue };
        let text = folder.files.text(file).to_owned();
        for document in yaml::parse(&text, 0..text.len(), file, &mut folder.diagnostics) {
            let tests = match document.value {
                yaml::Value::List(tests) => tests,
                value => vec![Node { value, ..document }],
            };
            for test in tests {
                drafts.extend(Reader { folder, fixtures: &mut fixtures, path: &found.path }.read(&test, &schema));
            }
        }
    }
    for path in tables.iter().filter(|path| !fixtures.read.contains_key(*path)) {
        super::ignored::warn(folder, path, "no unit test names it");
    }
    drafts
}

/// What checks have to say, of a node that has been validated.
fn expected_checks(node: &Node) -> Vec<ExpectedCheck> {
    let entries = node.get("expect_checks").and_then(Node::as_map).map_or(&[] as &[yaml::Entry], |map| &map.entries);
    let expected = entries.iter().filter_map(|entry| {
        let verdict = serde_json::from_value(entry.value.written_json()).ok()?;
        Some(ExpectedCheck { name: entry.key.clone(), span: entry.key_span, verdict })
    });
    expected.collect()
}

/// Reads the tests of a file.
struct Reader<'a> {
    folder: &'a mut Folder,
    fixtures: &'a mut Fixtures,
    /// The file's path.
    path: &'a str,
}

impl Reader<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.folder.diagnostics.push(diagnostic);
    }

    fn read(&mut self, node: &Node, schema: &Schema) -> Option<TestDraft> {
        if node.as_map().is_none() {
            let message = format!("a unit test is a mapping, not {}", node.kind());
            let diagnostic = Diagnostic::error(codes::WRONG_TYPE, message).at(node.span, "");
            self.report(diagnostic.help("start with `name: …` and `model: …`"));
            return None;
        }
        // Every part is looked at, whatever is wrong with the others.
        let json = validate::read(schema, node, "a unit test", &mut self.folder.diagnostics);
        let given = self.given(node);
        let expect = node.get("expect").and_then(|expect| self.expectation(expect));
        let file: UnitTestFile = serde_json::from_value(json?).ok()?;
        let checks = expected_checks(node);
        self.check_expectations(node, expect.as_ref(), &checks);
        let place = |key: &str| node.get(key).map_or(node.span, |node| node.span);
        let vars = node.get("vars").and_then(Node::as_map).into_iter().flat_map(|map| &map.entries);
        let vars = vars.map(|entry| (entry.key.clone(), (entry.value.written_json(), entry.key_span))).collect();
        let test = UnitTest {
            name: file.name.0,
            model: file.model.0,
            span: place("name"),
            description: file.description,
            tags: columns::sorted(file.tags),
            given,
            variants: BTreeMap::new(),
            now: node.get("now").and_then(|now| self.text(now)),
            expect,
            checks,
            ordered: file.ordered,
        };
        Some(TestDraft { test, model_span: place("model"), vars })
    }

    /// The tables that are given. Rows with mistakes, which are reported, are left out; their table is not.
    fn given(&mut self, node: &Node) -> Vec<GivenRows> {
        let entries = node.get("given").and_then(Node::as_map).map_or(&[] as &[yaml::Entry], |map| &map.entries);
        let mut given = Vec::with_capacity(entries.len());
        for entry in entries {
            let rows = self.rows(&entry.value).unwrap_or_default();
            match entry.key.parse::<TableName>() {
                Ok(table) => given.push(GivenRows { table, span: entry.key_span, rows }),
                Err(error) => {
                    let diagnostic = Diagnostic::error(codes::TABLE_NAME, error.to_string()).at(entry.key_span, "");
                    self.report(diagnostic.help("tables are named schema.table"));
                }
            }
        }
        given
    }

    fn expectation(&mut self, node: &Node) -> Option<Expectation> {
        match node.get("error") {
            Some(error) if self.only_one(node) => self.text(error).map(Expectation::Error),
            Some(_) => None,
            None => self.rows(node).map(Expectation::Rows),
        }
    }

    /// Reports a test that expects nothing, or what cannot be.
    fn check_expectations(&mut self, node: &Node, expect: Option<&Expectation>, checks: &[ExpectedCheck]) {
        if node.get("expect").is_none() && checks.is_empty() {
            let first = node.as_map().and_then(|map| map.entries.first()).map_or(node.span, |entry| entry.key_span);
            let diagnostic = Diagnostic::error(codes::MISSING_KEY, "a unit test expects nothing").at(first, "");
            self.report(diagnostic.help("add `expect: …`, which takes rows, or `expect_checks: …`"));
        }
        if let (Some(Expectation::Error(error)), [check, ..]) = (expect, checks) {
            let message = "a query that fails has no rows that a check could judge";
            let diagnostic = Diagnostic::error(codes::CONTRADICTION, message).at(check.span, "").also(error.span, "");
            self.report(diagnostic.help("remove one of the two"));
        }
    }

    /// A scalar and its place.
    fn text(&self, node: &Node) -> Option<TestText> {
        let text = node.scalar_text(self.folder.files.text(node.span.file))?;
        Some(TestText { text, span: node.span })
    }

    /// Whether a mapping has exactly one of the keys that say what rows there are; otherwise that is reported.
    fn only_one(&mut self, node: &Node) -> bool {
        let entries = node.as_map().map_or(&[] as &[yaml::Entry], |map| &map.entries);
        let says = |entry: &&yaml::Entry| matches!(entry.key.as_str(), "csv" | "file" | "error");
        let chosen: Vec<&yaml::Entry> = entries.iter().filter(says).collect();
        let diagnostic = match chosen.as_slice() {
            [_] => return true,
            // Unknown keys have been reported.
            [] if !entries.is_empty() => return false,
            [] => Diagnostic::error(codes::MISSING_KEY, "this names no rows")
                .at(node.span, "")
                .help("write the rows as a list, or `csv: …` or `file: …`; no rows are `[]`"),
            [first, second, ..] => Diagnostic::error(
                codes::CONTRADICTION,
                format!("'{}' and '{}' exclude each other", first.key, second.key),
            )
            .at(second.key_span, "")
            .also(first.key_span, "")
            .help("keep one of the two"),
        };
        self.report(diagnostic);
        false
    }
}
