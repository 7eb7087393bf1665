//! What came and went between two snapshots of an Iceberg table.

use std::collections::HashMap;

use headwater_sdk::connector::Operation;
use headwater_sdk::{Blame, Error, Result};

use super::manifest::{Content, Listed, added};
use super::metadata::{Metadata, Snapshot};
use super::state::State;
use crate::codes;
use crate::table_format::{Root, Steps};

/// The files that snapshots after `since` have added, where nothing else was done.
///
/// # Errors
/// When the table does not know the snapshot any more, or other rows went or changed.
pub(super) async fn appended(
    root: &Root,
    metadata: &Metadata,
    since: i64,
    now: &Snapshot,
    state: &State<'_>,
) -> Result<Steps> {
    let mut steps = Steps::default();
    for snapshot in lineage(root, metadata, since, now)? {
        match snapshot.operation() {
            // The same rows in other files.
            "replace" => {}
            "append" => {
                let added = added(root, metadata, snapshot).await?;
                for file in added.iter().filter(|file| file.content == Content::Rows) {
                    steps.files.push((state.data_file(file, None)?, None));
                }
            }
            operation => {
                let message = format!(
                    "the snapshot {} of the table {} took rows out or changed them ({operation}), and the stream only takes up new ones",
                    snapshot.snapshot_id,
                    root.shown()
                );
                return Err(Error::new(codes::TABLE_REWRITTEN, Blame::Data, message).help(
                    "say `mode: cdc` with a `key` to take up changes, `mode: full` to read the table as it is, or load it once with --full-refresh",
                ));
            }
        }
    }
    Ok(steps)
}

/// The snapshots after `since` that led to `now`, from the oldest on.
fn lineage<'a>(root: &Root, metadata: &'a Metadata, since: i64, now: &'a Snapshot) -> Result<Vec<&'a Snapshot>> {
    let mut path = Vec::new();
    let mut at = Some(now);
    while let Some(snapshot) = at {
        if snapshot.snapshot_id == since {
            path.reverse();
            return Ok(path);
        }
        path.push(snapshot);
        at = snapshot.parent_snapshot_id.and_then(|id| metadata.snapshot(id)).filter(|_| path.len() <= 1_000_000);
    }
    Err(forgotten(root, since))
}

/// The error for a snapshot that is no part of the table's history any more.
pub(super) fn forgotten(root: &Root, since: i64) -> Error {
    let message =
        format!("the snapshot {since}, which was read last, is not in the history of the table {}", root.shown());
    Error::new(codes::TABLE_VERSION, Blame::Data, message).help(
        "it has expired, or the table was rolled back: load the stream with --full-refresh, and more often than snapshots are kept",
    )
}

/// What has to be done to the rows of `before` to have those of `now`: rows that went come before those that came.
///
/// # Errors
/// When a file lies in another store.
pub(super) fn difference(before: &State<'_>, now: &State<'_>) -> Result<Steps> {
    let by_path = |state: &State<'_>| -> HashMap<String, Listed> {
        let rows = state.listed.iter().filter(|file| file.content == Content::Rows);
        rows.map(|file| (file.path.clone(), file.clone())).collect()
    };
    let (old, new) = (by_path(before), by_path(now));
    let (mut gone, mut came) = (Vec::new(), Vec::new());
    for file in before.listed.iter().filter(|file| file.content == Content::Rows) {
        let mut step = before.data_file(file, before.deletes.for_file(file))?;
        if let Some(still) = new.get(&file.path) {
            if before.deletes.same_for(file, &now.deletes) {
                continue;
            }
            // It stays, and has lost what later deletions say.
            let Some(deletes) = now.deletes.for_file(still) else { continue };
            step.wanted.only = Some(deletes);
        }
        gone.push((step, Some(Operation::Delete)));
    }
    for file in now.listed.iter().filter(|file| file.content == Content::Rows) {
        let mut step = now.data_file(file, now.deletes.for_file(file))?;
        if let Some(was) = old.get(&file.path) {
            if now.deletes.same_for(file, &before.deletes) {
                continue;
            }
            // What it had lost and has again, as after a rollback.
            let Some(deletes) = before.deletes.for_file(was) else { continue };
            step.wanted.only = Some(deletes);
        }
        came.push((step, Some(Operation::Upsert)));
    }
    gone.extend(came);
    Ok(Steps { files: gone })
}
