//! Snapshots: headers, and relations rebuilt from changes.

use std::collections::BTreeSet;

use headwater_sdk::store::SnapshotRecord;
use headwater_sdk::{Relation, Relations};
use rusqlite::{Params, Transaction, params};

use super::fault::Fault;
use super::history::History;
use super::numbers::{from_sql, to_bound, to_sql};
use super::{bodies, branches};
use crate::encoding::{SnapshotHeader, encode};
use crate::refusals;

/// The newest snapshot's number.
pub(super) fn head_id(tx: &Transaction<'_>) -> Result<Option<u64>, Fault> {
    let id: Option<i64> = tx.query_row("SELECT max(id) FROM snapshot", [], |row| row.get(0))?;
    Ok(id.map(from_sql))
}

/// The largest number that a snapshot ever had.
pub(super) fn last_id(tx: &Transaction<'_>) -> Result<u64, Fault> {
    let id: i64 = tx.query_row("SELECT id FROM last_snapshot", [], |row| row.get(0))?;
    Ok(from_sql(id))
}

/// Takes a number, which must be larger than all before it.
pub(super) fn count(tx: &Transaction<'_>, id: u64) -> Result<(), Fault> {
    let last = last_id(tx)?;
    if id <= last {
        return Err(refusals::number_not_larger(id, last).into());
    }
    tx.execute("UPDATE last_snapshot SET id = ?1", [to_sql(id)?])?;
    Ok(())
}

/// Adds the header of a snapshot.
pub(super) fn put_header(tx: &Transaction<'_>, snapshot: &SnapshotRecord) -> Result<(), Fault> {
    let encoded = encode(&SnapshotHeader::of(snapshot))?;
    tx.execute(
        "INSERT INTO snapshot (id, published_ms, version, body) VALUES (?1, ?2, ?3, ?4)",
        params![to_sql(snapshot.id)?, snapshot.published_ms, encoded.version, encoded.body],
    )?;
    Ok(())
}

/// Marks snapshots as vacuumed.
pub(super) fn put_vacuumed(tx: &Transaction<'_>, ids: &BTreeSet<u64>) -> Result<(), Fault> {
    for id in ids {
        let header: Option<SnapshotHeader> =
            bodies::one(tx, "SELECT version, body FROM snapshot WHERE id = ?1", [to_bound(*id)])?;
        let Some(header) = header else {
            branches::put_vacuumed(tx, *id)?;
            continue;
        };
        let encoded = encode(&header.vacuumed())?;
        tx.prepare_cached("UPDATE snapshot SET version = ?2, body = ?3 WHERE id = ?1")?.execute(params![
            to_bound(*id),
            encoded.version,
            encoded.body
        ])?;
    }
    Ok(())
}

/// The newest snapshot.
pub(super) fn head(tx: &Transaction<'_>) -> Result<Option<SnapshotRecord>, Fault> {
    one(tx, "SELECT version, body FROM snapshot ORDER BY id DESC LIMIT 1", [])
}

/// A snapshot by its number.
pub(super) fn get(tx: &Transaction<'_>, id: u64) -> Result<Option<SnapshotRecord>, Fault> {
    match one(tx, "SELECT version, body FROM snapshot WHERE id = ?1", [to_bound(id)])? {
        Some(snapshot) => Ok(Some(snapshot)),
        None => branches::snapshot(tx, id),
    }
}

/// The newest snapshot published at or before a time. By number, not by time: a clock may have been set back.
pub(super) fn at(tx: &Transaction<'_>, time_ms: i64) -> Result<Option<SnapshotRecord>, Fault> {
    one(tx, "SELECT version, body FROM snapshot WHERE published_ms <= ?1 ORDER BY id DESC LIMIT 1", [time_ms])
}

/// The newest snapshots first. The relations of the oldest are read, then changed step by step to those of the newest.
pub(super) fn newest(tx: &Transaction<'_>, limit: i64) -> Result<Vec<SnapshotRecord>, Fault> {
    let headers: Vec<SnapshotHeader> =
        bodies::all(tx, "SELECT version, body FROM snapshot ORDER BY id DESC LIMIT ?1", [limit])?;
    let Some(oldest) = headers.last().map(SnapshotHeader::id) else {
        return Ok(Vec::new());
    };
    let mut relations = relations_as_of(tx, oldest)?;
    let mut changes = History::Relations.changes_after::<Relation>(tx, oldest)?.into_iter().peekable();
    let mut snapshots = Vec::with_capacity(headers.len());
    for header in headers.into_iter().rev() {
        while let Some((_, name, relation)) = changes.next_if(|(at, ..)| *at <= header.id()) {
            match relation {
                Some(relation) => relations.insert(name, relation),
                None => relations.remove(&name),
            };
        }
        snapshots.push(header.with_relations(relations.clone()));
    }
    snapshots.reverse();
    Ok(snapshots)
}

fn one(tx: &Transaction<'_>, sql: &str, params: impl Params) -> Result<Option<SnapshotRecord>, Fault> {
    let header: Option<SnapshotHeader> = bodies::one(tx, sql, params)?;
    header
        .map(|header| {
            let relations = relations_as_of(tx, header.id())?;
            Ok(header.with_relations(relations))
        })
        .transpose()
}

fn relations_as_of(tx: &Transaction<'_>, id: u64) -> Result<Relations, Fault> {
    Ok(History::Relations.as_of::<Relation>(tx, id)?.into_iter().collect())
}
