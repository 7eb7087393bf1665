//! Graph × catalogue → the tasks of a run, each with its reason. Pure: nothing is read and nothing is asked.

mod after;
mod breaking;
mod changes;
mod definition;
mod desired;
mod difference;
mod inputs;
mod tokens;
mod unselected;
mod words;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use headwater_sdk::TableName;
use headwater_sdk::store::AssetState;
use serde::{Deserialize, Serialize};

use crate::{Asset, AssetKind, Project};
use inputs::{Past, Told};

pub use after::{parts_after, parts_read};
pub use breaking::{Affected, Breaking, Loss, breaking};
pub use changes::Changes;
pub use definition::{definition, kept_history, short_hash};
pub use desired::{Computed, Desired};
pub use difference::{ColumnOf, Difference, Renamed, Retyped};
pub use tokens::normalize_sql;
pub use unselected::passed_over;

/// What a run does about an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is loaded, computed or, for a view, audited again.
    Build,
    /// What is published is up to date.
    Skip,
    /// It was not selected: what is published stays, whether up to date or not.
    NotSelected,
}

/// What makes a run do something about an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It is not published yet.
    New,
    /// Its definition changed.
    Definition,
    /// Its source has something new.
    Source,
    /// Its source cannot be read, or what it is made from is not known for that reason: it will fail or be held back.
    Unreadable,
    /// A new snapshot is due.
    Due,
    /// Its SQL gives something else in every run, or its program may.
    Volatile,
    /// What it uses of its inputs changes.
    Inputs,
    /// `--full-refresh`.
    FullRefresh,
    /// A backfill takes a range of time up again.
    Backfill,
    /// Nothing: its inputs are built, but what it uses of them stays the same.
    Untouched,
    /// Nothing: it is up to date.
    Nothing,
    /// It was not selected.
    NotSelected,
}

/// What a run does about an asset, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedTask {
    /// The asset.
    pub asset: TableName,
    /// Build, skip, or leave alone.
    pub action: Action,
    /// Why, in words: `new`, `its SQL changed`, `staging.flights is rebuilt`, `up to date`, …
    pub reason: String,
    /// For a stream that appends: all of the source is loaded again and replaces the table.
    pub reload: bool,
    /// Whether its checks are others than those that what is published has passed.
    #[serde(default)]
    pub checks_changed: bool,
    /// Of an input that was not selected: why it would have been built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<String>,
    /// What makes the run do it.
    pub cause: Cause,
    /// The parts of its definition that changed: `SQL`, `checks`, `materialization`, …
    pub changed_parts: Vec<String>,
    /// How its columns differ from those that are published.
    pub difference: Difference,
    /// What building it changes for those that read it.
    pub changes: Changes,
}

/// Whether an asset has to be loaded from the start, because what is published was made by another definition (or was
/// not published at all). A stream that appends otherwise goes on from its position. Checks that set no rows aside do not
/// count: they can be judged on the rows that are there.
pub fn needs_reload(definition: &str, state: Option<&AssetState>, full_refresh: bool) -> bool {
    full_refresh || state.is_none_or(|state| !definition::same_rows(&state.definition, definition))
}

/// The tasks of a run, in the project's order; `selected` are the assets that it is about, `None` for all.
///
/// Selected assets without an entry in `desired` are left out.
pub fn plan(
    project: &Project,
    desired: &BTreeMap<TableName, Desired>,
    states: &[AssetState],
    full_refresh: bool,
    selected: Option<&BTreeSet<TableName>>,
) -> Vec<PlannedTask> {
    let states: BTreeMap<&TableName, &AssetState> = states.iter().map(|state| (&state.asset, state)).collect();
    let mut earlier = BTreeSet::new();
    let mut rebuilt = BTreeMap::new();
    let mut tasks = Vec::new();
    for asset in &project.assets {
        let past = Past { states: &states, rebuilt: &rebuilt, earlier: &earlier };
        if selected.is_some_and(|selected| !selected.contains(&asset.name)) {
            let task = unselected::task(asset, desired.get(&asset.name), &past);
            if task.action == Action::Build {
                rebuilt.insert(asset.name.clone(), task.changes.clone());
            }
            tasks.push(task);
        } else if let Some(desired) = desired.get(&asset.name) {
            let state = states.get(&asset.name).copied();
            let (cause, mut reason) = decide(asset, desired, &past, full_refresh);
            if matches!(cause, Cause::Source | Cause::Volatile | Cause::Inputs) {
                reason.push_str(words::kept(asset));
            }
            let built = !matches!(cause, Cause::Nothing | Cause::Untouched);
            let changes = match cause {
                Cause::Nothing | Cause::Untouched => Changes::default(),
                Cause::FullRefresh => Changes::all(),
                _ => changes::of_build(asset, desired, state, &past),
            };
            let edited = state.filter(|state| state.definition != desired.definition);
            let compares = built && desired.unknown.is_none();
            let changed_parts = edited.map(|state| definition::changed_parts(&state.definition, &desired.definition));
            tasks.push(PlannedTask {
                asset: asset.name.clone(),
                action: if built { Action::Build } else { Action::Skip },
                reason,
                reload: needs_reload(&desired.definition, state, full_refresh) || desired.begins_anew.is_some(),
                checks_changed: edited.is_some(),
                pending: None,
                cause,
                changed_parts: changed_parts.unwrap_or_default(),
                difference: if compares {
                    difference::between(desired, state, &changes)
                } else {
                    Difference::default()
                },
                changes: changes.clone(),
            });
            if built {
                rebuilt.insert(asset.name.clone(), changes);
            }
        }
        earlier.insert(asset.name.clone());
    }
    tasks
}

/// The tables whose contents an asset's state depends on: those that its SQL reads, and those that its checks read, if
/// they come earlier in the project's order. (One that comes later reads this asset: each would make the other stale,
/// for ever.) Side tables stand for their owner. Sorted.
pub fn tracked_inputs(project: &Project, asset: &Asset) -> Vec<TableName> {
    let earlier = project.assets.iter().take_while(|other| other.name != asset.name).map(|a| a.name.clone()).collect();
    inputs_among(asset, &earlier).into_iter().collect()
}

fn inputs_among(asset: &Asset, earlier: &BTreeSet<TableName>) -> BTreeSet<TableName> {
    let read = asset.inputs.iter().map(|input| input.table.owner());
    let checked = asset.check_inputs.iter().map(|input| input.table.owner()).filter(|name| earlier.contains(name));
    read.chain(checked).filter(|name| *name != asset.name).collect()
}

fn decide(asset: &Asset, desired: &Desired, past: &Past<'_>, full_refresh: bool) -> (Cause, String) {
    let what = |reason: &str| match &desired.arrived {
        Some(arrived) => format!("{reason}: {arrived}"),
        None => reason.to_owned(),
    };
    let Some(state) = past.states.get(&asset.name) else {
        return desired.unknown.clone().map_or_else(|| (Cause::New, what("new")), |why| (Cause::Unreadable, why));
    };
    if full_refresh {
        return (Cause::FullRefresh, what("--full-refresh"));
    }
    if state.definition != desired.definition {
        let changed = definition::describe_change(&definition::changed_parts(&state.definition, &desired.definition));
        return match &desired.arrived {
            Some(arrived) => (Cause::Definition, format!("{changed}: {arrived} to load")),
            None => (Cause::Definition, changed),
        };
    }
    let own = match &asset.kind {
        AssetKind::Stream(_) | AssetKind::Seed(_) => {
            let trouble = desired.trouble.as_ref().map(|trouble| format!("its source cannot be read: {trouble}"));
            let unreadable = trouble.map(|reason| (Cause::Unreadable, reason));
            unreadable.or_else(|| source_reason(asset, desired, state).map(|reason| (Cause::Source, reason)))
        }
        AssetKind::Model(_) => {
            let due = desired.due.clone().map(|reason| (Cause::Due, reason));
            due.or_else(|| volatile_reason(&desired.volatile).map(|reason| (Cause::Volatile, reason)))
        }
        AssetKind::Script(_) => {
            desired.always.then(|| (Cause::Volatile, "it is run every time (refresh: always)".to_owned()))
        }
    };
    // The checks of a source, too, may read other tables, which may have changed.
    own.unwrap_or_else(|| match inputs::judge(asset, desired, state, past) {
        Told::Stale(reason) => (Cause::Inputs, reason),
        Told::Untouched(how) => (Cause::Untouched, how),
        Told::Still => (Cause::Nothing, "up to date".to_owned()),
    })
}

fn source_reason(asset: &Asset, desired: &Desired, state: &AssetState) -> Option<String> {
    if let Some(why) = &desired.begins_anew {
        return Some(why.clone());
    }
    let appends = matches!(&asset.kind, AssetKind::Stream(stream) if stream.settings.mode.adds_rows());
    if appends {
        let unpublished = || desired.unpublished.then(|| "its log holds commits that are not published".to_owned());
        return desired.arrived.as_ref().map(|arrived| format!("{arrived} to load")).or_else(unpublished);
    }
    let changed = desired.source.is_some() && desired.source != state.source;
    changed.then(|| match &desired.arrived {
        Some(arrived) => format!("its source changed: {arrived}"),
        None => "its source is empty now".to_owned(),
    })
}

fn volatile_reason(volatile: &[String]) -> Option<String> {
    let calls: Vec<String> = volatile.iter().map(|name| format!("{name}()")).collect();
    (!calls.is_empty()).then(|| format!("uses {}, so it is rebuilt every run", calls.join(" and ")))
}
