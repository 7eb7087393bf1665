//! Moving `main`, or a branch.

use std::collections::BTreeMap;

use headwater_sdk::store::Intent;
use headwater_sdk::{Relations, TableName};
use rusqlite::Transaction;

use super::changes::Changes;
use super::fault::Fault;
use super::history::History;
use super::{branches, intents, snapshots};
use crate::encoding::{Record, encode};
use crate::refusals;

/// Adds the intent's snapshot, updates states and lineage, and clears the intent.
pub(super) fn publish(tx: &Transaction<'_>, intent: &Intent) -> Result<(), Fault> {
    let (head, snapshot) = (snapshots::head_id(tx)?, &intent.snapshot);
    if let Some(branch) = &snapshot.branch {
        return branches::publish(tx, branch, intent);
    }
    if snapshot.parent != head {
        return Err(refusals::stale_parent(snapshot.parent, head).into());
    }
    snapshots::count(tx, snapshot.id)?;
    snapshots::put_header(tx, snapshot)?;
    let mut changes = Changes::begin(tx, snapshot.id)?;
    put_relations(&mut changes, &snapshot.relations)?;
    let states = intent.assets.iter().map(|state| (&state.asset, state));
    put_records(&mut changes, History::AssetStates, states, &intent.removed)?;
    let lineage = intent.lineage.iter().map(|lineage| (&lineage.asset, lineage));
    put_records(&mut changes, History::Lineage, lineage, &intent.removed)?;
    if let Some(branch) = &intent.rebases {
        branches::rebase(tx, branch)?;
    }
    intents::clear(tx, &intent.run)
}

/// Records the assets' new records, and that those removed have none any more.
fn put_records<'a, R: Record + 'a>(
    changes: &mut Changes<'_>,
    history: History,
    records: impl Iterator<Item = (&'a TableName, &'a R)>,
    removed: &[TableName],
) -> Result<(), Fault> {
    let mut wanted = BTreeMap::new();
    for (asset, record) in records {
        wanted.insert(asset, Some(encode(record)?));
    }
    wanted.extend(removed.iter().map(|gone| (gone, None)));
    for (asset, record) in wanted {
        let asset = asset.to_string();
        if changes.before(history, &asset)? != record {
            changes.put(history, &asset, record.as_ref())?;
        }
    }
    Ok(())
}

/// Records what differs from the snapshot before. The record's own list of changes is not trusted for that: a snapshot
/// must come back as it was put, whatever the list says.
fn put_relations(changes: &mut Changes<'_>, relations: &Relations) -> Result<(), Fault> {
    let mut before = changes.all_before(History::Relations)?;
    for (name, relation) in relations {
        let (name, relation) = (name.to_string(), encode(relation)?);
        if before.remove(&name).as_ref() != Some(&relation) {
            changes.put(History::Relations, &name, Some(&relation))?;
        }
    }
    for gone in before.keys() {
        changes.put(History::Relations, gone, None)?;
    }
    Ok(())
}
