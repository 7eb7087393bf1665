//! SQL conditions in YAML.

use headwater_diagnostics::{Diagnostic, Span};

use crate::codes;
use crate::sql;

/// Reports a condition that is not one SQL expression over the columns of a row.
pub(crate) fn check_condition(condition: &str, what: &str, span: Span, diagnostics: &mut Vec<Diagnostic>) {
    if let Err(problem) = sql::read_condition(condition) {
        let message = format!("{what} is not a SQL condition: {}", problem.message);
        let diagnostic = Diagnostic::error(codes::EXPRESSION, message).at(span, "");
        diagnostics.push(problem.help.into_iter().fold(diagnostic, Diagnostic::help));
    }
}
