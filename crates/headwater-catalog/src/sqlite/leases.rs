//! Leases and their fencing tokens.
//!
//! Who holds a lease is a matter of tokens, not of time: a holder that is late but was not taken over may go on. Time
//! only decides whether somebody else may take over.

use headwater_sdk::store::Lease;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::fault::Fault;
use super::numbers::{from_sql, to_sql};
use crate::refusals;

/// Takes a lease until `expires_ms` unless somebody else's lasts beyond `now_ms`; then that one is the inner error.
pub(super) fn acquire(
    tx: &Transaction<'_>,
    name: &str,
    holder: &str,
    now_ms: i64,
    expires_ms: i64,
) -> Result<Result<Lease, Lease>, Fault> {
    if let Some(other) = current(tx, name)?.filter(|held| held.expires_ms > now_ms) {
        return Ok(Err(other));
    }
    // Rows are never deleted: the largest token there is, is the largest that there ever was.
    let token: i64 = tx.query_row("SELECT coalesce(max(token), 0) + 1 FROM lease", [], |row| row.get(0))?;
    tx.execute(
        "INSERT INTO lease (name, holder, token, expires_ms, held) VALUES (?1, ?2, ?3, ?4, 1)
         ON CONFLICT (name) DO UPDATE SET
           holder = excluded.holder, token = excluded.token, expires_ms = excluded.expires_ms, held = 1",
        params![name, holder, token, expires_ms],
    )?;
    Ok(Ok(Lease { name: name.to_owned(), holder: holder.to_owned(), token: from_sql(token), expires_ms }))
}

/// Prolongs a lease; false when it is no longer this one.
pub(super) fn renew(tx: &Transaction<'_>, lease: &Lease, expires_ms: i64) -> Result<bool, Fault> {
    let renewed = tx.execute(
        "UPDATE lease SET expires_ms = ?3 WHERE name = ?1 AND token = ?2 AND held = 1",
        params![lease.name, to_sql(lease.token)?, expires_ms],
    )?;
    Ok(renewed > 0)
}

/// Gives a lease back, if it is still this one.
pub(super) fn release(tx: &Transaction<'_>, lease: &Lease) -> Result<(), Fault> {
    tx.execute("UPDATE lease SET held = 0 WHERE name = ?1 AND token = ?2", params![lease.name, to_sql(lease.token)?])?;
    Ok(())
}

/// Refuses when the lease is no longer this one.
pub(super) fn require(tx: &Transaction<'_>, lease: &Lease) -> Result<(), Fault> {
    match current(tx, &lease.name)? {
        Some(held) if held.token == lease.token => Ok(()),
        other => Err(refusals::lease_lost(lease, other.as_ref().map(|now| now.holder.as_str())).into()),
    }
}

fn current(tx: &Transaction<'_>, name: &str) -> Result<Option<Lease>, Fault> {
    let read = |row: &Row<'_>| {
        Ok(Lease {
            name: name.to_owned(),
            holder: row.get("holder")?,
            token: from_sql(row.get("token")?),
            expires_ms: row.get("expires_ms")?,
        })
    };
    let sql = "SELECT holder, token, expires_ms FROM lease WHERE name = ?1 AND held = 1";
    Ok(tx.prepare_cached(sql)?.query_row([name], read).optional()?)
}
