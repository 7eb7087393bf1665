//! `headwater sync`: a copy of what a source has, in a destination, kept in step and compared.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use headwater_diagnostics::nearest;
use headwater_project::select::Selection;
use headwater_project::{Delivery, Project, Reach};
use headwater_run::{
    DeliverOptions, DeliverySummary, LeaseOptions, Place, RunError, RunOptions, RunSummary, VerifyOptions, VerifyState,
    VerifySummary,
};
use headwater_sdk::{Blame, Error};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::verify::exit_code;
use crate::cli::{Global, parse_duration};
use crate::commands::run::{command_line, name_program, program};
use crate::console::Console;
use crate::failure::Failure;
use crate::render::{comparisons, deliveries, progress, summary};
use crate::wiring::lake::{self, Access};
use crate::wiring::project;

/// Brings all that a source has to a destination, and compares both with what was copied.
///
/// The destination's file says so once: `deliveries: [{ source: shop, to: "shop.{table}" }]`. From then on every run keeps it in step, and this
/// command does so for these tables alone: it loads what is new, publishes and delivers it, and reads both sides again to compare them. Where they
/// differ, because the source has moved on, it goes on from there.
#[derive(Debug, Args)]
pub(crate) struct SyncArgs {
    /// The source: the name of its file in `sources`
    source: String,
    /// The destination: the name of its file in `destinations`
    destination: String,
    /// Compares nothing
    #[arg(long)]
    no_verify: bool,
    /// How often it is gone on while the source moves
    #[arg(long, value_name = "N", default_value = "3")]
    attempts: NonZeroU32,
    /// Waits this long for another run to end, e.g. 10m
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    wait: Option<Duration>,
}

/// What one attempt has come to.
struct Attempt {
    run: RunSummary,
    delivered: Vec<DeliverySummary>,
    compared: Vec<VerifySummary>,
}

impl Attempt {
    fn exit_code(&self) -> u8 {
        let failed = self.delivered.iter().any(|delivery| delivery.state.is_bad());
        self.run.exit_code.max(u8::from(failed)).max(exit_code(&self.compared))
    }

    /// Whether the source has other rows than the lake. Another attempt changes nothing where only the destination has, or where rows cannot
    /// be read.
    fn source_moves(&self) -> bool {
        let differs = |one: &VerifySummary| one.state == VerifyState::Differs && one.ranges > 0;
        let moves = |one: &VerifySummary| one.place == Place::Source && differs(one);
        self.compared.iter().any(moves)
    }

    /// Whether all was copied.
    fn is_copied(&self) -> bool {
        self.run.exit_code == 0 && self.delivered.iter().all(|delivery| !delivery.state.is_bad())
    }
}

pub(crate) async fn sync(
    args: &SyncArgs,
    global: &Global,
    console: &Console,
    stop: &CancellationToken,
) -> Result<u8, Failure> {
    let mut opened = project::open(None, global, console, Reach::ALL)?;
    let project = Arc::clone(&opened.project);
    let copied = copied(&project, args)?;
    let expressions: Vec<String> = copied.iter().map(|delivery| delivery.table.to_string()).collect();
    let selection = Selection::read(&expressions, &[], &project, &mut opened.files)
        .map_err(|diagnostics| Failure::Project { diagnostics, files: Box::new(std::mem::take(&mut opened.files)) })?;
    let lake = lake::open(&project, Access::Write)?;
    let names: Vec<String> = copied.iter().map(|delivery| delivery.name().to_owned()).collect();
    let tables = copied.iter().map(|delivery| delivery.table.clone()).collect();
    let (connectors, destinations) = (opened.connectors.into(), opened.destinations.into());
    let run = RunOptions {
        selection,
        lease: LeaseOptions { wait: args.wait, ..LeaseOptions::default() },
        programs: headwater_connectors::programs(),
        command: command_line(console),
        cancel: stop.clone(),
        ..RunOptions::default()
    };
    let deliver = DeliverOptions { names: names.clone(), ..DeliverOptions::of_run(&run, Arc::clone(&destinations)) };
    let verify = VerifyOptions { connectors, destinations, tables, deliveries: names, cancel: stop.clone() };
    let mut attempts = 0;
    let done = loop {
        attempts += 1;
        let attempt = once(&project, &lake, (&run, &deliver, &verify), args, console).await;
        let attempt = attempt.map_err(|error| Failure::of_run(error, std::mem::take(&mut opened.files)))?;
        if !attempt.is_copied() || !attempt.source_moves() || attempts == args.attempts.get() {
            break attempt;
        }
        console.err("what was copied differs: the source may have moved on, and is read again\n");
    };
    show(done, attempts, &program(global.project.as_ref(), global), console)
}

/// Loads, publishes, delivers and compares.
async fn once(
    project: &Arc<Project>,
    lake: &headwater_run::Lake,
    (run, deliver, verify): (&RunOptions, &DeliverOptions, &VerifyOptions),
    args: &SyncArgs,
    console: &Console,
) -> Result<Attempt, RunError> {
    let display = progress::display(console);
    let ran = headwater_run::run(project, &verify.connectors, lake, run, &display).await?;
    let delivered = headwater_run::deliver(project, lake, deliver, &display).await?;
    drop(display);
    let mut attempt = Attempt { run: ran, delivered, compared: Vec::new() };
    if !args.no_verify && attempt.is_copied() {
        attempt.compared = headwater_run::verify(project, lake, verify).await?;
    }
    Ok(attempt)
}

fn show(mut done: Attempt, attempts: u32, program: &str, console: &Console) -> Result<u8, Failure> {
    let code = done.exit_code();
    name_program(&mut done.run, program);
    let Attempt { run, delivered, compared } = done;
    if console.json {
        let document = json!({ "exit_code": code, "attempts": attempts, "run": run, "deliveries": delivered, "comparisons": compared });
        console.out_json(&document)?;
        return Ok(code);
    }
    let (width, color) = (console.width(), console.color_out);
    console.out(&summary::run(&run, program, width, color))?;
    console.out(&format!("\n{}", deliveries::report(&delivered, width, color)))?;
    if !compared.is_empty() {
        console.out(&format!("\n{}", comparisons::report(&compared, width, color)))?;
    }
    Ok(code)
}

/// The deliveries by which the source is copied to the destination.
fn copied<'a>(project: &'a Project, args: &SyncArgs) -> Result<Vec<&'a Delivery>, Error> {
    let SyncArgs { source, destination, .. } = args;
    let is_copy =
        |delivery: &&Delivery| delivery.source.as_ref() == Some(source) && delivery.destination == *destination;
    let copied: Vec<&Delivery> = project.deliveries.iter().filter(is_copy).collect();
    if !copied.is_empty() {
        return Ok(copied);
    }
    let message = format!("nothing in this environment says that '{source}' is to be copied to '{destination}'");
    let error = Error::new("HW0985", Blame::Project, message);
    let names = project.deliveries.iter().filter_map(|delivery| delivery.source.as_deref());
    Err(match nearest(source, names) {
        Some(near) if near != source => error.help(format!("did you mean '{near}'?")),
        _ => error.help(format!(
            "add `- {{ source: {source}, to: \"{source}.{{table}}\" }}` to the deliveries of destinations/{destination}.yml; \
             `headwater source add` writes sources/{source}.yml"
        )),
    })
}
