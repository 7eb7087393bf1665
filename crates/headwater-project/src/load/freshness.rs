//! `freshness` of a stream.

use arrow_schema::DataType;
use headwater_diagnostics::Diagnostic;
use headwater_sdk::check::{CompiledCheck, Probe, Severity, Threshold};

use super::checks::Checks;
use crate::asset::{CheckSpec, ColumnSpec, Freshness};
use crate::codes;
use crate::spec::FreshnessOptions;
use crate::yaml::Node;

/// Turns a freshness into up to two checks: one that warns, one that stops.
pub(crate) fn add(
    options: &FreshnessOptions,
    node: &Node,
    columns: &[ColumnSpec],
    checks: &mut Checks,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Freshness> {
    let wrong = |message: &str, at: &Node| Diagnostic::error(codes::FRESHNESS, message.to_owned()).at(at.span, "");
    let (warn_after, error_after) =
        (options.warn_after.as_ref().map(|d| d.0), options.error_after.as_ref().map(|d| d.0));
    if warn_after.is_none() && error_after.is_none() {
        diagnostics
            .push(wrong("'freshness' says no age", node).help("add `warn_after: 36h`, `error_after: 72h`, or both"));
        return None;
    }
    if let (Some(warn), Some(error)) = (warn_after, error_after)
        && warn >= error
    {
        let at = node.get("warn_after").unwrap_or(node);
        diagnostics.push(
            wrong("'warn_after' is not before 'error_after'", at).help("warn earlier, or leave one of the two out"),
        );
        return None;
    }
    let column = match &options.column {
        Some(column) => column.clone(),
        None => match only_time_column(columns) {
            Ok(column) => column.to_owned(),
            Err(help) => {
                diagnostics.push(wrong("'freshness' does not say whose age counts", node).help(help));
                return None;
            }
        },
    };
    if let Some(declared) = columns.iter().find(|c| c.name == column)
        && declared.data_type.as_ref().is_some_and(|t| !is_time(t))
    {
        let at = node.get("column").unwrap_or(node);
        let diagnostic = wrong(&format!("the column '{column}' is no date or timestamp"), at);
        diagnostics.push(diagnostic.also(declared.span, "declared here"));
        return None;
    }
    let column_node = node.get("column");
    for (age, key, severity) in
        [(warn_after, "warn_after", Severity::Warn), (error_after, "error_after", Severity::Error)]
    {
        let (Some(max_age_seconds), Some(value)) = (age, node.get(key)) else { continue };
        let written = value.as_text().unwrap_or("");
        checks.add(CheckSpec {
            span: value.span,
            column_spans: column_node.map(|c| (column.clone(), c.span)).into_iter().collect(),
            filter_span: None,
            written: None,
            check: CompiledCheck {
                kind: "freshness".to_owned(),
                name: format!("freshness({column}, {written})"),
                description: None,
                columns: vec![column.clone()],
                severity,
                threshold: Threshold::default(),
                filter: None,
                probe: Probe::Freshness { column: column.clone(), max_age_seconds },
            },
        });
    }
    Some(Freshness { column, warn_after, error_after })
}

fn is_time(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Timestamp(..))
}

fn only_time_column(columns: &[ColumnSpec]) -> Result<&str, &'static str> {
    let mut times = columns.iter().filter(|c| c.data_type.as_ref().is_some_and(is_time));
    match (times.next(), times.next()) {
        (Some(only), None) => Ok(&only.name),
        (Some(_), Some(_)) => Err("several columns are dates or timestamps; add `column: …`"),
        (None, _) => Err("add `column: …`, or declare a timestamp under `columns`"),
    }
}
