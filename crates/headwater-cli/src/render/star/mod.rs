//! Star schemas to draw: facts, what they measure, and the dimensions that they are measured by.

mod diagram;
mod mermaid;
mod svg;
mod text;

pub(crate) use diagram::{Diagram, Kind, diagram};
pub(crate) use mermaid::mermaid;
pub(crate) use svg::svg;
pub(crate) use text::text;
