//! Tasks in graph order: what is ready runs, several at once; what fails holds back what depends on it.

mod attempt;
mod bad_rows;
mod context;
mod freshness;
mod known_anew;
mod outcome;
mod script;
mod state;
mod task;

use std::collections::BTreeMap;
use std::sync::Arc;

use headwater_project::plan::{Action, PlannedTask};
use headwater_project::{Asset, Project};
use headwater_sdk::store::{TaskRecord, TaskState};
use headwater_sdk::{Blame, Error, Result, TableName};
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::summary::AssetSummary;

pub(crate) use context::{Context, Part, RetryPolicy, Visible, is_view};
pub(crate) use outcome::{Outcome, Outcomes, Trouble};

/// How the tasks ended.
pub(crate) enum Ended {
    /// Every task has an outcome.
    Done(Outcomes),
    /// A person stopped the run; `idle` tells that no task is at work any more.
    Stopped {
        /// The outcomes so far.
        outcomes: Outcomes,
        idle: bool,
    },
    /// The catalogue cannot keep an outcome. What was staged is kept for the next run.
    Broken { error: Error, idle: bool },
}

/// Runs the tasks of a plan, at most `jobs` at once. `kept` holds what an interrupted run had done.
pub(crate) async fn execute(
    context: &Arc<Context>,
    plan: &[PlannedTask],
    kept: BTreeMap<TableName, TaskRecord>,
    jobs: usize,
    cancel: &CancellationToken,
) -> Ended {
    let mut running = JoinSet::new();
    let mut board = match Board::set_up(context, plan, kept).await {
        Ok(board) => board,
        Err(error) => return Ended::Broken { error, idle: true },
    };
    let ended = tokio::select! {
        ended = board.work_off(&mut running, jobs) => Some(ended),
        () = cancel.cancelled() => None,
    };
    match ended {
        Some(Ok(())) => Ended::Done(board.outcomes),
        Some(Err(error)) => Ended::Broken { error, idle: stop(running).await },
        None => Ended::Stopped { idle: stop(running).await, outcomes: board.outcomes },
    }
}

/// Aborts the tasks, and with them their streams. Returns whether all of them have ended: one that is in the midst of
/// computing is not waited for.
async fn stop(mut running: JoinSet<Result<Outcome>>) -> bool {
    tokio::time::timeout(STOP_PATIENCE, running.shutdown()).await.is_ok()
}

/// How long a person who stops a run waits for its tasks to end.
const STOP_PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);

/// Which tasks are waiting and which have ended.
struct Board<'a> {
    context: &'a Arc<Context>,
    waiting: Vec<(PlannedTask, Outcome)>,
    started: BTreeMap<TableName, Outcome>,
    outcomes: Outcomes,
}

impl<'a> Board<'a> {
    async fn set_up(
        context: &'a Arc<Context>,
        plan: &[PlannedTask],
        mut kept: BTreeMap<TableName, TaskRecord>,
    ) -> Result<Self> {
        let (waiting, started, outcomes) = (Vec::new(), BTreeMap::new(), Outcomes::new());
        let mut board = Self { context, waiting, started, outcomes };
        let mut begun = Vec::new();
        let chosen = plan.iter().filter(|planned| planned.action != Action::NotSelected);
        for (position, planned) in (0..).zip(chosen) {
            let Some(asset) = context.project.asset(&planned.asset) else { continue };
            if let Some(record) = kept.remove(&planned.asset) {
                board.settle(Outcome { kept: true, ..Outcome::new(record) });
                continue;
            }
            let outcome = Outcome::new(new_record(context, planned, position));
            let outcome = match planned.action {
                Action::Build => task::verify_known(context, outcome),
                Action::Skip | Action::NotSelected => task::skip(context, asset, outcome),
            };
            begun.push((planned, outcome));
        }
        context.put_tasks(begun.iter().map(|(_, outcome)| &outcome.record)).await?;
        for (planned, outcome) in begun {
            match planned.action {
                Action::Build if !outcome.holds_back() => board.waiting.push((planned.clone(), outcome)),
                Action::Build | Action::Skip | Action::NotSelected => board.settle(outcome),
            }
        }
        Ok(board)
    }

    /// Runs what is ready until nothing is left.
    async fn work_off(&mut self, running: &mut JoinSet<Result<Outcome>>, jobs: usize) -> Result<()> {
        let mut ids: BTreeMap<Id, TableName> = BTreeMap::new();
        loop {
            self.hold_back().await?;
            while running.len() < jobs.max(1)
                && let Some((asset, planned, outcome)) = self.next_ready()
            {
                let context = Arc::clone(self.context);
                let name = asset.name.clone();
                let handle = running.spawn(async move { task::build(&context, &asset, &planned, outcome).await });
                ids.insert(handle.id(), name);
            }
            match running.join_next_with_id().await {
                None => return Ok(()),
                Some(Ok((_, outcome))) => self.settle(outcome?),
                Some(Err(stopped)) => {
                    if let Some(name) = ids.get(&stopped.id()) {
                        self.settle_broken(name, &stopped).await?;
                    }
                }
            }
        }
    }

    /// Ends the tasks whose inputs failed, and those that depend on them in turn.
    async fn hold_back(&mut self) -> Result<()> {
        // One pass is enough: the plan is in dependency order.
        let mut index = 0;
        while index < self.waiting.len() {
            let culprit = self.asset_of(index).and_then(|asset| self.culprit(&asset));
            match culprit {
                None => index += 1,
                Some(culprit) => {
                    let (_, mut outcome) = self.waiting.remove(index);
                    outcome.hold_back(format!("{culprit} failed or was held back"));
                    self.context.put_tasks([&outcome.record]).await?;
                    self.settle(outcome);
                }
            }
        }
        Ok(())
    }

    fn asset_of(&self, index: usize) -> Option<Asset> {
        self.context.project.asset(&self.waiting.get(index)?.0.asset).cloned()
    }

    /// The failed asset that an asset cannot do without. A table that only its checks read may stay as it was
    /// published; then they are judged against that.
    fn culprit(&self, asset: &Asset) -> Option<TableName> {
        let failed = |table: &TableName| {
            let maker = &self.context.project.maker_of(table)?.name;
            self.outcomes.get(maker).filter(|outcome| outcome.holds_back()).map(|_| maker.clone())
        };
        let read = asset.inputs.iter().find_map(|input| failed(&input.table));
        read.or_else(|| {
            let unpublished = |table: &TableName| self.context.base.relation(table).is_none();
            asset.check_inputs.iter().filter(|input| unpublished(&input.table)).find_map(|input| failed(&input.table))
        })
    }

    /// The first waiting task whose inputs are all settled.
    fn next_ready(&mut self) -> Option<(Asset, PlannedTask, Outcome)> {
        let project = &self.context.project;
        let unsettled = |name: &TableName| {
            self.started.contains_key(name) || self.waiting.iter().any(|(planned, _)| planned.asset == *name)
        };
        let index = self.waiting.iter().position(|(planned, _)| {
            project.asset(&planned.asset).is_some_and(|asset| !dependencies(project, asset).iter().any(unsettled))
        })?;
        let asset = self.asset_of(index)?;
        let (planned, outcome) = self.waiting.remove(index);
        self.started.insert(planned.asset.clone(), outcome.clone());
        Some((asset, planned, outcome))
    }

    fn settle(&mut self, outcome: Outcome) {
        let name = outcome.record.asset.clone();
        self.started.remove(&name);
        if let (TaskState::Audited, Some(staged), Some(after)) =
            (outcome.record.state, &outcome.record.staged, &outcome.record.after)
            && let Some(asset) = self.context.project.asset(&name)
        {
            self.context.reveal(asset, staged, after);
        }
        self.context.observer.finished(&AssetSummary::new(&self.context.project, &outcome));
        self.outcomes.insert(name, outcome);
    }

    async fn settle_broken(&mut self, name: &TableName, stopped: &tokio::task::JoinError) -> Result<()> {
        let Some(mut outcome) = self.started.remove(name) else { return Ok(()) };
        let error = Error::new(
            "HW0914",
            Blame::Headwater,
            format!("the work on {name} stopped in a way it never should: {stopped}"),
        )
        .help("this is a defect of headwater: please report it");
        outcome.fail(Trouble::from(&error));
        self.context.put_tasks([&outcome.record]).await?;
        self.settle(outcome);
        Ok(())
    }
}

/// The assets that have to be settled before an asset begins.
fn dependencies(project: &Project, asset: &Asset) -> Vec<TableName> {
    headwater_project::plan::tracked_inputs(project, asset)
}

fn new_record(context: &Context, planned: &PlannedTask, position: u32) -> TaskRecord {
    TaskRecord {
        run: context.run.id.clone(),
        position,
        asset: planned.asset.clone(),
        reason: planned.reason.clone(),
        state: TaskState::Pending,
        attempts: 0,
        started_ms: None,
        ended_ms: None,
        staged: None,
        message: None,
        after: None,
        lineage: None,
    }
}
