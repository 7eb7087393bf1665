//! Writes what a snapshot changes.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Transaction, params};

use super::fault::Fault;
use super::history::{self, History};
use super::numbers::to_sql;
use crate::encoding::Encoded;

/// The changes of the newest snapshot, while its transaction is open.
pub(super) struct Changes<'a> {
    tx: &'a Transaction<'a>,
    snapshot: u64,
    /// Identifiers of names, read once: publishing a thousand tables asks for each of them several times.
    names: HashMap<String, i64>,
}

impl<'a> Changes<'a> {
    /// Begins to write the changes of a snapshot that none has been written of.
    pub(super) fn begin(tx: &'a Transaction<'a>, snapshot: u64) -> Result<Self, Fault> {
        let mut statement = tx.prepare_cached("SELECT text, id FROM name")?;
        let names = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        Ok(Self { tx, snapshot, names })
    }

    /// What every name had before.
    pub(super) fn all_before(&self, history: History) -> Result<HashMap<String, Encoded>, Fault> {
        Ok(history.encoded_as_of(self.tx, self.snapshot - 1)?.into_iter().collect())
    }

    /// What one name had before.
    pub(super) fn before(&self, history: History, name: &str) -> Result<Option<Encoded>, Fault> {
        let Some(id) = self.names.get(name) else {
            return Ok(None);
        };
        let newest = format!(
            "SELECT version, body FROM {} WHERE name = ?1 AND snapshot < ?2 ORDER BY snapshot DESC LIMIT 1",
            history.table()
        );
        let mut statement = self.tx.prepare_cached(&newest)?;
        let found = statement.query_row(params![id, to_sql(self.snapshot)?], history::read_change);
        Ok(found.optional()?.flatten())
    }

    /// Records that a name has something from now on, or nothing any more. Once per name.
    pub(super) fn put(&mut self, history: History, name: &str, to: Option<&Encoded>) -> Result<(), Fault> {
        let id = self.name_id(name)?;
        let insert = format!("INSERT INTO {} (name, snapshot, version, body) VALUES (?1, ?2, ?3, ?4)", history.table());
        self.tx.prepare_cached(&insert)?.execute(params![
            id,
            to_sql(self.snapshot)?,
            to.map(|encoded| encoded.version),
            to.map(|encoded| encoded.body.as_str())
        ])?;
        Ok(())
    }

    fn name_id(&mut self, name: &str) -> Result<i64, Fault> {
        if let Some(id) = self.names.get(name) {
            return Ok(*id);
        }
        let id = self.tx.prepare_cached("INSERT INTO name (text) VALUES (?1)")?.insert([name])?;
        self.names.insert(name.to_owned(), id);
        Ok(id)
    }
}
