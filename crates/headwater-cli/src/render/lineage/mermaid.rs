//! Lineage as a Mermaid flowchart (<https://mermaid.js.org/syntax/flowchart.html>).

use super::graph::{Graph, Kind};

/// The flowchart.
pub(crate) fn mermaid(graph: &Graph) -> String {
    let mut out = String::from("flowchart LR\n");
    for (index, node) in graph.nodes.iter().enumerate() {
        let name = escape(&node.name);
        let shape = match node.kind {
            Kind::Source => format!("[(\"{name}\")]"),
            Kind::View => format!("([\"{name}\"])"),
            Kind::Table | Kind::Column => format!("[\"{name}\"]"),
        };
        out.push_str(&format!("  n{index}{shape}\n"));
    }
    for edge in &graph.edges {
        match edge.how.is_empty() {
            true => out.push_str(&format!("  n{} --> n{}\n", edge.from, edge.to)),
            false => {
                out.push_str(&format!("  n{} -->|\"{}\"| n{}\n", edge.from, escape(&edge.how.join("; ")), edge.to));
            }
        }
    }
    if let Some(focus) = graph.focus {
        out.push_str(&format!("  style n{focus} stroke-width:3px\n"));
    }
    out
}

/// Mermaid's entity codes for what would end a quoted text or start another syntax.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '#' | '&' | '<' | '>' | ';' | '`' | '\\' => out.push_str(&format!("#{};", character as u32)),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
