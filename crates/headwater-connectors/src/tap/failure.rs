//! An error that several streams are told.

use headwater_sdk::{Blame, Error};

/// What of an error every stream is told that waits for the same thing.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    code: &'static str,
    blame: Blame,
    pub(super) transient: bool,
    message: String,
    help: Option<String>,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            code: error.code,
            blame: error.blame,
            transient: error.transient,
            message: error.full_message(),
            help: error.help.clone(),
        }
    }
}

impl From<&Failure> for Error {
    fn from(failure: &Failure) -> Self {
        let mut error = Self::new(failure.code, failure.blame, failure.message.clone());
        error.transient = failure.transient;
        error.help.clone_from(&failure.help);
        error
    }
}
