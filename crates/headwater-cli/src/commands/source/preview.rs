//! `headwater source preview`: the first rows of a stream, as they come.

use std::sync::Arc;

use clap::Args;
use futures::StreamExt;
use headwater_project::{AssetKind, Reach};
use headwater_run::{open_stream, open_system};
use headwater_sdk::connector::{ReadMode, RejectedRow, StreamSettings};
use headwater_sdk::progress::Progress;
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error, TableName};
use serde_json::{Map, Value, json};

use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::rows::cells;
use crate::render::style::one_line;
use crate::render::table::{Column, Table};
use crate::render::units::plural;
use crate::wiring::project;

/// Shows the first rows of a stream as its source has them now, in the types that the table gets, and rows that could not be read. Nothing is loaded, and no position moves.
#[derive(Debug, Args)]
pub(crate) struct PreviewArgs {
    /// The table that the stream fills
    table: TableName,
    /// At most this many rows
    #[arg(short = 'n', long, value_name = "ROWS", default_value_t = 10)]
    limit: usize,
}

pub(super) async fn preview(args: &PreviewArgs, global: &Global, console: &Console) -> Result<u8, Failure> {
    let opened = project::open(None, global, console, Reach::SOURCES)?;
    let project = &opened.project;
    let kind = project.asset(&args.table).map(|asset| &asset.kind);
    let Some(AssetKind::Stream(stream) | AssetKind::Seed(stream)) = kind else {
        let message = format!("no stream of the project fills {}", args.table);
        let help = "`headwater list` has the project's assets; `headwater show` has what is published";
        return Err(Error::new("HW0823", Blame::Project, message).help(help).into());
    };
    let system = open_system(project, &opened.connectors, stream)?;
    // A table that is to be followed is looked at as it is: nothing is made on the server.
    let mode = if stream.settings.mode == ReadMode::Cdc { ReadMode::Full } else { stream.settings.mode };
    let settings = StreamSettings { mode, ..stream.settings.clone() };
    let plan = open_stream(system.as_ref(), stream, settings)?.plan(None, None).await?;
    let (schema, mut rows, mut rejected) = (Arc::clone(&plan.schema), Vec::new(), Vec::new());
    let progress = Arc::new(Progress::default());
    let mut batches = futures::stream::iter(plan.parts).flat_map(|part| part.read(Arc::clone(&progress)));
    while rows.len() < args.limit
        && let Some(batch) = batches.next().await
    {
        let batch = batch?;
        rejected.extend(batch.rejected);
        let left = args.limit - rows.len();
        rows.extend(cells(&batch.rows.slice(0, left.min(batch.rows.num_rows())))?);
    }
    if console.json {
        let columns: Vec<Value> = schema
            .fields()
            .iter()
            .map(|field| json!({ "name": field.name(), "type": type_name(field.data_type()) }))
            .collect();
        let row = |row: &Vec<Option<String>>| -> Map<String, Value> {
            schema.fields().iter().zip(row).map(|(field, cell)| (field.name().clone(), json!(cell))).collect()
        };
        let rows: Vec<_> = rows.iter().map(row).collect();
        let rejected: Vec<_> = rejected
            .iter()
            .map(|row| json!({ "file": row.file, "line": row.line, "reason": row.reason, "raw": row.raw }))
            .collect();
        console.out_json(
            &json!({ "exit_code": 0, "table": args.table, "reads": plan.description, "columns": columns, "rows": rows,
            "rejected": rejected }),
        )?;
        return Ok(0);
    }
    let titles =
        schema.fields().iter().map(|field| Column::text(&format!("{} {}", field.name(), type_name(field.data_type()))));
    let mut table = Table::new(titles.collect());
    let count = rows.len() as u64;
    for row in rows {
        table.push(row.into_iter().map(|cell| one_line(&cell.unwrap_or_else(|| "null".to_owned())).into()).collect());
    }
    let shown = table.render(console.width(), console.color_out);
    console.out(&format!(
        "{shown}\nthe first {} of {}\n{}",
        plural(count, "row"),
        plan.description,
        told(&rejected)
    ))?;
    Ok(0)
}

fn told(rejected: &[RejectedRow]) -> String {
    const SHOWN: usize = 10;
    let one = |row: &RejectedRow| {
        format!("cannot be read: {}, row {}: {}: {}\n", row.file, row.line, row.reason, one_line(&row.raw))
    };
    let shown: String = rejected.iter().take(SHOWN).map(one).collect();
    match rejected.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}and {more} more that cannot be read\n"),
    }
}
