//! What a run would do, why, and what to expect of it.

mod foresight;

use std::collections::BTreeMap;

use headwater_project::Project;
use headwater_project::plan::{Action, Breaking, PlannedTask, breaking, passed_over};
use headwater_project::select::Selection;
use headwater_sdk::connector::ConnectorType;
use headwater_sdk::engine::Foresight;
use headwater_sdk::store::TaskRecord;
use headwater_sdk::{Result, RunId, TableName};
use serde::Serialize;

use foresight::foresee;

use crate::error::RunError;
use crate::keeping;
use crate::lake::{Base, Lake};
use crate::resolve::{Unreadable, resolve_part};
use crate::run::make_plan;
use crate::scope::Scope;
use crate::upkeep::{layouts, lies_otherwise};

/// How to plan.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// As if everything were to be built anew.
    pub full_refresh: bool,
    /// Whether what histories and snapshots hold may be lost.
    pub discard_history: bool,
    /// The branch that it would work on; `None` for `main`.
    pub branch: Option<String>,
    /// What to build; `None` for everything.
    pub selection: Option<Selection>,
}

/// What a run would do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// Every asset, in the project's order.
    pub tasks: Vec<PlannedTask>,
    /// Assets that `main` has and the project has not: a run takes them out of the snapshot, unless it is about a selection.
    pub removed: Vec<TableName>,
    /// Inputs that have changes and were not selected, and histories that track what may come out otherwise every time.
    pub notes: Vec<String>,
    /// Changes that those who read the published tables have to follow.
    pub breaking: Vec<Breaking>,
    /// How each table that is to be built will be brought up to date, as far as that can be told beforehand.
    pub refresh: BTreeMap<TableName, Foresight>,
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
/// As [`resolve`](crate::resolve()).
pub async fn plan(
    project: &Project,
    connectors: &[Box<dyn ConnectorType>],
    lake: &Lake,
    options: &PlanOptions,
) -> Result<Plan, RunError> {
    let PlanOptions { full_refresh, discard_history, branch, selection } = options;
    let base = lake.base_on(branch.as_deref()).await?;
    let scope = Scope::of(project, selection.as_ref(), &base)?;
    let resolved = resolve_part(project, connectors, lake, &base, *full_refresh, &scope, Unreadable::HoldBack).await?;
    let tasks = make_plan(project, &resolved, &base, *full_refresh, &scope)?;
    if !discard_history {
        keeping::refuse_loss(project, &tasks, &base)?;
    }
    let dropped = base.states.keys().filter(|name| project.asset(name).is_none() && scope.selected().is_none());
    let refresh = foresee(project, &resolved, lake, &base, &tasks);
    let (removed, mut notes): (Vec<TableName>, _) = (dropped.cloned().collect(), passed_over(project, &tasks));
    notes.extend(to_be_laid_out(project, &base));
    let built = tasks.iter().filter(|task| task.action == Action::Build);
    notes.extend(
        built.filter_map(|task| {
            keeping::restless(project.asset(&task.asset)?, &resolved.assets.get(&task.asset)?.desired)
        }),
    );
    let expected = expected(lake, &base, &tasks).await?;
    let breaks = !removed.is_empty() || tasks.iter().any(|task| task.difference.breaks());
    let published = match base.id() {
        Some(snapshot) if breaks => lake.store.lineage(snapshot).await?,
        _ => Vec::new(),
    };
    let breaking = breaking(&tasks, &removed, &published);
    Ok(Plan { tasks, removed, notes, breaking, refresh, expected })
}

/// What is told of tables whose rows are to lie in another way than they do. No run sees to that: it changes no row.
fn to_be_laid_out(project: &Project, base: &Base) -> Vec<String> {
    let layouts = layouts(project);
    let told = layouts.iter().filter(|(table, layout)| lies_otherwise(base.states.get(table), layout)).map(|(table, layout)| {
        let columns = layout.clustering.columns.join(", ");
        format!("{table} is to be clustered by {columns}: `headwater maintain` lays out anew what is there; nothing is rebuilt")
    });
    told.collect()
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
