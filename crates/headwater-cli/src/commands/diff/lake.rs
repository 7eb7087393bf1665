//! The tables that differ, as text.

use headwater_run::{LakeDiff, NameChange};

use super::{columns, side};
use crate::console::Console;
use crate::render::style::{Style, one_line};
use crate::render::table::{Cell, Column, Table};
use crate::render::units::{count, plural};

pub(super) fn text(diff: &LakeDiff, console: &Console) -> String {
    let (before, after) = (side(&diff.before), side(&diff.after));
    if diff.tables.is_empty() {
        return format!("nothing differs between {before} and {after}\n");
    }
    let mut table = Table::new(vec![
        Column::text("table"),
        Column::text("change"),
        Column::text("kind").optional(2),
        Column::number("rows before").optional(3),
        Column::number("rows after").optional(3),
        Column::text("columns").optional(1),
    ]);
    let rows = |rows: Option<u64>| rows.map(count).unwrap_or_default();
    for name in &diff.tables {
        let (word, style) = match name.change {
            NameChange::Added => ("added", Style::Good),
            NameChange::Removed => ("removed", Style::Bad),
            NameChange::Changed => ("changed", Style::Warn),
        };
        table.push(vec![
            name.table.to_string().into(),
            Cell::styled(word, style),
            name.kind.into(),
            rows(name.rows_before).into(),
            rows(name.rows_after).into(),
            one_line(&columns(&name.columns)).into(),
        ]);
    }
    let number = plural(diff.tables.len() as u64, "table");
    format!("{}{number} from {before} to {after}\n", table.render(console.width(), console.color_out))
}
