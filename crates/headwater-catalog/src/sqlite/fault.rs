//! What can go wrong inside a transaction, and what a person is told.

use std::io;
use std::path::Path;

use headwater_sdk::{Blame, Error};
use rusqlite::ErrorCode;

use crate::codes;

/// Why a transaction was given up.
#[derive(Debug)]
pub(super) enum Fault {
    /// SQLite, or the disk under it.
    Sqlite(rusqlite::Error),
    /// A refusal or a record that cannot be read: already in words.
    Said(Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Said(error)
    }
}

impl Fault {
    /// Whether somebody else holds a lock, so that waiting can help.
    pub(super) fn is_locked(&self) -> bool {
        matches!(self, Self::Sqlite(error)
            if matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)))
    }

    /// The error for a person, about the catalogue at `path`.
    pub(super) fn into_error(self, path: &Path) -> Error {
        let error = match self {
            Self::Said(error) => return error,
            Self::Sqlite(error) => error,
        };
        let path = path.display();
        let environment = |code, message: String| Error::new(code, Blame::Environment, message);
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => environment(codes::DISK_FULL, format!("no space left to write to {path}"))
                .help("free some space, then run again; nothing was changed"),
            Some(ErrorCode::DatabaseCorrupt) => environment(codes::DAMAGED, format!("the catalogue {path} is damaged"))
                .help("put back a copy of the file together with its -wal file"),
            Some(ErrorCode::NotADatabase) => environment(codes::DAMAGED, format!("{path} is not a catalogue"))
                .help("choose another path, or put back a copy of the catalogue if this was one"),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                environment(codes::LOCKED, format!("another program holds the catalogue {path} locked"))
                    .help("close the program that has the file open in a transaction, then try again")
                    .transient()
            }
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                environment(codes::NO_ACCESS, format!("the catalogue {path} cannot be opened for writing"))
                    .help("give this user the right to write to the file and to its folder")
            }
            Some(ErrorCode::SystemIoFailure | ErrorCode::FileLockingProtocolFailed | ErrorCode::NoLargeFileSupport) => {
                environment(codes::IO, format!("the disk failed while the catalogue {path} was read or written"))
                    .help("look at the system's log; keep the catalogue on a local disk")
            }
            _ => Error::new(codes::DEFECT, Blame::Headwater, format!("the catalogue {path} refused a statement"))
                .help("if its tables were changed by hand, put back a copy; otherwise report this"),
        }
        .caused_by(error)
    }
}

/// The error for a catalogue's file or folder that cannot be made.
pub(super) fn no_access(path: &Path, error: io::Error) -> Error {
    let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let code = if full { codes::DISK_FULL } else { codes::NO_ACCESS };
    let help = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space, then run again",
        io::ErrorKind::IsADirectory => "it is a folder: name a file in it",
        io::ErrorKind::ReadOnlyFilesystem => "the disk is mounted read-only: choose another place",
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "a part of the path is a file: choose another place"
        }
        _ => "give this user the right to write to its folder, or choose another place",
    };
    Error::new(code, Blame::Environment, format!("cannot create the catalogue {}", path.display()))
        .help(help)
        .caused_by(error)
}
