//! The files of several versions of a table, from one pass along its log: opening each version for itself would read the same
//! commits again and again.

use std::collections::{BTreeSet, HashMap, HashSet};

use deltalake_core::kernel::{Action, DeletionVectorDescriptor};
use headwater_sdk::{Result, TableName};
use object_store::path::Path;

use super::deletion_vector;
use super::location::Location;
use super::table::{TableVersion, read_commit};

/// The data files, and the files of their deletion vectors, of some published versions of a table.
///
/// # Errors
/// When a version cannot be opened.
pub(crate) async fn files(location: &Location, table: &TableName, versions: &BTreeSet<u64>) -> Result<HashSet<Path>> {
    let Some(oldest) = versions.first() else { return Ok(HashSet::new()) };
    let first = TableVersion::open_published(location, table, *oldest).await?;
    let mut replay = Replay { folder: location.table(table), versions, live: HashMap::new(), used: HashSet::new() };
    for file in first.snapshot.log_data() {
        replay.add(&file.path(), file.deletion_vector_descriptor(), *oldest);
    }
    let log = location.table(table).join("_delta_log");
    for version in oldest + 1..=versions.last().copied().unwrap_or(*oldest) {
        let commit = read_commit(location.root.as_ref(), &log, version).await?;
        let Some(actions) = commit.and_then(|commit| actions(&commit)) else {
            // Another program has cleaned the log, or speaks a newer protocol: its checkpoints may tell.
            return one_by_one(location, table, versions).await;
        };
        // A commit that gives a file another deletion vector removes and adds it.
        for action in &actions {
            if let Action::Remove(remove) = action {
                replay.remove(&remove.path, version);
            }
        }
        for action in actions {
            if let Action::Add(add) = action {
                replay.add(&add.path, add.deletion_vector, version);
            }
        }
    }
    Ok(replay.end())
}

async fn one_by_one(location: &Location, table: &TableName, versions: &BTreeSet<u64>) -> Result<HashSet<Path>> {
    let mut used = HashSet::new();
    for version in versions {
        used.extend(TableVersion::open_published(location, table, *version).await?.paths());
    }
    Ok(used)
}

/// The actions of a commit; `None` when one cannot be read.
fn actions(commit: &[u8]) -> Option<Vec<Action>> {
    let lines = commit.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).ok()).collect()
}

/// A walk along the log.
struct Replay<'a> {
    folder: Path,
    versions: &'a BTreeSet<u64>,
    /// The files of the version that the walk is at, by their paths in the log, with their vectors' files: since when they are
    /// there.
    live: HashMap<String, (Vec<Path>, u64)>,
    used: HashSet<Path>,
}

impl Replay<'_> {
    fn add(&mut self, path: &str, vector: Option<DeletionVectorDescriptor>, version: u64) {
        // A file may be added again without being removed, e.g. with other statistics.
        self.remove(path, version);
        // As `LogicalFileView::object_store_path` reads it.
        let file = Path::parse(path).unwrap_or_else(|_| Path::from(path));
        let mut files = vec![file.parts().fold(self.folder.clone(), Path::join)];
        files.extend(vector.and_then(|vector| deletion_vector::file_of(&vector, &self.folder)));
        self.live.insert(path.to_owned(), (files, version));
    }

    fn remove(&mut self, path: &str, version: u64) {
        if let Some((files, since)) = self.live.remove(path)
            && self.versions.range(since..version).next().is_some()
        {
            self.used.extend(files);
        }
    }

    /// What is there at the end, which is the newest of the versions, is used.
    fn end(mut self) -> HashSet<Path> {
        self.used.extend(self.live.into_values().flat_map(|(files, _)| files));
        self.used
    }
}
