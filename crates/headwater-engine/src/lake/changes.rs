//! Which rows a table has gained and lost between two of its versions, told by its log alone.
//!
//! A file that comes and goes in between cancels out. Commits that only rearrange rows (`dataChange: false`: compaction) are
//! stepped over, so that what they moved counts as unchanged.

use std::collections::HashMap;

use deltalake_core::kernel::{Action, DeletionVectorDescriptor};
use headwater_sdk::{Blame, Error, Result};
use roaring::RoaringTreemap;

use super::deletion_vector::{self, identity};
use super::location::Location;
use super::table::TableVersion;

/// Some of a version's files, by their paths, and the rows of each that are left out.
pub(crate) type Slice = HashMap<String, RoaringTreemap>;

/// Rows that a table has gained and lost. Each slice is one of the version beside it.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Rows that there are now and were not before.
    pub(crate) appeared: Vec<(TableVersion, Slice)>,
    /// Rows that there were before and are not now.
    pub(crate) vanished: Vec<(TableVersion, Slice)>,
}

/// A file as a version has it.
#[derive(Debug, Clone)]
struct File {
    vector: Option<DeletionVectorDescriptor>,
    rows: Option<u64>,
}

impl File {
    fn identity(&self, path: &str) -> String {
        identity(path, self.vector.as_ref())
    }
}

/// What has changed from `old` to `new`, a later version of the same table. The inner error says why that cannot be told: a
/// clause about the table.
///
/// # Errors
/// When the log or a deletion vector cannot be read.
pub(crate) async fn between(
    location: &Location,
    old: &TableVersion,
    new: &TableVersion,
) -> Result<Result<Changes, String>> {
    if old.schema() != new.schema() || old.partition_columns() != new.partition_columns() {
        return Ok(Err("has other columns now".to_owned()));
    }
    let (old_files, new_files) = (files(old), files(new));
    let mut before = old_files.clone();
    for version in old.snapshot.version() + 1..=new.snapshot.version() {
        match rearrange(&mut before, &new_files, new, version).await? {
            Ok(()) => {}
            Err(why) => return Ok(Err(why)),
        }
    }
    let (mut appeared, mut vanished) = (Slice::new(), Slice::new());
    let mut vanished_of_new = Slice::new();
    for (path, file) in &new_files {
        let gone = gone_rows(location, new, file.vector.as_ref()).await?;
        let Some(was) = before.get(path) else {
            appeared.insert(path.clone(), gone);
            continue;
        };
        if was.identity(path) == file.identity(path) {
            continue;
        }
        let Some(rows) = file.rows else { return Ok(Err("has files of an unknown number of rows".to_owned())) };
        let was_gone = gone_rows(location, new, was.vector.as_ref()).await?;
        let (came, went) = (&was_gone - &gone, &gone - &was_gone);
        if !came.is_empty() {
            appeared.insert(path.clone(), all_but(&came, rows));
        }
        if !went.is_empty() {
            let slice = if old_files.contains_key(path) { &mut vanished } else { &mut vanished_of_new };
            slice.insert(path.clone(), all_but(&went, rows));
        }
    }
    for (path, file) in before.iter().filter(|(path, _)| !new_files.contains_key(*path)) {
        if !old_files.contains_key(path) {
            return Ok(Err("was compacted and rewritten since".to_owned()));
        }
        vanished.insert(path.clone(), gone_rows(location, old, file.vector.as_ref()).await?);
    }
    let slices = |slices: Vec<(&TableVersion, Slice)>| {
        let some = slices.into_iter().filter(|(_, slice)| !slice.is_empty());
        some.map(|(version, slice)| (version.clone(), slice)).collect()
    };
    let appeared = slices(vec![(new, appeared)]);
    Ok(Ok(Changes { appeared, vanished: slices(vec![(old, vanished), (new, vanished_of_new)]) }))
}

fn files(version: &TableVersion) -> HashMap<String, File> {
    let describe = |file: deltalake_core::kernel::LogicalFileView| {
        let rows = file.num_records().map(|rows| rows as u64);
        (file.path().into_owned(), File { vector: file.deletion_vector_descriptor(), rows })
    };
    version.snapshot.log_data().into_iter().map(describe).collect()
}

/// Makes `before` what it would be if one commit's rearranging had been done before.
async fn rearrange(
    before: &mut HashMap<String, File>,
    now: &HashMap<String, File>,
    table: &TableVersion,
    version: u64,
) -> Result<Result<(), String>> {
    let unknown = || Ok(Err(format!("has no commit {version} any more")));
    let read = table.log_store.read_commit_entry(version).await.map_err(|e| {
        Error::new("HW0611", Blame::Environment, format!("cannot read commit {version} of {}", table.folder))
            .help("check that the lake's storage can be reached, and run again")
            .caused_by(e)
    })?;
    let Some(commit) = read else { return unknown() };
    for line in commit.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        match serde_json::from_slice(line) {
            Ok(Action::Remove(remove)) if !remove.data_change => {
                let gone = identity(&remove.path, remove.deletion_vector.as_ref());
                if before.remove(&remove.path).is_none_or(|file| file.identity(&remove.path) != gone) {
                    return Ok(Err("was compacted together with new rows".to_owned()));
                }
            }
            Ok(Action::Add(add)) if !add.data_change => {
                let rows = now.get(&add.path).and_then(|file| file.rows);
                before.insert(add.path, File { vector: add.deletion_vector, rows });
            }
            Ok(_) => {}
            Err(_) => return Ok(Err(format!("has a commit {version} that cannot be read"))),
        }
    }
    Ok(Ok(()))
}

async fn gone_rows(
    location: &Location,
    table: &TableVersion,
    vector: Option<&DeletionVectorDescriptor>,
) -> Result<RoaringTreemap> {
    match vector {
        Some(vector) => deletion_vector::load(location, &table.folder, vector).await,
        None => Ok(RoaringTreemap::new()),
    }
}

/// All of a file's rows but some.
fn all_but(some: &RoaringTreemap, rows: u64) -> RoaringTreemap {
    let mut all = RoaringTreemap::new();
    all.insert_range(0..rows);
    all - some
}
