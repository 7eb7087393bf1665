//! Making, listing and deleting branches. None of it touches a table.

use headwater_sdk::name::is_branch_name;
use headwater_sdk::store::{BranchRecord, MAIN, SnapshotRecord};
use headwater_sdk::{Blame, Error, Result, RunId, TableName};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::error::RunError;
use crate::lake::Lake;
use crate::lease::{self, LeaseOptions};
use crate::observer::Observer;
use crate::publish::changed_names;
use crate::recover;

/// The longest name: the name of the staging area, which is longer, becomes a folder's.
const LONGEST: usize = 100;

/// How a branch is made or deleted.
#[derive(Debug, Clone, Default)]
pub struct BranchOptions {
    /// How the lake's lease is taken and kept.
    pub lease: LeaseOptions,
    /// Stops the work when it fires.
    pub cancel: CancellationToken,
}

/// A branch as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BranchSummary {
    /// Its name.
    pub name: String,
    /// When it was made, in milliseconds since 1970-01-01T00:00:00Z.
    pub created_ms: i64,
    /// The snapshot of `main` that it stands on.
    pub base: Option<u64>,
    /// Its newest snapshot; its base's as long as nothing was run on it.
    pub head: Option<u64>,
    /// Names that stand for something else than in its base.
    pub changed: Vec<TableName>,
    /// Names that stand for something else on `main` than in its base: `main` has moved on.
    pub moved_on_main: Vec<TableName>,
}

/// What was made or deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BranchChange {
    /// The branch.
    pub name: String,
    /// The snapshot of `main` that it stands on.
    pub base: Option<u64>,
    /// Names that stood for something else than in its base.
    pub changed: Vec<TableName>,
}

/// Makes a branch that shows what `main` shows, or showed at a snapshot. Nothing is copied.
///
/// # Errors
/// `HW0930` for a name that no branch can have, `HW0711` when there is one of that name, `HW0916` when `main` has no such
/// snapshot, `HW0931` when it was vacuumed, `HW0911` when the lake is in use.
pub async fn create_branch(
    lake: &Lake,
    name: &str,
    from: Option<u64>,
    options: &BranchOptions,
    observer: &dyn Observer,
) -> Result<BranchChange, RunError> {
    verify_name(name)?;
    let id = RunId::from_ulid(ulid::Ulid::generate());
    let held = lease::take(&lake.store, &id, &options.lease, &options.cancel, observer).await?;
    held.during(async {
        recover::recover(lake, &held, observer).await?;
        let base = match from {
            None => lake.store.head().await?,
            Some(id) => Some(readable(lake, id).await?),
        };
        let base = base.map(|snapshot| snapshot.id);
        let branch = new_branch(name, base);
        lake.store.create_branch(&branch, held.lease()).await?;
        Ok(BranchChange { name: branch.name, base, changed: Vec::new() })
    })
    .await
}

/// The record of a branch on which nothing was run, with a staging area that none has had before.
pub(super) fn new_branch(name: &str, base: Option<u64>) -> BranchRecord {
    let area = format!("{name}-{}", ulid::Ulid::generate().to_string().to_ascii_lowercase());
    BranchRecord { name: name.to_owned(), area, base, head: base, created_ms: clock::now_ms() }
}

/// Deletes a branch. Its files are removed by the next maintenance.
///
/// # Errors
/// `HW0930` for `main`, `HW0712` when there is no such branch, `HW0911` when the lake is in use.
pub async fn delete_branch(
    lake: &Lake,
    name: &str,
    options: &BranchOptions,
    observer: &dyn Observer,
) -> Result<BranchChange, RunError> {
    refuse_main(name, "deleted")?;
    let id = RunId::from_ulid(ulid::Ulid::generate());
    let held = lease::take(&lake.store, &id, &options.lease, &options.cancel, observer).await?;
    held.during(async {
        let unfinished = recover::recover(lake, &held, observer).await?;
        let branch = lake.branch(name).await?;
        let changed = Lines::of(lake, &branch).await?.changed();
        // They would go on with what is not there any more.
        recover::abandon(lake, held.lease(), unfinished.on(Some(name)).all()).await?;
        lake.store.delete_branch(name, held.lease()).await?;
        Ok(BranchChange { name: branch.name, base: branch.base, changed })
    })
    .await
}

/// All branches, by name.
///
/// # Errors
/// When the catalogue cannot be read.
pub async fn branches(lake: &Lake) -> Result<Vec<BranchSummary>> {
    let head = lake.store.head().await?;
    let mut found = Vec::new();
    for branch in lake.store.branches().await? {
        let lines = Lines::of(lake, &branch).await?;
        let (changed, moved_on_main) = (lines.changed(), lines.moved(head.as_ref()));
        let BranchRecord { name, base, head, created_ms, area: _ } = branch;
        found.push(BranchSummary { name, created_ms, base, head, changed, moved_on_main });
    }
    Ok(found)
}

/// A branch's base and its newest snapshot.
pub(super) struct Lines {
    pub(super) base: Option<SnapshotRecord>,
    pub(super) head: Option<SnapshotRecord>,
}

impl Lines {
    pub(super) async fn of(lake: &Lake, branch: &BranchRecord) -> Result<Self> {
        let read = async |id: Option<u64>| match id {
            Some(id) => lake.store.snapshot(id).await,
            None => Ok(None),
        };
        Ok(Self { base: read(branch.base).await?, head: read(branch.head).await? })
    }

    /// The names that differ on the branch.
    pub(super) fn changed(&self) -> Vec<TableName> {
        self.moved(self.head.as_ref())
    }

    /// The names that differ from the base's.
    fn moved(&self, to: Option<&SnapshotRecord>) -> Vec<TableName> {
        let of = |snapshot: Option<&SnapshotRecord>| snapshot.map(|s| s.relations.clone()).unwrap_or_default();
        changed_names(&of(self.base.as_ref()), &of(to))
    }
}

/// A snapshot of `main` that can be read whole.
async fn readable(lake: &Lake, id: u64) -> Result<SnapshotRecord> {
    let found = lake.store.snapshot(id).await?.filter(|snapshot| snapshot.branch.is_none());
    let snapshot = found.ok_or_else(|| {
        Error::new("HW0916", Blame::Project, format!("main has no snapshot {id}"))
            .help("`headwater history` lists the snapshots")
    })?;
    if snapshot.vacuumed {
        let message = format!("snapshot {id} was vacuumed: not all of its tables can be read any more");
        return Err(Error::new("HW0931", Blame::Project, message)
            .help("choose a newer one: `headwater history` marks those that were vacuumed"));
    }
    Ok(snapshot)
}

pub(super) fn refuse_main(name: &str, what: &str) -> Result<()> {
    if name == MAIN {
        let message = format!("main is what everybody reads, and cannot be {what}");
        return Err(Error::new("HW0930", Blame::Project, message).help("name a branch: `headwater branch list`"));
    }
    Ok(())
}

/// Refuses names that no branch can have.
fn verify_name(name: &str) -> Result<()> {
    refuse_main(name, "made")?;
    let why = if !is_branch_name(name) {
        "use lower-case letters, digits, _ and -"
    } else if name.len() > LONGEST {
        "use at most 100 characters"
    } else if name.bytes().all(|b| b.is_ascii_digit()) {
        "use a letter, too: a number alone names a snapshot"
    } else if name == "run" || name.starts_with("run-") || name.starts_with('-') {
        "begin it otherwise: runs have branches of their own that are called run-…"
    } else {
        return Ok(());
    };
    Err(Error::new("HW0930", Blame::Project, format!("'{name}' cannot name a branch")).help(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mean_something_else_are_refused() {
        for good in ["dev", "feature-12", "2026-01", "my_branch", "runner"] {
            assert!(verify_name(good).is_ok(), "{good}");
        }
        let long = "x".repeat(101);
        for bad in ["", "main", "Dev", "a b", "a/b", "..", "12", "run", "run-01j", "-x", long.as_str()] {
            let error = verify_name(bad).unwrap_err();
            assert!(error.code == "HW0930" && error.help.is_some(), "{bad}");
        }
    }
}
