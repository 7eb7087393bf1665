//! What is done to a lake beside running its project is recorded as a run, too.

use headwater_project::plan::short_hash;
use headwater_sdk::store::{Intent, RunRecord, RunState};
use headwater_sdk::{Result, RunId};

use crate::clock;
use crate::error::RunError;
use crate::lake::{Base, Lake};
use crate::lease::Held;
use crate::recover;

/// What the record says of who does it.
pub(super) struct Doer<'a> {
    pub(super) environment: &'a str,
    pub(super) command: &'a str,
    /// What is done: no other run has the same fingerprint.
    pub(super) deed: &'a str,
}

/// Records that the work begins.
pub(super) async fn begin(lake: &Lake, id: &RunId, base: &Base, doer: &Doer<'_>, held: &Held) -> Result<RunRecord> {
    let run = RunRecord {
        id: id.clone(),
        number: lake.store.runs(1).await?.first().map_or(0, |newest| newest.number) + 1,
        environment: doer.environment.to_owned(),
        branch: None,
        plan_fingerprint: short_hash(&format!("{} {id}", doer.deed)),
        base_snapshot: base.id(),
        snapshot: None,
        state: RunState::Running,
        started_ms: clock::now_ms(),
        ended_ms: None,
        holder: Some(held.lease().holder.clone()),
        command: doer.command.to_owned(),
        backfill: None,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    lake.store.put_run(&run, held.lease()).await?;
    Ok(run)
}

/// Records how the work ended, and removes its branch. What stands half published is left to the next run.
pub(super) async fn end(
    lake: &Lake,
    mut run: RunRecord,
    outcome: &Result<Intent, RunError>,
    held: &Held,
) -> Result<RunRecord> {
    run.ended_ms = Some(clock::now_ms());
    run.state = if outcome.is_ok() { RunState::Published } else { RunState::Failed };
    if let Ok(intent) = outcome {
        run.snapshot = Some(intent.snapshot.id);
    } else if lake.store.intents().await?.iter().any(|intent| intent.run == run.id) {
        // The next run finishes what was begun.
        run.state = RunState::Running;
        run.ended_ms = None;
    }
    lake.store.put_run(&run, held.lease()).await?;
    if run.state != RunState::Running {
        lake.engine.drop_branch(&recover::branch_of(&run.id)).await?;
    }
    Ok(run)
}
