//! Errors and diagnostics for a terminal.

use std::error::Error as _;

use headwater_diagnostics::{Diagnostic, Severity, SourceMap};
use headwater_sdk::Error;

use super::style::Style;
use super::units::plural;

/// An error: its code and message, its causes, and the way out.
pub(crate) fn error(error: &Error, color: bool) -> String {
    let mut out = headline(error.code, &error.message, color);
    let mut told = error.message.clone();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !told.contains(&text) {
            out.push_str(&labelled("cause", &text, color));
            told.push_str(&text);
        }
        next = cause.source();
    }
    if let Some(help) = &error.help {
        out.push_str(&labelled("help", help, color));
    }
    out
}

/// `error[HW0123]: message`.
pub(crate) fn headline(code: &str, message: &str, color: bool) -> String {
    format!("{}: {}\n", Style::Bad.paint(&format!("error[{code}]"), color), Style::Bold.paint(message, color))
}

/// An indented line that says more.
pub(crate) fn labelled(label: &str, text: &str, color: bool) -> String {
    let text = text.trim_end().replace('\n', "\n         ");
    format!("  {} {text}\n", Style::Dim.paint(&format!("{label}:"), color))
}

/// Diagnostics with their places, and how many there are.
pub(crate) fn diagnostics(diagnostics: &[Diagnostic], files: &SourceMap, color: bool) -> String {
    let mut out = headwater_diagnostics::render_terminal(diagnostics, files, color);
    let number = |severity: Severity| diagnostics.iter().filter(|d| d.severity == severity).count() as u64;
    let (errors, warnings) = (number(Severity::Error), number(Severity::Warning));
    let mut parts = Vec::new();
    if errors > 0 {
        parts.push(Style::Bad.paint(&plural(errors, "error"), color));
    }
    if warnings > 0 {
        parts.push(Style::Warn.paint(&plural(warnings, "warning"), color));
    }
    if diagnostics.len() > 1 {
        out.push_str(&format!("\n{}\n", parts.join(", ")));
    }
    out
}
