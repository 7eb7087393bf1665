//! `headwater lineage`: where a table or a column comes from, and what depends on it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use headwater_diagnostics::nearest;
use headwater_sdk::{Blame, Error};

use super::query::unknown_extension;
use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::reading::OnBranch;
use crate::render::lineage::{Direction, Graph, column_graph, mermaid, svg, table_graph, text};
use crate::wiring::lake::{self, Access};
use crate::wiring::project;

/// Shows the lineage of what is published: of all tables, of one table, or of one column.
#[derive(Debug, Args)]
pub(crate) struct LineageArgs {
    /// `schema.table` or `schema.table.column` [default: all tables]
    name: Option<String>,
    #[command(flatten)]
    on: OnBranch,
    /// Only what it comes from
    #[arg(long, conflicts_with = "downstream")]
    upstream: bool,
    /// Only what depends on it
    #[arg(long)]
    downstream: bool,
    /// For a column: also the columns that decide which rows there are at all (joins, filters, grouping)
    #[arg(long)]
    indirect: bool,
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
    /// A Mermaid flowchart
    Mermaid,
    Svg,
}

pub(crate) async fn lineage(args: &LineageArgs, global: &Global, console: &Console) -> Result<u8, Failure> {
    let opened = project::open(None, global, console)?;
    let lake = lake::open(&opened.project, Access::Read)?;
    let head = args.on.head(&lake).await?.ok_or_else(lake::nothing_published)?;
    let records = lake.store.lineage(head.id).await?;
    let columns = args.name.as_ref().is_some_and(|name| name.matches('.').count() > 1);
    let graph = if columns {
        column_graph(&records, args.indirect)
    } else {
        let assets = opened.project.assets.iter();
        let reads: BTreeMap<_, _> = assets
            .map(|asset| (asset.name.clone(), asset.inputs.iter().map(|input| input.table.clone()).collect()))
            .collect();
        table_graph(&records, &head.relations, &reads)
    };
    let direction = match (args.upstream, args.downstream) {
        (true, _) => Direction::Upstream,
        (_, true) => Direction::Downstream,
        _ => Direction::Both,
    };
    let graph = match &args.name {
        None => graph,
        Some(name) => graph.around(name, direction).ok_or_else(|| unknown(name, &graph))?,
    };
    let (up, down) = (direction != Direction::Downstream, direction != Direction::Upstream);
    let format = format(args, console)?;
    let color = console.color_out && args.output.is_none();
    let shown = match format {
        Format::Text => text(&graph, up, down, color),
        Format::Mermaid => mermaid(&graph),
        Format::Svg => svg(&graph),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&graph).map_err(Failure::json)?),
    };
    match &args.output {
        None => console.out(&shown)?,
        Some(path) => {
            std::fs::write(path, console.secrets.redact(&shown).as_bytes()).map_err(|e| not_written(path, e))?;
        }
    }
    Ok(0)
}

fn format(args: &LineageArgs, console: &Console) -> Result<Format, Failure> {
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

fn unknown(name: &str, graph: &Graph) -> Error {
    let error = Error::new("HW0808", Blame::Project, format!("nothing named {name} is published"));
    match nearest(name, graph.nodes.iter().map(|node| node.name.as_str())) {
        Some(near) => error.help(format!("did you mean {near}?")),
        None => error.help("`headwater show` lists the tables"),
    }
}

/// A file that a person asked for and that cannot be written.
pub(crate) fn not_written(path: &std::path::Path, error: std::io::Error) -> Error {
    Error::new("HW0809", Blame::Environment, format!("{} cannot be written", path.display())).caused_by(error)
}
