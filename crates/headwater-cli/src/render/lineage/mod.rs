//! Lineage as a graph to draw: of tables, or of columns.

mod graph;
mod mermaid;
mod svg;
mod text;

#[cfg(test)]
mod tests;

pub(crate) use graph::{Direction, Graph, column_graph, table_graph};
pub(crate) use mermaid::{escape as mermaid_escape, mermaid};
pub(crate) use svg::{CHARACTER, MARGIN, PADDING, STYLE, escape as svg_escape, svg};
pub(crate) use text::text;
