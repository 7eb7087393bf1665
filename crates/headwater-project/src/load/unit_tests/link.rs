//! From the names in unit tests to the models and tables that they mean.

use std::collections::BTreeMap;

use headwater_diagnostics::{Diagnostic, Span, nearest};
use headwater_sdk::TableName;
use serde_json::Value;

use super::TestDraft;
use super::variants;
use crate::asset::{Asset, AssetKind};
use crate::codes;
use crate::graph::Draft;
use crate::load::files::Folder;
use crate::template::Templates;
use crate::unit_test::{GivenRows, Stand, UnitTest};

/// What a name of the project stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A model, or an asset whose file has mistakes.
    Model,
    Source,
    Seed,
    Script,
    /// Rows set aside.
    Side,
}

/// The names of a project's tables, whether or not their files are sound.
pub(crate) struct Names {
    kinds: BTreeMap<String, Kind>,
}

impl Names {
    /// The names that assets give.
    pub(crate) fn of(drafts: &[Draft]) -> Self {
        let mut kinds = BTreeMap::new();
        for draft in drafts {
            let (kind, sides) = match &draft.asset {
                Some(asset) => (kind_of(&asset.kind), asset.side_tables().collect()),
                None => (Kind::Model, vec![draft.name.rejected(), draft.name.quarantine()]),
            };
            kinds.extend(sides.into_iter().map(|side| (side.to_string(), Kind::Side)));
            kinds.insert(draft.name.to_string(), kind);
        }
        Self { kinds }
    }

    pub(super) fn has(&self, table: &TableName) -> bool {
        self.kinds.contains_key(&table.to_string())
    }

    /// What a person may have meant by a table that is not there.
    pub(super) fn suggestion(&self, table: &TableName) -> String {
        match nearest(&table.to_string(), self.kinds.keys().map(String::as_str)) {
            Some(near) => format!("did you mean '{near}'?"),
            None => "add a stream, a seed, a model or a script of that name".to_owned(),
        }
    }

    /// Whether a name is a model's; if not, that is reported.
    fn check_model(&self, model: &TableName, at: Span, diagnostics: &mut Vec<Diagnostic>) -> bool {
        let models = || self.kinds.iter().filter(|(_, kind)| **kind == Kind::Model).map(|(name, _)| name.as_str());
        let what = match self.kinds.get(&model.to_string()) {
            Some(Kind::Model) => return true,
            Some(Kind::Source) => "is a stream of a source",
            Some(Kind::Seed) => "is a seed",
            Some(Kind::Script) => "is a script, and scripts have no unit tests",
            Some(Kind::Side) => "holds rows that were set aside",
            None => {
                let diagnostic = Diagnostic::error(codes::UNIT_TEST_MODEL, format!("there is no model '{model}'"));
                diagnostics.push(diagnostic.at(at, "").help(match nearest(&model.to_string(), models()) {
                    Some(near) => format!("did you mean '{near}'?"),
                    None => "a model is models/<schema>/<name>.sql".to_owned(),
                }));
                return false;
            }
        };
        let diagnostic = Diagnostic::error(codes::UNIT_TEST_MODEL, format!("'{model}' is no model: it {what}"));
        diagnostics.push(diagnostic.at(at, "").help("name a model: it has a query to test"));
        false
    }
}

fn kind_of(kind: &AssetKind) -> Kind {
    match kind {
        AssetKind::Model(_) => Kind::Model,
        AssetKind::Stream(_) => Kind::Source,
        AssetKind::Seed(_) => Kind::Seed,
        AssetKind::Script(_) => Kind::Script,
    }
}

/// Puts tests into the graph. What is wrong with them is reported; of a project with mistakes (`assets` are not there) only
/// the names are looked at.
pub(crate) fn link(
    drafts: Vec<TestDraft>,
    names: &Names,
    assets: Option<&[Asset]>,
    templates: &Templates,
    folder: &mut Folder,
) -> Vec<UnitTest> {
    let mut tests = Vec::with_capacity(drafts.len());
    let mut seen: BTreeMap<(TableName, String), Span> = BTreeMap::new();
    for TestDraft { mut test, model_span, vars } in drafts {
        let diagnostics = &mut folder.diagnostics;
        match seen.get(&(test.model.clone(), test.name.clone())) {
            Some(first) => diagnostics.push(
                Diagnostic::error(
                    codes::UNIT_TEST_NAME,
                    format!("{} has two tests called '{}'", test.model, test.name),
                )
                .at(test.span, "again here")
                .also(*first, "first here")
                .help("rename one of the two"),
            ),
            None => {
                seen.insert((test.model.clone(), test.name.clone()), test.span);
            }
        }
        let has_query = names.check_model(&test.model, model_span, diagnostics);
        for given in test.given.iter().filter(|given| !names.has(&given.table)) {
            let diagnostic = Diagnostic::error(codes::UNKNOWN_TABLE, format!("there is no table '{}'", given.table));
            diagnostics.push(diagnostic.at(given.span, "").help(names.suggestion(&given.table)));
        }
        let vars = declared(vars, templates, diagnostics);
        let Some(assets) = assets.filter(|_| has_query) else { continue };
        if !vars.is_empty() {
            let before = folder.diagnostics.len();
            test.variants = variants::render(&test, &vars, assets, names, templates, folder);
            if folder.diagnostics.len() > before {
                continue;
            }
        }
        refuse_unread(&test, names, assets, &mut folder.diagnostics);
        refuse_unknown_checks(&test, assets, &mut folder.diagnostics);
        tests.push(test);
    }
    tests
}

/// The variables that the project declares; others are reported.
fn declared(
    vars: BTreeMap<String, (Value, Span)>,
    templates: &Templates,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Value> {
    let mut known = BTreeMap::new();
    for (name, (value, span)) in vars {
        if templates.var_names().any(|declared| declared == name) {
            known.insert(name, value);
            continue;
        }
        let diagnostic = Diagnostic::error(codes::VARIABLE, format!("there is no variable '{name}'")).at(span, "");
        diagnostics.push(match nearest(&name, templates.var_names()) {
            Some(near) => diagnostic.help(format!("did you mean '{near}'?")),
            None => diagnostic.help("declare it under `vars` in headwater.yml"),
        });
    }
    known
}

/// Reports rows that the test's query never sees.
fn refuse_unread(test: &UnitTest, names: &Names, assets: &[Asset], diagnostics: &mut Vec<Diagnostic>) {
    let tables = test.tables(assets);
    let is_unread = |given: &&GivenRows| names.has(&given.table) && !tables.contains_key(&given.table);
    for given in test.given.iter().filter(is_unread) {
        let message = format!("{} does not read '{}'", test.model, given.table);
        let diagnostic = Diagnostic::error(codes::UNIT_TEST_GIVEN, message).at(given.span, "these rows are never read");
        let hiding =
            tables.iter().find(|(table, stand)| matches!(stand, Stand::Given(_)) && reads(assets, table, &given.table));
        diagnostics.push(match hiding {
            Some((table, _)) => {
                diagnostic.help(format!("'{table}', which reads it, is given itself: remove one of the two"))
            }
            None if tables.is_empty() => diagnostic.help("it reads no tables"),
            None => {
                let names: Vec<String> = tables.keys().map(ToString::to_string).collect();
                let given = given.table.to_string();
                diagnostic.help(match nearest(&given, names.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean '{near}'?"),
                    None => format!("it reads {}", names.join(", ")),
                })
            }
        });
    }
}

/// Reports checks that the model does not have.
fn refuse_unknown_checks(test: &UnitTest, assets: &[Asset], diagnostics: &mut Vec<Diagnostic>) {
    let Some(model) = assets.iter().find(|asset| asset.name == test.model) else { return };
    let names = || model.checks.iter().map(|spec| spec.check.name.as_str());
    for check in test.checks.iter().filter(|check| !names().any(|name| name == check.name)) {
        let message = format!("{} has no check '{}'", test.model, check.name);
        let diagnostic = Diagnostic::error(codes::UNIT_TEST_CHECK, message).at(check.span, "");
        diagnostics.push(match nearest(&check.name, names()) {
            Some(near) => diagnostic.help(format!("did you mean '{near}'?")),
            None if model.checks.is_empty() => diagnostic.help("it has no checks"),
            None => diagnostic.help(format!("its checks are {}", names().collect::<Vec<_>>().join(", "))),
        });
    }
}

/// Whether a table's query reads another one, directly or through others.
fn reads(assets: &[Asset], table: &TableName, wanted: &TableName) -> bool {
    let mut waiting = vec![table];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(table) = waiting.pop() {
        let Some(asset) = assets.iter().find(|asset| asset.name == *table) else { continue };
        for input in asset.inputs.iter().filter(|input| seen.insert(&input.table)) {
            if input.table == *wanted {
                return true;
            }
            waiting.push(&input.table);
        }
    }
    false
}
