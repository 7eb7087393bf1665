//! Branches: their records, and their snapshots as changes on top of what `main` had.

use std::collections::BTreeMap;

use headwater_sdk::store::{BranchRecord, Intent, SnapshotRecord};
use headwater_sdk::{Relation, TableName};
use rusqlite::{OptionalExtension, Transaction, params};

use super::fault::Fault;
use super::history::{self, History, parse_name};
use super::numbers::{to_bound, to_sql};
use super::{bodies, intents, snapshots};
use crate::encoding::{Encoded, Record, SnapshotHeader, decode, encode};
use crate::refusals;

/// Adds a branch.
pub(super) fn create(tx: &Transaction<'_>, branch: &BranchRecord) -> Result<(), Fault> {
    if get(tx, &branch.name)?.is_some() {
        return Err(refusals::branch_exists(&branch.name).into());
    }
    let encoded = encode(branch)?;
    tx.execute(
        "INSERT INTO branch (name, version, body) VALUES (?1, ?2, ?3)",
        params![branch.name, encoded.version, encoded.body],
    )?;
    Ok(())
}

/// Removes a branch with its snapshots.
pub(super) fn delete(tx: &Transaction<'_>, name: &str) -> Result<(), Fault> {
    require(tx, name)?;
    forget_snapshots(tx, name)?;
    tx.execute("DELETE FROM branch WHERE name = ?1", [name])?;
    Ok(())
}

/// All branches, by name.
pub(super) fn all(tx: &Transaction<'_>) -> Result<Vec<BranchRecord>, Fault> {
    bodies::all(tx, "SELECT version, body FROM branch ORDER BY name", [])
}

/// A branch's own snapshots, the newest first.
pub(super) fn newest(tx: &Transaction<'_>, name: &str, limit: i64) -> Result<Vec<SnapshotRecord>, Fault> {
    let sql = "SELECT version, body FROM branch_snapshot WHERE branch = ?1 ORDER BY id DESC LIMIT ?2";
    let headers: Vec<SnapshotHeader> = bodies::all(tx, sql, params![name, limit])?;
    headers.into_iter().map(|header| with_relations(tx, header)).collect()
}

/// A branch's snapshot by its number.
pub(super) fn snapshot(tx: &Transaction<'_>, id: u64) -> Result<Option<SnapshotRecord>, Fault> {
    let sql = "SELECT version, body FROM branch_snapshot WHERE id = ?1";
    let header: Option<SnapshotHeader> = bodies::one(tx, sql, [to_bound(id)])?;
    header.map(|header| with_relations(tx, header)).transpose()
}

/// Marks a branch's snapshot as vacuumed; does nothing for any other.
pub(super) fn put_vacuumed(tx: &Transaction<'_>, id: u64) -> Result<(), Fault> {
    let sql = "SELECT version, body FROM branch_snapshot WHERE id = ?1";
    let Some(header) = bodies::one::<SnapshotHeader>(tx, sql, [to_bound(id)])? else { return Ok(()) };
    let encoded = encode(&header.vacuumed())?;
    tx.prepare_cached("UPDATE branch_snapshot SET version = ?2, body = ?3 WHERE id = ?1")?.execute(params![
        to_bound(id),
        encoded.version,
        encoded.body
    ])?;
    Ok(())
}

/// What every name had as of a snapshot of `main` or of a branch, still encoded, by name.
pub(super) fn encoded_as_of(tx: &Transaction<'_>, history: History, id: u64) -> Result<Vec<(String, Encoded)>, Fault> {
    let Some(branch) = branch_of(tx, id)? else { return history.encoded_as_of(tx, id) };
    let mut found: BTreeMap<String, Encoded> = match branch.base {
        Some(base) => history.encoded_as_of(tx, base)?.into_iter().collect(),
        None => BTreeMap::new(),
    };
    let table = history.table();
    let mut statement = tx.prepare_cached(&format!(
        "SELECT name, version, body FROM branch_{table} WHERE branch = ?1 AND snapshot <= ?2 ORDER BY name, snapshot"
    ))?;
    let mut rows = statement.query(params![branch.name, to_bound(id)])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get("name")?;
        match history::read_change(row)? {
            Some(encoded) => drop(found.insert(name, encoded)),
            None => drop(found.remove(&name)),
        }
    }
    Ok(found.into_iter().collect())
}

/// Moves a branch: adds the intent's snapshot, updates states and lineage, and clears the intent.
pub(super) fn publish(tx: &Transaction<'_>, name: &str, intent: &Intent) -> Result<(), Fault> {
    let (mut branch, snapshot) = (require(tx, name)?, &intent.snapshot);
    if snapshot.parent != branch.head {
        return Err(refusals::stale_parent(snapshot.parent, branch.head).into());
    }
    let before = Before { tx, head: branch.head };
    let relations = before.changed(History::Relations, &snapshot.relations)?;
    let states = before.put(History::AssetStates, intent.assets.iter().map(|s| (&s.asset, s)), &intent.removed)?;
    let lineage = before.put(History::Lineage, intent.lineage.iter().map(|l| (&l.asset, l)), &intent.removed)?;
    snapshots::count(tx, snapshot.id)?;
    let encoded = encode(&SnapshotHeader::of(snapshot))?;
    tx.execute(
        "INSERT INTO branch_snapshot (id, branch, version, body) VALUES (?1, ?2, ?3, ?4)",
        params![to_sql(snapshot.id)?, name, encoded.version, encoded.body],
    )?;
    for (history, changes) in
        [(History::Relations, relations), (History::AssetStates, states), (History::Lineage, lineage)]
    {
        let mut insert = tx.prepare_cached(&format!(
            "INSERT INTO branch_{} (branch, name, snapshot, version, body) VALUES (?1, ?2, ?3, ?4, ?5)",
            history.table()
        ))?;
        for (asset, record) in changes {
            let (version, body) = (record.as_ref().map(|r| r.version), record.as_ref().map(|r| r.body.as_str()));
            insert.execute(params![name, asset, to_sql(snapshot.id)?, version, body])?;
        }
    }
    branch.head = Some(snapshot.id);
    replace(tx, &branch)?;
    intents::clear(tx, &intent.run)
}

/// Lets a branch begin anew: its snapshots are forgotten and its record is replaced.
pub(super) fn rebase(tx: &Transaction<'_>, branch: &BranchRecord) -> Result<(), Fault> {
    require(tx, &branch.name)?;
    forget_snapshots(tx, &branch.name)?;
    replace(tx, branch)
}

fn get(tx: &Transaction<'_>, name: &str) -> Result<Option<BranchRecord>, Fault> {
    bodies::one(tx, "SELECT version, body FROM branch WHERE name = ?1", [name])
}

fn require(tx: &Transaction<'_>, name: &str) -> Result<BranchRecord, Fault> {
    Ok(get(tx, name)?.ok_or_else(|| refusals::no_branch(name))?)
}

fn replace(tx: &Transaction<'_>, branch: &BranchRecord) -> Result<(), Fault> {
    let encoded = encode(branch)?;
    tx.execute(
        "UPDATE branch SET version = ?2, body = ?3 WHERE name = ?1",
        params![branch.name, encoded.version, encoded.body],
    )?;
    Ok(())
}

fn forget_snapshots(tx: &Transaction<'_>, name: &str) -> Result<(), Fault> {
    for table in ["branch_relation", "branch_asset_state", "branch_lineage", "branch_snapshot"] {
        tx.execute(&format!("DELETE FROM {table} WHERE branch = ?1"), [name])?;
    }
    Ok(())
}

/// The branch that a snapshot is one of; `None` for those of `main` and for what is none.
fn branch_of(tx: &Transaction<'_>, snapshot: u64) -> Result<Option<BranchRecord>, Fault> {
    let sql = "SELECT branch FROM branch_snapshot WHERE id = ?1";
    let name: Option<String> = tx.prepare_cached(sql)?.query_row([to_bound(snapshot)], |row| row.get(0)).optional()?;
    name.map_or(Ok(None), |name| get(tx, &name))
}

fn with_relations(tx: &Transaction<'_>, header: SnapshotHeader) -> Result<SnapshotRecord, Fault> {
    let encoded = encoded_as_of(tx, History::Relations, header.id())?;
    let relations = encoded.iter().map(|(name, encoded)| Ok((parse_name(name)?, decode::<Relation>(encoded)?)));
    let relations = relations.collect::<Result<_, Fault>>()?;
    Ok(header.with_relations(relations))
}

/// What the names of a branch have before a snapshot is added.
struct Before<'a> {
    tx: &'a Transaction<'a>,
    head: Option<u64>,
}

/// What names have from a snapshot on; `None` for those that are gone.
type Changes = BTreeMap<String, Option<Encoded>>;

impl Before<'_> {
    fn all(&self, history: History) -> Result<BTreeMap<String, Encoded>, Fault> {
        match self.head {
            Some(head) => Ok(encoded_as_of(self.tx, history, head)?.into_iter().collect()),
            None => Ok(BTreeMap::new()),
        }
    }

    /// What differs when these records are all that there is.
    fn changed<'r, R: Record + 'r>(
        &self,
        history: History,
        records: impl IntoIterator<Item = (&'r TableName, &'r R)>,
    ) -> Result<Changes, Fault> {
        let (mut before, mut changes) = (self.all(history)?, Changes::new());
        for (name, record) in records {
            let (name, record) = (name.to_string(), encode(record)?);
            if before.remove(&name).as_ref() != Some(&record) {
                changes.insert(name, Some(record));
            }
        }
        changes.extend(before.into_keys().map(|gone| (gone, None)));
        Ok(changes)
    }

    /// What differs when these records are put and others removed.
    fn put<'r, R: Record + 'r>(
        &self,
        history: History,
        records: impl Iterator<Item = (&'r TableName, &'r R)>,
        removed: &[TableName],
    ) -> Result<Changes, Fault> {
        let (before, mut wanted) = (self.all(history)?, Changes::new());
        for (asset, record) in records {
            wanted.insert(asset.to_string(), Some(encode(record)?));
        }
        wanted.extend(removed.iter().map(|gone| (gone.to_string(), None)));
        wanted.retain(|asset, record| before.get(asset) != record.as_ref());
        Ok(wanted)
    }
}
