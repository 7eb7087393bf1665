//! Which files of a table would be better written again.
//!
//! Files that one writer wrote, one after the other, are a *stretch*: its identifier is in their names. Writing a stretch again
//! brings nothing, for its files were cut where they were full; that is what makes a second maintenance find nothing to do.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use deltalake_core::kernel::{DeletionVectorDescriptor, LogicalFileView};
use headwater_sdk::engine::Layout;

use crate::lake::table::TableVersion;
use crate::stage::WRITE_BATCH_ROWS;

/// A file is written again without its deleted rows when they are at least this share of its rows.
const DELETED_SHARE: f64 = 0.1;
/// Rows that are clustered lie in no more stretches of about the same size than this: a query has to look into each of them.
const MOST_STRETCHES: usize = 3;
/// A file is cut up when it is this many times as large as it should be.
const TOO_LARGE: u64 = 4;

/// A file that is to be written again.
#[derive(Debug, Clone)]
pub(super) struct OldFile {
    /// Its path in the log.
    pub(super) path: String,
    /// Bytes.
    pub(super) size: u64,
    /// Its rows, the deleted ones included.
    pub(super) rows: Option<u64>,
    /// Deleted rows.
    pub(super) deleted: u64,
    pub(super) vector: Option<DeletionVectorDescriptor>,
    modified: i64,
}

/// Files of one partition that are to be written again, in the order in which they came.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) files: Vec<OldFile>,
}

/// The files of a version that are to be written again, by partition; with `anew`, all of them.
pub(super) fn groups(version: &TableVersion, layout: &Layout, anew: bool) -> Vec<Group> {
    let mut partitions: BTreeMap<Vec<(String, Option<String>)>, Vec<OldFile>> = BTreeMap::new();
    for file in version.snapshot.log_data() {
        let mut key: Vec<_> = file.partition_values_map().into_iter().collect();
        key.sort();
        partitions.entry(key).or_default().push(OldFile::of(&file));
    }
    let chosen = partitions.into_values().map(|files| choose(files, layout, anew));
    chosen.filter(|files| !files.is_empty()).map(|files| Group { files }).collect()
}

impl OldFile {
    fn of(file: &LogicalFileView) -> Self {
        let vector = file.deletion_vector_descriptor();
        Self {
            path: file.path().into_owned(),
            size: u64::try_from(file.size()).unwrap_or(0),
            rows: file.num_records().map(|rows| rows as u64),
            deleted: vector.as_ref().map_or(0, |vector| u64::try_from(vector.cardinality).unwrap_or(0)),
            vector,
            modified: file.modification_time(),
        }
    }

    fn is_small(&self, layout: &Layout) -> bool {
        self.size < layout.file_size / 2
    }

    /// Whether it has to be written again by itself.
    fn is_worn(&self, layout: &Layout) -> bool {
        let rows = self.rows.unwrap_or(0);
        let holes = self.deleted > 0 && self.deleted as f64 >= rows as f64 * DELETED_SHARE;
        // What is written in one step is never parted.
        let too_large = self.size / TOO_LARGE > layout.file_size && rows > 2 * WRITE_BATCH_ROWS as u64;
        holes || too_large
    }

    /// What tells the writer of a file: `part-<5 digits>-<uuid>-…`. A file of another engine's is a stretch of its own.
    fn stretch(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        let id = name.strip_prefix("part-").and_then(|rest| rest.split_once('-')).and_then(|(_, rest)| rest.get(..36));
        id.unwrap_or(&self.path)
    }
}

/// Those of a partition's files that are to be written again.
fn choose(mut files: Vec<OldFile>, layout: &Layout, anew: bool) -> Vec<OldFile> {
    files.sort_by(|a, b| (a.modified, &a.path).cmp(&(b.modified, &b.path)));
    if anew {
        return files;
    }
    let worn: HashSet<&str> = files.iter().filter(|file| file.is_worn(layout)).map(|file| file.path.as_str()).collect();
    let mut chosen = worn.clone();
    let small = || files.iter().filter(|file| file.is_small(layout));
    let stretches: BTreeSet<&str> = files
        .iter()
        .filter(|file| file.is_small(layout) || worn.contains(file.path.as_str()))
        .map(OldFile::stretch)
        .collect();
    if stretches.len() > 1 {
        chosen.extend(small().map(|file| file.path.as_str()));
    }
    if !layout.clustering.is_none() {
        let overlapping = overlapping(&files);
        chosen.extend(files.iter().filter(|file| overlapping.contains(file.stretch())).map(|file| file.path.as_str()));
    }
    let chosen: HashSet<String> = chosen.into_iter().map(str::to_owned).collect();
    files.into_iter().filter(|file| chosen.contains(&file.path)).collect()
}

/// The stretches of clustered files that are to become one, as levels of a merge tree do: several of about the same size, the
/// smallest first. So a row is written again as often as the table doubles, and not with every maintenance.
fn overlapping(files: &[OldFile]) -> BTreeSet<&str> {
    let mut sizes: BTreeMap<&str, u64> = BTreeMap::new();
    for file in files {
        *sizes.entry(file.stretch()).or_default() += file.size;
    }
    let mut stretches: Vec<(u64, &str)> = sizes.into_iter().map(|(stretch, size)| (size, stretch)).collect();
    stretches.sort_unstable();
    for start in 0..stretches.len() {
        let mut sum = stretches[start].0;
        let alike = stretches[start + 1..].iter().take_while(|(size, _)| {
            let alike = *size <= sum;
            sum += size;
            alike
        });
        let count = 1 + alike.count();
        if count > MOST_STRETCHES {
            return stretches[start..start + count].iter().map(|(_, stretch)| *stretch).collect();
        }
    }
    BTreeSet::new()
}

#[cfg(test)]
mod tests {
    use headwater_sdk::engine::Clustering;

    use super::*;

    fn file(writer: u8, part: u32, size: u64, rows: u64, deleted: u64) -> OldFile {
        let path = format!("part-{part:05}-{writer:08}-0000-0000-0000-000000000000-c000.snappy.parquet");
        OldFile { path, size, rows: Some(rows), deleted, vector: None, modified: i64::from(part) }
    }

    fn layout(clustered: bool) -> Layout {
        let columns = if clustered { vec!["a".to_owned()] } else { Vec::new() };
        Layout { clustering: Clustering { columns, ..Clustering::default() }, file_size: 100 }
    }

    fn chosen(files: Vec<OldFile>, clustered: bool) -> usize {
        choose(files, &layout(clustered), false).len()
    }

    #[test]
    fn small_files_of_several_writers_become_one() {
        assert_eq!(chosen(vec![file(1, 0, 90, 9, 0), file(2, 0, 10, 1, 0), file(3, 0, 49, 1, 0)], false), 2);
        assert_eq!(chosen(vec![file(1, 0, 90, 9, 0), file(2, 0, 10, 1, 0)], false), 0, "one small file stays");
        assert_eq!(chosen(vec![file(1, 0, 40, 9, 0), file(1, 1, 40, 9, 0)], false), 0, "they were cut where they are");
    }

    #[test]
    fn files_with_many_deleted_rows_and_files_that_are_too_large_are_written_again() {
        assert_eq!(chosen(vec![file(1, 0, 90, 100, 9)], false), 0);
        assert_eq!(chosen(vec![file(1, 0, 90, 100, 10)], false), 1);
        assert_eq!(chosen(vec![file(1, 0, 90, 100, 10), file(2, 0, 10, 1, 0)], false), 2, "with the small one");
        assert_eq!(chosen(vec![file(1, 0, 1_000, 1_000_000, 0)], false), 1);
        assert_eq!(chosen(vec![file(1, 0, 1_000, 1_000, 0)], false), 0, "it cannot be cut");
    }

    #[test]
    fn clustered_stretches_of_the_same_size_become_one() {
        let four = |sizes: [u64; 4]| (0..).zip(sizes).map(|(writer, size)| file(writer, 0, size, 9, 0)).collect();
        assert_eq!(chosen(four([100, 100, 100, 100]), true), 4);
        assert_eq!(chosen(four([100, 100, 100, 100]), false), 0);
        assert_eq!(chosen(four([100, 210, 500, 1_100]), true), 0, "each is larger than all before it");
        let mut five: Vec<OldFile> = four([60, 100, 150, 300]);
        five.push(file(9, 0, 9_000, 9, 0));
        assert_eq!(chosen(five, true), 0, "60 | 100, 150 | 300");
    }
}
