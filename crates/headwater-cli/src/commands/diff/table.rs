//! What differs of one table, as text.

use headwater_run::TableDiff;
use serde_json::{Map, Value};

use super::{columns, side};
use crate::console::Console;
use crate::render::style::{Style, cut, one_line};
use crate::render::table::{Cell, Column, Table};
use crate::render::units::{count, plural};

/// Values are cut to this.
const LONGEST: usize = 40;

pub(super) fn text(diff: &TableDiff, console: &Console) -> String {
    let color = console.color_out;
    let name = Style::Bold.paint(&diff.table.to_string(), color);
    let by = match diff.key.as_slice() {
        [] => "whole rows".to_owned(),
        key => format!("by {}", key.join(", ")),
    };
    let mut out = format!("{name}: from {} to {}, {by}\n", side(&diff.before), side(&diff.after));
    let rows = &diff.rows;
    out.push_str(&format!("rows: {} before, {} after", count(rows.rows.0), count(rows.rows.1)));
    let parts = [(rows.added, "added"), (rows.removed, "removed"), (rows.changed, "changed")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", count(*number)))
        .collect();
    match parts.as_slice() {
        [] if diff.columns.is_empty() => out.push_str("; all of them the same\n"),
        [] => out.push_str("; none differs in the columns that both sides have\n"),
        parts => out.push_str(&format!("; {}\n", parts.join(", "))),
    }
    if !diff.columns.is_empty() {
        out.push_str(&format!("columns: {}\n", one_line(&columns(&diff.columns))));
    }
    let changed: Vec<_> = rows.columns.iter().filter(|column| column.changed > 0).collect();
    if !changed.is_empty() {
        let mut table = Table::new(vec![Column::text("column"), Column::number("rows changed")]);
        for column in changed {
            table.push(vec![one_line(&column.name).into(), count(column.changed).into()]);
        }
        out.push_str(&format!("\n{}", table.render(console.width(), color)));
    }
    out.push_str(&whole_rows(&rows.samples.added, rows.added, "added", Style::Good, console));
    out.push_str(&whole_rows(&rows.samples.removed, rows.removed, "removed", Style::Bad, console));
    out.push_str(&changes(diff, console));
    out
}

/// Some rows that only one side has.
fn whole_rows(rows: &[Value], of: u64, what: &str, style: Style, console: &Console) -> String {
    let objects: Vec<&Map<String, Value>> = rows.iter().filter_map(Value::as_object).collect();
    let Some(first) = objects.first() else { return String::new() };
    let columns = first.keys().zip(0_u8..=254).map(|(name, place)| Column::text(name).optional(place));
    let mut table = Table::new(columns.collect()).marking_gaps();
    for object in &objects {
        table.push(first.keys().map(|name| cell(object.get(name))).collect());
    }
    format!(
        "\n{}\n{}",
        heading(objects.len(), of, what, style, console),
        table.render(console.width(), console.color_out)
    )
}

/// Some rows that changed, a line for each value.
fn changes(diff: &TableDiff, console: &Console) -> String {
    let samples = &diff.rows.samples.changed;
    if samples.is_empty() {
        return String::new();
    }
    let mut titles: Vec<Column> = diff.key.iter().map(|name| Column::text(name)).collect();
    titles.extend([Column::text("column"), Column::text("before"), Column::text("after")]);
    let mut table = Table::new(titles);
    for row in samples {
        for (place, (name, before, after)) in row.columns.iter().enumerate() {
            // The key stands once.
            let key = diff.key.iter().map(|name| if place == 0 { cell(row.key.get(name)) } else { Cell::default() });
            let mut cells: Vec<Cell> = key.collect();
            cells.extend([one_line(name).into(), cell(Some(before)), cell(Some(after))]);
            table.push(cells);
        }
    }
    let heading = heading(samples.len(), diff.rows.changed, "changed", Style::Warn, console);
    format!("\n{heading}\n{}", table.render(console.width(), console.color_out))
}

fn heading(shown: usize, of: u64, what: &str, style: Style, console: &Console) -> String {
    let text = match of {
        all if all == shown as u64 => format!("{} {what}", plural(all, "row")),
        all => format!("{shown} of {} {what}", plural(all, "row")),
    };
    style.paint(&text, console.color_out)
}

fn cell(value: Option<&Value>) -> Cell {
    match value {
        None | Some(Value::Null) => Cell::styled("null", Style::Dim),
        Some(Value::String(text)) => Cell::from(cut(&one_line(text), LONGEST)),
        Some(other) => Cell::from(cut(&one_line(&other.to_string()), LONGEST)),
    }
}
