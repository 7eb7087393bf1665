//! `headwater run-info`: one run and its tasks.

use clap::Args;
use headwater_project::Reach;
use headwater_sdk::check::Verdict;
use headwater_sdk::engine::Refresh;
use headwater_sdk::store::{RunRecord, TaskRecord};
use headwater_sdk::{Blame, Error};
use serde_json::json;

use super::run_state;
use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::deliveries;
use crate::render::progress::state_word;
use crate::render::style::one_line;
use crate::render::table::{Cell, Column, Table};
use crate::render::units::{count_or_blank, refreshed, seconds, time};
use crate::wiring::lake::{self, Access};
use crate::wiring::project;

/// How many runs back a run is looked for by the beginning of its identifier.
const HORIZON: usize = 1000;

/// Describes a run: why each asset was built, what came of it, and which checks did not pass.
#[derive(Debug, Args)]
pub(crate) struct RunInfoArgs {
    /// The run's identifier, or its beginning; `last` is the newest run
    #[arg(default_value = "last")]
    id: String,
}

pub(crate) async fn run_info(args: &RunInfoArgs, global: &Global, console: &Console) -> Result<u8, Failure> {
    let opened = project::open(None, global, console, Reach::LAKE)?;
    let lake = lake::open(&opened.project, Access::Read)?;
    let runs = lake.store.runs(HORIZON).await?;
    let wanted = args.id.to_ascii_lowercase();
    let mut found = runs.into_iter().filter(|run| wanted == "last" || run.id.as_str().starts_with(&wanted));
    let Some(run) = found.next() else {
        let message = format!("there is no run {}", args.id);
        return Err(Error::new("HW0807", Blame::Project, message).help("`headwater runs` lists the runs").into());
    };
    if wanted != "last" && found.next().is_some() {
        let message = format!("several runs begin with {}", args.id);
        return Err(Error::new("HW0807", Blame::Project, message).help("write more of the identifier").into());
    }
    let tasks = lake.store.tasks(&run.id).await?;
    let delivered = lake.store.deliveries(&run.id).await?;
    if console.json {
        console.out_json(&json!({ "run": run, "tasks": tasks, "deliveries": delivered }))?;
    } else {
        console.out(&describe(&run, &tasks, console))?;
        if !delivered.is_empty() {
            let told = deliveries::recorded(&delivered, console.width(), console.color_out);
            console.out(&format!("\n{told}"))?;
        }
    }
    Ok(0)
}

fn describe(run: &RunRecord, tasks: &[TaskRecord], console: &Console) -> String {
    let mut facts = Table::new(vec![Column::text("run"), Column::text(run.id.as_str())]);
    let ended = run.ended_ms.map_or_else(|| "-".to_owned(), time);
    let snapshot = |id: Option<u64>| id.map_or_else(|| "none".to_owned(), |id| id.to_string());
    facts.push(vec!["result".into(), run_state(run)]);
    facts.push(vec!["started".into(), format!("{} UTC", time(run.started_ms)).into()]);
    facts.push(vec!["ended".into(), format!("{ended} UTC").into()]);
    facts.push(vec!["environment".into(), run.environment.clone().into()]);
    facts.push(vec!["from snapshot".into(), snapshot(run.base_snapshot).into()]);
    facts.push(vec!["published".into(), snapshot(run.snapshot).into()]);
    facts.push(vec!["command".into(), run.command.clone().into()]);
    facts.push(vec!["version".into(), run.version.clone().into()]);
    let mut table = Table::new(vec![
        Column::text("asset"),
        Column::text("result"),
        Column::text("computed").optional(5),
        Column::number("rows out").optional(2),
        Column::number("time").optional(3),
        Column::number("tries").optional(4),
        Column::text("why").optional(1),
    ]);
    let mut problems = String::new();
    for task in tasks {
        let took = task.started_ms.zip(task.ended_ms).map_or(0.0, |(start, end)| (end - start) as f64 / 1000.0);
        let tries = if task.attempts > 1 { task.attempts.to_string() } else { String::new() };
        table.push(vec![
            task.asset.to_string().into(),
            state_word(task.state).into(),
            task.staged.as_ref().and_then(|staged| staged.refresh.as_ref()).map(refreshed).unwrap_or_default().into(),
            count_or_blank(task.staged.as_ref().map_or(0, |staged| staged.rows_out)).into(),
            seconds(took).into(),
            tries.into(),
            Cell::from(one_line(&task.reason)),
        ]);
        match task.staged.as_ref().and_then(|staged| staged.refresh.as_ref()) {
            Some(Refresh::Full { because: Some(why) }) => {
                problems.push_str(&format!("{}: all rows were computed: {}\n", task.asset, one_line(why)));
            }
            Some(Refresh::History { because: Some(why), .. }) => {
                problems.push_str(&format!("{}: all keys were compared: {}\n", task.asset, one_line(why)));
            }
            _ => {}
        }
        if let Some(message) = &task.message {
            problems.push_str(&format!("{}: {}\n", task.asset, one_line(message)));
        }
        for result in task.staged.iter().flat_map(|staged| &staged.checks).filter(|r| r.verdict != Verdict::Passed) {
            let (name, failing, checked) = (&result.check.name, result.failing, result.checked);
            problems.push_str(&format!("{}: {name}: {failing} of {checked} rows\n", task.asset));
        }
    }
    let (width, color) = (console.width(), console.color_out);
    let mut out = facts.render(width, color);
    if !table.is_empty() {
        out.push_str(&format!("\n{}", table.render(width, color)));
    }
    if !problems.is_empty() {
        out.push_str(&format!("\n{problems}"));
    }
    out
}
