//! What queries have asked of tables.

use headwater_sdk::store::{MOST_USAGE, MOST_USAGE_OF_A_DAY, USAGE_DAYS, UsageRecord};
use headwater_sdk::{Blame, Error};
use rusqlite::{Transaction, params};

use super::fault::Fault;
use super::{bodies, to_limit};
use crate::codes;
use crate::encoding::encode;

/// Adds records of today to those that are there, and forgets what is too old or too much.
pub(super) fn add(tx: &Transaction<'_>, records: &[UsageRecord], today: i64) -> Result<(), Fault> {
    let mut grown = false;
    for record in records {
        let (name, key) = (record.table.to_string(), key(record)?);
        let place = params![name, record.day, key];
        let known = "SELECT version, body FROM usage WHERE name = ?1 AND day = ?2 AND columns = ?3";
        let sum = match bodies::one::<UsageRecord>(tx, known, place)? {
            Some(mut known) => {
                known.add(record);
                known
            }
            None if of_day(tx, &name, record.day)? >= to_limit(MOST_USAGE_OF_A_DAY) => continue,
            None => {
                grown = true;
                record.clone()
            }
        };
        let encoded = encode(&sum)?;
        tx.prepare_cached(
            "INSERT INTO usage (name, day, columns, version, body) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (name, day, columns) DO UPDATE SET version = excluded.version, body = excluded.body",
        )?
        .execute(params![name, record.day, key, encoded.version, encoded.body])?;
    }
    if grown { forget(tx, today) } else { Ok(()) }
}

fn forget(tx: &Transaction<'_>, today: i64) -> Result<(), Fault> {
    tx.execute("DELETE FROM usage WHERE day <= ?1", [today - USAGE_DAYS])?;
    let all: i64 = tx.query_row("SELECT count(*) FROM usage", [], |row| row.get(0))?;
    let excess = all - to_limit(MOST_USAGE);
    if excess > 0 {
        tx.execute(
            "DELETE FROM usage WHERE (name, day, columns) IN
               (SELECT name, day, columns FROM usage ORDER BY day, name, columns LIMIT ?1)",
            [excess],
        )?;
    }
    Ok(())
}

/// The records of the last days.
pub(super) fn since(tx: &Transaction<'_>, today: i64) -> Result<Vec<UsageRecord>, Fault> {
    let sql = "SELECT version, body FROM usage WHERE day > ?1";
    let mut records: Vec<UsageRecord> = bodies::all(tx, sql, [today - USAGE_DAYS])?;
    records.sort_by(|a, b| (&a.table, a.day, a.key()).cmp(&(&b.table, b.day, b.key())));
    Ok(records)
}

fn of_day(tx: &Transaction<'_>, name: &str, day: i64) -> Result<i64, Fault> {
    let sql = "SELECT count(*) FROM usage WHERE name = ?1 AND day = ?2";
    Ok(tx.prepare_cached(sql)?.query_row(params![name, day], |row| row.get(0))?)
}

fn key(record: &UsageRecord) -> Result<String, Error> {
    serde_json::to_string(&record.key()).map_err(|e| {
        Error::new(codes::DEFECT, Blame::Headwater, "the columns of a query cannot be written as JSON").caused_by(e)
    })
}
