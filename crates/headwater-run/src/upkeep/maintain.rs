//! Maintenance: files that no live snapshot needs are removed.

use std::collections::BTreeSet;

use headwater_sdk::engine::{KeepSet, VacuumReport};
use headwater_sdk::store::SnapshotRecord;
use headwater_sdk::{Relation, RunId};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::error::RunError;
use crate::lake::Lake;
use crate::lease::{self, LeaseOptions};
use crate::observer::Observer;
use crate::recover;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What is kept.
#[derive(Debug, Clone)]
pub struct MaintainOptions {
    /// How many of the newest snapshots stay readable, at least one.
    pub keep_snapshots: usize,
    /// Snapshots younger than this many days stay readable as well.
    pub keep_days: u32,
    /// Only tell what would be removed.
    pub dry_run: bool,
    /// How the lake's lease is taken and kept.
    pub lease: LeaseOptions,
    /// Stops the work when it fires.
    pub cancel: CancellationToken,
}

impl Default for MaintainOptions {
    fn default() -> Self {
        Self {
            keep_snapshots: 10,
            keep_days: 7,
            dry_run: false,
            lease: LeaseOptions::default(),
            cancel: CancellationToken::new(),
        }
    }
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MaintainSummary {
    /// Whether nothing was removed, only counted.
    pub dry_run: bool,
    /// The oldest snapshot that stays readable.
    pub oldest_kept: Option<u64>,
    /// Snapshots that stay readable.
    pub kept_snapshots: usize,
    /// What was, or would be, removed.
    pub removed: VacuumReport,
}

/// Keeps the published versions that a snapshot refers to.
fn keep_published(keep: &mut KeepSet, snapshot: SnapshotRecord) {
    for (name, relation) in snapshot.relations {
        if let Relation::Table { version } = relation {
            keep.versions.entry(name).or_default().insert(version);
        }
    }
}

/// Removes the files that neither a live snapshot, nor a branch, nor an unfinished run refers to.
///
/// # Errors
/// When the lake is in use, or the storage or the catalogue fails.
pub async fn maintain(
    lake: &Lake,
    options: &MaintainOptions,
    observer: &dyn Observer,
) -> Result<MaintainSummary, RunError> {
    let id = RunId::from_ulid(ulid::Ulid::generate());
    let held = lease::take(&lake.store, &id, &options.lease, &options.cancel, observer).await?;
    held.during(async {
        let mut unfinished = recover::recover(lake, &held, observer).await?;
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
        let (oldest_kept, kept_snapshots) = (live.first().copied(), live.len());
        Ok(MaintainSummary { dry_run: options.dry_run, oldest_kept, kept_snapshots, removed })
    })
    .await
}
