//! Tables as any reader of Delta tables finds them: the commits of `_delta_log`, without Headwater.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::program::published_versions;

/// A file of a table's newest version.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) size: u64,
    pub(super) stats: Value,
    pub(super) deleted: u64,
}

impl File {
    /// Rows that are not deleted.
    pub(super) fn rows(&self) -> u64 {
        self.stats["numRecords"].as_u64().unwrap() - self.deleted
    }

    /// The least and the greatest value of a column.
    pub(super) fn range(&self, column: &str) -> (i64, i64) {
        let bound = |which: &str| self.stats[which][column].as_i64().unwrap();
        (bound("minValues"), bound("maxValues"))
    }
}

/// The actions of every commit, oldest first.
pub(super) fn commits(lake: &Path, table: &str) -> Vec<Vec<Value>> {
    let folder = lake.join(table.replace('.', "/")).join("_delta_log");
    let versions = published_versions(lake, table);
    assert_eq!(versions, (0..versions.len() as u64).collect::<Vec<_>>(), "{table} lacks commits");
    let read = |version| std::fs::read_to_string(folder.join(format!("{version:020}.json"))).unwrap();
    let parse = |text: String| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    versions.into_iter().map(read).map(parse).collect()
}

/// The files of the newest version, by path.
pub(super) fn files(lake: &Path, table: &str) -> BTreeMap<String, File> {
    let mut files = BTreeMap::new();
    for commit in commits(lake, table) {
        // The order of actions within a commit means nothing: a file may be removed and added again with another vector.
        for path in commit.iter().filter_map(|action| action["remove"]["path"].as_str()) {
            files.remove(path).unwrap();
        }
        for add in commit.iter().map(|action| &action["add"]).filter(|add| add.is_object()) {
            let path = add["path"].as_str().unwrap();
            let stats = serde_json::from_str(add["stats"].as_str().unwrap()).unwrap();
            let deleted = add["deletionVector"]["cardinality"].as_u64().unwrap_or(0);
            let size = add["size"].as_u64().unwrap();
            let found = std::fs::metadata(lake.join(table.replace('.', "/")).join(path));
            if let Ok(found) = found {
                assert_eq!(found.len(), size, "{path}");
            }
            files.insert(path.to_owned(), File { size, stats, deleted });
        }
    }
    files
}

/// The rows of the newest version.
pub(super) fn count(lake: &Path, table: &str) -> u64 {
    files(lake, table).values().map(File::rows).sum()
}
