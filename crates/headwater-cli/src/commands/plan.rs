//! `headwater plan`: what a run would do, why, what breaks, and what to expect.

use std::path::PathBuf;

use clap::Args;
use headwater_project::Reach;
use headwater_project::plan::Action;
use headwater_run::{Plan, PlanOptions};
use serde_json::json;

use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::reading::OnBranch;
use crate::render;
use crate::selecting::{EXPRESSIONS, Selecting};
use crate::wiring::lake::{self, Access};
use crate::wiring::project;

/// The exit code for a plan with something to do.
const CHANGES: u8 = 10;
/// The exit code for a plan with changes that break readers of published tables.
const BREAKING: u8 = 11;

/// Says what a run would build, with the reason for each asset, what its readers have to follow, and what the last builds
/// took. Nothing is loaded or written.
#[derive(Debug, Args)]
#[command(after_help = EXPRESSIONS)]
pub(crate) struct PlanArgs {
    /// The project's folder
    dir: Option<PathBuf>,
    /// As if everything were to be built anew
    #[arg(long)]
    full_refresh: bool,
    /// Allows to lose what histories and snapshots hold, where they are built anew or become something else
    #[arg(long)]
    discard_history: bool,
    #[command(flatten)]
    on: OnBranch,
    #[command(flatten)]
    selecting: Selecting,
    /// Lists the assets that there is nothing to do about, too
    #[arg(long)]
    all: bool,
    /// Ends with 0 when there is nothing to do, 10 when there is, 11 when it breaks readers of published tables
    #[arg(long)]
    detailed_exitcode: bool,
}

pub(crate) async fn plan(args: &PlanArgs, global: &Global, console: &Console) -> Result<u8, Failure> {
    let mut opened = project::open(args.dir.as_deref(), global, console, Reach::SOURCES)?;
    let options = PlanOptions {
        full_refresh: args.full_refresh,
        discard_history: args.discard_history,
        branch: args.on.name().map(str::to_owned),
        selection: args.selecting.read(&mut opened)?,
    };
    let lake = lake::open(&opened.project, Access::Read)?;
    let plan = match headwater_run::plan(&opened.project, &opened.connectors, &lake, &options).await {
        Ok(plan) => plan,
        Err(error) => return Err(Failure::of_run(error, opened.files)),
    };
    let code = if args.detailed_exitcode { exit_code(&plan) } else { 0 };
    if console.json {
        console.out_json(&json!({
            "exit_code": code,
            "environment": opened.project.environment.name,
            "branch": args.on.name(),
            "tasks": plan.tasks,
            "removed": plan.removed,
            "notes": plan.notes,
            "breaking": plan.breaking,
            "refresh": plan.refresh,
            "expected": plan.expected,
            "expected_total": plan.total(),
        }))?;
        return Ok(code);
    }
    console.out(&render::plan::plan(&plan, args.all, console.color_out))?;
    Ok(code)
}

fn exit_code(plan: &Plan) -> u8 {
    match plan {
        plan if !plan.breaking.is_empty() => BREAKING,
        plan if !plan.removed.is_empty() || plan.tasks.iter().any(|task| task.action == Action::Build) => CHANGES,
        _ => 0,
    }
}
