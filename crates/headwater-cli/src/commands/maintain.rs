//! `headwater maintain`: writes tables again into better files, and removes files that nothing needs any more.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;
use headwater_diagnostics::SourceMap;
use headwater_project::{Project, Reach};
use headwater_run::{Lake, LeaseOptions, MaintainOptions, MaintainTask, layouts};
use headwater_sdk::TableName;
use tokio_util::sync::CancellationToken;

use super::run::command_line;
use crate::cli::{Global, parse_duration};
use crate::console::Console;
use crate::failure::Failure;
use crate::render::{maintenance, progress, suggestions};
use crate::wiring::lake::{self, Access};
use crate::wiring::project;

/// Keeps tables quick to read. Small files become larger ones, deleted rows leave their files, rows are laid out as their
/// model's header says; logs with many commits get a checkpoint; data files that neither a kept snapshot nor an unfinished run
/// refers to are removed. With --compact, --checkpoint or --vacuum, only that.
///
/// No row changes, nothing has to be built again for it, and a second time there is nothing to do. Removed snapshots stay in the
/// history, but can no longer be read or rolled back to.
///
/// With --suggest nothing is done. Instead it says by which columns tables should be partitioned or clustered, from what the
/// queries of the last 30 days have asked for: how much they read, and how much they would.
#[derive(Debug, Args)]
pub(crate) struct MaintainArgs {
    /// The tables, as schema.table [default: all]
    tables: Vec<TableName>,
    /// Writes rows again into files of the right size and order
    #[arg(long)]
    compact: bool,
    /// Gives logs with many commits a checkpoint
    #[arg(long)]
    checkpoint: bool,
    /// Removes unneeded files
    #[arg(long)]
    vacuum: bool,
    /// Only says what would be done
    #[arg(long)]
    dry_run: bool,
    /// Says how rows should lie for the queries that were seen
    #[arg(long, conflicts_with_all = ["compact", "checkpoint", "vacuum", "dry_run", "keep_snapshots", "keep_days", "wait"])]
    suggest: bool,
    /// How many of the newest snapshots stay readable
    #[arg(long, value_name = "N", default_value = "10")]
    keep_snapshots: NonZeroUsize,
    /// Snapshots younger than this many days stay readable as well
    #[arg(long, value_name = "DAYS", default_value_t = 7)]
    keep_days: u32,
    /// Waits this long for a run to end, e.g. 10m
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    wait: Option<Duration>,
}

impl MaintainArgs {
    fn tasks(&self) -> BTreeSet<MaintainTask> {
        let asked = [
            (self.compact, MaintainTask::Compact),
            (self.checkpoint, MaintainTask::Checkpoint),
            (self.vacuum, MaintainTask::Vacuum),
        ];
        let all = asked.iter().all(|(asked, _)| !asked);
        asked.into_iter().filter(|(asked, _)| all || *asked).map(|(_, task)| task).collect()
    }
}

pub(crate) async fn maintain(
    args: &MaintainArgs,
    global: &Global,
    console: &Console,
    stop: &CancellationToken,
) -> Result<u8, Failure> {
    let opened = project::open(None, global, console, Reach::LAKE)?;
    if args.suggest {
        return suggest(args, &opened.project, console).await;
    }
    let lake = lake::open(&opened.project, Access::Write)?;
    let options = MaintainOptions {
        tasks: args.tasks(),
        tables: args.tables.clone(),
        layouts: layouts(&opened.project),
        keep_snapshots: args.keep_snapshots.get(),
        keep_days: args.keep_days,
        dry_run: args.dry_run,
        environment: opened.project.environment.name.clone(),
        command: command_line(console),
        lease: LeaseOptions { wait: args.wait, ..LeaseOptions::default() },
        cancel: stop.clone(),
    };
    let display = progress::display(console);
    let done = headwater_run::maintain(&lake, &options, display.as_ref())
        .await
        .map_err(|error| Failure::of_run(error, SourceMap::default()))?;
    match console.json {
        true => console.out_json(&done)?,
        false => {
            let better = better_layouts(args, &lake, &opened.project).await;
            console.out(&maintenance::summary(&done, &options.tasks))?;
            console.out(&suggestions::hint(&better))?;
        }
    }
    Ok(0)
}

/// Says how tables should lie, and does nothing.
async fn suggest(args: &MaintainArgs, project: &Project, console: &Console) -> Result<u8, Failure> {
    let lake = lake::open(project, Access::Read)?;
    let advice = headwater_run::suggest(&lake, project, &args.tables)
        .await
        .map_err(|error| Failure::of_run(error, SourceMap::default()))?;
    match console.json {
        true => console.out_json(&advice)?,
        false => console.out(&suggestions::text(&advice, project.record_queries))?,
    }
    Ok(0)
}

/// The tables that should lie otherwise, where all of maintenance was asked for. It is no reason to fail.
async fn better_layouts(args: &MaintainArgs, lake: &Lake, project: &Project) -> Vec<String> {
    if args.compact || args.checkpoint || args.vacuum {
        return Vec::new();
    }
    match headwater_run::suggest(lake, project, &args.tables).await {
        Ok(advice) => {
            advice.into_iter().filter(|advice| advice.suggestion.is_some()).map(|advice| advice.table).collect()
        }
        Err(error) => {
            tracing::debug!(?error, "layouts could not be thought about");
            Vec::new()
        }
    }
}
