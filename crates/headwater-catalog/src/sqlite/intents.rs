//! What runs are about to publish.

use headwater_sdk::RunId;
use headwater_sdk::store::Intent;
use rusqlite::{Transaction, params};

use super::bodies;
use super::fault::Fault;
use crate::encoding::encode;

/// Records an intent, or replaces the run's.
pub(super) fn put(tx: &Transaction<'_>, intent: &Intent) -> Result<(), Fault> {
    let encoded = encode(intent)?;
    tx.execute(
        "INSERT INTO intent (run, version, body) VALUES (?1, ?2, ?3)
         ON CONFLICT (run) DO UPDATE SET version = excluded.version, body = excluded.body",
        params![intent.run.as_str(), encoded.version, encoded.body],
    )?;
    Ok(())
}

/// All of them, by run.
pub(super) fn all(tx: &Transaction<'_>) -> Result<Vec<Intent>, Fault> {
    bodies::all(tx, "SELECT version, body FROM intent ORDER BY run", [])
}

/// Removes a run's.
pub(super) fn clear(tx: &Transaction<'_>, run: &RunId) -> Result<(), Fault> {
    tx.execute("DELETE FROM intent WHERE run = ?1", [run.as_str()])?;
    Ok(())
}
