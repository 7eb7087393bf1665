//! What matches nothing in a project, and what a person may have meant.

use std::collections::BTreeSet;

use headwater_diagnostics::{Diagnostic, nearest};

use super::evaluate::{file_names, takes};
use super::expression::{Criterion, Expression, Term};
use super::{Selection, Standing};
use crate::{Asset, AssetKind, Project, codes};

/// How many values are listed where none is near.
const LISTED: usize = 8;

/// The terms that name something which the project does not have. That no asset is of a type or a state is no mistake.
pub(super) fn unmatched(selection: &Selection, project: &Project) -> Vec<Diagnostic> {
    let terms = selection.expressions().flat_map(Expression::terms);
    terms.filter_map(|term| unmatched_term(term, project)).collect()
}

fn unmatched_term(term: &Term, project: &Project) -> Option<Diagnostic> {
    let (message, help) = match &term.criterion {
        Criterion::State(_) | Criterion::Type(_) => return None,
        criterion if project.assets.iter().any(|asset| takes(criterion, asset, &|_| Standing::New)) => return None,
        Criterion::Name(name) => (no_name(name.text()), meant_by_name(name.text(), project)),
        Criterion::Source(source) => (
            format!("no stream and no source is named '{}'", source.text()),
            among("source:", source.text(), &sources(project)),
        ),
        Criterion::Path(path) => {
            (format!("nothing is declared in '{}'", path.text()), meant_by_path(path.text(), project))
        }
        Criterion::Tag(tag) => {
            (format!("nothing has the tag '{}'", tag.text()), among("tag:", tag.text(), &tags(project)))
        }
        Criterion::Owner(owner) => {
            (format!("nothing has the owner '{}'", owner.text()), among("owner:", owner.text(), &owners(project)))
        }
    };
    Some(Diagnostic::error(codes::UNMATCHED, message).at(term.span, "").help(help))
}

fn no_name(name: &str) -> String {
    let what = if name.contains('.') { "table" } else { "table and no schema" };
    format!("no {what} is named '{name}'")
}

/// What a person may have meant by a bare word: a table, or what belongs to a method.
fn meant_by_name(name: &str, project: &Project) -> String {
    if let Some(owner) = name.parse().ok().and_then(|table| project.maker_of(&table)) {
        return format!("did you mean '{}'? '{name}' is made together with it", owner.name);
    }
    if tags(project).contains(name) {
        return format!("did you mean 'tag:{name}'?");
    }
    if let Some(asset) = project.assets.iter().find(|asset| file_names(&asset.path).contains(&name)) {
        return format!("did you mean 'path:{}'?", asset.path);
    }
    let names: BTreeSet<String> = match name.contains('.') {
        true => project.assets.iter().map(|asset| asset.name.to_string()).collect(),
        false => project.assets.iter().flat_map(|a| [a.name.table(), a.name.schema()]).map(str::to_owned).collect(),
    };
    among("", name, &names)
}

fn meant_by_path(path: &str, project: &Project) -> String {
    let (wanted, known) = (path.trim_start_matches("./").trim_end_matches('/'), paths(project));
    match nearest(wanted, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean 'path:{near}'?"),
        None => "paths begin in the project's folder, e.g. path:models/marts; the folder itself stands before --select"
            .into(),
    }
}

/// The nearest of some values with its method, or what there is instead.
fn among(method: &str, wanted: &str, values: &BTreeSet<String>) -> String {
    match nearest(wanted, values.iter().map(String::as_str)) {
        Some(near) => format!("did you mean '{method}{near}'?"),
        None if values.is_empty() => "the project has none".to_owned(),
        None if values.len() <= LISTED => format!("there is {}", values.iter().cloned().collect::<Vec<_>>().join(", ")),
        None => "`headwater list` shows what there is".to_owned(),
    }
}

fn tags(project: &Project) -> BTreeSet<String> {
    project.assets.iter().flat_map(|asset| asset.tags.iter().cloned()).collect()
}

fn owners(project: &Project) -> BTreeSet<String> {
    project.assets.iter().filter_map(|asset| asset.owner.clone()).collect()
}

/// Every file that declares an asset, and the folders above it.
fn paths(project: &Project) -> BTreeSet<String> {
    let all = |asset: &Asset| {
        let path = &asset.path;
        let folders = path.match_indices('/').map(|(end, _)| path[..end].to_owned()).collect::<Vec<_>>();
        folders.into_iter().chain([path.clone()])
    };
    project.assets.iter().flat_map(all).collect()
}

fn sources(project: &Project) -> BTreeSet<String> {
    let streams = project.assets.iter().filter(|asset| matches!(asset.kind, AssetKind::Stream(_)));
    let names = |asset: &Asset| {
        let [_, file] = file_names(&asset.path);
        [asset.name.to_string(), asset.name.table().to_owned(), asset.name.schema().to_owned(), file.to_owned()]
    };
    streams.flat_map(names).collect()
}
