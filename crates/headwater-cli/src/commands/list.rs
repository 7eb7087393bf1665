//! `headwater list`: the assets of a project, or those of a selection.

use std::path::PathBuf;

use clap::Args;
use headwater_project::plan::tracked_inputs;
use headwater_project::select::Standing;
use headwater_project::{Asset, Reach};
use headwater_run::Base;
use serde_json::json;

use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::style::one_line;
use crate::render::table::{Column, Table};
use crate::selecting::{EXPRESSIONS, Selecting};
use crate::wiring::lake::{self, Access};
use crate::wiring::project;

/// Lists a project's assets in dependency order: a table on a terminal, names alone elsewhere. The lake is looked at only
/// when `state:` is asked for.
#[derive(Debug, Args)]
#[command(after_help = EXPRESSIONS)]
pub(crate) struct ListArgs {
    /// The project's folder
    dir: Option<PathBuf>,
    #[command(flatten)]
    selecting: Selecting,
}

pub(crate) async fn list(args: &ListArgs, global: &Global, console: &Console) -> Result<u8, Failure> {
    let mut opened = project::open(args.dir.as_deref(), global, console, Reach::LAKE)?;
    let selection = args.selecting.read(&mut opened)?;
    let project = &opened.project;
    let mut assets: Vec<&Asset> = project.assets.iter().collect();
    if let Some(selection) = &selection {
        let base = match selection.asks_for_state() {
            true => lake::open(project, Access::Read)?.base().await?,
            false => Base::default(),
        };
        let standing = |asset: &Asset| -> Standing { base.standing(asset) };
        let chosen = selection.assets(project, &standing);
        assets.retain(|asset| chosen.contains(&asset.name));
    }
    if console.json {
        let document: Vec<_> = assets
            .iter()
            .map(|asset| {
                json!({
                    "name": asset.name, "kind": asset.kind_name(), "tags": asset.tags, "owner": asset.owner,
                    "path": asset.path, "description": asset.description, "depends_on": tracked_inputs(project, asset),
                })
            })
            .collect();
        console.out_json(&document)?;
    } else if assets.is_empty() {
        // Where names are read by a program, nothing is an answer.
        console.err("nothing is selected\n");
    } else if console.out_is_terminal {
        console.out(&table(&assets).render(console.width(), console.color_out))?;
    } else {
        console.out(&assets.iter().map(|asset| format!("{}\n", asset.name)).collect::<String>())?;
    }
    Ok(0)
}

fn table(assets: &[&Asset]) -> Table {
    let mut table = Table::new(vec![
        Column::text("asset"),
        Column::text("kind").optional(1),
        Column::text("tags").optional(3),
        Column::text("path").optional(2),
    ]);
    for asset in assets {
        table.push(vec![
            asset.name.to_string().into(),
            asset.kind_name().into(),
            one_line(&asset.tags.join(", ")).into(),
            one_line(&asset.path).into(),
        ]);
    }
    table
}
