//! Tables as any reader of Delta tables finds them: the files of `_delta_log`, without Headwater.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::published_versions;

/// A table's newest version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Newest {
    pub(super) version: u64,
    pub(super) rows: u64,
    pub(super) files: BTreeSet<PathBuf>,
}

/// Reads a table's newest version and asserts that it is whole: every commit is there and can be read, and every data
/// file is there in its full size. `None` when there is no table.
pub(super) fn newest(lake: &Path, table: &str) -> Option<Newest> {
    let folder = lake.join(table.replace('.', "/"));
    let versions = published_versions(lake, table);
    let version = *versions.last()?;
    assert_eq!(versions, (0..=version).collect::<Vec<_>>(), "{table} lacks commits");
    let mut files: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for version in versions {
        let text = fs::read_to_string(folder.join(format!("_delta_log/{version:020}.json"))).unwrap();
        for line in text.lines() {
            let action: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{table} {version}: {e}: {line}"));
            if let Some(add) = action.get("add") {
                let stats: Value = serde_json::from_str(add["stats"].as_str().unwrap()).unwrap();
                let size = add["size"].as_u64().unwrap();
                files.insert(add["path"].as_str().unwrap().to_owned(), (size, stats["numRecords"].as_u64().unwrap()));
            } else if let Some(remove) = action.get("remove") {
                files.remove(remove["path"].as_str().unwrap()).unwrap();
            }
        }
    }
    let mut newest = Newest { version, rows: 0, files: BTreeSet::new() };
    for (path, (size, rows)) in files {
        let file = folder.join(&path);
        let found = fs::metadata(&file).unwrap_or_else(|e| panic!("{table} at {version} needs {path}: {e}")).len();
        assert_eq!(found, size, "{table} at {version}: {path} is not whole");
        newest.rows += rows;
        newest.files.insert(file);
    }
    Some(newest)
}

/// The files below a folder.
pub(super) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return files };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The files of a lake that nothing refers to: neither commits, nor data of a table's newest version, nor the
/// catalogue. With the newest snapshot alone kept, a vacuum may leave none.
pub(super) fn orphans(lake: &Path, tables: &[&str]) -> Vec<PathBuf> {
    let mut known = BTreeSet::new();
    for table in tables {
        let Some(newest) = newest(lake, table) else { continue };
        known.extend(newest.files);
        let log = lake.join(table.replace('.', "/")).join("_delta_log");
        known.extend((0..=newest.version).map(|version| log.join(format!("{version:020}.json"))));
    }
    for end in ["", "-wal", "-shm"] {
        known.insert(lake.join(format!("_headwater/catalog.db{end}")));
    }
    // What planning told; its second file is that of a process that died while it was written.
    known.extend(["analyses", "analyses.part"].map(|name| lake.join("_headwater").join(name)));
    files_below(lake).into_iter().filter(|file| !known.contains(file)).collect()
}
