//! `headwater history`: the snapshots.

pub(crate) mod rollback;

use clap::Args;
use headwater_project::Reach;
use headwater_sdk::store::SnapshotKind;

use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::reading::OnBranch;
use crate::render::table::{Column, Table};
use crate::render::units::time;
use crate::wiring::lake::{self, Access};
use crate::wiring::project;

/// Lists the snapshots, newest first, with what each of them changed.
///
/// Of a snapshot that is marked as vacuumed, tables that changed since cannot be read any more.
#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// How many to list
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    on: OnBranch,
}

pub(crate) async fn history(args: &HistoryArgs, global: &Global, console: &Console) -> Result<u8, Failure> {
    let opened = project::open(None, global, console, Reach::LAKE)?;
    let lake = lake::open(&opened.project, Access::Read)?;
    let snapshots = match args.on.name() {
        None => lake.store.snapshots(args.limit).await?,
        Some(name) => {
            let branch = lake.branch(name).await?;
            let mut snapshots = lake.store.branch_snapshots(&branch.name, args.limit).await?;
            // The one that it was made from begins its line.
            if let Some(base) = branch.base
                && snapshots.len() < args.limit
            {
                snapshots.extend(lake.store.snapshot(base).await?);
            }
            snapshots
        }
    };
    if console.json {
        console.out_json(&snapshots)?;
        return Ok(0);
    }
    if snapshots.is_empty() {
        return Err(lake::nothing_published().into());
    }
    let mut table = Table::new(vec![
        Column::number("snapshot"),
        Column::text("published (UTC)"),
        Column::text("why").optional(1),
        Column::text("run").optional(3),
        Column::text("changed").optional(2),
    ]);
    for snapshot in &snapshots {
        let why = match snapshot.kind {
            SnapshotKind::Publish if args.on.name().is_some() && snapshot.branch.is_none() => "run on main".to_owned(),
            SnapshotKind::Publish => "run".to_owned(),
            SnapshotKind::Rollback { to } => format!("rollback to {to}"),
            SnapshotKind::Maintain => "maintenance".to_owned(),
        };
        let changed: Vec<String> = snapshot.changed.iter().map(ToString::to_string).collect();
        table.push(vec![
            snapshot.id.to_string().into(),
            time(snapshot.published_ms).into(),
            if snapshot.vacuumed { format!("{why}, vacuumed").into() } else { why.into() },
            snapshot.run.to_string().into(),
            changed.join(", ").into(),
        ]);
    }
    console.out(&table.render(console.width(), console.color_out))?;
    Ok(0)
}
