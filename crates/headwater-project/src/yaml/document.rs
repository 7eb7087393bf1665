//! Documents of others in YAML, as values.

use headwater_diagnostics::{Diagnostic, Severity, SourceMap};

use super::parse;

/// The value of a document in YAML, e.g. one of OpenAPI.
///
/// # Errors
/// What is wrong with it first, and in which line.
pub fn document(text: &str) -> Result<serde_json::Value, String> {
    let mut sources = SourceMap::default();
    let file = sources.add("document".into(), text.into());
    let mut diagnostics = Vec::new();
    let nodes = parse(text, 0..text.len(), file, &mut diagnostics);
    let wrong = diagnostics.iter().find(|found: &&Diagnostic| found.severity == Severity::Error);
    match (wrong, nodes.first()) {
        (Some(wrong), _) => {
            let line = wrong.span().map_or(1, |span| sources.position(span.file, span.start).line);
            Err(format!("line {line}: {}", wrong.message))
        }
        (None, Some(node)) => Ok(node.written_json()),
        (None, None) => Err("there is nothing in it".to_owned()),
    }
}
