//! What of a run may be published together.
//!
//! A published view shows its inputs as they are. If the view failed its checks, or was held back, then publishing its
//! inputs would change what it shows, unchecked: they stay as they were, and so does what was built on them.

use std::collections::{BTreeMap, BTreeSet};

use headwater_project::{Asset, Project};
use headwater_sdk::{Relation, TableName};

use crate::execute::{Outcome, Outcomes};
use crate::lake::Base;

/// Holds back what must not be published, until nothing changes any more.
pub(super) fn close(project: &Project, base: &Base, outcomes: &mut Outcomes) {
    loop {
        let reasons = next_reasons(project, base, outcomes);
        if reasons.is_empty() {
            return;
        }
        for (name, why) in reasons {
            if let Some(outcome) = outcomes.get_mut(&name) {
                outcome.hold_back(why);
            }
        }
    }
}

fn next_reasons(project: &Project, base: &Base, outcomes: &Outcomes) -> BTreeMap<TableName, String> {
    let audited = |name: &TableName| outcomes.get(name).is_some_and(Outcome::is_audited);
    let stays = |name: &TableName| outcomes.get(name).is_some_and(Outcome::holds_back);
    let mut reasons = BTreeMap::new();
    for asset in &project.assets {
        if stays(&asset.name) && matches!(base.relation(&asset.name), Some(Relation::View { .. })) {
            for input in makers(project, asset) {
                if audited(&input) {
                    let why = format!(
                        "the view {} reads it and was not published: it would show data that failed its checks",
                        asset.name
                    );
                    reasons.entry(input).or_insert(why);
                }
            }
        }
        if audited(&asset.name)
            && let Some(input) = makers(project, asset).into_iter().find(|input| stays(input))
        {
            reasons.entry(asset.name.clone()).or_insert_with(|| format!("{input} was not published"));
        }
    }
    reasons
}

/// The assets whose tables an asset's SQL reads.
fn makers(project: &Project, asset: &Asset) -> BTreeSet<TableName> {
    asset.inputs.iter().filter_map(|input| Some(project.maker_of(&input.table)?.name.clone())).collect()
}
