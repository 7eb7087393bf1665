//! From the tables that declarations name to what these tables are.

use std::collections::BTreeMap;

use headwater_diagnostics::{Diagnostic, nearest};
use headwater_sdk::TableName;

use super::checks;
use crate::asset::{AssetKind, Star};
use crate::codes;
use crate::graph::{Draft, Read};

/// What a table is to those that refer to it.
enum Target {
    /// It can be referred to by this column.
    Referred(String),
    /// It is neither a dimension nor a bridge.
    Other(&'static str),
    /// Its file has mistakes.
    Broken,
}

/// Looks up what declarations refer to, and adds the checks that they stand for. Tables that are not there are left to the
/// graph, which reports them.
pub(crate) fn link(drafts: &mut [Draft], diagnostics: &mut Vec<Diagnostic>) {
    let targets: BTreeMap<TableName, Target> =
        drafts.iter().map(|draft| (draft.name.clone(), target_of(draft))).collect();
    for draft in drafts {
        let Some(asset) = &mut draft.asset else { continue };
        let AssetKind::Model(model) = &mut asset.kind else { continue };
        let Some(star) = &mut model.star else { continue };
        let kind = star.kind();
        for reference in star.references_mut() {
            let to = &reference.to;
            match targets.get(to) {
                Some(Target::Referred(column)) => reference.to_column = column.clone(),
                Some(Target::Other(what)) => {
                    let message = format!("'{to}' is no dimension, and the {kind} {} refers to it", draft.name);
                    let diagnostic = Diagnostic::error(codes::STAR_REFERENCE, message).at(reference.to_span, *what);
                    diagnostics.push(diagnostic.help(suggestion(to, &targets)));
                }
                Some(Target::Broken) | None => {}
            }
            let parts = vec![to.schema().to_owned(), to.table().to_owned()];
            draft.check_reads.push(Read { parts, span: reference.to_span });
        }
        let declared = checks::of(&draft.name, star, &model.materialize, &asset.checks);
        asset.checks.extend(declared);
    }
}

fn target_of(draft: &Draft) -> Target {
    let Some(asset) = &draft.asset else { return Target::Broken };
    let star = match &asset.kind {
        AssetKind::Model(model) => model.star.as_deref(),
        AssetKind::Stream(_) => return Target::Other("a stream of a source"),
        AssetKind::Seed(_) => return Target::Other("a seed"),
        AssetKind::Script(_) => return Target::Other("a script"),
    };
    match star {
        Some(Star::Fact(_)) => Target::Other("a fact"),
        None => Target::Other("a model that declares nothing of the kind"),
        Some(star) => star.referred_column().map_or(Target::Broken, |column| Target::Referred(column.to_owned())),
    }
}

fn suggestion(to: &TableName, targets: &BTreeMap<TableName, Target>) -> String {
    let declared = targets.iter().filter(|(_, target)| matches!(target, Target::Referred(_)));
    let names: Vec<String> = declared.map(|(name, _)| name.to_string()).collect();
    match nearest(&to.to_string(), names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean '{near}'?"),
        None => "declare it in its header: `dimension: { key: … }`".to_owned(),
    }
}
