//! Graph × catalogue → the tasks of a run, each with its reason. Pure: nothing is read and nothing is asked.

mod definition;
mod tokens;
mod unselected;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use headwater_sdk::TableName;
use headwater_sdk::connector::ReadMode;
use headwater_sdk::store::AssetState;
use serde::{Deserialize, Serialize};

use crate::{Asset, AssetKind, Project};

pub use definition::{definition, short_hash};
pub use tokens::normalize_sql;
pub use unselected::passed_over;

/// What an asset should be, as far as a plan has to know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Desired {
    /// The fingerprint of its definition ([`definition()`]).
    pub definition: String,
    /// For a source: the fingerprint of what a full load would read. `None` when the source could not be asked.
    pub source: Option<String>,
    /// For a source: what there is to read, in words, e.g. `3 files, 1.2 MB`; `None` when there is nothing.
    pub arrived: Option<String>,
    /// For a source: what was loaded and is another now, which is not loaded again.
    pub changed: Vec<String>,
    /// For a stream that appends: whether its table's log holds commits above the published version. They may be of a run
    /// that died while publishing, and what they hold counts as loaded.
    pub unpublished: bool,
    /// For a source that could not be asked: why.
    pub trouble: Option<String>,
    /// Functions in its SQL whose value differs from run to run.
    pub volatile: Vec<String>,
}

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
    let mut rebuilt = BTreeSet::new();
    let mut tasks = Vec::new();
    for asset in &project.assets {
        let past = Past { states: &states, rebuilt: &rebuilt, earlier: &earlier };
        if selected.is_some_and(|selected| !selected.contains(&asset.name)) {
            let task = unselected::task(asset, desired.get(&asset.name), &past);
            if task.action == Action::Build {
                rebuilt.insert(asset.name.clone());
            }
            tasks.push(task);
        } else if let Some(desired) = desired.get(&asset.name) {
            let state = states.get(&asset.name).copied();
            let reason = build_reason(asset, desired, &past, full_refresh);
            let action = if reason.is_some() { Action::Build } else { Action::Skip };
            if action == Action::Build {
                rebuilt.insert(asset.name.clone());
            }
            tasks.push(PlannedTask {
                asset: asset.name.clone(),
                action,
                reason: reason.unwrap_or_else(|| "up to date".to_owned()),
                reload: needs_reload(&desired.definition, state, full_refresh),
                checks_changed: state.is_some_and(|state| state.definition != desired.definition),
                pending: None,
            });
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

struct Past<'a> {
    states: &'a BTreeMap<&'a TableName, &'a AssetState>,
    rebuilt: &'a BTreeSet<TableName>,
    earlier: &'a BTreeSet<TableName>,
}

fn build_reason(asset: &Asset, desired: &Desired, past: &Past<'_>, full_refresh: bool) -> Option<String> {
    let what = |reason: &str| match &desired.arrived {
        Some(arrived) => format!("{reason}: {arrived}"),
        None => reason.to_owned(),
    };
    let Some(state) = past.states.get(&asset.name) else { return Some(what("new")) };
    if full_refresh {
        return Some(what("--full-refresh"));
    }
    if state.definition != desired.definition {
        let changed = definition::describe_change(&state.definition, &desired.definition);
        return Some(match &desired.arrived {
            Some(arrived) => format!("{changed}: {arrived} to load"),
            None => changed,
        });
    }
    match &asset.kind {
        // Its checks may read other tables, which may have changed.
        AssetKind::Stream(_) | AssetKind::Seed(_) => {
            source_reason(asset, desired, state).or_else(|| input_reason(asset, state, past))
        }
        AssetKind::Model(_) => volatile_reason(&desired.volatile).or_else(|| input_reason(asset, state, past)),
    }
}

fn source_reason(asset: &Asset, desired: &Desired, state: &AssetState) -> Option<String> {
    if let Some(trouble) = &desired.trouble {
        return Some(format!("its source cannot be read: {trouble}"));
    }
    let appends = matches!(&asset.kind, AssetKind::Stream(stream) if stream.settings.mode == ReadMode::NewFiles);
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

fn input_reason(asset: &Asset, state: &AssetState, past: &Past<'_>) -> Option<String> {
    let inputs = inputs_among(asset, past.earlier);
    let rebuilt: Vec<&TableName> = inputs.iter().filter(|input| past.rebuilt.contains(*input)).collect();
    match rebuilt.as_slice() {
        [] => {}
        [one] => return Some(format!("{one} is rebuilt")),
        [one, other] => return Some(format!("{one} and {other} are rebuilt")),
        [one, rest @ ..] => return Some(format!("{one} and {} other inputs are rebuilt", rest.len())),
    }
    let read: BTreeMap<&TableName, &String> = state.inputs.iter().map(|(name, contents)| (name, contents)).collect();
    inputs
        .iter()
        .find(|input| past.states.get(*input).is_some_and(|now| read.get(*input) != Some(&&now.contents)))
        .map(|input| format!("its input {input} was published since"))
}
