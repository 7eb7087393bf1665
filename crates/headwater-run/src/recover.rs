//! What a run that died has left behind: intents are finished, its audited tasks are kept, the rest is given up.

use std::collections::{BTreeMap, BTreeSet};

use headwater_project::Project;
use headwater_project::plan::{Action, PlannedTask, tracked_inputs};
use headwater_sdk::engine::Branch;
use headwater_sdk::store::{Lease, RunRecord, RunState, SnapshotRecord, TaskRecord, TaskState};
use headwater_sdk::{Result, RunId, TableName};

use crate::clock;
use crate::lake::Lake;
use crate::lease::{Held, Holder};
use crate::observer::Observer;
use crate::publish::{self, Published};

/// Runs that were neither published nor given up, newest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unfinished {
    /// Those that can be gone on with: nobody is at work on them any more.
    pub(crate) resumable: Vec<RunRecord>,
    /// Those whose process may only be stalled, and may yet write to their branches.
    pub(crate) doubtful: Vec<RunRecord>,
}

impl Unfinished {
    /// Those that work on a branch; `None` for `main`.
    pub(crate) fn on(self, branch: Option<&str>) -> Self {
        let on = |runs: Vec<RunRecord>| runs.into_iter().filter(|run| run.branch.as_deref() == branch).collect();
        Self { resumable: on(self.resumable), doubtful: on(self.doubtful) }
    }

    /// All of them.
    pub(crate) fn all(self) -> Vec<RunRecord> {
        self.resumable.into_iter().chain(self.doubtful).collect()
    }
}

/// How many runs and snapshots back unfinished runs are looked for.
const HORIZON: usize = 100;

/// The branch of a run.
pub(crate) fn branch_of(run: &RunId) -> String {
    format!("run-{run}")
}

/// Finishes or undoes what runs were about to publish when they died, and settles their records. Returns the runs that
/// were neither published nor given up.
///
/// # Errors
/// When the storage or the catalogue fails; a later call finishes the work.
pub(crate) async fn recover(lake: &Lake, held: &Held, observer: &dyn Observer) -> Result<Unfinished> {
    let lease = held.lease();
    for intent in lake.store.intents().await? {
        match publish::finish(lake, &intent, held).await? {
            Published::Refused(error) => {
                observer.note(&format!(
                    "run {} died while publishing and cannot be finished: {}",
                    intent.run, error.message
                ));
                close(lake, lease, &intent.run, RunState::Failed, None).await?;
            }
            Published::Nothing | Published::Snapshot { .. } => {
                observer.note(&format!(
                    "finished publishing snapshot {} of run {}, which died",
                    intent.snapshot.id, intent.run
                ));
                close(lake, lease, &intent.run, RunState::Published, Some(intent.snapshot.id)).await?;
            }
        }
    }
    let mut published = BTreeMap::new();
    let mut settle = |snapshots: Vec<SnapshotRecord>| published.extend(snapshots.into_iter().map(|s| (s.run, s.id)));
    settle(lake.store.snapshots(HORIZON).await?);
    for branch in lake.store.branches().await? {
        settle(lake.store.branch_snapshots(&branch.name, HORIZON).await?);
    }
    let mut unfinished = Unfinished::default();
    for run in lake.store.runs(HORIZON).await? {
        if matches!(run.state, RunState::Running | RunState::Interrupted) {
            match published.get(&run.id) {
                Some(snapshot) => close(lake, lease, &run.id, RunState::Published, Some(*snapshot)).await?,
                None if nobody_is_at_work(&run) => unfinished.resumable.push(run),
                None => unfinished.doubtful.push(run),
            }
        }
    }
    Ok(unfinished)
}

/// Whether a run's process ended in good order, or is known to be gone. One that only stopped giving signs of life may
/// come back, and goes on until it finds that its lease is lost.
fn nobody_is_at_work(run: &RunRecord) -> bool {
    let dead = || run.holder.as_deref().and_then(Holder::parse).is_some_and(|holder| holder.is_dead());
    run.state == RunState::Interrupted || dead()
}

/// Settles the record of a run that died, and drops its branch.
async fn close(lake: &Lake, lease: &Lease, run: &RunId, state: RunState, snapshot: Option<u64>) -> Result<()> {
    let mut partial = false;
    let mut settled = Vec::new();
    for mut task in lake.store.tasks(run).await? {
        match (task.state, snapshot) {
            (TaskState::Audited, Some(_)) => task.state = TaskState::Published,
            (TaskState::Audited, None) => task.state = TaskState::HeldBack,
            (TaskState::Published | TaskState::UpToDate, _) => continue,
            (TaskState::Pending | TaskState::Failed | TaskState::HeldBack, _) => {
                partial = true;
                continue;
            }
        }
        settled.push(task);
    }
    lake.store.put_tasks(&settled, lease).await?;
    if let Some(mut record) = lake.store.run(run).await? {
        record.state = if partial && state == RunState::Published { RunState::Partial } else { state };
        record.snapshot = snapshot;
        record.ended_ms.get_or_insert_with(clock::now_ms);
        lake.store.put_run(&record, lease).await?;
    }
    lake.engine.drop_branch(&branch_of(run)).await
}

/// Gives up unfinished runs.
///
/// # Errors
/// When the storage or the catalogue fails.
pub(crate) async fn abandon(lake: &Lake, lease: &Lease, runs: Vec<RunRecord>) -> Result<()> {
    for mut run in runs {
        lake.engine.drop_branch(&branch_of(&run.id)).await?;
        run.state = RunState::Abandoned;
        run.ended_ms.get_or_insert_with(clock::now_ms);
        lake.store.put_run(&run, lease).await?;
    }
    Ok(())
}

/// The tasks of an unfinished run that need not be done again: audited, still on the branch, and built on inputs of
/// which the same holds.
///
/// # Errors
/// When the storage or the catalogue fails.
pub(crate) async fn kept_tasks(
    lake: &Lake,
    project: &Project,
    plan: &[PlannedTask],
    run: &RunId,
    branch: &dyn Branch,
) -> Result<BTreeMap<TableName, TaskRecord>> {
    let records = lake.store.tasks(run).await?.into_iter();
    let mut records: BTreeMap<TableName, TaskRecord> =
        records.filter(|task| task.state == TaskState::Audited).map(|task| (task.asset.clone(), task)).collect();
    let builds: BTreeSet<&TableName> =
        plan.iter().filter(|task| task.action == Action::Build).map(|task| &task.asset).collect();
    let mut kept = BTreeMap::new();
    for asset in project.assets.iter().filter(|asset| builds.contains(&asset.name)) {
        let Some(record) = records.remove(&asset.name) else { continue };
        let same_inputs =
            tracked_inputs(project, asset).iter().all(|input| !builds.contains(input) || kept.contains_key(input));
        let Some(staged) = record.staged.as_ref().filter(|_| same_inputs && record.after.is_some()) else { continue };
        let mut holds = true;
        for table in &staged.tables {
            holds = holds && branch.holds(table).await?;
        }
        if holds {
            kept.insert(asset.name.clone(), record);
        }
    }
    Ok(kept)
}
