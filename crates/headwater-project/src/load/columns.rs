//! `columns` of streams, seeds and models.

use headwater_diagnostics::Span;
use headwater_sdk::connector::DeclaredColumn;

use crate::asset::ColumnSpec;
use crate::spec::{ModelColumn, Named, StreamColumn};
use crate::yaml::Node;

/// The columns that a stream declares.
pub(crate) fn of_stream(columns: Named<StreamColumn>, node: &Node) -> Vec<ColumnSpec> {
    let spec = |(name, column): (String, StreamColumn)| ColumnSpec {
        span: span_of(node, &name),
        name,
        data_type: column.data_type.map(|t| t.0),
        description: column.description,
        tags: sorted(column.tags),
    };
    columns.0.into_iter().map(spec).collect()
}

/// The columns that a model says something about.
pub(crate) fn of_model(columns: Named<ModelColumn>, node: &Node) -> Vec<ColumnSpec> {
    let spec = |(name, column): (String, ModelColumn)| ColumnSpec {
        span: span_of(node, &name),
        name,
        data_type: None,
        description: column.description,
        tags: sorted(column.tags),
    };
    columns.0.into_iter().map(spec).collect()
}

/// What a connector is told of columns.
pub(crate) fn declared(columns: &[ColumnSpec]) -> Vec<DeclaredColumn> {
    columns.iter().map(|c| DeclaredColumn { name: c.name.clone(), data_type: c.data_type.clone() }).collect()
}

/// Tags in order, each once.
pub(crate) fn sorted(mut tags: Vec<String>) -> Vec<String> {
    tags.sort();
    tags.dedup();
    tags
}

fn span_of(node: &Node, name: &str) -> Span {
    let entry = node.get("columns").and_then(Node::as_map).and_then(|map| map.entry(name));
    entry.map_or(node.span, |entry| entry.key_span)
}
