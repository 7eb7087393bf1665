//! Models under the variables of a test: rendered again, where a template can make a difference.

use std::collections::BTreeMap;

use headwater_diagnostics::Diagnostic;
use headwater_sdk::TableName;
use serde_json::Value;

use super::link::Names;
use crate::asset::{Asset, AssetKind, Materialize, ModelAsset, Star};
use crate::codes;
use crate::load::files::Folder;
use crate::sql;
use crate::template::{Place, Templates};
use crate::unit_test::{UnitTest, Variant};

/// The test's model, and the views that it reads, as the test's variables have them. What is wrong with them then is
/// reported.
pub(super) fn render(
    test: &UnitTest,
    vars: &BTreeMap<String, Value>,
    assets: &[Asset],
    names: &Names,
    templates: &Templates,
    folder: &mut Folder,
) -> BTreeMap<TableName, Variant> {
    let templates = templates.with_vars(vars, &mut folder.diagnostics);
    let mut variants = BTreeMap::new();
    let mut waiting = vec![test.model.clone()];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(table) = waiting.pop() {
        if !seen.insert(table.clone()) || test.given.iter().any(|given| given.table == table) {
            continue;
        }
        let Some(asset) = assets.iter().find(|asset| asset.name == table) else { continue };
        let AssetKind::Model(model) = &asset.kind else { continue };
        if table != test.model && model.materialize != Materialize::View {
            continue;
        }
        match variant(test, model, names, &templates, folder) {
            Some(variant) => {
                waiting.extend(variant.inputs.iter().cloned());
                variants.insert(table, variant);
            }
            None => waiting.extend(asset.inputs.iter().map(|input| input.table.clone())),
        }
    }
    variants
}

/// The model rendered again; `None` when nothing is another then, or something is wrong.
fn variant(
    test: &UnitTest,
    model: &ModelAsset,
    names: &Names,
    templates: &Templates,
    folder: &mut Folder,
) -> Option<Variant> {
    // SQL that stands in its file as it is has nothing to render.
    model.pieces.as_ref()?;
    let note = format!("with the variables of the unit test {}.{}", test.model, test.name);
    let path = folder.files.path(model.body.file).to_owned();
    let body = folder.files.text(model.body.file).get(model.body.start..model.body.end)?.to_owned();
    let rendered = match templates.render(&body, Place { path: &path, body: model.body }) {
        Ok(rendered) => rendered,
        Err(problem) => {
            folder.diagnostics.extend(problem.map(|problem| problem.also(test.span, "").note(note)));
            return None;
        }
    };
    if rendered.sql == model.sql {
        return None;
    }
    let model = ModelAsset { sql: rendered.sql, pieces: Some(rendered.pieces), ..model.clone() };
    let named = match sql::read_query(&model.sql) {
        Ok(named) => named,
        Err(problem) => {
            let at = problem.range.map_or(model.body, |range| model.span_of(range));
            let diagnostic = Diagnostic::error(problem.code, problem.message).at(at, "").also(test.span, "").note(note);
            folder.diagnostics.push(problem.help.into_iter().fold(diagnostic, Diagnostic::help));
            return None;
        }
    };
    let mut inputs: Vec<TableName> = Vec::new();
    for table in named {
        let name = table.parts.join(".").parse::<TableName>().ok().filter(|name| names.has(name));
        match name {
            Some(name) if inputs.contains(&name) => {}
            Some(name) => inputs.push(name),
            None => {
                let message = format!("there is no table '{}'", table.parts.join("."));
                let diagnostic = Diagnostic::error(codes::UNKNOWN_TABLE, message).at(model.span_of(table.range), "");
                folder.diagnostics.push(diagnostic.also(test.span, "").note(note.clone()));
            }
        }
    }
    if let Some(Star::Dimension(dimension)) = model.star.as_deref() {
        for arrival in dimension.arrivals.iter().filter(|arrival| names.has(&arrival.table)) {
            if !inputs.contains(&arrival.table) {
                inputs.push(arrival.table.clone());
            }
        }
    }
    Some(Variant { model, inputs })
}
