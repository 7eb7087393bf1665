//! `headwater run`: brings the lake up to date and publishes what passes its checks.

mod backfill;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use headwater_project::Reach;
use headwater_run::{LeaseOptions, RunOptions, RunSummary};
use tokio_util::sync::CancellationToken;

use self::backfill::BackfillArgs;
use crate::cli::{Global, parse_duration};
use crate::console::Console;
use crate::failure::Failure;
use crate::reading::OnBranch;
use crate::render::style::shell_word;
use crate::render::{progress, summary};
use crate::selecting::{EXPRESSIONS, Selecting};
use crate::wiring::lake::{self, Access};
use crate::wiring::project;

/// Loads what is new, rebuilds what changed, checks all of it, and publishes everything that passed as one snapshot.
///
/// What fails its checks, and what depends on it, stays as it was. An interrupted run loses nothing: the next one goes
/// on from there.
#[derive(Debug, Args)]
#[command(after_help = EXPRESSIONS)]
pub(crate) struct RunArgs {
    /// The project's folder
    dir: Option<PathBuf>,
    /// Builds everything anew, whatever is up to date
    #[arg(long)]
    full_refresh: bool,
    /// Allows to lose what histories and snapshots hold, where they are built anew or become something else
    #[arg(long)]
    discard_history: bool,
    #[command(flatten)]
    on: OnBranch,
    #[command(flatten)]
    selecting: Selecting,
    #[command(flatten)]
    backfill: BackfillArgs,
    /// Publishes, and delivers nothing
    #[arg(long)]
    no_deliver: bool,
    /// Waits this long for another run to end, e.g. 10m
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    wait: Option<Duration>,
    /// Assets worked on at once [default: the number of processors]
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

pub(crate) async fn run(
    args: &RunArgs,
    global: &Global,
    console: &Console,
    stop: &CancellationToken,
) -> Result<u8, Failure> {
    let backfill = args.backfill.read()?;
    let reaches = if args.no_deliver { Reach::SOURCES } else { Reach::ALL };
    let mut opened = project::open(args.dir.as_deref(), global, console, reaches)?;
    let selection = args.selecting.read(&mut opened)?;
    let lake = lake::open(&opened.project, Access::Write)?;
    let defaults = RunOptions::default();
    let options = RunOptions {
        full_refresh: args.full_refresh,
        discard_history: args.discard_history,
        branch: args.on.name().map(str::to_owned),
        selection,
        jobs: args.jobs.map_or(defaults.jobs, NonZeroUsize::get),
        lease: LeaseOptions { wait: args.wait, ..LeaseOptions::default() },
        programs: headwater_connectors::programs(),
        destinations: (!args.no_deliver).then(|| std::mem::take(&mut opened.destinations).into()),
        command: command_line(console),
        cancel: stop.clone(),
        ..defaults
    };
    let display = progress::display(console);
    let program = program(args.dir.as_ref().or(global.project.as_ref()), global);
    if let Some(what) = &backfill {
        let outcome =
            headwater_run::backfill(&opened.project, &opened.connectors, &lake, &options, what, &display).await;
        drop(display);
        let report = outcome.map_err(|error| Failure::of_run(error, opened.files))?;
        return backfill::show(report, &program, console);
    }
    let outcome = headwater_run::run(&opened.project, &opened.connectors, &lake, &options, &display).await;
    // The display clears its bars when it goes.
    drop(display);
    let mut report = outcome.map_err(|error| Failure::of_run(error, opened.files))?;
    name_program(&mut report, &program);
    if console.json {
        console.out_json(&report)?;
    } else {
        console.out(&summary::run(&report, &program, console.width(), console.color_out))?;
    }
    Ok(report.exit_code)
}

/// Completes the commands that a report tells to type next.
pub(crate) fn name_program(report: &mut RunSummary, program: &str) {
    for command in &mut report.next {
        *command = command.replacen("headwater", program, 1);
    }
}

/// How the program is called for the same project: what is told to type next has to work where this was typed.
pub(crate) fn program(dir: Option<&PathBuf>, global: &Global) -> String {
    let mut program = "headwater".to_owned();
    if let Some(dir) = dir {
        program.push_str(&format!(" -C {}", shell_word(&dir.display().to_string())));
    }
    if let Some(environment) = &global.environment {
        program.push_str(&format!(" --env {}", shell_word(environment)));
    }
    program
}

/// The command line as it is recorded: without secrets, and without the values of variables.
pub(crate) fn command_line(console: &Console) -> String {
    let mut words = vec!["headwater".to_owned()];
    let mut hide = false;
    for word in std::env::args().skip(1) {
        let shown = match word.strip_prefix("--var=").unwrap_or(&word).split_once('=') {
            Some((key, _)) if hide => format!("{key}=…"),
            Some((key, _)) if word.starts_with("--var=") => format!("--var={key}=…"),
            _ => word.clone(),
        };
        hide = word == "--var";
        words.push(console.secrets.redact(&shown).into_owned());
    }
    words.join(" ")
}
