//! What names stood for over time: a row for every change, so that a snapshot costs what it changed.
//!
//! As of a snapshot, a name has what its newest row at or below that snapshot says. A row without a body says that the
//! name is gone. One seek per name in the index on (name, snapshot) finds that row, for new and old snapshots alike.

use headwater_sdk::{Blame, Error, TableName};
use rusqlite::{Row, Transaction};

use super::fault::Fault;
use super::numbers::{from_sql, to_bound};
use super::{bodies, branches};
use crate::codes;
use crate::encoding::{Encoded, Record, decode};

/// Something that each name has at most one of as of a snapshot, and the table of its changes.
#[derive(Debug, Clone, Copy)]
pub(super) enum History {
    /// What names stand for.
    Relations,
    /// States of assets.
    AssetStates,
    /// Lineage of assets.
    Lineage,
}

impl History {
    /// The table of its changes.
    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Relations => "relation",
            Self::AssetStates => "asset_state",
            Self::Lineage => "lineage",
        }
    }

    /// The query of [`Self::as_of`].
    pub(super) fn as_of_sql(self) -> String {
        let table = self.table();
        // CROSS JOIN keeps SQLite from starting with the changes, which are many more than the names.
        format!(
            "SELECT name.text, change.version, change.body
             FROM name CROSS JOIN {table} AS change
               ON change.name = name.id AND change.snapshot =
                 (SELECT max(snapshot) FROM {table} WHERE name = name.id AND snapshot <= ?1)
             WHERE change.body IS NOT NULL
             ORDER BY name.text"
        )
    }

    /// What every name had as of a snapshot of `main`, still encoded, by name.
    pub(super) fn encoded_as_of(self, tx: &Transaction<'_>, snapshot: u64) -> Result<Vec<(String, Encoded)>, Fault> {
        let mut statement = tx.prepare_cached(&self.as_of_sql())?;
        let rows = statement.query_map([to_bound(snapshot)], |row| Ok((row.get("text")?, bodies::read(row)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What every name had as of a snapshot of `main`, by name.
    pub(super) fn as_of<R: Record>(self, tx: &Transaction<'_>, snapshot: u64) -> Result<Vec<(TableName, R)>, Fault> {
        let encoded = self.encoded_as_of(tx, snapshot)?;
        encoded.iter().map(|(name, encoded)| Ok((parse_name(name)?, decode(encoded)?))).collect()
    }

    /// As [`Self::as_of`], for records that hold their names themselves; of a branch's snapshots, too.
    pub(super) fn records_as_of<R: Record>(self, tx: &Transaction<'_>, snapshot: u64) -> Result<Vec<R>, Fault> {
        let encoded = branches::encoded_as_of(tx, self, snapshot)?;
        encoded.iter().map(|(_, encoded)| Ok(decode(encoded)?)).collect()
    }

    /// Every change after a snapshot, oldest first: snapshot, name, and what the name has from then on.
    pub(super) fn changes_after<R: Record>(
        self,
        tx: &Transaction<'_>,
        snapshot: u64,
    ) -> Result<Vec<(u64, TableName, Option<R>)>, Fault> {
        let mut statement = tx.prepare_cached(&format!(
            "SELECT change.snapshot, name.text, change.version, change.body
             FROM {} AS change JOIN name ON name.id = change.name
             WHERE change.snapshot > ?1 ORDER BY change.snapshot",
            self.table()
        ))?;
        let mut rows = statement.query([to_bound(snapshot)])?;
        let mut changes = Vec::new();
        while let Some(row) = rows.next()? {
            let at = from_sql(row.get("snapshot")?);
            let record = read_change(row)?.map(|encoded| decode(&encoded)).transpose()?;
            changes.push((at, parse_name(&row.get::<_, String>("text")?)?, record));
        }
        Ok(changes)
    }
}

/// What a change gives a name; `None` when the name is gone.
pub(super) fn read_change(row: &Row<'_>) -> rusqlite::Result<Option<Encoded>> {
    let (version, body): (Option<u32>, Option<String>) = (row.get("version")?, row.get("body")?);
    Ok(version.zip(body).map(|(version, body)| Encoded { version, body }))
}

pub(super) fn parse_name(text: &str) -> Result<TableName, Error> {
    text.parse().map_err(|e| {
        Error::new(codes::DAMAGED, Blame::Environment, "the catalogue holds a name that no table can have")
            .help("put back a copy of the catalogue from before it was changed")
            .caused_by(e)
    })
}
