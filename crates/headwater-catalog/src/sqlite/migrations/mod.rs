//! The layout of the database, and how an older one is brought up to date.
//!
//! SQLite's `user_version` says how many of [`MIGRATIONS`] a database has seen. A new layout is a new file at the end
//! of the list; files that were released are never edited.

use headwater_sdk::{Blame, Error};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::fault::Fault;
use crate::codes;

/// One file per layout, oldest first.
const MIGRATIONS: &[&str] = &[
    include_str!("001_catalogue.sql"),
    include_str!("002_branches.sql"),
    include_str!("003_usage.sql"),
    include_str!("004_deliveries.sql"),
];

/// Marks the file as a catalogue of Headwater's (SQLite's `application_id`): the bytes `HWct`.
pub(super) const APPLICATION_ID: i32 = i32::from_be_bytes(*b"HWct");

/// Refuses a database that is not a catalogue, or one of a newer Headwater, without touching it.
pub(super) fn check(connection: &mut Connection) -> Result<(), Fault> {
    // One state of the database: another process may be making the catalogue right now.
    let transaction = connection.transaction()?;
    let number = |pragma: &str| transaction.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    if number("application_id")? != APPLICATION_ID {
        let objects: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if objects > 0 {
            let message = "the database belongs to another program";
            return Err(Error::new(codes::DAMAGED, Blame::Environment, message)
                .help("choose another path for the catalogue")
                .into());
        }
    }
    let (theirs, ours) = (number("user_version")?, newest());
    if theirs > ours {
        let message = format!("the catalogue has layout {theirs} of a newer headwater, this one knows up to {ours}");
        return Err(Error::new(codes::NEWER_CATALOGUE, Blame::Environment, message)
            .help("use the headwater that made it, or a newer one")
            .into());
    }
    Ok(())
}

/// Brings the database to the newest layout, in one transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Fault> {
    if version(connection)? == newest() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Read again: another process may have migrated while this one waited for the lock.
    let seen = version(&transaction)?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(seen).unwrap_or(0)) {
        transaction.execute_batch(migration)?;
    }
    finish(transaction)
}

fn finish(transaction: Transaction<'_>) -> Result<(), Fault> {
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", newest())?;
    transaction.commit()?;
    Ok(())
}

fn version(connection: &Connection) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn newest() -> i32 {
    MIGRATIONS.len() as i32
}
