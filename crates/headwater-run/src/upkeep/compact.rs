//! Writing the rows of tables again into better files, as a new snapshot in which they are the same.
//!
//! Nothing is stale after it: contents and their parts keep their marks. What a table was made from, it was also made from in
//! the new snapshot, if its inputs were up to date in the one before: a refresh from what has changed then begins there, and
//! does not depend on files that nobody reads any more.

use std::collections::{BTreeMap, BTreeSet};

use headwater_sdk::engine::{Compacted, Layout, Survey};
use headwater_sdk::store::{AssetState, Intent, RunRecord, SnapshotKind, SnapshotRecord};
use headwater_sdk::{Relation, Relations, RunId, TableName};
use serde::Serialize;

use super::maintain::{MaintainOptions, Task};
use super::record::{self, Doer};
use crate::clock;
use crate::error::RunError;
use crate::lake::{Base, Lake};
use crate::lease::Held;
use crate::observer::Observer;
use crate::publish::{self, Published, changed_names};
use crate::recover::{self, Unfinished};

/// A log gets a checkpoint when this many commits have come since the last one.
const CHECKPOINT_EVERY: u64 = 20;

/// What was, or would be, done about a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TableUpkeep {
    /// The table, as `schema.table`.
    pub table: String,
    /// Its files before.
    pub files_before: u64,
    /// Their bytes.
    pub bytes_before: u64,
    /// Its files after; `None` where none were written again, and where nothing is done but told.
    pub files_after: Option<u64>,
    /// Their bytes.
    pub bytes_after: Option<u64>,
    /// Files that were, or would be, written again.
    pub rewritten_files: u64,
    /// Their bytes.
    pub rewritten_bytes: u64,
    /// Deleted rows that are, or would be, gone from the files.
    pub purged_rows: u64,
    /// Whether all files are written again, because the rows are to lie in another way than they do.
    pub laid_out_anew: bool,
    /// Whether its log gets a checkpoint.
    pub checkpoint: bool,
    /// Why its files are left as they are, where they should not be: a clause.
    pub obstacle: Option<String>,
}

/// What there is to do about a table.
struct Job {
    table: TableName,
    layout: Layout,
    told: TableUpkeep,
}

/// The work on the tables of `main`.
pub(super) struct Compaction<'a> {
    pub(super) id: &'a RunId,
    pub(super) lake: &'a Lake,
    pub(super) options: &'a MaintainOptions,
    pub(super) base: &'a Base,
    pub(super) held: &'a Held,
    pub(super) observer: &'a dyn Observer,
}

impl Compaction<'_> {
    /// Does what there is to do, or tells it; returns the snapshot in which it is done, if anything was.
    pub(super) async fn work(&self, unfinished: &mut Unfinished) -> Result<(Vec<TableUpkeep>, Option<u64>), RunError> {
        let mut jobs = self.jobs().await?;
        let mut snapshot = None;
        if !self.options.dry_run && jobs.iter().any(|job| job.told.rewritten_files > 0) {
            snapshot = Some(self.rewrite(&mut jobs, unfinished).await?);
        }
        for job in jobs.iter().filter(|job| job.told.checkpoint && !self.options.dry_run) {
            self.stoppable(self.lake.engine.checkpoint(&job.table)).await?;
        }
        Ok((jobs.into_iter().map(|job| job.told).collect(), snapshot))
    }

    async fn stoppable<T>(&self, work: impl Future<Output = headwater_sdk::Result<T>>) -> Result<T, RunError> {
        tokio::select! {
            done = work => Ok(done?),
            () = self.options.cancel.cancelled() => Err(RunError::Interrupted),
        }
    }

    /// The tables about which there is something to do or to tell.
    async fn jobs(&self) -> Result<Vec<Job>, RunError> {
        let mut jobs = Vec::new();
        for (table, relation) in self.base.relations() {
            let Relation::Table { version } = relation else { continue };
            if !self.options.tables.is_empty() && !self.options.tables.contains(&table) {
                continue;
            }
            let layout = self.options.layouts.get(&table).cloned().unwrap_or_default();
            let anew = lies_otherwise(self.base.states.get(&table), &layout);
            let survey = self.stoppable(self.lake.engine.survey(&table, &layout, anew)).await?;
            let mut told = self.tell(&table, &survey, anew);
            let head = self.lake.engine.head_version(&table).await?;
            if told.rewritten_files > 0 && head != Some(version) {
                let obstacle = "its log holds commits that are not published: the next run builds on top of them";
                told = TableUpkeep { obstacle: Some(obstacle.to_owned()), rewritten_files: 0, ..told };
            }
            if told.rewritten_files > 0 || told.checkpoint || told.obstacle.is_some() {
                jobs.push(Job { table, layout, told });
            }
        }
        Ok(jobs)
    }

    fn tell(&self, table: &TableName, survey: &Survey, anew: bool) -> TableUpkeep {
        let does = |task| self.options.tasks.contains(&task);
        let mut told = TableUpkeep {
            table: table.to_string(),
            files_before: survey.files,
            bytes_before: survey.bytes,
            checkpoint: does(Task::Checkpoint) && survey.commits >= CHECKPOINT_EVERY,
            ..TableUpkeep::default()
        };
        if does(Task::Compact) {
            told.obstacle.clone_from(&survey.obstacle);
            told.rewritten_files = survey.rewrite_files;
            told.rewritten_bytes = survey.rewrite_bytes;
            told.purged_rows = survey.deleted_rows;
            told.laid_out_anew = anew && survey.rewrite_files > 0;
        }
        told
    }

    /// Writes the tables again and publishes all of them at once; returns the snapshot's number.
    async fn rewrite(&self, jobs: &mut [Job], unfinished: &mut Unfinished) -> Result<u64, RunError> {
        let (lake, held, options) = (self.lake, self.held, self.options);
        let doer = Doer { environment: &options.environment, command: &options.command, deed: "maintain" };
        let run = record::begin(lake, self.id, self.base, &doer, held).await?;
        let outcome = self.publish(&run, jobs).await;
        record::end(lake, run, &outcome, held).await?;
        let intent = outcome?;
        // They stand on a snapshot that is not the newest any more: nobody could go on with them.
        for run in unfinished.resumable.iter().chain(&unfinished.doubtful) {
            self.observer
                .note(&format!("the unfinished run {} is given up: its tables lie in other files now", run.id));
        }
        recover::abandon(lake, held.lease(), std::mem::take(&mut unfinished.resumable)).await?;
        recover::abandon(lake, held.lease(), std::mem::take(&mut unfinished.doubtful)).await?;
        Ok(intent.snapshot.id)
    }

    async fn publish(&self, run: &RunRecord, jobs: &mut [Job]) -> Result<Intent, RunError> {
        let (lake, base) = (self.lake, self.base);
        let branch_name = recover::branch_of(&run.id);
        let branch = lake.engine.open_branch(&branch_name, None, &run.id).await?;
        let mut relations = base.relations();
        let (mut tables, mut laid_out) = (Vec::new(), BTreeMap::new());
        for job in jobs.iter_mut().filter(|job| job.told.rewritten_files > 0) {
            let anew = job.told.laid_out_anew;
            let work = branch.stage_compaction(&job.table, &job.layout, anew);
            let Some(Compacted { staged, before, after, purged }) = self.stoppable(work).await? else { continue };
            (job.told.files_before, job.told.bytes_before) = before;
            (job.told.files_after, job.told.bytes_after) = (Some(after.0), Some(after.1));
            job.told.purged_rows = purged;
            relations.insert(job.table.clone(), Relation::Table { version: staged.version });
            if anew {
                laid_out.insert(job.table.clone(), job.layout.clustering.clone());
            }
            tables.push(staged);
        }
        let moved: BTreeSet<TableName> = tables.iter().map(|staged| staged.table.clone()).collect();
        let mut assets = Vec::new();
        for state in base.states.values() {
            let mut after = state.clone();
            if let Some(clustering) = laid_out.get(&state.asset) {
                after.clustering = clustering.clone();
            }
            if self.is_up_to_date(state, &moved).await? {
                after.snapshot = Some(base.next_id());
            }
            assets.extend((after != *state).then_some(after));
        }
        let snapshot = SnapshotRecord {
            id: base.next_id(),
            branch: None,
            parent: base.id(),
            kind: SnapshotKind::Maintain,
            run: run.id.clone(),
            published_ms: clock::now_ms(),
            changed: changed_names(&base.relations(), &relations),
            relations,
            vacuumed: false,
        };
        let intent = Intent {
            run: run.id.clone(),
            branch: branch_name,
            onto: None,
            tables,
            snapshot,
            assets,
            lineage: Vec::new(),
            removed: Vec::new(),
            rebases: None,
        };
        match publish::put(lake, &intent, self.held).await? {
            Published::Refused(error) => Err(error.into()),
            Published::Nothing | Published::Snapshot { .. } => Ok(intent),
        }
    }

    /// Whether an asset reads something that moved, and was made from all of its inputs as they are now.
    async fn is_up_to_date(&self, state: &AssetState, moved: &BTreeSet<TableName>) -> Result<bool, RunError> {
        let Some(snapshot) = state.snapshot else { return Ok(false) };
        let read = self.read_by(state);
        if read.is_disjoint(moved) {
            return Ok(false);
        }
        let Some(made_in) = self.lake.store.snapshot(snapshot).await? else { return Ok(false) };
        let now: Relations = self.base.relations();
        Ok(read.iter().all(|name| made_in.relations.get(name) == now.get(name)))
    }

    /// Everything that an asset reads, through views as well, with side tables.
    fn read_by(&self, state: &AssetState) -> BTreeSet<TableName> {
        let inputs = |state: &AssetState| -> Vec<TableName> {
            state.inputs.iter().map(|(name, _)| name).chain(&state.reads).cloned().collect()
        };
        let (mut found, mut waiting) = (BTreeSet::new(), inputs(state));
        while let Some(name) = waiting.pop() {
            if matches!(self.base.relation(&name), Some(Relation::View { .. })) && !found.contains(&name) {
                waiting.extend(self.base.states.get(&name).map(inputs).unwrap_or_default());
            }
            found.extend([name.quarantine(), name.rejected(), name]);
        }
        found
    }
}

/// Whether the rows of a table that is there are to lie in another way than they do.
pub(crate) fn lies_otherwise(state: Option<&AssetState>, layout: &Layout) -> bool {
    let wanted = &layout.clustering;
    !wanted.is_none() && state.is_some_and(|state| state.clustering != *wanted)
}
