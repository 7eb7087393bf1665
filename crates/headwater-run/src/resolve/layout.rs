//! Columns by which the rows of a table lie in files.

use arrow_schema::Schema;
use headwater_diagnostics::{Diagnostic, Span};
use headwater_project::Asset;
use headwater_sdk::engine::Layout;
use headwater_sdk::types::type_name;

use super::checks::no_such_column;

/// A table is partitioned by columns that there are.
pub(super) fn verify_partitions(
    asset: &Asset,
    partition_by: &[String],
    spans: &[Span],
    schema: &Schema,
    found: &mut Vec<Diagnostic>,
) {
    for (index, column) in partition_by.iter().enumerate() {
        if schema.field_with_name(column).is_err() {
            let message = format!("{} cannot be partitioned by '{column}': it has no such column", asset.name);
            let place = spans.get(index).copied().unwrap_or(asset.span);
            found.push(no_such_column("HW0904", message, place, column, schema));
        }
    }
}

/// Rows are clustered by columns that there are, and whose values have an order.
pub(super) fn verify_clustering(
    asset: &Asset,
    layout: &Layout,
    spans: &[Span],
    schema: &Schema,
    found: &mut Vec<Diagnostic>,
) {
    for (index, column) in layout.clustering.columns.iter().enumerate() {
        let place = spans.get(index).copied().unwrap_or(asset.span);
        let diagnostic = match schema.field_with_name(column) {
            Err(_) => {
                let message = format!("{} cannot be clustered by '{column}': it has no such column", asset.name);
                no_such_column("HW0926", message, place, column, schema)
            }
            Ok(field) if field.data_type().is_nested() => {
                let message = format!("{} cannot be clustered by '{column}': its values have no order", asset.name);
                let diagnostic = Diagnostic::error("HW0926", message).at(place, type_name(field.data_type()));
                diagnostic.help("name a column of numbers, texts, dates or timestamps")
            }
            Ok(_) => continue,
        };
        found.push(diagnostic);
    }
}
