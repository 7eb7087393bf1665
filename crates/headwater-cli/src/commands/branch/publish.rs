//! `headwater branch publish`.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;
use headwater_project::Reach;
use headwater_run::{LeaseOptions, PlannedPublish, RunOptions, Verb};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::cli::{Global, parse_duration};
use crate::commands::run::{command_line, name_program, program};
use crate::console::Console;
use crate::failure::Failure;
use crate::render::{progress, summary, table};
use crate::wiring::lake::{self, Access};
use crate::wiring::project;

/// Publishes a branch as one new snapshot of main, or not at all.
///
/// Tables that main has not moved on under are published as they are on the branch: only their commits are put. Others,
/// and those that were built from them, are rebuilt from what main holds now, with the project as it stands on disk. All
/// checks have to hold. The branch then begins anew on the snapshot that was published.
#[derive(Debug, Args)]
pub(crate) struct PublishArgs {
    /// The branch
    name: String,
    /// Only says what would be done
    #[arg(long)]
    dry_run: bool,
    /// Waits this long for a run to end, e.g. 10m
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    wait: Option<Duration>,
    /// Assets worked on at once [default: the number of processors]
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

pub(super) async fn publish(
    args: &PublishArgs,
    global: &Global,
    console: &Console,
    stop: &CancellationToken,
) -> Result<u8, Failure> {
    let opened = project::open(None, global, console, Reach::ALL)?;
    let access = if args.dry_run { Access::Read } else { Access::Write };
    let lake = lake::open(&opened.project, access)?;
    if args.dry_run {
        let planned = headwater_run::plan_publish(&opened.project, &opened.connectors, &lake, &args.name).await;
        let planned = planned.map_err(|error| Failure::of_run(error, opened.files))?;
        if console.json {
            console.out_json(&planned)?;
        } else {
            console.out(&describe(&planned, console, "would be"))?;
        }
        return Ok(0);
    }
    let defaults = RunOptions::default();
    let options = RunOptions {
        jobs: args.jobs.map_or(defaults.jobs, NonZeroUsize::get),
        lease: LeaseOptions { wait: args.wait, ..LeaseOptions::default() },
        programs: headwater_connectors::programs(),
        destinations: Some(project::destinations().into()),
        command: command_line(console),
        cancel: stop.clone(),
        ..defaults
    };
    let display = progress::display(console);
    let outcome =
        headwater_run::publish_branch(&opened.project, &opened.connectors, &lake, &args.name, &options, &display).await;
    // The display clears its bars when it goes.
    drop(display);
    let (mut report, planned) = outcome.map_err(|error| Failure::of_run(error, opened.files))?;
    let program = program(global.project.as_ref(), global);
    name_program(&mut report, &program);
    if console.json {
        console.out_json(&json!({ "publish": planned, "run": report }))?;
    } else {
        console.out(&describe(&planned, console, if report.snapshot.is_some() { "was" } else { "was to be" }))?;
        console.out(&summary::run(&report, &program, console.width(), console.color_out))?;
    }
    Ok(report.exit_code)
}

/// What is done about every asset. `tense` stands before what is done.
fn describe(planned: &PlannedPublish, console: &Console, tense: &str) -> String {
    let mut table = table::Table::new(vec![
        table::Column::text("asset"),
        table::Column::text(tense),
        table::Column::text("because").optional(1),
    ]);
    for asset in &planned.assets {
        let done = match asset.verb {
            Verb::AsItIs => "published as it is",
            Verb::Rebuild => "rebuilt",
            Verb::Remove => "removed",
            Verb::Nothing => "left alone",
        };
        table.push(vec![asset.asset.to_string().into(), done.into(), asset.because.clone().unwrap_or_default().into()]);
    }
    format!("{}\n", table.render(console.width(), console.color_out))
}
