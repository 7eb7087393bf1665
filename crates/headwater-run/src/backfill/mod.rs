//! Backfill: models with a time column take up a range of time again, in parts, each a run of its own that publishes what
//! passed its checks. A backfill that was stopped goes on with the first part that is not done.

mod steps;

use std::collections::BTreeSet;
use std::sync::Arc;

use headwater_diagnostics::SourceMap;
use headwater_project::plan::{Action, Cause, Changes, PlannedTask, short_hash};
use headwater_project::select::Selection;
use headwater_project::{Asset, AssetKind, Materialize, Project};
use headwater_sdk::connector::ConnectorType;
use headwater_sdk::method::{Grain, Strategy, TimeRange};
use headwater_sdk::store::{BackfillPart, RunState};
use headwater_sdk::{Blame, Error, TableName};
use serde::Serialize;

pub use self::steps::day_words;
use crate::error::RunError;
use crate::lake::Lake;
use crate::observer::Observer;
use crate::run::{RunOptions, run};
use crate::summary::RunSummary;

/// How many runs back an unfinished backfill is looked for.
const HORIZON: usize = 1_000;

/// What to take up again.
#[derive(Debug, Clone, Copy)]
pub struct BackfillOptions {
    /// The whole time.
    pub whole: TimeRange,
    /// The step by which it is cut into parts.
    pub step: Grain,
    /// How many steps a part has: they are computed at once.
    pub together: usize,
}

/// What a backfill has done.
#[derive(Debug, Clone, Serialize)]
pub struct BackfillSummary {
    /// The whole time.
    pub whole: TimeRange,
    /// The models that took it up.
    pub models: Vec<TableName>,
    /// Its parts, in their order, up to the one that failed.
    pub parts: Vec<PartSummary>,
    /// The run that brought what depends on the models up to date; `None` when a part failed.
    pub last: Option<RunSummary>,
    /// The program's exit code.
    pub exit_code: u8,
}

/// What became of a part.
#[derive(Debug, Clone, Serialize)]
pub struct PartSummary {
    /// Its time.
    pub range: TimeRange,
    /// Whether an earlier, unfinished backfill has done it.
    pub kept: bool,
    /// The run, unless it was kept.
    pub run: Option<RunSummary>,
}

/// Takes a range of time up again, part by part, and then brings what depends on it up to date.
///
/// # Errors
/// [`RunError`] when nothing can be taken up, or a run ended without a summary. Parts that were done stay done.
pub async fn backfill(
    project: &Arc<Project>,
    connectors: &[Box<dyn ConnectorType>],
    lake: &Lake,
    options: &RunOptions,
    backfill: &BackfillOptions,
    observer: &Arc<dyn Observer>,
) -> Result<BackfillSummary, RunError> {
    let models = models(project, options, lake).await?;
    let select = |suffix: &str| select(project, &models, suffix);
    let BackfillOptions { whole, step, together } = *backfill;
    let mut part = BackfillPart {
        id: ulid::Ulid::generate().to_string().to_lowercase(),
        whole,
        work: short_hash(&format!("{:?} {models:?} {} {together}", options.branch, step.as_str())),
        part: whole,
    };
    let done = go_on(lake, &mut part).await?;
    let ranges = steps::parts(whole, step, together.max(1));
    let mut summary = BackfillSummary { whole, models: models.clone(), parts: Vec::new(), last: None, exit_code: 0 };
    let mut took = 0.0;
    for (place, range) in ranges.iter().enumerate() {
        if done.contains(&range.from) {
            summary.parts.push(PartSummary { range: *range, kept: true, run: None });
            continue;
        }
        let options = RunOptions {
            selection: Some(select("")?),
            backfill: Some(BackfillPart { part: *range, ..part.clone() }),
            // What the parts lead to is delivered once, at the end.
            destinations: None,
            ..options.clone()
        };
        let ended = run(project, connectors, lake, &options, observer).await?;
        took += ended.seconds;
        let worked = summary.parts.iter().filter(|part| !part.kept).count() + 1;
        let left = ranges[place + 1..].iter().filter(|range| !done.contains(&range.from)).count();
        observer.note(&told(range, &ended, (place + 1, ranges.len()), took / worked as f64 * left as f64));
        let (state, code) = (ended.state, ended.exit_code);
        summary.parts.push(PartSummary { range: *range, kept: false, run: Some(ended) });
        if state != RunState::Published {
            summary.exit_code = code.max(1);
            return Ok(summary);
        }
    }
    let options = RunOptions { selection: Some(select("+")?), backfill: None, ..options.clone() };
    let last = run(project, connectors, lake, &options, observer).await?;
    summary.exit_code = last.exit_code;
    summary.last = Some(last);
    Ok(summary)
}

/// The selected models that can take up a range of time.
async fn models(project: &Project, options: &RunOptions, lake: &Lake) -> Result<Vec<TableName>, RunError> {
    let base = lake.base_on(options.branch.as_deref()).await?;
    let selection = options.selection.as_ref();
    let selected = selection.map(|selection| selection.assets(project, &|asset| base.standing(asset)));
    let chosen = |asset: &&Asset| selected.as_ref().is_none_or(|selected| selected.contains(&asset.name));
    let able = project.assets.iter().filter(chosen).filter(|asset| takes_ranges(asset));
    let models: Vec<TableName> = able.map(|asset| asset.name.clone()).collect();
    if models.is_empty() {
        let is_script = |asset: &&Asset| matches!(asset.kind, AssetKind::Script(_));
        let message = match (selection, project.assets.iter().filter(chosen).find(is_script)) {
            (Some(_), Some(script)) => format!(
                "nothing selected can take up a range of time: {} is a script, which yields all of its rows whenever it runs",
                script.name
            ),
            (Some(_), None) => "nothing selected can take up a range of time".to_owned(),
            (None, _) => "no model of the project can take up a range of time".to_owned(),
        };
        return Err(Error::new("HW0924", Blame::Project, message)
            .help("models can with `materialize: incremental`, a `time_column` and the strategy window, merge or replace_partitions; tables with `refresh: auto` need no backfill")
            .into());
    }
    Ok(models)
}

fn takes_ranges(asset: &Asset) -> bool {
    let AssetKind::Model(model) = &asset.kind else { return false };
    match &model.materialize {
        Materialize::Incremental(how) => how.time.is_some() && how.strategy != Strategy::Append,
        Materialize::Table | Materialize::View | Materialize::Scd2(_) | Materialize::Snapshot(_) => false,
    }
}

/// A selection of models, each with a suffix of the selection grammar.
fn select(project: &Project, models: &[TableName], suffix: &str) -> Result<Selection, RunError> {
    let names: Vec<String> = models.iter().map(|model| format!("{model}{suffix}")).collect();
    match Selection::read(&names, &[], project, &mut SourceMap::default()) {
        Ok(Some(selection)) => Ok(selection),
        Ok(None) => Err(Error::new("HW0914", Blame::Headwater, "a backfill of no model was asked for").into()),
        Err(diagnostics) => Err(RunError::Project(diagnostics)),
    }
}

/// Takes the identifier of the newest backfill of the same work, if it was not finished, and tells where its parts begin
/// that are done.
async fn go_on(lake: &Lake, part: &mut BackfillPart) -> Result<BTreeSet<i64>, RunError> {
    let runs = lake.store.runs(HORIZON).await?;
    let same = |other: &BackfillPart| other.whole == part.whole && other.work == part.work;
    let of = runs.iter().filter_map(|run| Some((run, run.backfill.as_ref()?)));
    let Some(id) = of.clone().find(|(_, other)| same(other)).map(|(_, other)| other.id.clone()) else {
        return Ok(BTreeSet::new());
    };
    let published = of.filter(|(run, other)| other.id == id && run.state == RunState::Published);
    let done: Vec<TimeRange> = published.map(|(_, other)| other.part).collect();
    if done.iter().any(|range| range.to == part.whole.to) {
        return Ok(BTreeSet::new());
    }
    part.id = id;
    Ok(done.into_iter().map(|range| range.from).collect())
}

fn told(range: &TimeRange, ended: &RunSummary, (place, all): (usize, usize), left: f64) -> String {
    let rows: u64 = ended.assets.iter().map(|asset| asset.rows_out).sum();
    let what = match ended.snapshot {
        Some(snapshot) => format!("{rows} rows in snapshot {snapshot}"),
        None => "nothing was published".to_owned(),
    };
    let mut text = format!("{} ({place} of {all}): {what}, {:.1} s", day_words(range), ended.seconds);
    if left > 0.0 {
        text.push_str(&format!("; about {left:.0} s left"));
    }
    text
}

/// Makes the models of a plan take up a part of a backfill, up to date or not.
///
/// # Errors
/// When one of them has to be made anew first.
pub(crate) fn take_up(project: &Project, plan: &mut [PlannedTask], part: &BackfillPart) -> Result<(), RunError> {
    for task in plan {
        let able = project.asset(&task.asset).is_some_and(takes_ranges);
        if !able || task.action == Action::NotSelected {
            continue;
        }
        if task.reload {
            let message =
                format!("{} has to be made anew before it can take up a range of time: {}", task.asset, task.reason);
            return Err(Error::new("HW0925", Blame::Project, message).help("run without --from and --to first").into());
        }
        task.action = Action::Build;
        task.cause = Cause::Backfill;
        task.reason = format!("takes up {}", day_words(&part.part));
        task.changes = Changes::all();
    }
    Ok(())
}
