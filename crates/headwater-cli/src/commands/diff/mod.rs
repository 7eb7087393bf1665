//! `headwater diff`: what differs between two snapshots, or between main and a branch.

mod lake;
mod table;

use clap::Args;
use headwater_project::Reach;
use headwater_run::{ColumnDiff, DiffKey, Range, Side};
use headwater_sdk::TableName;

use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::wiring::lake::{self as wiring, Access};
use crate::wiring::project;

/// Says which tables differ between two snapshots or branches; of one table, which rows.
///
/// Rows are told apart by the columns of the model's `unique` check, or by those of --key: a row is added, removed, or
/// changed. Without either, whole rows are compared, and are added or removed.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// before..after, each a branch (or main) or a snapshot's number; a name alone is compared with main
    #[arg(value_name = "BEFORE..AFTER")]
    range: String,
    /// The table [default: which tables differ]
    table: Option<TableName>,
    /// The columns that tell rows apart, e.g. order_id,line
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', requires = "table", conflicts_with = "rows")]
    key: Vec<String>,
    /// Compares whole rows, by no key
    #[arg(long, requires = "table")]
    rows: bool,
    /// Rows of each kind to show
    #[arg(short = 'n', long, value_name = "ROWS", default_value_t = 5)]
    limit: usize,
}

pub(crate) async fn diff(args: &DiffArgs, global: &Global, console: &Console) -> Result<u8, Failure> {
    let range = Range::parse(&args.range)?;
    let opened = project::open(None, global, console, Reach::LAKE)?;
    let lake = wiring::open(&opened.project, Access::Read)?;
    let Some(name) = &args.table else {
        let found = headwater_run::diff_lake(&lake, &range).await?;
        if console.json {
            console.out_json(&found)?;
        } else {
            console.out(&lake::text(&found, console))?;
        }
        return Ok(0);
    };
    let key = match (args.rows, args.key.as_slice()) {
        (true, _) => DiffKey::Rows,
        (false, []) => DiffKey::OfProject,
        (false, columns) => DiffKey::Columns(columns.to_vec()),
    };
    let found = headwater_run::diff_table(&opened.project, &lake, &range, name, &key, args.limit).await?;
    if console.json {
        console.out_json(&found)?;
    } else {
        console.out(&table::text(&found, console))?;
    }
    Ok(0)
}

/// A side in words: `main (snapshot 3)`.
fn side(side: &Side) -> String {
    match side.snapshot {
        Some(id) if side.name == id.to_string() => format!("snapshot {id}"),
        Some(id) => format!("{} (snapshot {id})", side.name),
        None => format!("{} (nothing published yet)", side.name),
    }
}

/// How columns differ, in words.
fn columns(diff: &ColumnDiff) -> String {
    let mut parts = Vec::new();
    parts.extend(diff.added.iter().map(|(name, data_type)| format!("+{name} {data_type}")));
    parts.extend(diff.removed.iter().map(|(name, data_type)| format!("-{name} {data_type}")));
    parts.extend(diff.retyped.iter().map(|(name, before, after)| format!("{name} {before} → {after}")));
    parts.join(", ")
}
