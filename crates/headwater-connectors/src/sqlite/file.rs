//! The database's file: where it is, how it is opened, and how to see that it has changed.
//!
//! The file itself is never opened but by SQLite: on Unix, a file that a process closes loses all locks that the process has on it,
//! also those of a load that reads at the same time.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::OpenContext;
use headwater_sdk::{Blame, Error, Result};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::options::SourceOptions;
use super::told::told;
use crate::codes;
use headwater_sdk::connector::local::{self, Place};

/// How long a locked file is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// A file that was changed less than this ago may change again without its time telling.
const GRAIN: Duration = Duration::from_millis(100);

/// A database's file.
#[derive(Debug, Clone)]
pub(super) struct File {
    place: Place,
}

impl File {
    pub(super) fn new(options: &SourceOptions, context: &OpenContext) -> std::result::Result<Self, OptionsError> {
        let wrong =
            |message: String, help: &str| OptionsError { key: Some("path"), message, help: Some(help.to_owned()) };
        if options.path.is_empty() {
            return Err(wrong("'' is no file".to_owned(), "write the file's path from the project's folder on"));
        }
        let place = local::place(&options.path, options.allow_outside, &context.project_dir).ok_or_else(|| {
            let message = format!("'{}' is outside the project's folder", options.path);
            wrong(message, "move the file into the project, or say `allow_outside: true` beside `path`")
        })?;
        Ok(Self { place })
    }

    /// What it is called in messages.
    pub(super) fn shown(&self) -> &str {
        &self.place.shown
    }

    /// Where it is, links followed.
    ///
    /// # Errors
    /// When it is not there, is no file, or a link leads out of the project.
    fn real(&self) -> Result<PathBuf> {
        let shown = self.shown();
        let missing = |message: String| Error::new(codes::SQLITE_NO_FILE, Blame::Environment, message);
        let unreadable = |error: std::io::Error| {
            let what = if error.kind() == std::io::ErrorKind::NotFound { "there is no file" } else { "cannot look at" };
            missing(format!("{what} {shown}"))
                .caused_by(error)
                .help("correct `path` of the source, or put the file there")
        };
        let real = self.place.path.canonicalize().map_err(unreadable)?;
        if let Some(project) = &self.place.within {
            let project = project.canonicalize().map_err(unreadable)?;
            if !real.starts_with(project) {
                let message = format!("{shown} leads to {}, outside the project's folder", real.display());
                return Err(Error::new(codes::OUTSIDE, Blame::Project, message)
                    .help("copy the file into the project, or say `allow_outside: true` beside `path`"));
            }
        }
        if !std::fs::metadata(&real).map_err(unreadable)?.is_file() {
            return Err(missing(format!("{shown} is no file")).help("`path` of the source names a single file"));
        }
        Ok(real)
    }

    /// Opens it, to be read only.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn open(&self) -> Result<Connection> {
        let real = self.real()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(&real, flags).and_then(|connection| {
            connection.busy_timeout(PATIENCE)?;
            // The file is somebody else's: what its schema says is not believed more than has to be.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
            // A misspelt column in double quotes would be a text.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
            // The first look at the file.
            connection.query_row("select count(*) from sqlite_schema", [], |_| Ok(()))?;
            Ok(connection)
        });
        opened.map_err(|error| told(&error, &format!("{} cannot be opened", self.shown())))
    }

    /// Bytes of the file, and of its write-ahead log.
    ///
    /// # Errors
    /// When it is not there.
    pub(super) fn bytes(&self) -> Result<(u64, u64)> {
        let real = self.real()?;
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        Ok((size(&real), size(&beside(&real, "-wal"))))
    }

    /// A text that changes when what is committed in the file does.
    ///
    /// # Errors
    /// When it is not there.
    pub(super) fn fingerprint(&self) -> Result<String> {
        let real = self.real()?;
        let mut text = format!("{} {}", self.shown(), stamp(&real));
        let log = beside(&real, "-wal");
        // Readers of a database in WAL mode make an empty log, which says nothing.
        if std::fs::metadata(&log).is_ok_and(|metadata| metadata.len() > 0) {
            text += &format!(", log {}", stamp(&log));
        }
        Ok(text)
    }
}

/// `orders.db-wal` of `orders.db`.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Size and time of a file's last change; another text each time while it may change without these telling.
fn stamp(path: &Path) -> String {
    let Ok(metadata) = std::fs::metadata(path) else { return "gone".to_owned() };
    let since = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let (modified, now) = (metadata.modified().map(since).unwrap_or_default(), since(SystemTime::now()));
    // Some file systems count in seconds.
    let grain = if modified.subsec_nanos() == 0 { Duration::from_secs(2) } else { GRAIN };
    let mut text = format!("{} bytes of {}", metadata.len(), modified.as_nanos());
    if now < modified + grain {
        text += &format!(", seen {}", now.as_nanos());
    }
    text
}
