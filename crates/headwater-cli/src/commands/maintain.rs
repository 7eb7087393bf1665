//! `headwater maintain`: removes files that nothing needs any more.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;
use headwater_diagnostics::SourceMap;
use headwater_run::{LeaseOptions, MaintainOptions};
use tokio_util::sync::CancellationToken;

use crate::cli::{Global, parse_duration};
use crate::console::Console;
use crate::failure::Failure;
use crate::render::progress;
use crate::render::units::{bytes, plural};
use crate::wiring::lake::{self, Access};
use crate::wiring::project;

/// Removes data files that neither a kept snapshot nor an unfinished run refers to. Removed snapshots stay in the
/// history, but can no longer be read or rolled back to.
#[derive(Debug, Args)]
pub(crate) struct MaintainArgs {
    /// Removes unneeded files
    #[arg(long, required = true)]
    vacuum: bool,
    /// Only says what would be removed
    #[arg(long)]
    dry_run: bool,
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

pub(crate) async fn maintain(
    args: &MaintainArgs,
    global: &Global,
    console: &Console,
    stop: &CancellationToken,
) -> Result<u8, Failure> {
    let opened = project::open(None, global, console)?;
    let lake = lake::open(&opened.project, Access::Write)?;
    let options = MaintainOptions {
        keep_snapshots: args.keep_snapshots.get(),
        keep_days: args.keep_days,
        dry_run: args.dry_run,
        lease: LeaseOptions { wait: args.wait, ..LeaseOptions::default() },
        cancel: stop.clone(),
    };
    let display = progress::display(console);
    let done = headwater_run::maintain(&lake, &options, display.as_ref())
        .await
        .map_err(|error| Failure::of_run(error, SourceMap::default()))?;
    if console.json {
        console.out_json(&done)?;
        return Ok(0);
    }
    let verb = if done.dry_run { "would remove" } else { "removed" };
    let size = if done.removed.bytes == 0 { String::new() } else { format!(" ({})", bytes(done.removed.bytes)) };
    let files = plural(done.removed.files, "file");
    let branches = plural(done.removed.branches, "abandoned staging area");
    let kept = match done.oldest_kept {
        Some(oldest) => format!("{}, back to {oldest}, stay readable", plural(done.kept_snapshots as u64, "snapshot")),
        None => "there is no snapshot yet".to_owned(),
    };
    console.out(&format!("{verb} {files}{size} and {branches}; {kept}\n"))?;
    Ok(0)
}
