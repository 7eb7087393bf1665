//! Taking rows out of a table: a deletion vector for each file that keeps some of its rows, the file itself where it keeps none.

use std::collections::HashMap;

use deltalake_core::kernel::{Action, Add, DeletionVectorDescriptor, LogicalFileView};
use headwater_sdk::{Blame, Error, Result};
use roaring::RoaringTreemap;

use super::deletion_vector;
use super::location::Location;
use super::table::TableVersion;

/// Rows of files, by the files' paths.
pub(crate) type FileRows = HashMap<String, RoaringTreemap>;

/// How many rows they are.
pub(crate) fn count(rows: &FileRows) -> u64 {
    rows.values().map(RoaringTreemap::len).sum()
}

/// The actions that take `rows` out of a version's files. Deletion vectors are written on the way.
///
/// # Errors
/// When a deletion vector cannot be read or written, or a file's number of rows is not known.
pub(crate) async fn actions(location: &Location, table: &TableVersion, rows: &FileRows) -> Result<Vec<Action>> {
    let (mut actions, mut kept) = (Vec::new(), Vec::new());
    let files: Vec<LogicalFileView> = table.snapshot.log_data().into_iter().collect();
    for file in files {
        let Some(deleted) = rows.get(file.path().as_ref()) else { continue };
        actions.push(Action::Remove(file.remove_action(true)));
        let Some(count) = file.num_records() else {
            let message = format!("the number of rows of {} is not known", file.path());
            return Err(Error::new("HW0621", Blame::Environment, message)
                .help("a run with --full-refresh builds the table anew"));
        };
        let mut gone = match file.deletion_vector_descriptor() {
            Some(vector) => deletion_vector::load(location, &table.folder, &vector).await?,
            None => RoaringTreemap::new(),
        };
        gone |= deleted;
        if gone.len() < count as u64 {
            kept.push((file, gone));
        }
    }
    let vectors: Vec<&RoaringTreemap> = kept.iter().map(|(_, gone)| gone).collect();
    let vectors = deletion_vector::store(location, &table.folder, &vectors).await?;
    for ((file, _), vector) in kept.iter().zip(vectors) {
        let mut add = add_again(file, Some(vector));
        add.stats = add.stats.map(|stats| widened(&stats));
        actions.push(Action::Add(add));
    }
    Ok(actions)
}

/// The action that adds a file of a version, with other rows deleted.
pub(super) fn add_again(file: &LogicalFileView, vector: Option<DeletionVectorDescriptor>) -> Add {
    Add {
        path: file.path().into_owned(),
        partition_values: file.partition_values_map(),
        size: file.size(),
        modification_time: file.modification_time(),
        data_change: true,
        stats: file.stats(),
        deletion_vector: vector,
        ..Add::default()
    }
}

/// Statistics of all rows of a file, for one of which some are deleted: its bounds need not be reached any more (Delta
/// protocol, "Per-file Statistics").
fn widened(stats: &str) -> String {
    let Ok(mut known) = serde_json::from_str::<serde_json::Value>(stats) else { return stats.to_owned() };
    if let Some(known) = known.as_object_mut() {
        known.insert("tightBounds".to_owned(), false.into());
    }
    known.to_string()
}
