//! Which rows a table has gained and lost between two of its versions, told by its log alone.
//!
//! A file that comes and goes in between cancels out. Commits that only rearrange rows (`dataChange: false`: compaction) change
//! none: what is told is what happened before them and what happened since.

use std::collections::{HashMap, HashSet};

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
    let mut changes = Changes::default();
    if old.schema() == new.schema() && old.partition_columns() == new.partition_columns() && same(old, new) {
        return Ok(Ok(changes));
    }
    let mut from = old.clone();
    // What was rearranged is the same before and after: what happened until then is told by the files of before, what
    // happened since by those of after.
    for version in old.snapshot.version() + 1..=new.snapshot.version() {
        match deed(new, version).await? {
            Ok(Deed::Rearranges) => {
                let until = new.at(version - 1).await?;
                if let Err(why) = changes.add(location, &from, &until).await? {
                    return Ok(Err(why));
                }
                from = new.at(version).await?;
            }
            Ok(Deed::Other) => {}
            Err(why) => return Ok(Err(why)),
        }
    }
    Ok(changes.add(location, &from, new).await?.map(|()| changes))
}

impl Changes {
    /// Adds what changed from `old` to `new`, between which nothing was rearranged.
    async fn add(&mut self, location: &Location, old: &TableVersion, new: &TableVersion) -> Result<Result<(), String>> {
        if old.schema() != new.schema() || old.partition_columns() != new.partition_columns() {
            return Ok(Err("has other columns now".to_owned()));
        }
        if old.snapshot.version() == new.snapshot.version() {
            return Ok(Ok(()));
        }
        match self.add_slices(location, old, new).await {
            // The vector of a version that no snapshot needs any more.
            Err(error) if error.code == "HW0612" && !error.transient => {
                Ok(Err("had deleted rows of which vacuum has removed the places".to_owned()))
            }
            told => told,
        }
    }

    async fn add_slices(
        &mut self,
        location: &Location,
        old: &TableVersion,
        new: &TableVersion,
    ) -> Result<Result<(), String>> {
        let (old_files, new_files) = (files(old), files(new));
        let (mut appeared, mut vanished) = (Slice::new(), Slice::new());
        for (path, file) in &new_files {
            let was = old_files.get(path);
            if was.is_some_and(|was| was.identity(path) == file.identity(path)) {
                continue;
            }
            let gone = gone_rows(location, new, file.vector.as_ref()).await?;
            let Some(was) = was else {
                appeared.insert(path.clone(), gone);
                continue;
            };
            let Some(rows) = file.rows else { return Ok(Err("has files of an unknown number of rows".to_owned())) };
            let was_gone = gone_rows(location, new, was.vector.as_ref()).await?;
            let (came, went) = (&was_gone - &gone, &gone - &was_gone);
            if !came.is_empty() {
                appeared.insert(path.clone(), all_but(&came, rows));
            }
            if !went.is_empty() {
                vanished.insert(path.clone(), all_but(&went, rows));
            }
        }
        for (path, file) in old_files.iter().filter(|(path, _)| !new_files.contains_key(*path)) {
            vanished.insert(path.clone(), gone_rows(location, old, file.vector.as_ref()).await?);
        }
        self.appeared.extend((!appeared.is_empty()).then(|| (new.clone(), appeared)));
        self.vanished.extend((!vanished.is_empty()).then(|| (old.clone(), vanished)));
        Ok(Ok(()))
    }
}

fn files(version: &TableVersion) -> HashMap<String, File> {
    let describe = |file: deltalake_core::kernel::LogicalFileView| {
        let rows = file.num_records().map(|rows| rows as u64);
        (file.path().into_owned(), File { vector: file.deletion_vector_descriptor(), rows })
    };
    version.snapshot.log_data().into_iter().map(describe).collect()
}

/// Whether two versions have the same files with the same rows.
fn same(old: &TableVersion, new: &TableVersion) -> bool {
    let identities = |version: &TableVersion| -> HashSet<String> {
        files(version).iter().map(|(path, file)| file.identity(path)).collect()
    };
    identities(old) == identities(new)
}

/// What a commit does.
enum Deed {
    /// It moves rows from files to other files.
    Rearranges,
    /// Anything else.
    Other,
}

async fn deed(table: &TableVersion, version: u64) -> Result<Result<Deed, String>> {
    let read = table.log_store.read_commit_entry(version).await.map_err(|e| {
        Error::new("HW0611", Blame::Environment, format!("cannot read commit {version} of {}", table.folder))
            .help("check that the lake's storage can be reached, and run again")
            .caused_by(e)
    })?;
    let Some(commit) = read else { return Ok(Err(format!("has no commit {version} any more"))) };
    let (mut changes, mut rearranges) = (false, false);
    for line in commit.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let data_change = match serde_json::from_slice(line) {
            Ok(Action::Remove(remove)) => remove.data_change,
            Ok(Action::Add(add)) => add.data_change,
            Ok(_) => continue,
            Err(_) => return Ok(Err(format!("has a commit {version} that cannot be read"))),
        };
        changes |= data_change;
        rearranges |= !data_change;
    }
    Ok(match (changes, rearranges) {
        (true, true) => Err(format!("has a commit {version} that changes rows and rearranges others")),
        (_, true) => Ok(Deed::Rearranges),
        (_, false) => Ok(Deed::Other),
    })
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
