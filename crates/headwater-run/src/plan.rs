//! What a run would do, why, and what to expect of it.

use std::collections::BTreeMap;

use headwater_project::Project;
use headwater_project::plan::{Action, Breaking, PlannedTask, breaking};
use headwater_sdk::connector::ConnectorType;
use headwater_sdk::store::TaskRecord;
use headwater_sdk::{Result, RunId, TableName};
use serde::Serialize;

use crate::error::RunError;
use crate::lake::{Base, Lake};
use crate::resolve::resolve;
use crate::run::make_plan;

/// What a run would do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// Every asset, in the project's order.
    pub tasks: Vec<PlannedTask>,
    /// Assets that `main` has and the project has not: a run takes them out of the snapshot.
    pub removed: Vec<TableName>,
    /// Changes that those who read the published tables have to follow.
    pub breaking: Vec<Breaking>,
    /// What building an asset took and gave when it was published last; assets that were never published are not there.
    pub expected: BTreeMap<TableName, Expected>,
}

impl Plan {
    /// What building all that is to be built took and gave when it was published last, as far as that is known.
    pub fn total(&self) -> Expected {
        self.expected.values().fold(Expected::default(), |sum, one| Expected {
            rows: sum.rows + one.rows,
            bytes: sum.bytes + one.bytes,
            seconds: sum.seconds + one.seconds,
        })
    }
}

/// What building an asset took and gave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Expected {
    /// Rows written; of a view, rows read.
    pub rows: u64,
    /// Bytes of data files written.
    pub bytes: u64,
    /// Seconds.
    pub seconds: f64,
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
) -> Result<Plan, RunError> {
    let base = lake.base().await?;
    let resolved = resolve(project, connectors, lake, &base, full_refresh).await?;
    let removed: Vec<TableName> = base.states.keys().filter(|name| project.asset(name).is_none()).cloned().collect();
    let tasks = make_plan(project, &resolved, &base, full_refresh);
    let expected = expected(lake, &base, &tasks).await?;
    let breaks = !removed.is_empty() || tasks.iter().any(|task| task.difference.breaks());
    let published = match base.id() {
        Some(snapshot) if breaks => lake.store.lineage(snapshot).await?,
        _ => Vec::new(),
    };
    let breaking = breaking(&tasks, &removed, &published);
    Ok(Plan { tasks, removed, breaking, expected })
}

/// In how many runs, the newest first, last builds are looked for.
const MOST_RUNS: usize = 20;

async fn expected(lake: &Lake, base: &Base, tasks: &[PlannedTask]) -> Result<BTreeMap<TableName, Expected>> {
    let mut wanted: BTreeMap<&RunId, Vec<TableName>> = BTreeMap::new();
    for task in tasks.iter().filter(|task| task.action == Action::Build) {
        if let Some(state) = base.states.get(&task.asset) {
            wanted.entry(&state.run).or_default().push(task.asset.clone());
        }
    }
    let mut found = BTreeMap::new();
    // The newest first: they sort by their start.
    for (run, assets) in wanted.into_iter().rev().take(MOST_RUNS) {
        for record in lake.store.tasks_on(run, &assets).await? {
            found.extend(outcome(&record).map(|outcome| (record.asset.clone(), outcome)));
        }
    }
    Ok(found)
}

fn outcome(record: &TaskRecord) -> Option<Expected> {
    let staged = record.staged.as_ref()?;
    let took = record.started_ms.zip(record.ended_ms).map_or(0, |(start, end)| end.saturating_sub(start).max(0));
    Some(Expected {
        rows: if staged.tables.is_empty() { staged.rows_in } else { staged.rows_out },
        bytes: staged.tables.iter().map(|table| table.bytes).sum(),
        seconds: took as f64 / 1000.0,
    })
}
