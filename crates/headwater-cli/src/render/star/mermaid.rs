//! Stars as a Mermaid entity relationship diagram (<https://mermaid.js.org/syntax/entityRelationshipDiagram.html>).

use super::diagram::{Diagram, Part};
use crate::render::lineage::mermaid_escape;

/// The diagram. Where Mermaid wants the type of a column there stands what the column is.
pub(crate) fn mermaid(diagram: &Diagram) -> String {
    let mut out = String::from("erDiagram\n");
    for (index, table) in diagram.tables.iter().enumerate() {
        let name = mermaid_escape(&table.name.to_string());
        out.push_str(&format!("  t{index}[\"{name}\"] {{\n"));
        for column in &table.columns {
            let key = match column.part {
                Part::Key => " PK",
                Part::NaturalKey => " UK",
                Part::ForeignKey => " FK",
                _ => "",
            };
            let mut comments = Vec::new();
            if column.in_grain {
                comments.push("grain".to_owned());
            }
            if !column.not_over.is_empty() {
                comments.push(format!("not over {}", column.not_over.join(", ")));
            }
            let comment = match comments.is_empty() {
                true => String::new(),
                false => format!(" \"{}\"", mermaid_escape(&comments.join("; "))),
            };
            out.push_str(&format!("    {} {}{key}{comment}\n", column.part.as_str(), attribute(&column.name)));
        }
        out.push_str("  }\n");
    }
    for line in &diagram.lines {
        // Every row of the left has exactly one on the right, which may have any number of them.
        out.push_str(&format!("  t{} }}o--|| t{} : \"{}\"\n", line.from, line.to, mermaid_escape(line.label())));
    }
    out
}

/// A name that Mermaid takes for one of an attribute: letters, digits, `_` and `-`, not beginning with a digit.
fn attribute(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if plain.starts_with(|c: char| c.is_ascii_digit()) { format!("_{plain}") } else { plain }
}
