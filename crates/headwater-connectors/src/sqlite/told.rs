//! What SQLite's errors mean.

use headwater_sdk::{Blame, Error};
use rusqlite::ErrorCode;

use crate::codes;

/// An error of SQLite while something was done that `what` says has failed.
pub(super) fn told(error: &rusqlite::Error, what: &str) -> Error {
    let said = said(error);
    let of = |code: &'static str, blame: Blame| Error::new(code, blame, format!("{what}: {said}"));
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => of(codes::SQLITE_NO_DATABASE, Blame::Data)
            .help("the file is something else, encrypted or overwritten: name another one with `path`, or decrypt it first"),
        Some(ErrorCode::DatabaseCorrupt) => of(codes::SQLITE_DAMAGED, Blame::Data)
            .help("look at it with `pragma integrity_check`, and take a backup or what `.recover` of sqlite3 saves"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
            of(codes::SQLITE_BUSY, Blame::Environment)
                .help("let the program that writes to the file end its transaction, and run again")
                .transient()
        }
        // A transaction that was cut off has to be undone, or the log's index to be made, before anybody can read.
        Some(ErrorCode::ReadOnly) => of(codes::SQLITE_BUSY, Blame::Environment)
            .help("a program died while it wrote: open the file once with one that may write, e.g. `sqlite3 FILE 'select 1'`"),
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => of(codes::SQLITE_NO_FILE, Blame::Environment).help(
            "the file has to be readable; one in WAL mode also needs a folder that is writable, or its -shm and -wal beside it",
        ),
        Some(ErrorCode::SystemIoFailure | ErrorCode::OutOfMemory | ErrorCode::DiskFull) => {
            of(codes::SQLITE_FAILED, Blame::Environment)
                .help("the disk or the memory of this machine failed: see to it, and run again")
        }
        _ => of(codes::SQLITE_FAILED, Blame::Data).help("the message is SQLite's: try the query with its program sqlite3"),
    }
}

/// An error of SQLite about SQL that the project asks for, before any row was read.
pub(super) fn refused(error: &rusqlite::Error, what: &str, help: &str) -> Error {
    match (error, error.sqlite_error_code()) {
        (rusqlite::Error::SqlInputError { .. }, _)
        | (_, Some(ErrorCode::Unknown | ErrorCode::AuthorizationForStatementDenied)) => {
            Error::new(codes::SQLITE_OPTIONS, Blame::Project, format!("{what}: {}", said(error))).help(help)
        }
        _ => told(error, what),
    }
}

/// What SQLite says, in its words.
pub(super) fn said(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(code, None) => code.to_string(),
        rusqlite::Error::SqliteFailure(_, Some(text)) | rusqlite::Error::SqlInputError { msg: text, .. } => {
            text.clone()
        }
        other => other.to_string(),
    }
}
