//! `headwater rollback`: publishes the contents of an earlier snapshot again.

use std::time::Duration;

use clap::Args;
use headwater_diagnostics::SourceMap;
use headwater_project::Reach;
use headwater_run::{LeaseOptions, RollbackOptions};
use tokio_util::sync::CancellationToken;

use crate::cli::{Global, parse_duration};
use crate::commands::run::command_line;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::progress;
use crate::render::units::plural;
use crate::wiring::lake::{self, Access};
use crate::wiring::project;

/// Publishes a new snapshot with the contents of an earlier one. Nothing is lost: the snapshots in between stay, and
/// one can roll back to them in turn.
#[derive(Debug, Args)]
pub(crate) struct RollbackArgs {
    /// The snapshot's number, see `headwater history`
    snapshot: u64,
    /// Waits this long for a run to end, e.g. 10m
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    wait: Option<Duration>,
}

pub(crate) async fn rollback(
    args: &RollbackArgs,
    global: &Global,
    console: &Console,
    stop: &CancellationToken,
) -> Result<u8, Failure> {
    let opened = project::open(None, global, console, Reach::LAKE)?;
    let lake = lake::open(&opened.project, Access::Write)?;
    let options = RollbackOptions {
        environment: opened.project.environment.name.clone(),
        lease: LeaseOptions { wait: args.wait, ..LeaseOptions::default() },
        command: command_line(console),
        cancel: stop.clone(),
    };
    let display = progress::display(console);
    let done = headwater_run::rollback(&lake, args.snapshot, &options, display.as_ref())
        .await
        .map_err(|error| Failure::of_run(error, SourceMap::default()))?;
    if console.json {
        console.out_json(&done)?;
        return Ok(0);
    }
    let names =
        |tables: &[headwater_sdk::TableName]| tables.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let mut text = match done.snapshot {
        Some(snapshot) => format!("published snapshot {snapshot} with the contents of snapshot {}\n", done.to),
        None => format!("the lake holds the contents of snapshot {} already\n", done.to),
    };
    if !done.restored.is_empty() {
        text.push_str(&format!(
            "{} restored: {}\n",
            plural(done.restored.len() as u64, "table"),
            names(&done.restored)
        ));
    }
    if done.snapshot.is_some() {
        text.push_str("the next run brings up to date again what the project and its sources hold then\n");
    }
    if !done.removed.is_empty() {
        text.push_str(&format!("gone, for it did not exist then: {}\n", names(&done.removed)));
    }
    console.out(&text)?;
    Ok(0)
}
