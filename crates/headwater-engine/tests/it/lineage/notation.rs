//! A short text for what planning tells.
//!
//! One line per output column: its name and type, then its edges; then the edges of the rows, then the volatile functions:
//!
//! ```text
//! x bigint: t.b identity, t.c transformation, t.a conditional masked
//! rows: t.a filter
//! volatile: now
//! ```
//!
//! Columns without edges have only their type, and lines without content are left out. All tables are of the schema `s`,
//! which is not written. An error is one line:
//!
//! ```text
//! HW0504 at `zz`: there is no column 'zz' (did you mean z?)
//! ```

use headwater_sdk::engine::{Analysis, SqlError};
use headwater_sdk::lineage::Edge;
use headwater_sdk::types::type_name;

pub(super) fn write(sql: &str, result: &Result<Analysis, SqlError>) -> Vec<String> {
    match result {
        Ok(analysis) => write_analysis(analysis),
        Err(error) => vec![write_error(sql, error)],
    }
}

fn write_analysis(analysis: &Analysis) -> Vec<String> {
    assert_eq!(analysis.schema.fields().len(), analysis.lineage.columns.len(), "a column without lineage");
    let mut lines = Vec::new();
    for (field, column) in analysis.schema.fields().iter().zip(&analysis.lineage.columns) {
        assert_eq!(field.name(), &column.name);
        let mut line = format!("{} {}", field.name(), type_name(field.data_type()));
        if !column.edges.is_empty() {
            line.push_str(&format!(": {}", write_edges(&column.edges)));
        }
        lines.push(line);
    }
    if !analysis.lineage.dataset.is_empty() {
        lines.push(format!("rows: {}", write_edges(&analysis.lineage.dataset)));
    }
    if !analysis.volatile.is_empty() {
        lines.push(format!("volatile: {}", analysis.volatile.join(", ")));
    }
    lines
}

fn write_edges(edges: &[Edge]) -> String {
    let write = |edge: &Edge| {
        let kind = serde_json::to_value(edge.influence).unwrap().as_str().unwrap().to_lowercase();
        let masked = if edge.masking { " masked" } else { "" };
        format!("{}.{} {kind}{masked}", edge.from.table.table(), edge.from.column)
    };
    edges.iter().map(write).collect::<Vec<_>>().join(", ")
}

fn write_error(sql: &str, error: &SqlError) -> String {
    let place = error.span.clone().map(|span| format!(" at `{}`", &sql[span])).unwrap_or_default();
    let help = error.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{}{place}: {}{help}", error.code, error.message)
}
