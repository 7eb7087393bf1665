//! `headwater deliver`: delivers what is published. Beside it what stands on deliveries: copies of sources, and comparisons.

pub(crate) mod sync;
pub(crate) mod verify;

use std::time::Duration;

use clap::Args;
use headwater_diagnostics::SourceMap;
use headwater_project::{Project, Reach};
use headwater_run::{DeliverOptions, LeaseOptions, RunOptions};
use tokio_util::sync::CancellationToken;

use crate::cli::{Global, parse_duration};
use crate::console::Console;
use crate::failure::Failure;
use crate::render::{deliveries, progress};
use crate::wiring::lake::{self, Access};
use crate::wiring::project;

/// Delivers what is published to the destinations of the project: what has changed since each has taken something up last.
///
/// A run does this for what it has published (with `--select`, for the tables that are selected). A delivery that fails, or is interrupted, has
/// not happened. Rows that a destination has refused are tried again each time. The exit code is 1 when a delivery has failed, or
/// when all rows of a table were delivered and all of them refused.
#[derive(Debug, Args)]
pub(crate) struct DeliverArgs {
    /// Deliveries (destination/schema.table), destinations or tables [default: all]
    names: Vec<String>,
    /// Delivers all rows, whatever was delivered before. Deletes nothing of what an upsert has delivered
    #[arg(long)]
    anew: bool,
    /// Says which deliveries have something to deliver and what stands in their way, and delivers nothing
    #[arg(long)]
    dry_run: bool,
    /// Says how far each delivery is, as it was recorded last; no destination is asked
    #[arg(long, conflicts_with_all = ["anew", "dry_run", "undelivered"])]
    status: bool,
    /// Lists the rows that the catalogue keeps of what destinations have refused that cannot keep them (webhooks)
    #[arg(long, conflicts_with_all = ["anew", "dry_run"])]
    undelivered: bool,
    /// Waits this long for a run to end, e.g. 10m
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    wait: Option<Duration>,
}

pub(crate) async fn deliver(
    args: &DeliverArgs,
    global: &Global,
    console: &Console,
    stop: &CancellationToken,
) -> Result<u8, Failure> {
    let is_told = args.status || args.undelivered;
    let reaches = if is_told { Reach::LAKE } else { Reach::DESTINATIONS };
    let opened = project::open(None, global, console, reaches)?;
    if is_told {
        return told(args, &opened.project, console).await;
    }
    let lake = lake::open(&opened.project, Access::Write)?;
    let lease = LeaseOptions { wait: args.wait, ..LeaseOptions::default() };
    let run = RunOptions { lease, cancel: stop.clone(), ..RunOptions::default() };
    let options = DeliverOptions {
        names: args.names.clone(),
        anew: args.anew,
        dry_run: args.dry_run,
        ..DeliverOptions::of_run(&run, opened.destinations.into())
    };
    let display = progress::display(console);
    let done = headwater_run::deliver(&opened.project, &lake, &options, &display).await;
    drop(display);
    let done = done.map_err(|error| Failure::of_run(error, SourceMap::default()))?;
    if console.json {
        console.out_json(&done)?;
    } else if done.is_empty() {
        console.out("the project delivers nothing in this environment\n")?;
    } else {
        console.out(&deliveries::report(&done, console.width(), console.color_out))?;
    }
    Ok(u8::from(done.iter().any(|delivery| delivery.state.is_bad())))
}

/// What the catalogue knows of deliveries.
async fn told(args: &DeliverArgs, project: &Project, console: &Console) -> Result<u8, Failure> {
    let lake = lake::open(project, Access::Read)?;
    if args.undelivered {
        let rows = headwater_run::undelivered(project, &lake, &args.names).await?;
        match (console.json, rows.is_empty()) {
            (true, _) => console.out_json(&rows)?,
            (false, true) => console.out("the catalogue keeps no row that was refused\n")?,
            (false, false) => console.out(&deliveries::kept(&rows, console.color_out))?,
        }
        return Ok(0);
    }
    let all = headwater_run::delivery_status(project, &lake, &args.names).await?;
    match (console.json, all.is_empty()) {
        (true, _) => console.out_json(&all)?,
        (false, true) => console.out("the project delivers nothing in this environment\n")?,
        (false, false) => console.out(&deliveries::standings(&all, console.width(), console.color_out))?,
    }
    Ok(0)
}
