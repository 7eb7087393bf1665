//! `columns` of streams, seeds, models and scripts.

use headwater_diagnostics::{Diagnostic, Span};
use headwater_sdk::connector::DeclaredColumn;

use crate::asset::ColumnSpec;
use crate::codes;
use crate::spec::{ModelColumn, Named, ScriptColumn, StreamColumn};
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

/// The columns of a script's table: all of them, and all with types. `None` when one has none.
pub(super) fn of_script(
    columns: Named<ScriptColumn>,
    node: &Node,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Vec<ColumnSpec>> {
    if columns.0.is_empty() {
        let at = node.get("columns").map_or(node.span, |columns| columns.span);
        let diagnostic = Diagnostic::error(codes::SCRIPT, "the script's table has no columns").at(at, "");
        diagnostics.push(diagnostic.help("name the columns that the program yields, each with its type"));
        return None;
    }
    let mut specs: Vec<ColumnSpec> = Vec::with_capacity(columns.0.len());
    let mut sound = true;
    for (name, column) in columns.0 {
        let span = span_of(node, &name);
        if column.data_type.is_none() {
            let diagnostic = Diagnostic::error(codes::MISSING_KEY, format!("column '{name}' has no type")).at(span, "");
            diagnostics.push(diagnostic.help(format!("write e.g. {name}: {{ type: string }}")));
            sound = false;
        }
        if let Some(same) = specs.iter().find(|spec| spec.name.to_lowercase() == name.to_lowercase()) {
            let message = format!("columns '{}' and '{name}' differ in letter case only", same.name);
            let diagnostic = Diagnostic::error(codes::SCRIPT, message).at(span, "").also(same.span, "first here");
            diagnostics.push(diagnostic.help("give every column a name of its own"));
            sound = false;
        }
        let data_type = column.data_type.map(|data_type| data_type.0);
        specs.push(ColumnSpec { name, data_type, description: column.description, tags: sorted(column.tags), span });
    }
    sound.then_some(specs)
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
