//! Stars as text: each fact with its grain, its dimensions and its measures.

use super::diagram::{Diagram, Kind, Part, Table};
use crate::render::style::{Style, one_line};

/// The text; empty when there are no stars.
pub(crate) fn text(diagram: &Diagram, color: bool) -> String {
    let mut out = String::new();
    for (index, table) in diagram.tables.iter().enumerate() {
        if !out.is_empty() {
            out.push('\n');
        }
        let name = Style::Bold.paint(&one_line(&table.name.to_string()), color);
        let conformed = if table.conformed { "conformed " } else { "" };
        out.push_str(&format!("{name} {}\n", Style::Dim.paint(&format!("{conformed}{}", table.kind.as_str()), color)));
        if !table.grain.is_empty() {
            out.push_str(&format!("  grain       {}\n", one_line(&table.grain.join(", "))));
        }
        match table.kind {
            Kind::Fact | Kind::Bridge => {
                named(&mut out, "group", table, Part::Group);
                for line in diagram.lines.iter().filter(|line| line.from == index) {
                    let to = &diagram.tables[line.to].name;
                    let role = line.role.as_ref().map(|role| format!(" as {role}")).unwrap_or_default();
                    out.push_str(&format!("  {:<11} {} → {to}{}\n", "dimension", one_line(&line.key), one_line(&role)));
                }
                named(&mut out, "degenerate", table, Part::Degenerate);
                measures(&mut out, table);
                named(&mut out, "weight", table, Part::Weight);
            }
            Kind::Dimension => {
                named(&mut out, "key", table, Part::Key);
                named(&mut out, "natural key", table, Part::NaturalKey);
                if !table.members.is_empty() {
                    out.push_str(&format!("  {:<11} {}\n", "members", table.members.join(", ")));
                }
            }
        }
    }
    out
}

/// A line with the columns of one kind, if there are any.
fn named(out: &mut String, what: &str, table: &Table, part: Part) {
    let columns: Vec<&str> =
        table.columns.iter().filter(|column| column.part == part).map(|column| column.name.as_str()).collect();
    if !columns.is_empty() {
        out.push_str(&format!("  {what:<11} {}\n", one_line(&columns.join(", "))));
    }
}

fn measures(out: &mut String, table: &Table) {
    for column in &table.columns {
        let how = match column.part {
            Part::Additive => "additive".to_owned(),
            Part::SemiAdditive => format!("not additive over {}", column.not_over.join(", ")),
            Part::NonAdditive => "not additive".to_owned(),
            _ => continue,
        };
        out.push_str(&format!("  {:<11} {} ({})\n", "measure", one_line(&column.name), one_line(&how)));
    }
}
