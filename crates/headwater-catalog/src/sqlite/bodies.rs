//! Reads the columns `version` and `body` that every record is kept in.

use rusqlite::{OptionalExtension, Params, Row, Transaction};

use super::fault::Fault;
use crate::encoding::{Encoded, Record, decode};

/// The record of the first row of a query that yields `version` and `body`.
pub(super) fn one<R: Record>(tx: &Transaction<'_>, sql: &str, params: impl Params) -> Result<Option<R>, Fault> {
    let found = tx.prepare_cached(sql)?.query_row(params, read).optional()?;
    Ok(found.map(|encoded| decode(&encoded)).transpose()?)
}

/// The records of all rows of a query that yields `version` and `body`.
pub(super) fn all<R: Record>(tx: &Transaction<'_>, sql: &str, params: impl Params) -> Result<Vec<R>, Fault> {
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(decode(&read(row)?)?);
    }
    Ok(records)
}

/// The columns `version` and `body` of a row.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Encoded> {
    Ok(Encoded { version: row.get("version")?, body: row.get("body")? })
}
