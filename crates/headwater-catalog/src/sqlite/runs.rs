//! Runs and their tasks.

use std::collections::BTreeSet;

use headwater_sdk::store::{RunRecord, TaskRecord};
use headwater_sdk::{RunId, TableName};
use rusqlite::{Transaction, params};

use super::bodies;
use super::fault::Fault;
use super::numbers::to_sql;
use crate::encoding::encode;

/// Adds or replaces a run.
pub(super) fn put(tx: &Transaction<'_>, run: &RunRecord) -> Result<(), Fault> {
    let encoded = encode(run)?;
    tx.prepare_cached(
        "INSERT INTO run (id, number, version, body) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET number = excluded.number, version = excluded.version, body = excluded.body",
    )?
    .execute(params![run.id.as_str(), to_sql(run.number)?, encoded.version, encoded.body])?;
    Ok(())
}

/// A run by its identifier.
pub(super) fn get(tx: &Transaction<'_>, id: &RunId) -> Result<Option<RunRecord>, Fault> {
    bodies::one(tx, "SELECT version, body FROM run WHERE id = ?1", [id.as_str()])
}

/// The newest runs first.
pub(super) fn newest(tx: &Transaction<'_>, limit: i64) -> Result<Vec<RunRecord>, Fault> {
    bodies::all(tx, "SELECT version, body FROM run ORDER BY number DESC, id DESC LIMIT ?1", [limit])
}

/// Adds or replaces a task.
pub(super) fn put_task(tx: &Transaction<'_>, task: &TaskRecord) -> Result<(), Fault> {
    let encoded = encode(task)?;
    tx.prepare_cached(
        "INSERT INTO task (run, asset, position, version, body) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (run, asset) DO UPDATE SET
           position = excluded.position, version = excluded.version, body = excluded.body",
    )?
    .execute(params![task.run.as_str(), task.asset.to_string(), task.position, encoded.version, encoded.body])?;
    Ok(())
}

/// The assets of all tasks.
pub(super) fn assets(tx: &Transaction<'_>) -> Result<BTreeSet<TableName>, Fault> {
    let mut statement = tx.prepare_cached("SELECT DISTINCT asset FROM task")?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    // A name that no table can have has no folder either.
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// The tasks of a run, in their order.
pub(super) fn tasks(tx: &Transaction<'_>, run: &RunId) -> Result<Vec<TaskRecord>, Fault> {
    bodies::all(tx, "SELECT version, body FROM task WHERE run = ?1 ORDER BY position, asset", [run.as_str()])
}

/// Those of a run's tasks that are on these assets.
pub(super) fn tasks_on(tx: &Transaction<'_>, run: &RunId, assets: &[TableName]) -> Result<Vec<TaskRecord>, Fault> {
    let sql = "SELECT version, body FROM task WHERE run = ?1 AND asset = ?2";
    let found = assets.iter().map(|asset| bodies::one(tx, sql, [run.as_str(), &asset.to_string()]));
    Ok(found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}
