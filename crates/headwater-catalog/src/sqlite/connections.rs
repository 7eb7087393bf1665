//! Connections to one database: one that writes, and some that read beside it.
//!
//! In WAL mode readers never wait for the writer, so that a query on the newest snapshot does not wait for a commit
//! that is being flushed to disk.
//!
//! Who writes what has to be kept moves the log into the database in the end. Who only reads, or counts usage, leaves it: that takes
//! several flushes, which would be most of what a short query costs.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use headwater_sdk::Result;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::fault::{self, Fault};
use super::migrations;

/// How many idle readers are kept open.
const IDLE_READERS: usize = 4;
/// How long to wait before trying again where SQLite itself does not wait.
const LOCK_PAUSE: Duration = Duration::from_millis(10);
/// Pages (4 KiB) of the log that counting usage lets come together before they are moved into the database: whoever opens the
/// catalogue first reads them.
const LIGHT_LOG_PAGES: i64 = 250;
/// Pages of the log that other writing lets come together: SQLite's default.
const LOG_PAGES: i64 = 1000;
/// Statements that each connection keeps prepared.
const PREPARED_STATEMENTS: usize = 64;

/// See the module.
#[derive(Debug)]
pub(super) struct Connections {
    path: PathBuf,
    lock_timeout: Duration,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    /// Whether anything was written that has to be kept.
    has_written: AtomicBool,
}

impl Connections {
    /// Opens the database, makes it when it is missing, and brings it to the newest layout.
    pub(super) fn open(path: &Path, lock_timeout: Duration) -> Result<Self> {
        create_file(path).map_err(|e| fault::no_access(path, e))?;
        // SQLite does not wait by itself for another process that is turning WAL mode on, so this waits for it.
        let deadline = Instant::now() + lock_timeout;
        let writer = loop {
            match prepare(path, lock_timeout) {
                Err(fault) if fault.is_locked() && Instant::now() < deadline => thread::sleep(LOCK_PAUSE),
                outcome => break outcome.map_err(|fault| fault.into_error(path))?,
            }
        };
        Ok(Self {
            path: path.to_owned(),
            lock_timeout,
            writer: Mutex::new(writer),
            readers: Mutex::default(),
            has_written: AtomicBool::new(false),
        })
    }

    /// Runs `work` in a transaction that reads one consistent state.
    pub(super) fn read<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>) -> Result<T> {
        let outcome = self.reader().and_then(|mut reader| {
            let transaction = reader.transaction_with_behavior(TransactionBehavior::Deferred)?;
            let value = work(&transaction)?;
            drop(transaction);
            self.give_back(reader);
            Ok(value)
        });
        outcome.map_err(|fault| fault.into_error(&self.path))
    }

    /// Runs `work` in a transaction that holds the write lock from its start; what it did is on disk when this returns.
    pub(super) fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>) -> Result<T> {
        let mut writer = self.writer();
        self.has_written.store(true, Ordering::Relaxed);
        let attempt = || {
            let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        attempt().map_err(|fault: Fault| fault.into_error(&self.path))
    }

    /// As [`Self::write`], of what may be lost: it gives up when another process is writing, and what it did may not be on
    /// disk yet when this returns.
    pub(super) fn write_lightly<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>) -> Result<T> {
        let mut writer = self.writer();
        let attempt = || {
            writer.busy_timeout(Duration::ZERO)?;
            // In WAL mode a commit is then not flushed; those before and after it are.
            writer.pragma_update(None, "synchronous", "NORMAL")?;
            writer.pragma_update(None, "wal_autocheckpoint", LIGHT_LOG_PAGES)?;
            let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        let outcome = attempt();
        let restored = settle(&writer, self.lock_timeout);
        outcome
            .and_then(|value| restored.map(|()| value).map_err(Fault::from))
            .map_err(|fault: Fault| fault.into_error(&self.path))
    }

    /// The connection that writes. A panic while it was held has rolled its transaction back: it can be used again.
    pub(super) fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reader(&self) -> Result<Connection, Fault> {
        let idle = self.idle().pop();
        match idle {
            Some(reader) => Ok(reader),
            None => connect(&self.path, self.lock_timeout),
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn idle_readers(&self) -> usize {
        self.idle().len()
    }

    fn give_back(&self, reader: Connection) {
        let mut readers = self.idle();
        if readers.len() < IDLE_READERS {
            readers.push(reader);
        }
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        if !self.has_written.load(Ordering::Relaxed) {
            let readers = self.readers.get_mut().unwrap_or_else(PoisonError::into_inner).iter();
            let writer = &*self.writer.get_mut().unwrap_or_else(PoisonError::into_inner);
            for connection in readers.chain([writer]) {
                // Otherwise it takes a little longer to close.
                let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
            }
        }
    }
}

/// Makes the file, for its owner alone: commands and plans in it are nobody else's business. SQLite gives the files
/// beside it the same mode.
fn create_file(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(e),
        _ => Ok(()),
    }
}

/// The first connection: refuses what is no catalogue before it changes anything.
fn prepare(path: &Path, lock_timeout: Duration) -> Result<Connection, Fault> {
    let mut connection = connect(path, lock_timeout)?;
    migrations::check(&mut connection)?;
    // Where a file system cannot do WAL, SQLite answers with the mode that it stays in: slower, and as safe.
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    migrations::migrate(&mut connection)?;
    Ok(connection)
}

fn connect(path: &Path, lock_timeout: Duration) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    settle(&connection, lock_timeout)?;
    connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
    connection.pragma_update(None, "foreign_keys", "ON")?;
    Ok(connection)
}

/// How a connection waits for others, and for the disk, and how many pages of the log come together.
fn settle(connection: &Connection, lock_timeout: Duration) -> rusqlite::Result<()> {
    connection.busy_timeout(lock_timeout)?;
    // FULL: a commit is on disk before it is reported, also after a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)
}
