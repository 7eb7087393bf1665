//! What goes wrong between us and a server, and what it means for a person.

use std::time::Duration;

use headwater_sdk::{Blame, Error};

use super::wire::codes as status;
use crate::codes;

/// How often something is tried, at most, unless it comes far in between.
const TRIES: u32 = 5;
/// The pause after the first try; it doubles with each further one.
const PAUSE: Duration = Duration::from_millis(250);

/// What a request comes to, other than an answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The connection is gone, or could not be made for now. Another one may do.
    Lost(Error),
    /// The server says no.
    Refused { code: u32, text: String },
    /// Nothing that another connection could put right.
    Final(Error),
}

impl Failure {
    /// A connection to `server` that ended.
    pub(super) fn lost(server: &str, why: &str) -> Self {
        Self::Lost(unreachable(server).caused_by(why.to_owned()))
    }

    /// An answer to something else, or one that cannot be read.
    pub(super) fn garbled(server: &str) -> Self {
        Self::lost(server, "it answers what is no SFTP")
    }

    /// Whether there is no such file.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { code: status::NO_SUCH_FILE, .. })
    }

    /// As an error of a store, about the file or folder `name`.
    pub(super) fn about(self, name: &str) -> object_store::Error {
        use object_store::Error as E;
        let (code, text) = match self {
            Self::Lost(error) | Self::Final(error) => return wrapped(error),
            Self::Refused { code, text } => (code, text),
        };
        let said =
            if text.is_empty() { format!("the server answers {code}") } else { format!("the server says: {text}") };
        let (path, source) = (name.to_owned(), said.into());
        match code {
            status::NO_SUCH_FILE => E::NotFound { path, source },
            status::PERMISSION_DENIED => E::PermissionDenied { path, source },
            _ => E::Generic { store: "sftp", source },
        }
    }
}

/// An error in our terms, for `store_error` to find again.
pub(super) fn wrapped(error: Error) -> object_store::Error {
    object_store::Error::Generic { store: "sftp", source: Box::new(error) }
}

/// The error for a server that does not answer (any more).
pub(super) fn unreachable(server: &str) -> Error {
    Error::new(codes::UNREACHABLE, Blame::Environment, format!("the server {server} cannot be spoken to"))
        .help("check the host and the port in `location`, and the network; a server that is busy may answer later")
        .transient()
}

/// How often something was tried.
#[derive(Debug, Default)]
pub(super) struct Tries(u32);

impl Tries {
    /// Waits before the next try.
    ///
    /// # Errors
    /// The failure, when trying again does not help or did not help often enough.
    pub(super) async fn again(&mut self, failure: Failure) -> Result<(), Failure> {
        self.0 += 1;
        if !matches!(failure, Failure::Lost(_)) || self.0 >= TRIES {
            return Err(failure);
        }
        tokio::time::sleep(PAUSE * 2_u32.pow(self.0 - 1)).await;
        Ok(())
    }

    /// Whether this is not the first try.
    pub(super) fn repeated(&self) -> bool {
        self.0 > 0
    }

    /// Something has come far: the next interruption is another one.
    pub(super) fn begin_anew(&mut self) {
        self.0 = 0;
    }
}
