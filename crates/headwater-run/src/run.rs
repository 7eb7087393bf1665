//! One run, from a loaded project to a published snapshot. This file is the map of the crate: every step is a call.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use headwater_project::plan::PlannedTask;
use headwater_project::select::Selection;
use headwater_project::{Delivery, Project};
use headwater_sdk::RunId;
use headwater_sdk::connector::ConnectorType;
use headwater_sdk::destination::DestinationType;
use headwater_sdk::script::ProgramRunner;
use headwater_sdk::store::{AssetState, BackfillPart};
use tokio_util::sync::CancellationToken;

use crate::begin::begin;
use crate::branching::Adoption;
use crate::deliver::{By, DeliverOptions, deliver_all};
use crate::error::RunError;
use crate::execute::{Ended, execute};
use crate::failpoints::{AFTER_LEASE, AFTER_PLAN, AFTER_RESOLVE, failpoint};
use crate::lake::{Base, Lake};
use crate::lease::{self, Held, LeaseOptions};
use crate::observer::Observer;
use crate::recover::Unfinished;
use crate::resolve::{Resolved, Unreadable, resolve_part};
use crate::scope::Scope;
use crate::summary::RunSummary;
use crate::{backfill, clock, keeping, publish, record, recover};

/// How to run.
#[derive(Clone)]
pub struct RunOptions {
    /// Build everything anew, whatever is up to date.
    pub full_refresh: bool,
    /// Whether what histories and snapshots hold may be lost.
    pub discard_history: bool,
    /// The branch to work on; `None` for `main`.
    pub branch: Option<String>,
    /// What to build; `None` for everything.
    pub selection: Option<Selection>,
    /// The time that models take up again, of a backfill.
    pub backfill: Option<BackfillPart>,
    /// Tasks that work at once.
    pub jobs: usize,
    /// How often a task is tried when its errors may pass.
    pub attempts: u32,
    /// The pause after the first failed attempt; it doubles with each.
    pub first_pause: Duration,
    /// How the lake's lease is taken and kept.
    pub lease: LeaseOptions,
    /// What runs the programs of scripts; `None` where there is nothing that could.
    pub programs: Option<Arc<dyn ProgramRunner>>,
    /// What can be delivered to; `None` to deliver nothing.
    pub destinations: Option<Arc<[Box<dyn DestinationType>]>>,
    /// The command line for the record, without secrets.
    pub command: String,
    /// Stops the run when it fires; nothing is lost.
    pub cancel: CancellationToken,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            full_refresh: false,
            discard_history: false,
            branch: None,
            selection: None,
            backfill: None,
            jobs: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            attempts: 3,
            first_pause: Duration::from_secs(1),
            lease: LeaseOptions::default(),
            programs: None,
            destinations: None,
            command: String::new(),
            cancel: CancellationToken::new(),
        }
    }
}

/// Brings `main`, or a branch, up to date with the project and its sources.
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
    let job = Job { id, project, lake, options, observer, held: &held };
    held.during(under_lease(&job, connectors)).await
}

/// What is the same for all steps of a run.
pub(crate) struct Job<'a> {
    /// The identifier of the run, unless it goes on with an unfinished one.
    pub(crate) id: RunId,
    pub(crate) project: &'a Arc<Project>,
    pub(crate) lake: &'a Lake,
    pub(crate) options: &'a RunOptions,
    pub(crate) observer: &'a Arc<dyn Observer>,
    pub(crate) held: &'a Held,
}

async fn under_lease(job: &Job<'_>, connectors: &[Box<dyn ConnectorType>]) -> Result<RunSummary, RunError> {
    let Job { project, lake, options, .. } = job;
    let unfinished = recover::recover(lake, job.held, job.observer.as_ref()).await?;
    let base = lake.base_on(options.branch.as_deref()).await?;
    let unfinished = unfinished.on(base.branch_name());
    let scope = Scope::of(project, options.selection.as_ref(), &base)?;
    let resolved = tokio::select! {
        resolved = resolve_part(project, connectors, lake, &base, options.full_refresh, &scope, Unreadable::HoldBack) => resolved?,
        () = options.cancel.cancelled() => return Err(RunError::Interrupted),
    };
    failpoint(AFTER_RESOLVE);
    let mut plan = make_plan(project, &resolved, &base, options.full_refresh, &scope)?;
    if let Some(part) = &options.backfill {
        backfill::take_up(project, &mut plan, part)?;
    }
    if !options.discard_history {
        keeping::refuse_loss(project, &plan, &base)?;
    }
    carry_out(job, Prepared { resolved, plan, base, scope, adoption: None }, unfinished).await
}

/// What a run knows before it does anything.
pub(crate) struct Prepared {
    pub(crate) resolved: Resolved,
    pub(crate) plan: Vec<PlannedTask>,
    pub(crate) base: Base,
    pub(crate) scope: Scope,
    /// What of a branch is published.
    pub(crate) adoption: Option<Adoption>,
}

/// Carries out a plan. `unfinished` are the runs on the same line that died.
pub(crate) async fn carry_out(
    job: &Job<'_>,
    prepared: Prepared,
    unfinished: Unfinished,
) -> Result<RunSummary, RunError> {
    let options = job.options;
    let selected = options.selection.is_some().then(|| prepared.scope.selected().cloned()).flatten();
    job.observer.planned(&prepared.plan);
    let (context, plan, kept) = begin(job, prepared, unfinished).await?;
    failpoint(AFTER_PLAN);
    let mut outcomes = match execute(&context, &plan, kept, options.jobs, &options.cancel).await {
        Ended::Done(outcomes) => outcomes,
        Ended::Stopped { outcomes, idle } => return record::interrupted(&context, &outcomes, idle).await,
        Ended::Broken { error, idle } => return Err(record::broken(&context, job.held, error, idle).await.into()),
    };
    let published = publish::publish(&context, &mut outcomes, job.held).await?;
    let mut summary = record::ended(&context, outcomes, &published).await?;
    for note in publish::acknowledge(&context).await {
        job.observer.note(&note);
        summary.notes.push(note);
    }
    if let (Some(destinations), None) = (&options.destinations, &context.base.branch) {
        let is_meant =
            |delivery: &&Delivery| selected.as_ref().is_none_or(|selected| selected.contains(&delivery.table.owner()));
        let deliveries: Vec<_> = job.project.deliveries.iter().filter(is_meant).collect();
        let how = DeliverOptions::of_run(options, Arc::clone(destinations));
        let by = By { run: context.run.id.clone(), lease: job.held.lease().clone() };
        summary.delivered(deliver_all(job.project, job.lake, &deliveries, &how, &by, job.observer).await?);
    }
    Ok(summary)
}

pub(crate) fn make_plan(
    project: &Project,
    resolved: &Resolved,
    base: &Base,
    full_refresh: bool,
    scope: &Scope,
) -> Result<Vec<PlannedTask>, RunError> {
    let states: Vec<AssetState> = base.states.values().cloned().collect();
    let mut desired = resolved.desired();
    keeping::mark_due(project, &mut desired, base, clock::now_ms());
    let plan = headwater_project::plan::plan(project, &desired, &states, full_refresh, scope.selected());
    scope.verify(project, &plan, base)?;
    Ok(plan)
}
