//! From an expression to the assets that it chooses.

use std::collections::BTreeSet;

use headwater_sdk::TableName;

use super::expression::{Criterion, Expression, Term};
use super::graph::{Direction, Graph};
use super::pattern::Pattern;
use super::{Selection, Standing};
use crate::{Asset, AssetKind, Project};

/// Says how an asset compares with what `main` holds.
type StandingOf<'a> = &'a dyn Fn(&Asset) -> Standing;

pub(super) fn assets(selection: &Selection, project: &Project, standing: StandingOf<'_>) -> BTreeSet<TableName> {
    let graph = Graph::of(project);
    let chosen = |expression: &Expression| either(expression, project, &graph, standing);
    let mut places = match &selection.select {
        Some(select) => chosen(select),
        None => (0..project.assets.len()).collect(),
    };
    if let Some(exclude) = &selection.exclude {
        let excluded = chosen(exclude);
        places.retain(|place| !excluded.contains(place));
    }
    places.into_iter().filter_map(|place| project.assets.get(place)).map(|asset| asset.name.clone()).collect()
}

fn either(expression: &Expression, project: &Project, graph: &Graph, standing: StandingOf<'_>) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    for both in &expression.either {
        let terms = both.terms.iter().map(|one| term(one, project, graph, standing));
        found.extend(terms.reduce(|one, other| &one & &other).unwrap_or_default());
    }
    found
}

fn term(term: &Term, project: &Project, graph: &Graph, standing: StandingOf<'_>) -> BTreeSet<usize> {
    use super::expression::Reach::All;
    let assets = project.assets.iter().enumerate();
    let own: BTreeSet<usize> =
        assets.filter(|(_, asset)| takes(&term.criterion, asset, standing)).map(|(place, _)| place).collect();
    let mut found = own.clone();
    if let Some(reach) = term.upstream {
        found.extend(graph.reach(&own, Direction::Upstream, reach));
    }
    if let Some(reach) = term.downstream {
        found.extend(graph.reach(&own, Direction::Downstream, reach));
    }
    if term.whole {
        found.extend(graph.reach(&graph.reach(&own, Direction::Downstream, All), Direction::Upstream, All));
    }
    found
}

/// Whether a criterion takes an asset.
pub(super) fn takes(criterion: &Criterion, asset: &Asset, standing: StandingOf<'_>) -> bool {
    match criterion {
        Criterion::Name(name) => is_named(name, &asset.name),
        Criterion::Owner(owner) => asset.owner.as_ref().is_some_and(|own| owner.matches(own)),
        Criterion::Path(path) => asset.paths().any(|own| path.matches_path(own)),
        Criterion::Source(source) => is_source(source, asset),
        Criterion::State(wanted) => wanted.takes(standing(asset)),
        Criterion::Tag(tag) => asset.tags.iter().any(|own| tag.matches(own)),
        Criterion::Type(kind) => kind.takes(asset.kind_name()),
    }
}

/// `schema.table`, a table in any schema, or (without wildcards) a schema.
fn is_named(name: &Pattern, table: &TableName) -> bool {
    if name.text().contains('.') {
        return name.matches(&table.to_string());
    }
    name.matches(table.table()) || name.text() == table.schema()
}

fn is_source(source: &Pattern, asset: &Asset) -> bool {
    matches!(asset.kind, AssetKind::Stream(_))
        && (is_named(source, &asset.name) || file_names(&asset.path).iter().any(|name| source.matches(name)))
}

/// A file's name, and the same without its ending.
pub(crate) fn file_names(path: &str) -> [&str; 2] {
    let name = path.rsplit('/').next().unwrap_or(path);
    [name, name.rsplit_once('.').map_or(name, |(stem, _)| stem)]
}
