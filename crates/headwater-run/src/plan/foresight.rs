//! How the tables of a plan will be brought up to date: told asset by asset, for how an input is refreshed decides what its
//! readers can do.

use std::collections::BTreeMap;

use headwater_project::plan::{Action, Cause, PlannedTask};
use headwater_project::{Asset, AssetKind, Materialize, ModelAsset, Project, Refresh};
use headwater_sdk::TableName;
use headwater_sdk::engine::{Foresight, ForesightRequest, InputChange};
use headwater_sdk::method::{Incremental, Strategy};

use crate::lake::{Base, Lake};
use crate::resolve::Resolved;

/// What is foreseen of each model's table that is to be built; views are not among them.
pub(super) fn foresee(
    project: &Project,
    resolved: &Resolved,
    lake: &Lake,
    base: &Base,
    tasks: &[PlannedTask],
) -> BTreeMap<TableName, Foresight> {
    let mut changes: BTreeMap<TableName, InputChange> = BTreeMap::new();
    let mut foreseen = BTreeMap::new();
    for task in tasks.iter().filter(|task| task.action == Action::Build) {
        let Some(asset) = project.asset(&task.asset) else { continue };
        let change = match &asset.kind {
            AssetKind::Stream(stream) if stream.settings.only_gains() && !task.reload => Some(InputChange::Gained),
            // What becomes of a history is in the reason.
            _ if asset.keeps_history() => Some(InputChange::Changed),
            AssetKind::Stream(_) | AssetKind::Seed(_) | AssetKind::Script(_) => Some(InputChange::Changed),
            AssetKind::Model(model) => {
                let foresight = of_model(asset, model, task, resolved, lake, base, &changes);
                let is_view = model.materialize == Materialize::View;
                let change = match &foresight {
                    _ if is_view && matches!(task.cause, Cause::Definition | Cause::New) => Some(InputChange::NewQuery),
                    Foresight::Nothing => None,
                    Foresight::Append => Some(InputChange::Gained),
                    Foresight::Full { .. } | Foresight::Keys { .. } | Foresight::Chosen { .. } => {
                        Some(InputChange::Changed)
                    }
                };
                if !is_view {
                    foreseen.insert(asset.name.clone(), foresight);
                }
                change
            }
        };
        for table in asset.tables() {
            changes.extend(change.map(|change| (table, change)));
        }
    }
    foreseen
}

fn of_model(
    asset: &Asset,
    model: &ModelAsset,
    task: &PlannedTask,
    resolved: &Resolved,
    lake: &Lake,
    base: &Base,
    changes: &BTreeMap<TableName, InputChange>,
) -> Foresight {
    let state = base.states.get(&asset.name).filter(|_| !task.reload);
    let Some(state) = state.filter(|state| state.snapshot.is_some() || model.materialize == Materialize::View) else {
        let because = (task.cause == Cause::Definition).then(|| "its definition changed".to_owned());
        return Foresight::Full { because };
    };
    if let Materialize::Incremental(how) = &model.materialize {
        return Foresight::Chosen { what: chosen(how) };
    }
    if model.refresh == Refresh::Full {
        return Foresight::Full { because: Some("its header asks for it".to_owned()) };
    }
    let mut changed = BTreeMap::new();
    for input in &asset.inputs {
        let owner = input.table.owner();
        let read = state.inputs.iter().find(|(name, _)| *name == owner).map(|(_, contents)| contents);
        let moved = base.states.get(&owner).is_some_and(|now| read != Some(&now.contents));
        // What was published meanwhile may have lost rows.
        let earlier = moved.then_some(InputChange::Changed);
        if let Some(change) = earlier.or_else(|| changes.get(&input.table).copied()) {
            changed.insert(input.table.clone(), change);
        }
    }
    let checks = resolved.assets.get(&asset.name).map_or(&[][..], |resolved| resolved.checks.as_slice());
    let request = ForesightRequest { sql: resolved.sql(&asset.name, model), changed: &changed, checks };
    match lake.engine.foresee(&request, &|name| resolved.schema(name)) {
        Ok(foresight) => foresight,
        Err(error) => Foresight::Full { because: Some(error.message) },
    }
}

/// What a model takes up by choice.
fn chosen(how: &Incremental) -> String {
    let strategy = match &how.strategy {
        Strategy::Append => "appends new rows".to_owned(),
        Strategy::Merge { key } => format!("merges by {}", key.join(", ")),
        Strategy::ReplacePartitions => "replaces partitions".to_owned(),
        Strategy::Window => "replaces a window".to_owned(),
    };
    match &how.time {
        None => strategy,
        Some(time) if how.strategy == Strategy::Append => format!("{strategy} by {}", time.column),
        Some(time) => {
            let grain = time.grain.as_str();
            let back = match time.lookback {
                0 => String::new(),
                1 => format!(" and the {grain} before"),
                more => format!(" and {more} {grain}s before"),
            };
            format!("{strategy}, from the newest {grain} of {}{back}", time.column)
        }
    }
}
