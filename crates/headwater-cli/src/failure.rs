//! Why a command did not do what was asked, how that is told, and the exit code.

use std::io;
use std::process::ExitCode;

use headwater_diagnostics::{Diagnostic, SourceMap, Span};
use headwater_run::RunError;
use headwater_sdk::store::SnapshotRecord;
use headwater_sdk::{Blame, Error};
use serde_json::json;

use crate::console::Console;
use crate::render::problem;

/// The exit code when neither the project nor its data are to blame.
pub(crate) const BROKEN: u8 = 3;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The project is wrong.
    Project { diagnostics: Vec<Diagnostic>, files: Box<SourceMap> },
    /// What the project names is out of reach: the first error, and all of them with their places.
    OutOfReach { error: Box<Error>, diagnostics: Vec<Diagnostic>, files: Box<SourceMap> },
    /// Anything else.
    Error(Box<Error>),
    /// Ctrl-C.
    Interrupted,
    /// Whoever read stdout has read enough. That is no failure.
    NobodyReads,
}

impl Failure {
    /// The failure of a run, with the project's files to point into.
    pub(crate) fn of_run(error: RunError, files: SourceMap) -> Self {
        match error {
            RunError::Project(diagnostics) => Self::Project { diagnostics, files: Box::new(files) },
            RunError::OutOfReach(error, diagnostics) => Self::OutOfReach { error, diagnostics, files: Box::new(files) },
            RunError::Failed(error) => error.into(),
            RunError::Interrupted => Self::Interrupted,
        }
    }

    /// The failure of the SQL that begins at `start` of a text, which is pointed into where that is known.
    pub(crate) fn of_sql(error: Error, name: &str, text: &str, start: usize) -> Self {
        let Some(span) = error.span.clone() else { return error.into() };
        let mut files = SourceMap::default();
        let file = files.add(name.to_owned(), text.to_owned());
        let span = Span::new(file, start + span.start..start + span.end);
        let mut diagnostic = Diagnostic::error(error.code, error.full_message()).at(span, "");
        diagnostic.help = error.help;
        Self::Project { diagnostics: vec![diagnostic], files: Box::new(files) }
    }

    /// The failure of reading a snapshot whose files vacuuming may have taken; `chosen` says whether a person asked for it.
    pub(crate) fn of_reading(self, snapshot: &SnapshotRecord, chosen: bool) -> Self {
        match self {
            Self::Error(mut error) if snapshot.vacuumed && error.code == "HW0552" && !chosen => {
                error.help = Some(format!(
                    "`headwater maintain` has removed what only snapshot {} needed while this query was reading it: ask again; \
                     --keep-days says how long maintenance leaves snapshots to their readers",
                    snapshot.id
                ));
                Self::Error(error)
            }
            Self::Error(mut error) if snapshot.vacuumed && error.code == "HW0552" => {
                error.blame = Blame::Project;
                error.help = Some(format!(
                    "snapshot {} was vacuumed: what of it changed since cannot be read; `headwater history` marks such snapshots",
                    snapshot.id
                ));
                Self::Error(error)
            }
            other => other,
        }
    }

    pub(crate) fn json(error: serde_json::Error) -> Self {
        Error::new("HW0810", Blame::Headwater, "the answer cannot be written as JSON").caused_by(error).into()
    }

    pub(crate) fn threads(error: io::Error) -> Self {
        Error::new("HW0811", Blame::Environment, "threads cannot be started").caused_by(error).into()
    }

    /// Tells the failure and returns the exit code.
    pub(crate) fn report(self, console: &Console) -> ExitCode {
        let told = match &self {
            Self::NobodyReads => Ok(()),
            _ if console.json => console.out_json(&self.to_json()),
            Self::Interrupted => {
                console.err("interrupted\n");
                Ok(())
            }
            Self::Project { diagnostics, files } | Self::OutOfReach { diagnostics, files, .. } => {
                console.err(&problem::diagnostics(diagnostics, files, console.color_err));
                Ok(())
            }
            Self::Error(error) => {
                console.err(&problem::error(error, console.color_err));
                Ok(())
            }
        };
        // Nobody is there to be told that nobody could be told.
        drop(told);
        ExitCode::from(self.exit_code())
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::NobodyReads => 0,
            Self::Interrupted => 1,
            Self::Project { .. } => 2,
            Self::OutOfReach { error, .. } | Self::Error(error) => match error.blame {
                Blame::Data => 1,
                Blame::Project => 2,
                Blame::Environment | Blame::Headwater => BROKEN,
            },
        }
    }

    fn to_json(&self) -> serde_json::Value {
        let told = |error: &Error| json!({ "code": error.code, "blame": error.blame, "message": error.full_message(), "help": error.help });
        let error = match self {
            Self::OutOfReach { error, diagnostics, files } => {
                let diagnostics = headwater_diagnostics::render_json(diagnostics, files);
                return json!({ "exit_code": self.exit_code(), "error": told(error), "diagnostics": diagnostics });
            }
            Self::Project { diagnostics, files } => {
                let diagnostics = headwater_diagnostics::render_json(diagnostics, files);
                return json!({ "exit_code": self.exit_code(), "diagnostics": diagnostics });
            }
            Self::Error(error) => told(error),
            Self::Interrupted | Self::NobodyReads => json!({ "message": "interrupted" }),
        };
        json!({ "exit_code": self.exit_code(), "error": error })
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(Box::new(error))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::NobodyReads;
        }
        Error::new("HW0812", Blame::Environment, "the output cannot be written").caused_by(error).into()
    }
}
