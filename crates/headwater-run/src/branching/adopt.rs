//! What of a branch can be published as it is, and what has to be rebuilt because `main` has moved on.
//!
//! An asset is published as the branch has it when the logs of its tables on `main` still end where the branch's commits
//! begin, and when all that it was built from is what `main` will show. Its commits are then put on top of these logs, and
//! its state is the branch's. Every other asset is judged and rebuilt by the plan, as on any run.

use std::collections::{BTreeMap, BTreeSet};

use headwater_project::Project;
use headwater_project::plan::{Action, Cause, Desired, PlannedTask};
use headwater_sdk::engine::{Branch, Staged, StagedTable};
use headwater_sdk::store::{AssetState, BranchRecord, LineageRecord, TaskRecord, TaskState};
use headwater_sdk::{Blame, Error, Relation, Result, RunId, TableName};

use super::lines::new_branch;
use crate::execute::Outcomes;
use crate::lake::{Base, Lake};
use crate::resolve::Resolved;

/// What of a branch a run on `main` publishes.
#[derive(Debug)]
pub(crate) struct Adoption {
    /// The branch.
    pub(crate) branch: BranchRecord,
    /// The assets that are published as the branch has them.
    pub(crate) assets: BTreeMap<TableName, Adopted>,
    /// Assets that the branch has dropped.
    pub(crate) removed: BTreeSet<TableName>,
}

/// An asset that is published as the branch has it.
#[derive(Debug, Clone)]
pub(crate) struct Adopted {
    state: AssetState,
    lineage: Option<LineageRecord>,
    /// What the branch has staged of its tables, since it was made.
    tables: Vec<StagedTable>,
}

impl Adoption {
    /// Takes over what is published as it is: the commits, and a task for each asset that counts as done.
    ///
    /// # Errors
    /// When the storage or the catalogue fails.
    pub(crate) async fn take_over(
        &self,
        lake: &Lake,
        project: &Project,
        run: &RunId,
        branch: &dyn Branch,
    ) -> Result<BTreeMap<TableName, TaskRecord>> {
        let mut tasks = BTreeMap::new();
        for (position, asset) in (0..).zip(&project.assets) {
            let Some(adopted) = self.assets.get(&asset.name) else { continue };
            for table in &adopted.tables {
                branch.adopt(table, &self.branch.area).await?;
            }
            let built = lake.store.tasks_on(&adopted.state.run, std::slice::from_ref(&asset.name)).await?;
            let checks = built.into_iter().find_map(|task| task.staged).map(|staged| staged.checks);
            let staged =
                Staged { tables: adopted.tables.clone(), checks: checks.unwrap_or_default(), ..Staged::default() };
            let task = TaskRecord {
                run: run.clone(),
                position,
                asset: asset.name.clone(),
                reason: format!("as it is on the branch {}", self.branch.name),
                state: TaskState::Audited,
                attempts: 0,
                started_ms: None,
                ended_ms: None,
                staged: Some(staged),
                message: None,
                after: Some(adopted.state.clone()),
                lineage: adopted.lineage.clone(),
            };
            tasks.insert(asset.name.clone(), task);
        }
        Ok(tasks)
    }

    /// The branch's record once it is published as a snapshot of `main`: it begins anew there.
    pub(crate) fn rebased(&self, snapshot: u64) -> BranchRecord {
        let fresh = new_branch(&self.branch.name, Some(snapshot));
        BranchRecord { created_ms: self.branch.created_ms, ..fresh }
    }

    /// Why nothing is published, unless everything can be: a part of a branch is not what was tried out there.
    pub(crate) fn refusal(&self, outcomes: &Outcomes) -> Option<Error> {
        let bad: Vec<String> =
            outcomes.iter().filter(|(_, outcome)| outcome.holds_back()).map(|(name, _)| name.to_string()).collect();
        if bad.is_empty() {
            return None;
        }
        let message = format!(
            "{} cannot be published with what main holds now: the branch {} stays as it is, and so does main",
            bad.join(", "),
            self.branch.name
        );
        let help = "put right what failed, on the branch or in the data, and publish again";
        Some(Error::new("HW0933", Blame::Data, message).help(help))
    }

    /// What tells this publish from others, for an unfinished one to be gone on with.
    pub(crate) fn fingerprint(&self) -> String {
        let names: Vec<String> = self.assets.keys().map(ToString::to_string).collect();
        format!("publish {} {:?}: {}", self.branch.area, self.branch.head, names.join(" "))
    }
}

/// What publishing a branch would do.
pub(super) struct Judged {
    pub(super) adoption: Adoption,
    pub(super) plan: Vec<PlannedTask>,
    /// Why assets that differ on the branch are not published as they are.
    pub(super) moved: BTreeMap<TableName, String>,
}

/// A branch, what it stood on, and what `main` holds now.
pub(super) struct Sides<'a> {
    /// What the branch holds.
    pub(super) branch: &'a Base,
    /// What `main` held when the branch was made.
    pub(super) then: &'a Base,
    /// What it holds now.
    pub(super) now: &'a Base,
}

impl Sides<'_> {
    /// The assets that are not what they were when the branch was made.
    pub(super) fn changed(&self) -> BTreeSet<TableName> {
        let names = self.branch.states.keys().chain(self.then.states.keys());
        names.filter(|name| self.differs(self.branch, name)).cloned().collect()
    }

    fn differs(&self, from: &Base, asset: &TableName) -> bool {
        let relations = |base: &Base| tables_of(asset).map(|table| base.relation(&table).cloned());
        from.states.get(asset) != self.then.states.get(asset) || relations(from) != relations(self.then)
    }

    /// The assets of `changed` whose logs on `main` end where the branch's commits begin; of the others, why not.
    pub(super) async fn candidates(
        &self,
        lake: &Lake,
        changed: &BTreeSet<TableName>,
    ) -> Result<(BTreeMap<TableName, Adopted>, BTreeMap<TableName, String>)> {
        let lineage = match self.branch.id() {
            Some(id) => lake.store.lineage(id).await?,
            None => Vec::new(),
        };
        let (mut found, mut moved) = (BTreeMap::new(), BTreeMap::new());
        for name in changed {
            let Some(state) = self.branch.states.get(name) else { continue };
            if self.differs(self.now, name) {
                moved.insert(name.clone(), self.moved_since(name));
                continue;
            }
            let (mut tables, mut stale) = (Vec::new(), false);
            for table in tables_of(name) {
                let Some(Relation::Staged { base, version, .. }) = self.branch.relation(&table) else { continue };
                stale = stale || lake.engine.head_version(&table).await? != *base;
                let (base, version) = (*base, *version);
                tables.push(StagedTable { table, base, below: None, version, rows: None, bytes: 0, files: 0 });
            }
            if stale {
                moved.insert(name.clone(), "the log of its table on main has moved on".to_owned());
                continue;
            }
            let lineage = lineage.iter().find(|record| record.asset == *name).cloned();
            found.insert(name.clone(), Adopted { state: state.clone(), lineage, tables });
        }
        Ok((found, moved))
    }

    fn moved_since(&self, asset: &TableName) -> String {
        match self.now.states.get(asset).and_then(|state| state.snapshot) {
            Some(snapshot) => format!("main has moved on: it was published there in snapshot {snapshot}"),
            None => "main has moved on: it is no longer there".to_owned(),
        }
    }
}

/// An asset's table and its side tables.
fn tables_of(asset: &TableName) -> [TableName; 3] {
    [asset.clone(), asset.quarantine(), asset.rejected()]
}

/// Judges what can be published as it is: those of the candidates that the plan leaves as they are on top of what `main`
/// holds. What falls out changes what the others stand on, so that they are judged again.
pub(super) fn judge(
    project: &Project,
    resolved: &Resolved,
    sides: &Sides<'_>,
    branch: BranchRecord,
    selected: &BTreeSet<TableName>,
    (mut candidates, mut moved): (BTreeMap<TableName, Adopted>, BTreeMap<TableName, String>),
) -> Judged {
    candidates.retain(|name, _| project.asset(name).is_some());
    let plan = loop {
        let mut states = sides.now.states.clone();
        states.extend(candidates.iter().map(|(name, adopted)| (name.clone(), adopted.state.clone())));
        let mut desired = resolved.desired();
        for (name, adopted) in &candidates {
            if let Some(desired) = desired.get_mut(name) {
                settle(desired, &adopted.state);
            }
        }
        let states: Vec<AssetState> = states.into_values().collect();
        let plan = headwater_project::plan::plan(project, &desired, &states, false, Some(selected));
        let stale: Vec<&PlannedTask> =
            plan.iter().filter(|task| task.action == Action::Build && candidates.contains_key(&task.asset)).collect();
        if stale.is_empty() {
            break plan;
        }
        for task in stale {
            candidates.remove(&task.asset);
            moved.insert(task.asset.clone(), why_rebuilt(task));
        }
    };
    let gone = |name: &&TableName| !sides.branch.states.contains_key(*name) && project.asset(name).is_none();
    let removed = sides.then.states.keys().filter(gone).filter(|name| sides.now.states.contains_key(*name));
    let adoption = Adoption { branch, assets: candidates, removed: removed.cloned().collect() };
    Judged { adoption, plan, moved }
}

/// What the branch has loaded and computed is published as it is: what has come in at the source since, the next run loads.
fn settle(desired: &mut Desired, state: &AssetState) {
    desired.arrived = None;
    desired.trouble = None;
    desired.unpublished = false;
    desired.source.clone_from(&state.source);
    desired.volatile.clear();
}

fn why_rebuilt(task: &PlannedTask) -> String {
    match task.cause {
        Cause::Definition | Cause::New => format!("{} since it was built on the branch", task.reason),
        _ => format!("main has moved on: {}", task.reason),
    }
}
