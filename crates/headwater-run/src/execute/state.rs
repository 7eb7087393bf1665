//! What the catalogue keeps of an asset that was built: what a later plan compares with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use headwater_project::plan::{PlannedTask, parts_after, parts_read, tracked_inputs};
use headwater_project::{Asset, AssetKind};
use headwater_sdk::TableName;
use headwater_sdk::check::CheckCount;
use headwater_sdk::engine::{Clustering, Refresh};
use headwater_sdk::store::AssetState;

use super::attempt::Attempt;
use super::context::{Contents, Context};
use super::freshness;
use crate::resolve::ResolvedAsset;

/// The state of an asset that a task of this run has built. `contents` is what it read.
pub(super) fn after(
    context: &Context,
    asset: &Asset,
    resolved: &ResolvedAsset,
    task: &PlannedTask,
    attempt: &Attempt,
    contents: &BTreeMap<TableName, Arc<Contents>>,
) -> AssetState {
    let (desired, run) = (&resolved.desired, &context.run.id);
    let tracked = tracked_inputs(&context.project, asset);
    let read = |input: &TableName| Some((input.clone(), contents.get(input)?.fingerprint.clone()));
    let reads: BTreeSet<TableName> = asset.inputs.iter().map(|input| input.table.owner()).collect();
    let before = context.base.states.get(&asset.name);
    // Where nothing was written, the contents are what they were.
    let kept = before.filter(|_| attempt.staged.refresh == Some(Refresh::Nothing));
    let parts = before.and_then(|state| state.parts.as_ref());
    let parts_of = |input: &TableName| contents.get(input)?.parts.as_ref();
    AssetState {
        asset: asset.name.clone(),
        definition: desired.definition.clone(),
        inputs: tracked.iter().filter_map(read).collect(),
        reads: reads.into_iter().filter(|name| *name != asset.name).collect(),
        contents: kept.map_or_else(|| run.to_string(), |kept| kept.contents.clone()),
        parts: match kept {
            Some(kept) => kept.parts.clone(),
            None => Some(parts_after(desired, &task.changes, parts, run)),
        },
        read_parts: parts_read(asset, desired, &tracked, parts_of),
        source: attempt.source.clone(),
        newest: freshness::newest(&attempt.staged.checks),
        run: run.clone(),
        snapshot: Some(context.base.next_id()),
        checks: attempt.staged.checks.iter().map(CheckCount::of).collect(),
        clustering: clustering(asset, attempt, before),
    }
}

/// By what the rows lie together that were there before, or, where all were written, those of this run.
fn clustering(asset: &Asset, attempt: &Attempt, before: Option<&AssetState>) -> Clustering {
    match (&asset.kind, &attempt.staged.refresh) {
        (AssetKind::Model(model), None | Some(Refresh::Full { .. })) => model.layout.clustering.sorted(),
        (AssetKind::Model(_), _) => before.map(|state| state.clustering.clone()).unwrap_or_default(),
        // Their rows lie as they come.
        (AssetKind::Stream(_) | AssetKind::Seed(_) | AssetKind::Script(_), _) => Clustering::default(),
    }
}
