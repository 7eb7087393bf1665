//! `headwater branch list`.

use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::table::{Column, Table};
use crate::render::units::{count, time};
use crate::wiring::lake::{self, Access};
use crate::wiring::project;
use headwater_project::Reach;

pub(super) async fn list(global: &Global, console: &Console) -> Result<u8, Failure> {
    let opened = project::open(None, global, console, Reach::LAKE)?;
    let lake = lake::open(&opened.project, Access::Read)?;
    let branches = headwater_run::branches(&lake).await?;
    if console.json {
        console.out_json(&branches)?;
        return Ok(0);
    }
    if branches.is_empty() {
        console.out("there are no branches; `headwater branch create <name>` makes one\n")?;
        return Ok(0);
    }
    let mut table = Table::new(vec![
        Column::text("branch"),
        Column::text("made (UTC)").optional(2),
        Column::number("made from").optional(3),
        Column::number("at snapshot").optional(4),
        Column::number("tables that differ"),
        Column::text("main since").optional(1),
    ]);
    let number = |id: Option<u64>| id.map(|id| id.to_string()).unwrap_or_default();
    for branch in &branches {
        let since = match branch.moved_on_main.len() as u64 {
            0 => "as it was".to_owned(),
            moved => format!("{} changed", count(moved)),
        };
        table.push(vec![
            branch.name.clone().into(),
            time(branch.created_ms).into(),
            number(branch.base).into(),
            number(branch.head).into(),
            branch.changed.len().to_string().into(),
            since.into(),
        ]);
    }
    console.out(&table.render(console.width(), console.color_out))?;
    Ok(0)
}
