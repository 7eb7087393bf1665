//! Deliveries: what has come of them, and how far destinations are that cannot remember it.

use headwater_sdk::destination::RowId;
use headwater_sdk::store::{DeliveryRecord, LedgerRecord, UndeliveredRecord};
use headwater_sdk::{Blame, Error, RunId};
use rusqlite::{Transaction, params};

use super::bodies;
use super::fault::Fault;
use crate::codes;
use crate::encoding::encode;

/// Adds or replaces what has come of a delivery.
pub(super) fn put(tx: &Transaction<'_>, delivery: &DeliveryRecord) -> Result<(), Fault> {
    let encoded = encode(delivery)?;
    tx.prepare_cached(
        "INSERT INTO delivery (run, name, started_ms, version, body) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (run, name) DO UPDATE SET
           started_ms = excluded.started_ms, version = excluded.version, body = excluded.body",
    )?
    .execute(params![
        delivery.run.as_str(),
        delivery.delivery,
        delivery.started_ms,
        encoded.version,
        encoded.body
    ])?;
    Ok(())
}

/// Those of a run.
pub(super) fn of_run(tx: &Transaction<'_>, run: &RunId) -> Result<Vec<DeliveryRecord>, Fault> {
    bodies::all(tx, "SELECT version, body FROM delivery WHERE run = ?1 ORDER BY started_ms, name", [run.as_str()])
}

/// Those of one name, the newest first.
pub(super) fn history(tx: &Transaction<'_>, name: &str, limit: i64) -> Result<Vec<DeliveryRecord>, Fault> {
    let sql = "SELECT version, body FROM delivery WHERE name = ?1 ORDER BY started_ms DESC, run DESC LIMIT ?2";
    bodies::all(tx, sql, params![name, limit])
}

/// How far a destination is.
pub(super) fn ledger(tx: &Transaction<'_>, name: &str) -> Result<Option<LedgerRecord>, Fault> {
    bodies::one(tx, "SELECT version, body FROM ledger WHERE name = ?1", [name])
}

/// Sets how far it is.
pub(super) fn put_ledger(tx: &Transaction<'_>, record: &LedgerRecord) -> Result<(), Fault> {
    let before = ledger(tx, &record.delivery)?.and_then(|before| before.pending);
    if record.pending.is_none() || before != record.pending {
        tx.execute("DELETE FROM acknowledged WHERE name = ?1", [&record.delivery])?;
    }
    let encoded = encode(record)?;
    tx.prepare_cached(
        "INSERT INTO ledger (name, version, body) VALUES (?1, ?2, ?3)
         ON CONFLICT (name) DO UPDATE SET version = excluded.version, body = excluded.body",
    )?
    .execute(params![record.delivery, encoded.version, encoded.body])?;
    Ok(())
}

/// The rows that were acknowledged.
pub(super) fn acknowledged(tx: &Transaction<'_>, name: &str) -> Result<Vec<RowId>, Fault> {
    let mut statement = tx.prepare_cached("SELECT id FROM acknowledged WHERE name = ?1")?;
    let ids = statement.query_map([name], |row| row.get::<_, Vec<u8>>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    let ids = ids.into_iter().map(|id| {
        RowId::try_from(id.as_slice()).map_err(|_| {
            let message = format!("what the catalogue holds of the delivery {name} cannot be read");
            Error::new(codes::DAMAGED, Blame::Environment, message)
                .help("put back a copy of the catalogue from before it was damaged")
        })
    });
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Notes what has come of rows.
pub(super) fn acknowledge(
    tx: &Transaction<'_>,
    name: &str,
    rows: &[RowId],
    refused: &[UndeliveredRecord],
    gone: &[String],
) -> Result<(), Fault> {
    let mut add = tx.prepare_cached("INSERT OR IGNORE INTO acknowledged (name, id) VALUES (?1, ?2)")?;
    for id in rows {
        add.execute(params![name, id.as_slice()])?;
    }
    let mut remove = tx.prepare_cached("DELETE FROM undelivered WHERE name = ?1 AND id = ?2")?;
    for id in gone {
        remove.execute(params![name, id])?;
    }
    for record in refused {
        let known = "SELECT version, body FROM undelivered WHERE name = ?1 AND id = ?2";
        let known: Option<UndeliveredRecord> = bodies::one(tx, known, params![name, record.row.id])?;
        let since_ms = known.map_or(record.since_ms, |known| known.since_ms.min(record.since_ms));
        let encoded = encode(&UndeliveredRecord { since_ms, ..record.clone() })?;
        tx.prepare_cached(
            "INSERT INTO undelivered (name, id, since_ms, version, body) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (name, id) DO UPDATE SET version = excluded.version, body = excluded.body",
        )?
        .execute(params![name, record.row.id, since_ms, encoded.version, encoded.body])?;
    }
    Ok(())
}

/// The rows that were refused.
pub(super) fn undelivered(tx: &Transaction<'_>, name: &str) -> Result<Vec<UndeliveredRecord>, Fault> {
    bodies::all(tx, "SELECT version, body FROM undelivered WHERE name = ?1 ORDER BY since_ms, id", [name])
}
