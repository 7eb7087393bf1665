//! Rendering, with limits.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use headwater_diagnostics::{Diagnostic, FileId, Span, nearest};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, OutputSpanKind, UndefinedBehavior};
use serde_json::Value;

use super::problem::diagnose;
use super::{Piece, Place, Problem, Rendered};
use crate::codes;

/// How many steps a template may take, or blocks of 64 bytes make.
const FUEL: u64 = 1_000_000;
/// How much text a template may make, in bytes: as much as a file may hold.
const MAX_OUTPUT: usize = 4 << 20;

/// A file in `macros/`.
#[derive(Clone)]
pub(crate) struct MacroFile {
    /// Its path, which is its name for `import`.
    pub(crate) path: String,
    pub(crate) file: FileId,
    pub(crate) text: String,
}

/// Renders models.
pub(crate) struct Templates {
    engine: Environment<'static>,
    /// Macro → the file that defines it.
    macros: BTreeMap<String, String>,
    /// Files with mistakes, which have been reported.
    broken: BTreeSet<String>,
    pub(super) files: Vec<MacroFile>,
    pub(super) vars: Arc<BTreeMap<String, Value>>,
}

/// `var("…")` of a variable that does not exist.
#[derive(Debug)]
pub(super) struct UnknownVariable {
    pub(super) name: String,
    pub(super) nearest: Option<String>,
}

impl fmt::Display for UnknownVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no variable '{}'", self.name)
    }
}

impl std::error::Error for UnknownVariable {}

/// Whether a text has anything for MiniJinja to do.
pub(crate) fn is_templated(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|open| text.contains(open))
}

impl Templates {
    /// Takes the variables and the macros of a project. Mistakes in the macros go to `diagnostics`.
    pub(crate) fn new(vars: BTreeMap<String, Value>, files: Vec<MacroFile>, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let vars = Arc::new(vars);
        let mut engine = Environment::new();
        engine.set_undefined_behavior(UndefinedBehavior::Strict);
        engine.set_auto_escape_callback(|_| AutoEscape::None);
        engine.set_debug(true);
        engine.set_fuel(Some(FUEL));
        engine.set_recursion_limit(100);
        // `{% import "dates.sql" as dates %}` means `macros/dates.sql`.
        engine.set_path_join_callback(|name, _| {
            if name.starts_with("macros/") { name.into() } else { format!("macros/{name}").into() }
        });
        let known = Arc::clone(&vars);
        engine.add_function("var", move |name: &str| -> Result<minijinja::Value, Error> {
            if let Some(value) = known.get(name) {
                return Ok(minijinja::Value::from(Serde(value.clone())));
            }
            let nearest = nearest(name, known.keys().map(String::as_str)).map(str::to_owned);
            let unknown = UnknownVariable { name: name.to_owned(), nearest };
            Err(Error::new(ErrorKind::InvalidOperation, unknown.to_string()).with_source(unknown))
        });
        let mut templates = Self { engine, macros: BTreeMap::new(), broken: BTreeSet::new(), files, vars };
        templates.read_macros(diagnostics);
        templates
    }

    /// The same macros, with other values of some variables. Mistakes that these bring about go to `diagnostics`.
    pub(crate) fn with_vars(&self, others: &BTreeMap<String, Value>, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut vars = BTreeMap::clone(&self.vars);
        vars.extend(others.iter().map(|(name, value)| (name.clone(), value.clone())));
        Self::new(vars, self.files.clone(), diagnostics)
    }

    /// The value of a variable.
    pub(crate) fn var(&self, name: &str) -> Option<&serde_json::Value> {
        self.vars.get(name)
    }

    /// The names of the variables.
    pub(crate) fn var_names(&self) -> impl Iterator<Item = &str> {
        self.vars.keys().map(String::as_str)
    }

    fn read_macros(&mut self, diagnostics: &mut Vec<Diagnostic>) {
        let mut owners: BTreeMap<String, Span> = BTreeMap::new();
        for index in 0..self.files.len() {
            let Some(MacroFile { path, file, text }) = self.files.get(index) else { continue };
            let (path, file) = (path.clone(), *file);
            let defined = macro_names(text);
            let added = self.engine.add_template_owned(path.clone(), text.clone());
            let exported = added.and_then(|()| {
                self.engine
                    .get_template(&path)?
                    .render_captured(())
                    .map(|captured| captured.state().exports().into_iter().map(str::to_owned).collect::<Vec<_>>())
            });
            let exported = match exported {
                Ok(exported) => exported,
                Err(error) => {
                    let whole = self.files.get(index).map_or(0, |f| f.text.len());
                    let place = Place { path: &path, body: Span::new(file, 0..whole) };
                    diagnostics.push(*diagnose(&error, place, 0, self));
                    for (name, _) in defined {
                        self.macros.entry(name).or_insert_with(|| path.clone());
                    }
                    self.broken.insert(path);
                    continue;
                }
            };
            for (name, range) in defined.into_iter().filter(|(name, _)| exported.contains(name)) {
                let span = Span::new(file, range);
                match owners.get(&name) {
                    Some(first) => diagnostics.push(
                        Diagnostic::error(codes::MACRO, format!("the macro '{name}' is defined twice"))
                            .at(span, "again here")
                            .also(*first, "first here")
                            .help("rename one of the two"),
                    ),
                    None => {
                        owners.insert(name.clone(), span);
                        self.macros.insert(name, path.clone());
                    }
                }
            }
        }
    }

    /// Renders the body of a model. `Err(None)` when that fails only because of a macro file with mistakes.
    pub(crate) fn render(&self, body: &str, place: Place<'_>) -> Result<Rendered, Option<Problem>> {
        let prefix = self.imports(body);
        let source = format!("{prefix}{body}");
        let result = self
            .engine
            .template_from_named_str(place.path, &source)
            .and_then(|template| template.render_with_spans(()));
        let (sql, spans) = result.map_err(|error| {
            let repeats =
                self.broken.iter().any(|path| body.contains(file_name(path)) || prefix.contains(path.as_str()));
            (!repeats).then(|| diagnose(&error, place, prefix.len(), self))
        })?;
        if sql.len() > MAX_OUTPUT {
            let message = format!("the rendered SQL is longer than {} MiB", MAX_OUTPUT >> 20);
            return Err(Some(Box::new(Diagnostic::error(codes::TEMPLATE_LIMIT, message).at(place.body, ""))));
        }
        let pieces = spans.iter().filter(|span| span.name() == place.path).map(|span| Piece {
            output: span.output_range(),
            source: without_prefix(span.source_range(), prefix.len()),
            verbatim: span.kind() == OutputSpanKind::Raw,
        });
        let pieces = pieces.collect();
        Ok(Rendered { sql, pieces })
    }

    /// Imports of the macros that a body may use. They stand before its first line, so that lines stay the same.
    fn imports(&self, body: &str) -> String {
        let used = self.macros.iter().filter(|(name, _)| body.contains(name.as_str()));
        used.map(|(name, path)| format!("{{%from {path:?} import {name}%}}")).collect()
    }

    /// The file of a template's name.
    pub(super) fn file(&self, name: &str) -> Option<&MacroFile> {
        self.files.iter().find(|f| f.path == name)
    }

    pub(super) fn macro_names(&self) -> impl Iterator<Item = &str> {
        self.macros.keys().map(String::as_str)
    }
}

fn file_name(path: &str) -> &str {
    path.strip_prefix("macros/").unwrap_or(path)
}

pub(super) fn without_prefix(range: Range<usize>, prefix: usize) -> Range<usize> {
    range.start.saturating_sub(prefix)..range.end.saturating_sub(prefix)
}

/// The names after `{% macro`, with their places.
fn macro_names(text: &str) -> Vec<(String, Range<usize>)> {
    let mut names = Vec::new();
    for (open, _) in text.match_indices("{%") {
        let inside = text[open + 2..].trim_start_matches(['-', '+']).trim_start();
        let Some(rest) = inside.strip_prefix("macro") else { continue };
        let name_on = rest.trim_start();
        let length = name_on.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name_on.len());
        if length > 0 && name_on.len() < rest.len() {
            let start = text.len() - name_on.len();
            names.push((name_on[..length].to_owned(), start..start + length));
        }
    }
    names
}
