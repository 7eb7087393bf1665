//! What of a run may be published together.
//!
//! A published view shows its inputs as they are. If the view failed its checks, or was held back, then publishing its
//! inputs would change what it shows, unchecked: they stay as they were, and so does what was built on them or judged
//! against them. Tables that it reads and that the project has dropped stay as well.

use std::collections::{BTreeMap, BTreeSet};

use headwater_project::plan::tracked_inputs;
use headwater_project::{Asset, Project};
use headwater_sdk::store::AssetState;
use headwater_sdk::{Relation, TableName};

use crate::execute::{Outcome, Outcomes};
use crate::lake::Base;

/// Holds back what must not be published, until nothing changes any more. Returns the assets that the project has
/// dropped and that stay for now.
pub(super) fn close(project: &Project, base: &Base, outcomes: &mut Outcomes) -> BTreeSet<TableName> {
    let mut gate = Gate { project, base, withdrawn: BTreeSet::new(), retained: BTreeMap::new() };
    loop {
        let retained = gate.retain(outcomes);
        let withdrawn = gate.withdraw(outcomes);
        if !retained && !withdrawn {
            break;
        }
    }
    for (dropped, view) in &gate.retained {
        if let Some(outcome) = outcomes.get_mut(view) {
            outcome.notes.push(format!("{dropped} is kept for it, though the project has it no more"));
        }
    }
    gate.retained.into_keys().collect()
}

struct Gate<'a> {
    project: &'a Project,
    base: &'a Base,
    /// What the run had audited, and what is held back here.
    withdrawn: BTreeSet<TableName>,
    /// Assets that the project has dropped, and the view that reads them.
    retained: BTreeMap<TableName, TableName>,
}

impl Gate<'_> {
    /// The published views that stay as they are while something around them changes.
    fn staying_views(&self, outcomes: &Outcomes) -> Vec<&AssetState> {
        let stays =
            |name: &TableName| self.retained.contains_key(name) || outcomes.get(name).is_some_and(Outcome::holds_back);
        let is_view = |name: &TableName| matches!(self.base.relation(name), Some(Relation::View { .. }));
        self.base.states.values().filter(|state| is_view(&state.asset) && stays(&state.asset)).collect()
    }

    /// Keeps what staying views read; whether there was more to keep.
    fn retain(&mut self, outcomes: &Outcomes) -> bool {
        let mut found = BTreeMap::new();
        for view in self.staying_views(outcomes) {
            for input in &view.reads {
                if self.project.asset(input).is_none() && self.base.states.contains_key(input) {
                    // The name that a person knows is that of the view that failed.
                    let reader = self.retained.get(&view.asset).unwrap_or(&view.asset);
                    found.insert(input.clone(), reader.clone());
                }
            }
        }
        let before = self.retained.len();
        for (dropped, view) in found {
            self.retained.entry(dropped).or_insert(view);
        }
        self.retained.len() > before
    }

    /// Holds back what staying views read, and what stands on something that was held back; whether there was any.
    fn withdraw(&mut self, outcomes: &mut Outcomes) -> bool {
        let audited = |name: &TableName| outcomes.get(name).is_some_and(Outcome::is_audited);
        let mut reasons = BTreeMap::new();
        for view in self.staying_views(outcomes) {
            for input in view.reads.iter().filter(|input| audited(input)) {
                let why = format!(
                    "the view {} reads it and was not published: it would show data that failed its checks",
                    view.asset
                );
                reasons.entry(input.clone()).or_insert(why);
            }
        }
        for asset in self.project.assets.iter().filter(|asset| audited(&asset.name)) {
            if let Some(input) = self.withdrawn_input(asset) {
                reasons.entry(asset.name.clone()).or_insert_with(|| format!("{input} was not published"));
            }
        }
        let any = !reasons.is_empty();
        for (name, why) in reasons {
            if let Some(outcome) = outcomes.get_mut(&name) {
                outcome.hold_back(why);
            }
            self.withdrawn.insert(name);
        }
        any
    }

    /// Something that an asset was built on, or that its checks were judged against, and that is not published.
    fn withdrawn_input(&self, asset: &Asset) -> Option<TableName> {
        tracked_inputs(self.project, asset).into_iter().find(|input| self.withdrawn.contains(input))
    }
}
