//! The terminal: what is written to stdout and stderr, with colours or without, and never with a secret in it.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, PoisonError, RwLock};

use headwater_sdk::secrets;
use serde::Serialize;

use crate::cli::{Global, When};
use crate::failure::Failure;

/// Values that may not be shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets {
    values: Arc<RwLock<Vec<String>>>,
}

impl Secrets {
    /// `values` are longest first.
    pub(crate) fn set(&self, values: &[String]) {
        *self.values.write().unwrap_or_else(PoisonError::into_inner) = values.to_vec();
    }

    /// The text with `***` in place of secrets.
    pub(crate) fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        secrets::redact(text, &self.values.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn redact_json(&self, value: serde_json::Value) -> serde_json::Value {
        secrets::redact_json(value, &self.values.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What the program writes to.
#[derive(Debug, Clone)]
pub(crate) struct Console {
    /// One JSON document on stdout instead of text.
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    /// Whether stdout is a terminal.
    pub(crate) out_is_terminal: bool,
    /// Whether stderr is a terminal.
    pub(crate) err_is_terminal: bool,
    pub(crate) color_out: bool,
    pub(crate) color_err: bool,
    pub(crate) secrets: Secrets,
}

impl Console {
    pub(crate) fn new(global: &Global) -> Self {
        let (out_is_terminal, err_is_terminal) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = set("NO_COLOR") || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let color = |terminal: bool| match global.color {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && !dumb,
        };
        Self {
            json: global.json,
            quiet: global.quiet,
            out_is_terminal,
            err_is_terminal,
            color_out: color(out_is_terminal),
            color_err: color(err_is_terminal),
            secrets: Secrets::default(),
        }
    }

    /// The width to lay out for, in columns: the terminal's, and enough for everything elsewhere.
    pub(crate) fn width(&self) -> usize {
        const ELSEWHERE: usize = 160;
        let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let seen = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
        told.or_else(seen).unwrap_or(ELSEWHERE).max(20)
    }

    /// Writes a text to stdout.
    pub(crate) fn out(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(self.secrets.redact(text).as_bytes())?;
        stdout.flush()?;
        Ok(())
    }

    /// Writes a JSON document to stdout.
    pub(crate) fn out_json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let value = serde_json::to_value(value).map_err(Failure::json)?;
        let text = serde_json::to_string_pretty(&self.secrets.redact_json(value)).map_err(Failure::json)?;
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{text}")?;
        stdout.flush()?;
        Ok(())
    }

    /// Writes a text to stderr. Where nobody can be told, nothing can be done about it.
    pub(crate) fn err(&self, text: &str) {
        let _ = io::stderr().lock().write_all(self.secrets.redact(text).as_bytes());
    }
}
