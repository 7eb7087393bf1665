//! What is wrong with a template, for a person.

use std::error::Error as _;

use headwater_diagnostics::{Diagnostic, Span, nearest};
use minijinja::{Error, ErrorKind};

use super::render::{Templates, UnknownVariable, without_prefix};
use super::{Place, Problem};
use crate::codes;

/// The diagnostic for an error. `prefix` bytes stand before the body in the template.
pub(super) fn diagnose(error: &Error, place: Place<'_>, prefix: usize, templates: &Templates) -> Problem {
    let error = innermost(error);
    let (span, text) = locate(error, place, prefix, templates);
    let mut diagnostic = message(error, &text, templates).at(span, "");
    if span.file != place.body.file {
        diagnostic = diagnostic.note(format!("while rendering {}", place.path));
    }
    Box::new(diagnostic)
}

/// The error that the others only pass on.
fn innermost(error: &Error) -> &Error {
    let mut error = error;
    while let Some(cause) = error.source().and_then(|source| source.downcast_ref::<Error>()) {
        error = cause;
    }
    error
}

/// Where the error is, and the text there.
fn locate(error: &Error, place: Place<'_>, prefix: usize, templates: &Templates) -> (Span, String) {
    let source = error.template_source().unwrap_or("");
    let other = error.name().filter(|name| *name != place.path).and_then(|name| templates.file(name));
    let (file, base, prefix) = match other {
        Some(file) => (file.file, 0, 0),
        None => (place.body.file, place.body.start, prefix),
    };
    let range = error.range().filter(|range| !range.is_empty()).or_else(|| line_of(source, error.line()?));
    let Some(range) = range.filter(|range| range.start >= prefix) else { return (place.body, String::new()) };
    let text = source.get(range.clone()).unwrap_or("").to_owned();
    let range = without_prefix(range, prefix);
    (Span::new(file, base + range.start..base + range.end), text)
}

/// The bytes of a line, without its indentation.
fn line_of(source: &str, line: usize) -> Option<std::ops::Range<usize>> {
    let start: usize = source.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let rest = source.get(start..)?;
    let text = rest.lines().next()?;
    let indent = text.len() - text.trim_start().len();
    Some(start + indent..start + text.trim_end().len().max(indent))
}

fn message(error: &Error, text: &str, templates: &Templates) -> Diagnostic {
    if let Some(unknown) = error.source().and_then(|source| source.downcast_ref::<UnknownVariable>()) {
        let diagnostic = Diagnostic::error(codes::VARIABLE, unknown.to_string());
        return diagnostic.help(match &unknown.nearest {
            Some(near) => format!("did you mean '{near}'?"),
            None => "declare it under `vars` in headwater.yml".to_owned(),
        });
    }
    let detail = error.detail().unwrap_or("");
    match error.kind() {
        ErrorKind::OutOfFuel => Diagnostic::error(codes::TEMPLATE_LIMIT, "the template takes too many steps")
            .help("make its loops shorter; data belongs into tables, not into templates"),
        ErrorKind::UndefinedError if !text.is_empty() => undefined(text, templates),
        ErrorKind::UnknownFunction => unknown_function(text, detail, templates),
        ErrorKind::TemplateNotFound => {
            let paths = templates.files.iter().map(|f| f.path.as_str());
            let wanted = detail.split(['"', '\'']).nth(1).unwrap_or(detail);
            let diagnostic = Diagnostic::error(codes::TEMPLATE, format!("there is no file '{wanted}'"));
            match nearest(wanted, paths) {
                Some(near) => diagnostic.help(format!("did you mean '{near}'?")),
                None => diagnostic.help("only files of macros/ can be imported"),
            }
        }
        kind => {
            let kind = kind.to_string();
            let message = if detail.is_empty() { kind } else { format!("{kind}: {detail}") };
            Diagnostic::error(codes::TEMPLATE, message)
        }
    }
}

fn undefined(text: &str, templates: &Templates) -> Diagnostic {
    let diagnostic = Diagnostic::error(codes::TEMPLATE, format!("'{text}' is not defined"));
    if templates.vars.contains_key(text) {
        return diagnostic.help(format!("write var(\"{text}\")"));
    }
    match nearest(text, templates.vars.keys().map(String::as_str)) {
        Some(near) => diagnostic.help(format!("did you mean var(\"{near}\")?")),
        None => diagnostic.help("variables of headwater.yml are read with var(\"…\")"),
    }
}

fn unknown_function(text: &str, detail: &str, templates: &Templates) -> Diagnostic {
    let name = text.split('(').next().unwrap_or(text).trim();
    let name = if name.is_empty() { detail.split_whitespace().nth(1).unwrap_or(detail) } else { name };
    let diagnostic = Diagnostic::error(codes::TEMPLATE, format!("there is no function or macro '{name}'"));
    match name {
        "ref" | "source" => diagnostic.help("name the table itself, e.g. staging.flights: nothing else is needed"),
        "config" => diagnostic.help("write it as YAML into the header: /*--- … ---*/"),
        "env_var" | "env" => diagnostic.help("SQL is kept in the catalogue and takes no secrets; use var(\"…\")"),
        _ => match nearest(name, templates.macro_names().chain(["var", "range"])) {
            Some(near) => diagnostic.help(format!("did you mean '{near}'?")),
            None => diagnostic.help("macros are defined in macros/*.sql"),
        },
    }
}
