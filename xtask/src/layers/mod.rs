//! `cargo xtask layers`: who may depend on whom.
//!
//! The rules stand in `layers.toml`; what is, is asked of `cargo metadata`.

mod rules;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

use self::rules::Rules;
use crate::report::Finding;

/// Compares the workspace at `root` with its `layers.toml`. Every finding names the edge and the rule that it breaks.
pub(crate) fn check(root: &Path) -> Result<Vec<Finding>, String> {
    let rules = Rules::read(&root.join("layers.toml"))?;
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .exec()
        .map_err(|e| format!("cargo metadata failed: {e}"))?;
    let crates = metadata.workspace_packages();
    let names: BTreeSet<&str> = crates.iter().map(|package| package.name.as_str()).collect();

    let mut findings = rules.check_names(&names);
    for package in &crates {
        findings.extend(check_dependencies(&rules, package, &names));
    }
    findings.extend(check_reach(&rules, &metadata, &crates));
    findings.sort();
    findings.dedup();
    Ok(findings)
}

/// The rules on what a crate names in its own `Cargo.toml`.
fn check_dependencies(rules: &Rules, package: &Package, names: &BTreeSet<&str>) -> Vec<Finding> {
    let place = format!("{}/Cargo.toml", package.name);
    let mut findings = Vec::new();
    for dependency in &package.dependencies {
        let (from, to) = (package.name.as_str(), dependency.name.as_str());
        let edge = format!("{from} → {to} ({})", table_name(dependency.kind));
        if names.contains(to)
            && let (Some(upper), Some(lower)) = (rules.layer_of(from), rules.layer_of(to))
            && lower <= upper
        {
            let message = format!(
                "{edge} breaks the rule 'layers': a crate depends on lower layers only, {to} is in layer {}, {from} in \
                 layer {}",
                lower + 1,
                upper + 1
            );
            findings.push(Finding::new(&place, message));
        }
        if let Some(users) = rules.drivers.get(to)
            && !users.contains(from)
        {
            let users: Vec<&str> = users.iter().map(String::as_str).collect();
            let message = format!("{edge} breaks the rule 'drivers': {to} is for {} only", users.join(", "));
            findings.push(Finding::new(&place, message));
        }
    }
    findings
}

fn table_name(kind: DependencyKind) -> &'static str {
    match kind {
        DependencyKind::Development => "dev-dependencies",
        DependencyKind::Build => "build-dependencies",
        _ => "dependencies",
    }
}

/// The rules on what a crate must not reach, through however many others. Dev-dependencies do not count: they are not
/// in the program.
fn check_reach(rules: &Rules, metadata: &Metadata, crates: &[&Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in &rules.never {
        let Some(package) = crates.iter().find(|package| *package.name == rule.from) else {
            // `check_names` has said so.
            continue;
        };
        for forbidden in &rule.reaches {
            if let Some(path) = find_path(metadata, &package.id, forbidden) {
                let message = format!("{} breaks the rule 'never': {}", path.join(" → "), rule.because);
                findings.push(Finding::new(format!("{}/Cargo.toml", package.name), message));
            }
        }
    }
    findings
}

/// The shortest way from a package to one with a name.
fn find_path<'a>(metadata: &'a Metadata, from: &'a PackageId, to: &str) -> Option<Vec<&'a str>> {
    let nodes: BTreeMap<&PackageId, _> =
        metadata.resolve.iter().flat_map(|resolve| &resolve.nodes).map(|node| (&node.id, node)).collect();
    let mut came_from: BTreeMap<&PackageId, Option<&PackageId>> = BTreeMap::from([(from, None)]);
    let mut queue = VecDeque::from([from]);
    while let Some(id) = queue.pop_front() {
        if id != from && metadata[id].name.as_str() == to {
            let mut path = vec![metadata[id].name.as_str()];
            let mut at = id;
            while let Some(Some(previous)) = came_from.get(at) {
                path.push(metadata[*previous].name.as_str());
                at = previous;
            }
            path.reverse();
            return Some(path);
        }
        for dependency in nodes.get(id).into_iter().flat_map(|node| &node.deps) {
            let linked = dependency.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development);
            if linked && !came_from.contains_key(&dependency.pkg) {
                came_from.insert(&dependency.pkg, Some(id));
                queue.push_back(&dependency.pkg);
            }
        }
    }
    None
}
