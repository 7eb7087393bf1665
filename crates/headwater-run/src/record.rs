//! The end of a run, however it ends: its record and those of its tasks.

use headwater_sdk::Error;
use headwater_sdk::engine::TableScan;
use headwater_sdk::store::{RunRecord, RunState, TaskState};

use crate::clock;
use crate::error::RunError;
use crate::execute::{self, Context, Outcomes, Trouble};
use crate::failpoints::{BEFORE_CLEANUP, failpoint};
use crate::lease::Held;
use crate::publish::Published;
use crate::summary::RunSummary;
use crate::upkeep::record_scans;

/// Records that a person stopped the run. If a task may still be at work (`idle` is false), the record stays as it is:
/// then the next run goes on only once this process is known to be gone.
///
/// # Errors
/// When the catalogue cannot be written to.
pub(crate) async fn interrupted(context: &Context, outcomes: &Outcomes, idle: bool) -> Result<RunSummary, RunError> {
    let run = RunRecord { state: RunState::Interrupted, ended_ms: Some(clock::now_ms()), ..context.run.clone() };
    if idle {
        context.lake.store.put_run(&run, &context.lease).await?;
    }
    Ok(RunSummary::new(context, run, outcomes, Vec::new(), None))
}

/// Records, as far as that is possible, that the run could not go on, and returns why.
pub(crate) async fn broken(context: &Context, held: &Held, error: Error, idle: bool) -> Error {
    if idle && held.verify().await.is_ok() {
        let run = RunRecord { state: RunState::Interrupted, ended_ms: Some(clock::now_ms()), ..context.run.clone() };
        if let Err(second) = context.lake.store.put_run(&run, &context.lease).await {
            tracing::warn!(error = %second.full_message(), "the run's end could not be recorded");
        }
    }
    error
}

/// Records what the run's queries have asked of the tables of `main`.
async fn record_usage(context: &Context, outcomes: &Outcomes) {
    if context.project.record_queries && context.base.branch.is_none() {
        let staged = outcomes.values().filter_map(|outcome| outcome.record.staged.as_ref());
        let scans: Vec<TableScan> = staged.flat_map(|staged| staged.scans.iter().cloned()).collect();
        record_scans(&context.lake, &scans).await;
    }
}

/// Records how the run ended, and removes what it no longer needs.
///
/// # Errors
/// When the catalogue cannot be written to.
pub(crate) async fn ended(
    context: &Context,
    mut outcomes: Outcomes,
    published: &Published,
) -> Result<RunSummary, RunError> {
    let store = &context.lake.store;
    let (mut snapshot, mut removed, mut trouble) = (None, Vec::new(), None);
    match published {
        Published::Nothing => {}
        Published::Snapshot { id, removed: gone } => {
            (snapshot, removed) = (Some(*id), gone.clone());
        }
        Published::Refused(error) => trouble = Some(Trouble::from(error)),
    }
    let mut records = Vec::new();
    for outcome in outcomes.values_mut() {
        match (outcome.is_audited(), &trouble) {
            (true, None) => outcome.record.state = TaskState::Published,
            (true, Some(trouble)) => outcome.hold_back(trouble.message.clone()),
            (false, _) if outcome.record.state == TaskState::UpToDate => continue,
            (false, _) => {}
        }
        records.push(&outcome.record);
    }
    context.put_tasks(records).await?;
    record_usage(context, &outcomes).await;
    let bad = trouble.is_some() || outcomes.values().any(execute::Outcome::holds_back);
    let state = match (bad, snapshot) {
        (false, _) => RunState::Published,
        (true, Some(_)) => RunState::Partial,
        (true, None) => RunState::Failed,
    };
    let run = RunRecord { state, snapshot, ended_ms: Some(clock::now_ms()), ..context.run.clone() };
    store.put_run(&run, &context.lease).await?;
    failpoint(BEFORE_CLEANUP);
    if context.branch.is_some()
        && let Err(error) = context.lake.engine.drop_branch(&context.branch_name).await
    {
        // The run is over and recorded; `headwater maintain --vacuum` removes what is left of its branch.
        tracing::warn!(error = %error.full_message(), branch = context.branch_name, "the branch could not be dropped");
    }
    Ok(RunSummary::new(context, run, &outcomes, removed, trouble))
}
