//! Why a run, a plan or a check of a project did not come to its end.

use headwater_diagnostics::Diagnostic;
use headwater_sdk::{Blame, Error};

/// Why there is no summary.
#[derive(Debug)]
pub enum RunError {
    /// The project is wrong; nothing was run.
    Project(Vec<Diagnostic>),
    /// Something that the project names is out of reach; nothing was run. The first error, and all that is to be told, with places.
    OutOfReach(Box<Error>, Vec<Diagnostic>),
    /// The run could not go on. What it has staged is kept for the next one.
    Failed(Error),
    /// A person stopped it before it had a plan; nothing was done.
    Interrupted,
}

impl RunError {
    /// The program's exit code: 1 interrupted or the data's fault, 2 the project is wrong, 3 the environment is.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Interrupted => 1,
            Self::Project(_) => 2,
            Self::OutOfReach(error, _) => blamed(error.blame),
            Self::Failed(error) => blamed(error.blame),
        }
    }
}

fn blamed(blame: Blame) -> u8 {
    match blame {
        Blame::Data => 1,
        Blame::Project => 2,
        Blame::Environment | Blame::Headwater => 3,
    }
}

impl From<Error> for RunError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
