//! `headwater branch`: copies of main that cost nothing, to work on and to publish.

mod list;
mod publish;

use std::time::Duration;

use clap::{Args, Subcommand};
use headwater_diagnostics::SourceMap;
use headwater_project::Reach;
use headwater_run::{BranchChange, BranchOptions, LeaseOptions};
use tokio_util::sync::CancellationToken;

use crate::cli::{Global, parse_duration};
use crate::console::Console;
use crate::failure::Failure;
use crate::render::progress;
use crate::render::units::plural;
use crate::wiring::lake::{self, Access};
use crate::wiring::project;

/// Makes, lists, publishes and deletes branches.
///
/// A branch shows what main showed when it was made. `headwater run --branch <name>` changes the branch and nothing else;
/// main and everybody who reads it see none of that until the branch is published.
#[derive(Debug, Subcommand)]
pub(crate) enum BranchCommand {
    /// Makes a branch of what main shows; nothing is copied
    Create(CreateArgs),
    /// Lists the branches, with what differs on them
    List,
    /// Publishes a branch: as it is where main has not moved on, rebuilt elsewhere, all in one snapshot
    Publish(publish::PublishArgs),
    /// Deletes a branch; the next `headwater maintain --vacuum` removes its files
    Delete(DeleteArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Its name: lower-case letters, digits, _ and -
    name: String,
    /// The snapshot of main that it shows [default: the newest]
    #[arg(long, value_name = "SNAPSHOT")]
    from: Option<u64>,
    /// Waits this long for a run to end, e.g. 10m
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    wait: Option<Duration>,
}

#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// The branch
    name: String,
    /// Waits this long for a run to end, e.g. 10m
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    wait: Option<Duration>,
}

pub(crate) async fn branch(
    command: &BranchCommand,
    global: &Global,
    console: &Console,
    stop: &CancellationToken,
) -> Result<u8, Failure> {
    match command {
        BranchCommand::Create(args) => create(args, global, console, stop).await,
        BranchCommand::List => list::list(global, console).await,
        BranchCommand::Publish(args) => publish::publish(args, global, console, stop).await,
        BranchCommand::Delete(args) => delete(args, global, console, stop).await,
    }
}

async fn create(
    args: &CreateArgs,
    global: &Global,
    console: &Console,
    stop: &CancellationToken,
) -> Result<u8, Failure> {
    let opened = project::open(None, global, console, Reach::LAKE)?;
    let lake = lake::open(&opened.project, Access::Write)?;
    let display = progress::display(console);
    let made = headwater_run::create_branch(&lake, &args.name, args.from, &options(args.wait, stop), display.as_ref())
        .await
        .map_err(|error| Failure::of_run(error, SourceMap::default()))?;
    drop(display);
    if console.json {
        console.out_json(&made)?;
        return Ok(0);
    }
    let BranchChange { name, base, .. } = &made;
    let shows = match base {
        Some(base) => format!("snapshot {base} of main"),
        None => "an empty lake".to_owned(),
    };
    console.out(&format!("made the branch {name}, which shows {shows}\nnext: headwater run --branch {name}\n"))?;
    Ok(0)
}

async fn delete(
    args: &DeleteArgs,
    global: &Global,
    console: &Console,
    stop: &CancellationToken,
) -> Result<u8, Failure> {
    let opened = project::open(None, global, console, Reach::LAKE)?;
    let lake = lake::open(&opened.project, Access::Write)?;
    let display = progress::display(console);
    let gone = headwater_run::delete_branch(&lake, &args.name, &options(args.wait, stop), display.as_ref())
        .await
        .map_err(|error| Failure::of_run(error, SourceMap::default()))?;
    drop(display);
    if console.json {
        console.out_json(&gone)?;
        return Ok(0);
    }
    let what = match gone.changed.len() as u64 {
        0 => "on which nothing differed from main".to_owned(),
        number => format!("with {} that differed", plural(number, "table")),
    };
    console
        .out(&format!("deleted the branch {}, {what}; `headwater maintain --vacuum` removes its files\n", gone.name))?;
    Ok(0)
}

fn options(wait: Option<Duration>, stop: &CancellationToken) -> BranchOptions {
    BranchOptions { lease: LeaseOptions { wait, ..LeaseOptions::default() }, cancel: stop.clone() }
}
