//! The files that a program is given: a folder for one run of it, which is gone afterwards.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;

use headwater_sdk::{Blame, Error, Result};
use tempfile::TempDir;

use crate::codes;

/// A folder that only this user can look into. It is removed with all that is in it when it is dropped.
#[derive(Debug)]
pub(crate) struct Workplace(TempDir);

impl Workplace {
    /// # Errors
    /// When no folder can be made.
    pub(crate) fn new() -> Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("headwater-").permissions(std::fs::Permissions::from_mode(0o700));
        builder.tempdir().map(Self).map_err(unwritable)
    }

    /// The path of a file in it, whether or not it is there.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file that only this user can read; its path, as an argument.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(&self, name: &str, content: &str) -> Result<OsString> {
        let path = self.path(name);
        let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(content.as_bytes())).map_err(unwritable)?;
        Ok(path.into())
    }
}

/// That a temporary file cannot be made, written or read.
pub(crate) fn unwritable(error: std::io::Error) -> Error {
    Error::new(codes::UNREADABLE, Blame::Environment, "a program's temporary files cannot be made or read")
        .help("make room in the folder for temporary files (TMPDIR says which)")
        .caused_by(error)
}
