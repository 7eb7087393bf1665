//! `headwater lineage`: where a table or a column comes from, and what depends on it.

use std::collections::BTreeMap;

use clap::Args;
use headwater_diagnostics::nearest;
use headwater_project::Reach;
use headwater_sdk::{Blame, Error};

use super::drawing::{DrawArgs, Format};
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
    #[command(flatten)]
    drawing: DrawArgs,
}

pub(crate) async fn lineage(args: &LineageArgs, global: &Global, console: &Console) -> Result<u8, Failure> {
    let opened = project::open(None, global, console, Reach::LAKE)?;
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
    let draw = |format, color| match format {
        Format::Mermaid => mermaid(&graph),
        Format::Svg => svg(&graph),
        Format::Text | Format::Json => text(&graph, up, down, color),
    };
    args.drawing.give(&graph, draw, console)?;
    Ok(0)
}

fn unknown(name: &str, graph: &Graph) -> Error {
    let error = Error::new("HW0808", Blame::Project, format!("nothing named {name} is published"));
    match nearest(name, graph.nodes.iter().map(|node| node.name.as_str())) {
        Some(near) => error.help(format!("did you mean {near}?")),
        None => error.help("`headwater show` lists the tables"),
    }
}
