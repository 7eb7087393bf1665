//! Assets that were not selected: they stay as they are, and the plan says what was passed over.

use std::collections::BTreeSet;

use headwater_sdk::TableName;

use super::inputs::Past;
use super::{Action, Cause, Desired, Difference, PlannedTask, changes, decide, tracked_inputs};
use crate::{Asset, AssetKind, Materialize, Project};

/// The task of an asset that was not selected. A view that `main` has of the same definition is audited again when it
/// shows what is rebuilt: nothing unchecked may be seen.
pub(super) fn task(asset: &Asset, desired: Option<&Desired>, past: &Past<'_>) -> PlannedTask {
    let shown = desired.and_then(|desired| rebuilt_below_view(asset, desired, past));
    // That SQL is volatile, or a script run every time, is no change.
    let settled = desired.map(|desired| Desired { volatile: Vec::new(), always: false, ..desired.clone() });
    let pending = settled.and_then(|desired| match decide(asset, &desired, past, false) {
        (Cause::Nothing | Cause::Untouched, _) => None,
        (_, reason) => Some(reason),
    });
    let (action, reason) = match shown {
        Some(input) => (Action::Build, format!("not selected, but it shows {input}, which is rebuilt")),
        None => (Action::NotSelected, "not selected".to_owned()),
    };
    let state = past.states.get(&asset.name).copied();
    let changes =
        desired.filter(|_| action == Action::Build).map(|desired| changes::of_build(asset, desired, state, past));
    PlannedTask {
        asset: asset.name.clone(),
        action,
        reason,
        reload: false,
        checks_changed: false,
        pending: pending.filter(|_| action == Action::NotSelected),
        cause: if action == Action::Build { Cause::Inputs } else { Cause::NotSelected },
        changed_parts: Vec::new(),
        difference: Difference::default(),
        changes: changes.unwrap_or_default(),
    }
}

/// What an unchanged view shows that is rebuilt.
fn rebuilt_below_view(asset: &Asset, desired: &Desired, past: &Past<'_>) -> Option<TableName> {
    let AssetKind::Model(model) = &asset.kind else { return None };
    let state = past.states.get(&asset.name)?;
    let unchanged = model.materialize == Materialize::View && state.definition == desired.definition;
    let mut inputs = asset.inputs.iter().map(|input| input.table.owner()).filter(|_| unchanged);
    inputs.find(|input| past.rebuilt.contains_key(input))
}

/// What a person should know who selected a part of a project: the inputs of that part, near and far, that have changes
/// and were not selected.
pub fn passed_over(project: &Project, tasks: &[PlannedTask]) -> Vec<String> {
    let mut wanted: BTreeSet<TableName> =
        tasks.iter().filter(|task| task.action != Action::NotSelected).map(|task| task.asset.clone()).collect();
    let mut notes = Vec::new();
    // In dependency order from the end, so that an asset is met after all that read it.
    for task in tasks.iter().rev() {
        if !wanted.contains(&task.asset) {
            continue;
        }
        if let Some(pending) = &task.pending {
            notes.push(format!("{} has changes that were not selected: {pending}", task.asset));
        }
        wanted.extend(project.asset(&task.asset).map(|asset| tracked_inputs(project, asset)).unwrap_or_default());
    }
    notes.reverse();
    notes
}
