//! Maintenance: rows are written again into better files, logs get checkpoints, and files that no live snapshot needs are
//! removed.

use std::collections::{BTreeMap, BTreeSet};

use headwater_project::{AssetKind, Project};
use headwater_sdk::engine::{Layout, VacuumReport};
use headwater_sdk::{Blame, Error, Relation, RunId, TableName};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::compact::{Compaction, TableUpkeep};
use super::vacuum;
use crate::error::RunError;
use crate::lake::{Base, Lake};
use crate::lease::{self, LeaseOptions};
use crate::observer::Observer;
use crate::recover;

/// Something that maintenance does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// Rows are written again into files of the right size and order.
    Compact,
    /// Logs with many commits get a checkpoint.
    Checkpoint,
    /// Files that nothing needs are removed.
    Vacuum,
}

/// What is done, and what is kept.
#[derive(Debug, Clone)]
pub struct MaintainOptions {
    /// What is done.
    pub tasks: BTreeSet<Task>,
    /// The tables that it is about; none for all.
    pub tables: Vec<TableName>,
    /// How the rows of tables are to lie; those of others as they come.
    pub layouts: BTreeMap<TableName, Layout>,
    /// How many of the newest snapshots stay readable, at least one.
    pub keep_snapshots: usize,
    /// Snapshots younger than this many days stay readable as well.
    pub keep_days: u32,
    /// Only tell what would be done.
    pub dry_run: bool,
    /// The environment, for the record.
    pub environment: String,
    /// The command line for the record, without secrets.
    pub command: String,
    /// How the lake's lease is taken and kept.
    pub lease: LeaseOptions,
    /// Stops the work when it fires.
    pub cancel: CancellationToken,
}

impl Default for MaintainOptions {
    fn default() -> Self {
        Self {
            tasks: [Task::Compact, Task::Checkpoint, Task::Vacuum].into(),
            tables: Vec::new(),
            layouts: BTreeMap::new(),
            keep_snapshots: 10,
            keep_days: 7,
            dry_run: false,
            environment: String::new(),
            command: String::new(),
            lease: LeaseOptions::default(),
            cancel: CancellationToken::new(),
        }
    }
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MaintainSummary {
    /// Whether nothing was done, only told.
    pub dry_run: bool,
    /// The tables about which something was, or would be, done, or could not.
    pub tables: Vec<TableUpkeep>,
    /// The snapshot with the tables in their new files.
    pub snapshot: Option<u64>,
    /// The oldest snapshot that stays readable.
    pub oldest_kept: Option<u64>,
    /// Snapshots that stay readable.
    pub kept_snapshots: usize,
    /// What was, or would be, removed; `None` when that was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<VacuumReport>,
}

/// How a project wants the rows of its tables to lie.
pub fn layouts(project: &Project) -> BTreeMap<TableName, Layout> {
    let layout = |kind: &AssetKind| match kind {
        AssetKind::Model(model) => Some(model.layout.clone()),
        AssetKind::Script(script) => Some(script.layout.clone()),
        AssetKind::Stream(_) | AssetKind::Seed(_) => None,
    };
    project.assets.iter().filter_map(|asset| Some((asset.name.clone(), layout(&asset.kind)?))).collect()
}

/// Does what is asked for under the lake's lease. What there is to read stays the same, row by row.
///
/// # Errors
/// When the lake is in use, or the storage or the catalogue fails, and `HW0927` for what is no table.
pub async fn maintain(
    lake: &Lake,
    options: &MaintainOptions,
    observer: &dyn Observer,
) -> Result<MaintainSummary, RunError> {
    let id = RunId::from_ulid(ulid::Ulid::generate());
    let held = lease::take(&lake.store, &id, &options.lease, &options.cancel, observer).await?;
    held.during(Box::pin(async {
        let mut unfinished = recover::recover(lake, &held, observer).await?;
        let base = lake.base().await?;
        verify_tables(&options.tables, &base)?;
        let mut summary = MaintainSummary {
            dry_run: options.dry_run,
            tables: Vec::new(),
            snapshot: None,
            oldest_kept: None,
            kept_snapshots: 0,
            removed: None,
        };
        if options.tasks.contains(&Task::Compact) || options.tasks.contains(&Task::Checkpoint) {
            let compaction = Compaction { id: &id, lake, options, base: &base, held: &held, observer };
            (summary.tables, summary.snapshot) = compaction.work(&mut unfinished).await?;
        }
        if options.tasks.contains(&Task::Vacuum) {
            let done = vacuum::vacuum(lake, options, &held, unfinished).await?;
            (summary.oldest_kept, summary.kept_snapshots) = (done.oldest_kept, done.kept_snapshots);
            summary.removed = Some(done.removed);
        }
        Ok(summary)
    }))
    .await
}

/// What is named has to be a table of `main`.
pub(super) fn verify_tables(tables: &[TableName], base: &Base) -> Result<(), RunError> {
    for table in tables {
        let what = match base.relation(table) {
            Some(Relation::Table { .. }) => continue,
            Some(_) => format!("{table} is a view: it has no files"),
            None => format!("there is no table {table}"),
        };
        let error = Error::new("HW0927", Blame::Project, what);
        return Err(error.help("`headwater show` lists what is published").into());
    }
    Ok(())
}
