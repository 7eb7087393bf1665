//! Removing the files that neither a live snapshot, nor a branch, nor an unfinished run refers to.

use std::collections::BTreeSet;

use headwater_sdk::Relation;
use headwater_sdk::engine::{KeepSet, VacuumReport};
use headwater_sdk::store::SnapshotRecord;

use super::maintain::MaintainOptions;
use crate::clock;
use crate::error::RunError;
use crate::lake::Lake;
use crate::lease::Held;
use crate::recover::{self, Unfinished};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What was removed, and what stays.
pub(super) struct Vacuumed {
    pub(super) oldest_kept: Option<u64>,
    pub(super) kept_snapshots: usize,
    pub(super) removed: VacuumReport,
}

/// See the module's documentation. Must run under the lake's lease.
pub(super) async fn vacuum(
    lake: &Lake,
    options: &MaintainOptions,
    held: &Held,
    mut unfinished: Unfinished,
) -> Result<Vacuumed, RunError> {
    if !options.dry_run {
        // They may yet write files that are in no commit: what they stage later must count for nothing.
        recover::abandon(lake, held.lease(), std::mem::take(&mut unfinished.doubtful)).await?;
    }
    let mut keep = KeepSet::default();
    let branches = lake.store.branches().await?;
    let area = |name: &str| branches.iter().find(|branch| branch.name == name).map(|branch| branch.area.clone());
    for run in unfinished.all() {
        keep.branches.insert(recover::branch_of(&run.id), run.branch.as_deref().and_then(area));
    }
    for asset in lake.store.known_assets().await? {
        keep.tables.extend([asset.quarantine(), asset.rejected(), asset]);
    }
    if !options.tables.is_empty() {
        keep.tables.retain(|table| options.tables.contains(table));
    }
    let young = clock::now_ms() - i64::from(options.keep_days) * DAY_MS;
    let (mut live, mut vacuumed) = (BTreeSet::new(), BTreeSet::new());
    for (index, snapshot) in lake.store.snapshots(usize::MAX >> 1).await?.into_iter().enumerate() {
        if index >= options.keep_snapshots.max(1) && snapshot.published_ms < young {
            vacuumed.insert(snapshot.id);
            continue;
        }
        live.insert(snapshot.id);
        keep_published(&mut keep, snapshot);
    }
    // A branch shows what was published up to its base, and what lies in its own area: all of that stays.
    for branch in &branches {
        keep.branches.insert(branch.area.clone(), None);
        for id in [branch.base, branch.head].into_iter().flatten() {
            vacuumed.remove(&id);
            if let Some(snapshot) = lake.store.snapshot(id).await? {
                keep_published(&mut keep, snapshot);
            }
        }
    }
    if !options.dry_run {
        lake.store.put_vacuumed(&vacuumed, held.lease()).await?;
    }
    let removed = tokio::select! {
        removed = lake.engine.vacuum(&keep, options.dry_run) => removed?,
        () = options.cancel.cancelled() => return Err(RunError::Interrupted),
    };
    Ok(Vacuumed { oldest_kept: live.first().copied(), kept_snapshots: live.len(), removed })
}

/// Keeps the published versions that a snapshot refers to.
fn keep_published(keep: &mut KeepSet, snapshot: SnapshotRecord) {
    for (name, relation) in snapshot.relations {
        if let Relation::Table { version } = relation {
            keep.versions.entry(name).or_default().insert(version);
        }
    }
}
