//! One run, from a loaded project to a published snapshot. This file is the map of the crate: every step is a call.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use headwater_project::Project;
use headwater_project::plan::{Action, PlannedTask, short_hash};
use headwater_sdk::connector::ConnectorType;
use headwater_sdk::store::{AssetState, RunRecord, RunState, TaskRecord, TaskState};
use headwater_sdk::{Result, RunId, TableName};
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::error::RunError;
use crate::execute::{self, Context, Ended, Outcomes, RetryPolicy, Trouble, Visible};
use crate::failpoints::{AFTER_LEASE, AFTER_PLAN, AFTER_RESOLVE, BEFORE_CLEANUP, failpoint};
use crate::lake::{Base, Lake};
use crate::lease::{self, Held, LeaseOptions};
use crate::observer::Observer;
use crate::publish::{self, Published};
use crate::recover;
use crate::resolve::{Resolved, resolve};
use crate::summary::RunSummary;

/// How to run.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Build everything anew, whatever is up to date.
    pub full_refresh: bool,
    /// Tasks that work at once.
    pub jobs: usize,
    /// How often a task is tried when its errors may pass.
    pub attempts: u32,
    /// The pause after the first failed attempt; it doubles with each.
    pub first_pause: Duration,
    /// How the lake's lease is taken and kept.
    pub lease: LeaseOptions,
    /// The command line for the record, without secrets.
    pub command: String,
    /// Stops the run when it fires; nothing is lost.
    pub cancel: CancellationToken,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            full_refresh: false,
            jobs: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            attempts: 3,
            first_pause: Duration::from_secs(1),
            lease: LeaseOptions::default(),
            command: String::new(),
            cancel: CancellationToken::new(),
        }
    }
}

/// What a run would do, and why. Changes nothing and needs no lease.
///
/// # Errors
/// As [`resolve`].
pub async fn plan(
    project: &Project,
    connectors: &[Box<dyn ConnectorType>],
    lake: &Lake,
    full_refresh: bool,
) -> Result<Vec<PlannedTask>, RunError> {
    let base = lake.base().await?;
    let resolved = resolve(project, connectors, lake, &base, full_refresh).await?;
    Ok(make_plan(project, &resolved, &base, full_refresh))
}

/// Brings `main` up to date with the project and its sources.
///
/// # Errors
/// [`RunError`] when the run ended without a summary; assets that failed are in the summary.
pub async fn run(
    project: &Arc<Project>,
    connectors: &[Box<dyn ConnectorType>],
    lake: &Lake,
    options: &RunOptions,
    observer: &Arc<dyn Observer>,
) -> Result<RunSummary, RunError> {
    let id = RunId::from_ulid(ulid::Ulid::generate());
    let held = lease::take(&lake.store, &id, &options.lease, &options.cancel, observer.as_ref()).await?;
    failpoint(AFTER_LEASE);
    held.during(under_lease(id, project, connectors, lake, options, observer, &held)).await
}

async fn under_lease(
    id: RunId,
    project: &Arc<Project>,
    connectors: &[Box<dyn ConnectorType>],
    lake: &Lake,
    options: &RunOptions,
    observer: &Arc<dyn Observer>,
    held: &Held,
) -> Result<RunSummary, RunError> {
    let unfinished = recover::recover(lake, held.lease(), observer.as_ref()).await?;
    let base = lake.base().await?;
    let resolved = tokio::select! {
        resolved = resolve(project, connectors, lake, &base, options.full_refresh) => resolved?,
        () = options.cancel.cancelled() => return Err(RunError::Interrupted),
    };
    failpoint(AFTER_RESOLVE);
    let plan = make_plan(project, &resolved, &base, options.full_refresh);
    observer.planned(&plan);
    let (context, kept) = begin(id, project, resolved, &plan, unfinished, base, lake, options, observer).await?;
    failpoint(AFTER_PLAN);
    let mut outcomes = match execute::execute(&context, &plan, kept, options.jobs, &options.cancel).await? {
        Ended::Done(outcomes) => outcomes,
        Ended::Stopped(outcomes) => return interrupt(&context, &outcomes).await,
    };
    let published = publish::publish(&context, &mut outcomes, held.lease()).await?;
    record(&context, outcomes, &published).await
}

fn make_plan(project: &Project, resolved: &Resolved, base: &Base, full_refresh: bool) -> Vec<PlannedTask> {
    let states: Vec<AssetState> = base.states.values().cloned().collect();
    headwater_project::plan::plan(project, &resolved.desired(), &states, full_refresh)
}

/// Goes on with the newest unfinished run of the same plan, or begins a new one; the other unfinished runs are given up.
#[expect(clippy::too_many_arguments, reason = "called once, from the main flow")]
async fn begin(
    id: RunId,
    project: &Arc<Project>,
    resolved: Resolved,
    plan: &[PlannedTask],
    mut unfinished: Vec<RunRecord>,
    base: Base,
    lake: &Lake,
    options: &RunOptions,
    observer: &Arc<dyn Observer>,
) -> Result<(Arc<Context>, BTreeMap<TableName, TaskRecord>)> {
    let fingerprint = fingerprint(project, &resolved, plan, &base);
    let same = unfinished.iter().position(|run| run.plan_fingerprint == fingerprint);
    let resumed = same.map(|index| unfinished.remove(index));
    recover::abandon(lake, unfinished).await?;
    let resuming = resumed.is_some();
    let run = match resumed {
        Some(run) => RunRecord { state: RunState::Running, ended_ms: None, holder: Some(holder.to_owned()), ..run },
        None => RunRecord {
            id,
            number: lake.store.runs(1).await?.first().map_or(0, |newest| newest.number) + 1,
            environment: project.environment.name.clone(),
            plan_fingerprint: fingerprint,
            base_snapshot: base.id(),
            snapshot: None,
            state: RunState::Running,
            started_ms: clock::now_ms(),
            ended_ms: None,
            holder: Some(holder.to_owned()),
            command: options.command.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
    };
    lake.store.put_run(&run).await?;
    let branch_name = recover::branch_of(&run.id);
    let branch = match plan.iter().any(|task| task.action == Action::Build) {
        true => Some(lake.engine.open_branch(&branch_name, &run.id).await?),
        false => None,
    };
    let kept = match &branch {
        Some(branch) if resuming => recover::kept_tasks(lake, project, plan, &run.id, branch.as_ref()).await?,
        _ => BTreeMap::new(),
    };
    if resuming {
        observer.note(&format!("going on with the unfinished run {}: {} tasks are kept", run.id, kept.len()));
    }
    let context = Context {
        project: Arc::clone(project),
        resolved,
        lake: lake.clone(),
        visible: Mutex::new(Visible::of(&base)),
        base,
        run,
        branch_name,
        branch,
        full_refresh: options.full_refresh,
        retry: RetryPolicy { attempts: options.attempts, first_pause: options.first_pause },
        observer: Arc::clone(observer),
    };
    Ok((Arc::new(context), kept))
}

/// What makes two plans the same: an unfinished run is gone on with only if it would do the same work on the same base.
fn fingerprint(project: &Project, resolved: &Resolved, plan: &[PlannedTask], base: &Base) -> String {
    let mut text = format!("{} {:?}", project.environment.name, base.id());
    for task in plan.iter().filter(|task| task.action == Action::Build) {
        let desired = resolved.assets.get(&task.asset).map(|asset| &asset.desired);
        let definition = desired.map(|desired| &desired.definition);
        let source = desired.and_then(|desired| desired.source.as_ref());
        text.push_str(&format!("\n{} {definition:?} {source:?} {}", task.asset, task.reload));
    }
    short_hash(&text)
}

async fn interrupt(context: &Context, outcomes: &Outcomes) -> Result<RunSummary, RunError> {
    let run = RunRecord { state: RunState::Interrupted, ended_ms: Some(clock::now_ms()), ..context.run.clone() };
    context.lake.store.put_run(&run).await?;
    Ok(RunSummary::new(&context.project, run, outcomes, Vec::new(), None))
}

/// Records how the run ended, and removes what it no longer needs.
async fn record(context: &Context, mut outcomes: Outcomes, published: &Published) -> Result<RunSummary, RunError> {
    let store = &context.lake.store;
    let (mut snapshot, mut removed, mut trouble) = (None, Vec::new(), None);
    match published {
        Published::Nothing => {}
        Published::Snapshot { id, removed: gone } => {
            (snapshot, removed) = (Some(*id), gone.clone());
        }
        Published::Stale(tables) => trouble = Some(Trouble::from(&publish::stale_error(tables))),
    }
    for outcome in outcomes.values_mut() {
        match (outcome.is_audited(), &trouble) {
            (true, None) => outcome.record.state = TaskState::Published,
            (true, Some(trouble)) => outcome.hold_back(trouble.message.clone()),
            (false, _) if outcome.record.state == TaskState::UpToDate => continue,
            (false, _) => {}
        }
        store.put_task(&outcome.record).await?;
    }
    let bad = trouble.is_some() || outcomes.values().any(execute::Outcome::holds_back);
    let state = match (bad, snapshot) {
        (false, _) => RunState::Published,
        (true, Some(_)) => RunState::Partial,
        (true, None) => RunState::Failed,
    };
    let run = RunRecord { state, snapshot, ended_ms: Some(clock::now_ms()), ..context.run.clone() };
    store.put_run(&run).await?;
    failpoint(BEFORE_CLEANUP);
    if context.branch.is_some()
        && let Err(error) = context.lake.engine.drop_branch(&context.branch_name).await
    {
        // The run is over and recorded; `headwater maintain --vacuum` removes what is left of its branch.
        tracing::warn!(error = %error.full_message(), branch = context.branch_name, "the branch could not be dropped");
    }
    Ok(RunSummary::new(&context.project, run, &outcomes, removed, trouble))
}
