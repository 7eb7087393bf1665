//! Names that assets may give their tables.

use headwater_diagnostics::{Diagnostic, Span};
use headwater_sdk::TableName;
use headwater_sdk::name::{QUARANTINE_SUFFIX, REJECTED_SUFFIX, VERSION_SUFFIX};

use crate::codes;

/// The name that a file's folder and stem give to its table.
pub(crate) fn from_path(schema: &str, table: &str, span: Span, diagnostics: &mut Vec<Diagnostic>) -> Option<TableName> {
    match TableName::new(schema, table) {
        Ok(name) => Some(name),
        Err(error) => {
            let lower = |part: &str| part.to_lowercase().replace(['-', ' ', '.'], "_");
            let help = match TableName::new(lower(schema), lower(table)) {
                Ok(name) => format!("rename the file, e.g. to {}/{}", name.schema(), name.table()),
                Err(_) => "rename the file".to_owned(),
            };
            diagnostics.push(Diagnostic::error(codes::TABLE_NAME, error.to_string()).at(span, "").help(help));
            None
        }
    }
}

/// Reports a name that is reserved for tables that Headwater makes itself.
pub(crate) fn refuse_reserved(name: &TableName, span: Span, diagnostics: &mut Vec<Diagnostic>) {
    let (why, help) = if name.is_side_table() {
        let help = format!(
            "names that end with {QUARANTINE_SUFFIX} or {REJECTED_SUFFIX} are those of rows set aside, and with {VERSION_SUFFIX} and a number of what a source's table held before"
        );
        (format!("'{name}' is reserved"), help)
    } else if name.schema().starts_with('_') || matches!(name.schema(), "information_schema" | "pg_catalog") {
        (format!("the schema '{}' is reserved", name.schema()), "choose a schema that does not start with _".to_owned())
    } else {
        return;
    };
    diagnostics.push(Diagnostic::error(codes::TABLE_NAME, why).at(span, "").help(help));
}
