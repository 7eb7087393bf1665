//! `headwater star`: the star schemas that a project declares, drawn.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use headwater_diagnostics::nearest;
use headwater_sdk::{Blame, Error};

use super::lineage::not_written;
use super::query::unknown_extension;
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
    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Writes to this file; the format follows from .svg, .mmd or .json
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    /// A Mermaid entity relationship diagram
    Mermaid,
    Svg,
}

pub(crate) fn star(args: &StarArgs, global: &Global, console: &Console) -> Result<u8, Failure> {
    let opened = project::open(None, global, console)?;
    let all = diagram(&opened.project, None);
    let diagram = match &args.fact {
        None => all,
        Some(name) => match all.tables.iter().find(|table| table.name.to_string() == *name) {
            Some(table) => diagram(&opened.project, Some(&table.name)),
            None => return Err(unknown(name, &all).into()),
        },
    };
    let format = format(args, console)?;
    if diagram.tables.is_empty() && format == Format::Text {
        console.err("no model says that it is a fact or a dimension: write `fact:` or `dimension:` in its header\n");
    }
    let color = console.color_out && args.output.is_none();
    let shown = match format {
        Format::Text => text(&diagram, color),
        Format::Mermaid => mermaid(&diagram),
        Format::Svg => svg(&diagram),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&diagram).map_err(Failure::json)?),
    };
    match &args.output {
        None => console.out(&shown)?,
        Some(path) => {
            std::fs::write(path, console.secrets.redact(&shown).as_bytes()).map_err(|e| not_written(path, e))?;
        }
    }
    Ok(0)
}

fn format(args: &StarArgs, console: &Console) -> Result<Format, Failure> {
    let extension = args.output.as_ref().and_then(|path| path.extension()?.to_str());
    Ok(match (args.format, extension) {
        (Format::Text, Some("svg")) => Format::Svg,
        (Format::Text, Some("mmd" | "mermaid")) => Format::Mermaid,
        (Format::Text, Some("json")) => Format::Json,
        (Format::Text, None) if console.json => Format::Json,
        (Format::Text, Some(other)) if other != "txt" => {
            return Err(unknown_extension(other, ".svg, .mmd, .json or .txt").into());
        }
        (format, _) => format,
    })
}

fn unknown(name: &str, diagram: &Diagram) -> Error {
    let names: Vec<String> = diagram.tables.iter().map(|table| table.name.to_string()).collect();
    let error = Error::new("HW0820", Blame::Project, format!("{name} is no fact and no dimension of the project"));
    match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => error.help(format!("did you mean {near}?")),
        None => error.help("`headwater star` without a name shows all"),
    }
}
