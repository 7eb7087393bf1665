//! Whether a table can hold what a query yields.

use std::collections::HashMap;
use std::ops::Range;

use arrow::datatypes::Schema;
use datafusion::common::DFSchema;
use datafusion::sql::sqlparser::ast;
use headwater_sdk::engine::SqlError;

use super::codes;
use super::error::Source;
use super::location::{byte_at, select_item};
use super::statement::parse_query;
use crate::types;

/// Characters that a Delta table's column names must not hold, and the dot, which parts names in SQL.
const FORBIDDEN: [char; 10] = [' ', ',', ';', '{', '}', '(', ')', '\n', '\t', '='];

/// Checks that every output column has a name that a table can hold, and no two the same, letter case aside.
///
/// # Errors
/// For the first column without a usable name, or with another's.
pub(super) fn check_names(source: &Source<'_>, schema: &DFSchema) -> Result<(), SqlError> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (index, field) in schema.fields().iter().enumerate() {
        let name = field.name();
        // DataFusion names what has no alias by its text, which holds parentheses, blanks or a qualified name. A bare NULL
        // is the exception.
        if name.is_empty() || name == "NULL" || name.contains('.') || name.contains(FORBIDDEN) {
            return Err(SqlError {
                code: codes::COLUMN_NAME,
                message: format!("output column {} has no name that a table can hold: '{name}'", index + 1),
                help: Some("name it with AS, in letters, digits and _".to_owned()),
                span: item_span(source, index),
            });
        }
        if let Some(first) = seen.insert(name.to_lowercase(), index) {
            return Err(SqlError {
                code: codes::DUPLICATE_COLUMN,
                message: format!("output columns {} and {} are both called '{name}'", first + 1, index + 1),
                help: Some("name one of them otherwise with AS, or leave it out".to_owned()),
                span: item_span(source, index),
            });
        }
    }
    Ok(())
}

/// The lake's schema of a query's output.
///
/// # Errors
/// For the first column of a type that no table can hold.
pub(super) fn lake_schema(source: &Source<'_>, schema: &DFSchema) -> Result<Schema, SqlError> {
    types::lake_schema(schema.as_arrow()).map_err(|unsupported| {
        let top = unsupported.column.split('.').next().unwrap_or_default();
        let index = schema.fields().iter().position(|field| field.name() == top);
        SqlError {
            code: codes::COLUMN_TYPE,
            message: unsupported.message(),
            help: Some(unsupported.help().to_owned()),
            span: index.and_then(|index| item_span(source, index)),
        }
    })
}

/// Where an output column stands in the SELECT list; `None` when a `*` stands before it or there is no such list.
pub(super) fn item_span(source: &Source<'_>, index: usize) -> Option<Range<usize>> {
    let statement = parse_query(source).ok()?;
    let mut body = statement.query().body.as_ref();
    let select = loop {
        match body {
            ast::SetExpr::Select(select) => break select,
            ast::SetExpr::Query(query) => body = &query.body,
            ast::SetExpr::SetOperation { left, .. } => body = left,
            _ => return None,
        }
    };
    let is_star =
        |item: &ast::SelectItem| matches!(item, ast::SelectItem::Wildcard(_) | ast::SelectItem::QualifiedWildcard(..));
    if select.projection.iter().take(index + 1).any(is_star) {
        return None;
    }
    let keyword = select.select_token.0.span.end;
    let start = byte_at(source.sql, keyword.line, keyword.column)?;
    select_item(source.sql, source.dialect().as_ref(), start, index)
}
