//! `headwater plan`: what a run would do, and why.

use std::path::PathBuf;

use clap::Args;
use headwater_project::plan::Action;
use headwater_run::{Plan, PlanOptions};
use serde_json::json;

use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::problem::labelled;
use crate::render::style::Style;
use crate::render::summary::standing;
use crate::render::table::{Cell, Column, Table};
use crate::selecting::{EXPRESSIONS, Selecting};
use crate::wiring::lake::{self, Access};
use crate::wiring::project;

/// Lists the assets that a run would build, with the reason for each. Nothing is loaded or written.
#[derive(Debug, Args)]
#[command(after_help = EXPRESSIONS)]
pub(crate) struct PlanArgs {
    /// The project's folder
    dir: Option<PathBuf>,
    /// As if everything were to be built anew
    #[arg(long)]
    full_refresh: bool,
    #[command(flatten)]
    selecting: Selecting,
}

pub(crate) async fn plan(args: &PlanArgs, global: &Global, console: &Console) -> Result<u8, Failure> {
    let mut opened = project::open(args.dir.as_deref(), global, console)?;
    let options = PlanOptions { full_refresh: args.full_refresh, selection: args.selecting.read(&mut opened)? };
    let lake = lake::open(&opened.project, Access::Read)?;
    let Plan { tasks, removed, notes } =
        match headwater_run::plan(&opened.project, &opened.connectors, &lake, &options).await {
            Ok(plan) => plan,
            Err(error) => return Err(Failure::of_run(error, opened.files)),
        };
    if console.json {
        let environment = &opened.project.environment.name;
        console.out_json(&json!({
            "exit_code": 0, "environment": environment, "tasks": tasks, "removed": removed, "notes": notes,
        }))?;
        return Ok(0);
    }
    let mut table = Table::new(vec![Column::text("asset"), Column::text("what"), Column::text("why")]);
    for task in tasks.iter().filter(|task| task.action == Action::Build) {
        let what = Cell::styled("build", Style::Good);
        table.push(vec![task.asset.to_string().into(), what, task.reason.clone().into()]);
    }
    for name in removed {
        let what = Cell::styled("remove", Style::Bad);
        table.push(vec![name.to_string().into(), what, "the project has it no more".into()]);
    }
    let number = |action: Action| tasks.iter().filter(|task| task.action == action).count() as u64;
    let mut text = if table.is_empty() { String::new() } else { table.render(console.width(), console.color_out) };
    text.push_str(&standing(number(Action::Skip), number(Action::NotSelected), tasks.len() as u64));
    text.extend(notes.iter().map(|note| labelled("note", note, console.color_out)));
    console.out(&text)?;
    Ok(0)
}
