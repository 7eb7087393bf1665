//! Errors that say whose fault it is, whether trying again can help, and what to do; and what their codes mean.

pub mod refusal;

use std::error::Error as StdError;
use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Shorthand for a result with an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What one error code means, for people who look it up (`headwater explain HW0123`). A code never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// `HW` and four digits.
    pub code: &'static str,
    /// What it is called: lower case, no full stop.
    pub title: &'static str,
    /// What has happened, and what to do about it: sentences.
    pub explanation: &'static str,
}

impl Code {
    /// A code's entry.
    pub const fn new(code: &'static str, title: &'static str, explanation: &'static str) -> Self {
        Self { code, title, explanation }
    }
}

/// Who can put an error right. Decides the exit code of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// The project's files: exit code 2.
    Project,
    /// The data that came in: the asset fails, exit code 1.
    Data,
    /// The machine, the network, a disk, a permission, another process: exit code 3.
    Environment,
    /// Headwater itself: a defect to report, exit code 3.
    Headwater,
}

/// An error for a person: a stable code, one sentence, and a way out.
#[derive(Debug)]
pub struct Error {
    /// A stable code, `HW` and four digits.
    pub code: &'static str,
    /// Who can put it right.
    pub blame: Blame,
    /// Whether the same call may succeed later without anybody changing anything.
    pub transient: bool,
    /// What is wrong and where: lower case, no full stop.
    pub message: String,
    /// What to do: lower case, no full stop.
    pub help: Option<String>,
    /// The bytes to point at, where the error is about SQL that the caller has.
    pub span: Option<Range<usize>>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error with a code, a blame and a message.
    pub fn new(code: &'static str, blame: Blame, message: impl Into<String>) -> Self {
        Self { code, blame, transient: false, message: message.into(), help: None, span: None, source: None }
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says where in the caller's SQL.
    #[must_use]
    pub fn at(mut self, span: Option<Range<usize>>) -> Self {
        self.span = span;
        self
    }

    /// Marks that trying again can help.
    #[must_use]
    pub fn transient(mut self) -> Self {
        self.transient = true;
        self
    }

    /// Keeps the error underneath.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The message followed by those of its causes, joined by `: `, without repeating a cause that the text already
    /// holds.
    pub fn full_message(&self) -> String {
        let mut text = self.message.clone();
        let mut next = self.source();
        while let Some(cause) = next {
            let cause_text = cause.to_string();
            if !text.contains(&cause_text) {
                text.push_str(": ");
                text.push_str(&cause_text);
            }
            next = cause.source();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|e| e as _)
    }
}
