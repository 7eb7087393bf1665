//! The beginning of a run's work: its record, its branch, and what an unfinished run has done already.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use headwater_project::Project;
use headwater_project::plan::{Action, PlannedTask, short_hash};
use headwater_sdk::store::{RunRecord, RunState, TaskRecord};
use headwater_sdk::{Result, TableName};

use crate::branching::Adoption;
use crate::clock;
use crate::execute::{Context, Part, RetryPolicy, Visible};
use crate::lake::Base;
use crate::recover::{self, Unfinished};
use crate::resolve::Resolved;
use crate::run::{Job, Prepared};
use crate::scope::Scope;

/// Goes on with the newest unfinished run of the same plan, or begins a new one; the other unfinished runs are given up.
///
/// # Errors
/// When the storage or the catalogue fails.
pub(crate) async fn begin(
    job: &Job<'_>,
    prepared: Prepared,
    unfinished: Unfinished,
) -> Result<(Arc<Context>, Vec<PlannedTask>, BTreeMap<TableName, TaskRecord>)> {
    let Prepared { resolved, plan, base, scope, adoption } = prepared;
    let Job { project, lake, options, observer, .. } = job;
    let holder = Some(job.held.lease().holder.clone());
    let Unfinished { mut resumable, doubtful } = unfinished;
    let mut fingerprint = fingerprint(project, &resolved, &plan, &base, &scope, adoption.as_ref());
    if let Some(part) = &options.backfill {
        fingerprint = short_hash(&format!("{fingerprint} {part:?}"));
    }
    let same = resumable.iter().position(|run| run.plan_fingerprint == fingerprint);
    let resumed = same.map(|index| resumable.remove(index));
    let lease = job.held.lease();
    recover::abandon(lake, lease, resumable).await?;
    recover::abandon(lake, lease, doubtful).await?;
    let resuming = resumed.is_some();
    let run = match resumed {
        Some(run) => RunRecord { state: RunState::Running, ended_ms: None, holder, ..run },
        None => RunRecord {
            id: job.id.clone(),
            number: lake.store.runs(1).await?.first().map_or(0, |newest| newest.number) + 1,
            environment: project.environment.name.clone(),
            plan_fingerprint: fingerprint,
            branch: base.branch_name().map(str::to_owned),
            base_snapshot: base.id(),
            snapshot: None,
            state: RunState::Running,
            started_ms: clock::now_ms(),
            ended_ms: None,
            holder,
            command: options.command.clone(),
            backfill: options.backfill.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
    };
    lake.store.put_run(&run, lease).await?;
    let branch_name = recover::branch_of(&run.id);
    let branch = match adoption.is_some() || plan.iter().any(|task| task.action == Action::Build) {
        true => Some(lake.engine.open_branch(&branch_name, base.area(), &run.id).await?),
        false => None,
    };
    let mut kept = match &branch {
        Some(branch) if resuming => recover::kept_tasks(lake, project, &plan, &run.id, branch.as_ref()).await?,
        _ => BTreeMap::new(),
    };
    if resuming {
        observer.note(&format!("going on with the unfinished run {}: {} tasks are kept", run.id, kept.len()));
    }
    if let (Some(branch), Some(adoption)) = (&branch, &adoption) {
        let taken = adoption.take_over(lake, project, &run.id, branch.as_ref()).await?;
        lake.store.put_tasks(&taken.values().cloned().collect::<Vec<_>>(), lease).await?;
        kept.extend(taken);
    }
    let context = Context {
        project: Arc::clone(project),
        part: scope.selected().is_some().then(|| Part::of(project, &plan, options.selection.as_ref())),
        resolved,
        lake: (*lake).clone(),
        known_anew: Mutex::default(),
        visible: Mutex::new(Visible::of(&base)),
        base,
        run,
        lease: lease.clone(),
        branch_name,
        branch,
        adoption,
        full_refresh: options.full_refresh,
        range: options.backfill.as_ref().map(|backfill| backfill.part),
        retry: RetryPolicy { attempts: options.attempts, first_pause: options.first_pause },
        programs: options.programs.clone(),
        observer: Arc::clone(observer),
    };
    Ok((Arc::new(context), plan, kept))
}

/// What makes two plans the same: an unfinished run is gone on with only if it would do the same work on the same base,
/// for the same selection.
fn fingerprint(
    project: &Project,
    resolved: &Resolved,
    plan: &[PlannedTask],
    base: &Base,
    scope: &Scope,
    adoption: Option<&Adoption>,
) -> String {
    let mut text = format!("{} {:?}", project.environment.name, base.id());
    text.extend(base.area().map(|area| format!("\non {area}")));
    text.extend(adoption.map(|adoption| format!("\n{}", adoption.fingerprint())));
    if let Some(selected) = scope.selected() {
        text.push_str(&format!("\nselected {selected:?}"));
    }
    for task in plan.iter().filter(|task| task.action == Action::Build) {
        let desired = resolved.assets.get(&task.asset).map(|asset| &asset.desired);
        let definition = desired.map(|desired| &desired.definition);
        let source = desired.and_then(|desired| desired.source.as_ref());
        text.push_str(&format!("\n{} {definition:?} {source:?} {}", task.asset, task.reload));
    }
    short_hash(&text)
}
