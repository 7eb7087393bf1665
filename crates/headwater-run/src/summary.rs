//! What a run has done, for people and (as JSON) for programs.

use std::collections::BTreeSet;

use headwater_project::{Asset, Project};
use headwater_sdk::check::{CheckResult, Probe, Severity, Threshold, Verdict};
use headwater_sdk::engine::Refresh;
use headwater_sdk::store::{RunRecord, RunState, TaskState};
use headwater_sdk::{RunId, TableName};
use serde::Serialize;

use crate::clock;
use crate::deliver::DeliverySummary;
use crate::execute::{Context, Outcome, Outcomes, Trouble};

/// What a run has done.
#[derive(Debug, Clone, Serialize)]
pub struct RunSummary {
    /// The run.
    pub run: RunId,
    /// Its number in the lake.
    pub number: u64,
    /// The project's name.
    pub project: String,
    /// The environment.
    pub environment: String,
    /// How it ended.
    pub state: RunState,
    /// The program's exit code: 0 everything is published, 1 something is not.
    pub exit_code: u8,
    /// Its start (RFC 3339).
    pub started: String,
    /// Its length in seconds; of a run that was gone on with, from its first start.
    pub seconds: f64,
    /// The branch that it worked on; `None` for `main`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The branch that it published to `main`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_branch: Option<String>,
    /// The snapshot that it started from.
    pub base_snapshot: Option<u64>,
    /// The snapshot that it published; `None` when nothing was.
    pub snapshot: Option<u64>,
    /// The error of the run as a whole.
    pub error: Option<RunProblem>,
    /// Its assets, in dependency order.
    pub assets: Vec<AssetSummary>,
    /// The options that selected what the run is about; `None` for all of the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<String>,
    /// How many assets were not selected.
    pub not_selected: u64,
    /// What was delivered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deliveries: Vec<DeliverySummary>,
    /// Things worth knowing about the run: inputs that have changes and were not selected.
    pub notes: Vec<String>,
    /// Assets that the project no longer has and that are gone from `main`.
    pub removed: Vec<TableName>,
    /// Commands to type next.
    pub next: Vec<String>,
}

/// Why a run as a whole published nothing.
#[derive(Debug, Clone, Serialize)]
pub struct RunProblem {
    /// A stable code, `HW` and four digits.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// What a run has done about one asset.
#[derive(Debug, Clone, Serialize)]
pub struct AssetSummary {
    /// The asset.
    pub asset: TableName,
    /// What it is: `stream`, `seed`, `script`, `view`, `table`, …
    pub kind: &'static str,
    /// Why it was built, or that it is up to date.
    pub reason: String,
    /// How it ended.
    pub state: TaskState,
    /// Whether the work was done by an interrupted run and kept.
    pub kept: bool,
    /// How often it was tried.
    pub attempts: u32,
    /// Rows read.
    pub rows_in: u64,
    /// Rows written.
    pub rows_out: u64,
    /// How a model's table was brought up to date.
    pub refresh: Option<Refresh>,
    /// Rows set aside by checks.
    pub quarantined: u64,
    /// Source rows that could not be read.
    pub rejected: u64,
    /// Bytes read from a source, as stored there.
    pub bytes_in: u64,
    /// Bytes of data files written.
    pub bytes_written: u64,
    /// Bytes that checks read again.
    pub bytes_audited: u64,
    /// Length of the last attempt in seconds.
    pub seconds: f64,
    /// How its checks ended.
    pub checks: CheckCounts,
    /// The checks that did not pass.
    pub problems: Vec<CheckProblem>,
    /// The code of what went wrong.
    pub code: Option<String>,
    /// What went wrong, or what holds it back.
    pub message: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// Things worth knowing.
    pub notes: Vec<String>,
}

/// Numbers of checks by verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CheckCounts {
    /// Within their thresholds.
    pub passed: u64,
    /// Failed with severity `warn`.
    pub warned: u64,
    /// Set rows aside.
    pub quarantined: u64,
    /// Failed with severity `error`.
    pub failed: u64,
}

/// A check that did not pass.
#[derive(Debug, Clone, Serialize)]
pub struct CheckProblem {
    /// Its name, e.g. `not_null(carrier)`.
    pub check: String,
    /// The columns that it is about, as far as they are known.
    pub columns: Vec<String>,
    /// Why it is there.
    pub description: Option<String>,
    /// Its severity.
    pub severity: Severity,
    /// The judgement.
    pub verdict: Verdict,
    /// Rows that it looked at.
    pub checked: u64,
    /// Rows that failed.
    pub failing: u64,
    /// How many failing rows it tolerates.
    pub threshold: Threshold,
    /// What was seen where it is no count of rows.
    pub observed: Option<String>,
    /// Failing rows, capped.
    pub sample: Vec<serde_json::Value>,
}

impl RunSummary {
    /// Adds what was delivered.
    pub(crate) fn delivered(&mut self, deliveries: Vec<DeliverySummary>) {
        if deliveries.iter().any(|delivery| delivery.state.is_bad()) {
            self.exit_code = 1;
        }
        self.deliveries = deliveries;
    }

    pub(crate) fn new(
        context: &Context,
        run: RunRecord,
        outcomes: &Outcomes,
        removed: Vec<TableName>,
        trouble: Option<Trouble>,
    ) -> Self {
        let (project, part) = (&context.project, context.part.as_ref());
        let assets: Vec<AssetSummary> = project
            .assets
            .iter()
            .filter_map(|asset| Some(AssetSummary::new(project, outcomes.get(&asset.name)?)))
            .collect();
        let ended = run.ended_ms.unwrap_or_else(clock::now_ms);
        Self {
            number: run.number,
            project: project.name.clone(),
            environment: run.environment,
            state: run.state,
            exit_code: u8::from(run.state != RunState::Published),
            started: clock::rfc3339(run.started_ms),
            seconds: seconds(run.started_ms, ended),
            published_branch: context.adoption.as_ref().map(|adoption| adoption.branch.name.clone()),
            base_snapshot: run.base_snapshot,
            snapshot: run.snapshot,
            error: trouble.map(|t| RunProblem { code: t.code.to_owned(), message: t.message, help: t.help }),
            next: next_commands(context, &assets, run.state, &run.id),
            assets,
            selection: part.map(|part| part.options.clone()),
            not_selected: part.map_or(0, |part| part.left),
            notes: part.map(|part| part.notes.clone()).unwrap_or_default(),
            removed,
            deliveries: Vec::new(),
            branch: run.branch,
            run: run.id,
        }
    }
}

impl AssetSummary {
    pub(crate) fn new(project: &Project, outcome: &Outcome) -> Self {
        let record = &outcome.record;
        let staged = record.staged.clone().unwrap_or_default();
        Self {
            asset: record.asset.clone(),
            kind: project.asset(&record.asset).map_or("asset", Asset::kind_name),
            reason: record.reason.clone(),
            state: record.state,
            kept: outcome.kept,
            attempts: record.attempts,
            rows_in: staged.rows_in,
            rows_out: staged.rows_out,
            refresh: staged.refresh,
            quarantined: staged.quarantined,
            rejected: staged.rejected,
            bytes_in: staged.bytes_in,
            bytes_written: staged.tables.iter().map(|table| table.bytes).sum(),
            bytes_audited: staged.bytes_audited,
            seconds: record.started_ms.zip(record.ended_ms).map_or(0.0, |(start, end)| seconds(start, end)),
            checks: count(outcome.checks()),
            problems: outcome.checks().iter().filter(|r| r.verdict != Verdict::Passed).map(problem).collect(),
            code: outcome.trouble.as_ref().map(|trouble| trouble.code.to_owned()),
            message: record.message.clone(),
            help: outcome.trouble.as_ref().and_then(|trouble| trouble.help.clone()),
            notes: staged.notes.into_iter().chain(outcome.notes.iter().cloned()).collect(),
        }
    }
}

fn count(results: &[CheckResult]) -> CheckCounts {
    let mut counts = CheckCounts::default();
    for result in results {
        match result.verdict {
            Verdict::Passed => counts.passed += 1,
            Verdict::Warned => counts.warned += 1,
            Verdict::Quarantined => counts.quarantined += 1,
            Verdict::Failed => counts.failed += 1,
        }
    }
    counts
}

fn problem(result: &CheckResult) -> CheckProblem {
    CheckProblem {
        check: result.check.name.clone(),
        columns: columns(result),
        description: result.check.description.clone(),
        severity: result.check.severity,
        verdict: result.verdict,
        checked: result.checked,
        failing: result.failing,
        threshold: result.check.threshold,
        observed: result.observed.clone(),
        sample: result.sample.clone(),
    }
}

/// What a check is about: the columns that it names, or those that its predicate does.
fn columns(result: &CheckResult) -> Vec<String> {
    let Probe::Row { fails_when } = &result.check.probe else { return result.check.columns.clone() };
    if !result.check.columns.is_empty() {
        return result.check.columns.clone();
    }
    let words: BTreeSet<&str> = fails_when.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let names = result.sample.first().and_then(serde_json::Value::as_object).into_iter().flat_map(|row| row.keys());
    names.filter(|name| words.contains(name.as_str())).cloned().collect()
}

fn seconds(from_ms: i64, to_ms: i64) -> f64 {
    to_ms.saturating_sub(from_ms).max(0) as f64 / 1000.0
}

/// What a person would want to type now: a look at what failed, else at the last table and where it came from.
fn next_commands(context: &Context, assets: &[AssetSummary], state: RunState, run: &RunId) -> Vec<String> {
    let project = &context.project;
    let mut commands = Vec::new();
    let on = context.base.branch_name().map(|name| format!(" --branch {name}")).unwrap_or_default();
    if let (Some(adoption), RunState::Interrupted) = (&context.adoption, state) {
        commands.push(format!("headwater branch publish {}", adoption.branch.name));
        return commands;
    }
    if state == RunState::Interrupted {
        let options = context.part.iter().map(|part| format!(" {}", part.options)).collect::<String>();
        commands.push(format!("headwater run{on}{options}"));
        return commands;
    }
    if state != RunState::Published {
        commands.push(format!("headwater run-info {run}"));
    }
    let readable = |asset: &&AssetSummary| matches!(asset.state, TaskState::Published | TaskState::UpToDate);
    let in_run: BTreeSet<&TableName> = assets.iter().map(|asset| &asset.asset).collect();
    let readers = |asset: &AssetSummary| {
        project.downstream_of(&asset.asset).into_iter().filter(|reader| in_run.contains(&reader.name)).count()
    };
    let shown = assets.iter().filter(readable).rev().min_by_key(|asset| readers(asset));
    if let Some(shown) = shown {
        commands.push(format!("headwater query{on} \"select * from {} limit 10\"", shown.asset));
        match context.base.branch_name() {
            Some(name) => commands.push(format!("headwater diff main..{name}")),
            None => commands.push(format!("headwater lineage {}", shown.asset)),
        }
    }
    commands
}
