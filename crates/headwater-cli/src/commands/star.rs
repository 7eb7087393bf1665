//! `headwater star`: the star schemas that a project declares, drawn.

use clap::Args;
use headwater_diagnostics::nearest;
use headwater_project::Reach;
use headwater_sdk::{Blame, Error};

use super::drawing::{DrawArgs, Format};
use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::star::{Diagram, diagram, mermaid, svg, text};
use crate::wiring::project;

/// Draws the star schemas that a project declares: facts, their grain and measures, and the dimensions in their roles. The
/// lake is not looked at; `headwater check` says whether the declarations are right.
#[derive(Debug, Args)]
pub(crate) struct StarArgs {
    /// The fact, as `schema.table` [default: all facts and dimensions]
    fact: Option<String>,
    #[command(flatten)]
    drawing: DrawArgs,
}

pub(crate) fn star(args: &StarArgs, global: &Global, console: &Console) -> Result<u8, Failure> {
    let opened = project::open(None, global, console, Reach::LAKE)?;
    let all = diagram(&opened.project, None);
    let diagram = match &args.fact {
        None => all,
        Some(name) => match all.tables.iter().find(|table| table.name.to_string() == *name) {
            Some(table) => diagram(&opened.project, Some(&table.name)),
            None => return Err(unknown(name, &all).into()),
        },
    };
    if diagram.tables.is_empty() && args.drawing.format(console)? == Format::Text {
        console.err("no model says that it is a fact or a dimension: write `fact:` or `dimension:` in its header\n");
    }
    let draw = |format, color| match format {
        Format::Mermaid => mermaid(&diagram),
        Format::Svg => svg(&diagram),
        Format::Text | Format::Json => text(&diagram, color),
    };
    args.drawing.give(&diagram, draw, console)?;
    Ok(0)
}

fn unknown(name: &str, diagram: &Diagram) -> Error {
    let names: Vec<String> = diagram.tables.iter().map(|table| table.name.to_string()).collect();
    let error = Error::new("HW0820", Blame::Project, format!("{name} is no fact and no dimension of the project"));
    match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => error.help(format!("did you mean {near}?")),
        None => error.help("`headwater star` without a name shows all"),
    }
}
