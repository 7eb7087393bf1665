//! `headwater runs`: the runs.

pub(crate) mod info;

use clap::Args;
use headwater_project::Reach;
use headwater_sdk::store::{DeliveryOutcome, DeliveryRecord, RunRecord, RunState};
use serde::Serialize;

use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::style::Style;
use crate::render::table::{Cell, Column, Table};
use crate::render::units::{seconds, time};
use crate::wiring::lake::{self, Access};
use crate::wiring::project;

/// Lists the runs, newest first.
#[derive(Debug, Args)]
pub(crate) struct RunsArgs {
    /// How many to list
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

pub(crate) async fn runs(args: &RunsArgs, global: &Global, console: &Console) -> Result<u8, Failure> {
    let opened = project::open(None, global, console, Reach::LAKE)?;
    let lake = lake::open(&opened.project, Access::Read)?;
    let runs = lake.store.runs(args.limit).await?;
    let mut all = Vec::new();
    for run in runs {
        let deliveries = lake.store.deliveries(&run.id).await?;
        all.push(Listed { run, deliveries });
    }
    if console.json {
        console.out_json(&all)?;
        return Ok(0);
    }
    if all.is_empty() {
        console.out("nothing has been run in this environment yet\n")?;
        return Ok(0);
    }
    let mut table = Table::new(vec![
        Column::text("run"),
        Column::text("started (UTC)").optional(1),
        Column::number("time").optional(3),
        Column::text("result"),
        Column::number("snapshot").optional(2),
        Column::text("delivered").optional(5),
        Column::text("command").optional(4),
    ]);
    for Listed { run, deliveries } in &all {
        let took = run.ended_ms.map_or(0.0, |ended| (ended - run.started_ms) as f64 / 1000.0);
        table.push(vec![
            run.id.to_string().into(),
            time(run.started_ms).into(),
            seconds(took).into(),
            run_state(run),
            run.snapshot.map(|snapshot| snapshot.to_string()).unwrap_or_default().into(),
            delivered(deliveries),
            run.command.clone().into(),
        ]);
    }
    console.out(&table.render(console.width(), console.color_out))?;
    Ok(0)
}

/// A run, and what it delivered.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    run: RunRecord,
    deliveries: Vec<DeliveryRecord>,
}

/// What came of a run's deliveries, in a word or two.
fn delivered(deliveries: &[DeliveryRecord]) -> Cell {
    let count = |outcome| deliveries.iter().filter(|delivery| delivery.outcome == outcome).count();
    let (done, failed) = (count(DeliveryOutcome::Delivered), count(DeliveryOutcome::Failed));
    match (done, failed) {
        (0, 0) => Cell::from(String::new()),
        (done, 0) => Cell::from(done.to_string()),
        (done, failed) => Cell::styled(format!("{done}, {failed} failed"), Style::Bad),
    }
}

/// How a run ended, in a word or two.
pub(crate) fn run_state(run: &RunRecord) -> Cell {
    let (word, style) = match run.state {
        RunState::Published if run.snapshot.is_none() => ("up to date", Style::Good),
        RunState::Running => ("running, or died", Style::Plain),
        RunState::Published => ("published", Style::Good),
        RunState::Partial => ("published in part", Style::Warn),
        RunState::Failed => ("failed", Style::Bad),
        RunState::Interrupted => ("interrupted", Style::Warn),
        RunState::Abandoned => ("given up", Style::Dim),
    };
    Cell::styled(word, style)
}
