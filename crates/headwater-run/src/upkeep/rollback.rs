//! Rolling back: a new snapshot with the contents of an old one.

use headwater_sdk::engine::StagedTable;
use headwater_sdk::store::{Intent, RunRecord, SnapshotKind, SnapshotRecord};
use headwater_sdk::{Blame, Error, Relation, RunId, TableName};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::record::{self, Doer};
use crate::clock;
use crate::error::RunError;
use crate::lake::{Base, Lake};
use crate::lease::{self, Held, LeaseOptions};
use crate::observer::Observer;
use crate::publish::{self, Published, changed_names};
use crate::recover;

/// How to roll back.
#[derive(Debug, Clone, Default)]
pub struct RollbackOptions {
    /// The environment, for the record.
    pub environment: String,
    /// How the lake's lease is taken and kept.
    pub lease: LeaseOptions,
    /// The command line for the record, without secrets.
    pub command: String,
    /// Stops the rollback before it publishes.
    pub cancel: CancellationToken,
}

/// What a rollback has done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RollbackSummary {
    /// The run that it was recorded as.
    pub run: RunId,
    /// The snapshot whose contents are back.
    pub to: u64,
    /// The snapshot that was published; `None` when `main` holds those contents already.
    pub snapshot: Option<u64>,
    /// Tables whose contents were restored.
    pub restored: Vec<TableName>,
    /// Names that did not exist then and are gone.
    pub removed: Vec<TableName>,
}

/// Makes `main` what it was at a snapshot, as a new snapshot.
///
/// # Errors
/// `HW0916` when there is no such snapshot, `HW0915` when somebody else writes to a table meanwhile, and when a version
/// has been vacuumed. Nothing has changed then.
pub async fn rollback(
    lake: &Lake,
    to: u64,
    options: &RollbackOptions,
    observer: &dyn Observer,
) -> Result<RollbackSummary, RunError> {
    let id = RunId::from_ulid(ulid::Ulid::generate());
    let held = lease::take(&lake.store, &id, &options.lease, &options.cancel, observer).await?;
    held.during(Box::pin(under_lease(id, lake, to, options, observer, &held))).await
}

async fn under_lease(
    id: RunId,
    lake: &Lake,
    to: u64,
    options: &RollbackOptions,
    observer: &dyn Observer,
    held: &Held,
) -> Result<RollbackSummary, RunError> {
    let unfinished = recover::recover(lake, held, observer).await?;
    let base = lake.base().await?;
    let target = find(lake, to).await?;
    let mut summary =
        RollbackSummary { run: id.clone(), to, snapshot: None, restored: Vec::new(), removed: Vec::new() };
    if base.relations() == target.relations {
        return Ok(summary);
    }
    let deed = format!("rollback {to}");
    let doer = Doer { environment: &options.environment, command: &options.command, deed: &deed };
    let run = record::begin(lake, &id, &base, &doer, held).await?;
    let outcome = restore(lake, &run, &base, &target, &options.cancel, held).await;
    let run = record::end(lake, run, &outcome, held).await?;
    let intent = outcome?;
    // They stand on a snapshot that is not the newest any more: nobody could go on with them.
    recover::abandon(lake, held.lease(), unfinished.on(None).all()).await?;
    summary.snapshot = run.snapshot;
    summary.restored = intent.tables.iter().map(|staged| staged.table.clone()).collect();
    summary.removed = base.relations().into_keys().filter(|name| !target.relations.contains_key(name)).collect();
    Ok(summary)
}

async fn find(lake: &Lake, to: u64) -> Result<SnapshotRecord, RunError> {
    let found = lake.store.snapshot(to).await?.filter(|snapshot| snapshot.branch.is_none());
    found.ok_or_else(|| {
        Error::new("HW0916", Blame::Project, format!("main has no snapshot {to}"))
            .help("`headwater history` lists the snapshots")
            .into()
    })
}

async fn restore(
    lake: &Lake,
    run: &RunRecord,
    base: &Base,
    target: &SnapshotRecord,
    cancel: &CancellationToken,
    held: &Held,
) -> Result<Intent, RunError> {
    let branch_name = recover::branch_of(&run.id);
    let branch = lake.engine.open_branch(&branch_name, None, &run.id).await?;
    let mut relations = target.relations.clone();
    let mut tables: Vec<StagedTable> = Vec::new();
    for (name, relation) in &mut relations {
        let Relation::Table { version } = relation else { continue };
        if base.version(name) != Some(*version) {
            // Until something is published it can be stopped, then no more.
            let staged = tokio::select! {
                staged = branch.stage_restore(name, *version) => staged?,
                () = cancel.cancelled() => return Err(RunError::Interrupted),
            };
            *version = staged.version;
            tables.push(staged);
        }
    }
    let snapshot = SnapshotRecord {
        id: base.next_id(),
        branch: None,
        parent: base.id(),
        kind: SnapshotKind::Rollback { to: target.id },
        run: run.id.clone(),
        published_ms: clock::now_ms(),
        changed: changed_names(&base.relations(), &relations),
        relations,
        vacuumed: false,
    };
    let assets = lake.store.asset_states(target.id).await?;
    let removed = base.states.keys().filter(|name| assets.iter().all(|state| state.asset != **name)).cloned().collect();
    let lineage = lake.store.lineage(target.id).await?;
    let (run, onto, rebases) = (run.id.clone(), None, None);
    let intent = Intent { run, branch: branch_name, onto, tables, snapshot, assets, lineage, removed, rebases };
    match publish::put(lake, &intent, held).await? {
        Published::Refused(error) => Err(error.into()),
        Published::Nothing | Published::Snapshot { .. } => Ok(intent),
    }
}
