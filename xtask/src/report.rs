//! What a checking command has found, on the terminal.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Where: a path, perhaps with `:line`.
    pub(crate) place: String,
    /// What, and what to do: lower case, no full stop.
    pub(crate) message: String,
}

impl Finding {
    /// A finding about a file or folder as a whole.
    pub(crate) fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into() }
    }

    /// A finding about a line, counted from 1.
    pub(crate) fn at_line(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self::new(format!("{path}:{line}"), message)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Prints findings to standard output. The exit code is 0 without findings, 1 with some, 2 when the check itself failed.
pub(crate) fn print(command: &str, outcome: Result<Vec<Finding>, String>) -> ExitCode {
    let (text, code) = match outcome {
        Ok(findings) if findings.is_empty() => (format!("{command}: all is well\n"), ExitCode::SUCCESS),
        Ok(findings) => {
            let mut text: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
            text += &format!("{command}: {} to put right\n", findings.len());
            (text, ExitCode::FAILURE)
        }
        Err(error) => (format!("{command}: {error}\n"), ExitCode::from(2)),
    };
    say(&text);
    code
}

/// Writes text to standard output. A reader that has gone away (`| head`) is no reason to fail differently.
pub(crate) fn say(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
    let _ = io::stdout().flush();
}
