//! Publishing: staged commits move into the published logs.

use headwater_sdk::engine::{PublishOutcome, StagedTable};
use headwater_sdk::failpoint::failpoint;
use headwater_sdk::{Blame, Error, Result, TableName};
use object_store::{PutMode, PutOptions};

use super::location::{Location, commit_file};
use super::restore;
use super::table::{TableVersion, list_commits, read_commit, storage_error};

/// Puts the staged commits of `tables` into their logs, each with put-if-absent.
///
/// Idempotent: a commit that is there already, byte for byte, counts as put. When a log holds somebody else's commit in
/// the place of a staged one, what this call (or an earlier one that died) put into other logs is undone by RESTORE
/// commits, so that direct readers of those tables see their old contents again.
pub(crate) async fn publish(location: &Location, branch: &str, tables: &[StagedTable]) -> Result<PublishOutcome> {
    let mut stale = Vec::new();
    for table in tables {
        if is_stale(location, branch, table).await? {
            stale.push(table.table.clone());
        }
    }
    if stale.is_empty() {
        for table in tables {
            if !put_commits(location, branch, table).await? {
                stale.push(table.table.clone());
                break;
            }
            failpoint("publish_between_tables");
        }
    }
    if stale.is_empty() {
        return Ok(PublishOutcome::Done);
    }
    for table in tables {
        undo(location, branch, table).await?;
    }
    Ok(PublishOutcome::Stale { tables: stale })
}

/// Whether the published log holds commits above the base that are not the staged ones.
async fn is_stale(location: &Location, branch: &str, staged: &StagedTable) -> Result<bool> {
    let log = location.table(&staged.table).join("_delta_log");
    let first = staged.base.map_or(0, |base| base + 1);
    for version in list_commits(location.root.as_ref(), &log).await? {
        if version < first {
            continue;
        }
        let published = read_commit(location.root.as_ref(), &log, version).await?;
        if published != staged_commit(location, branch, &staged.table, version).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn staged_commit(
    location: &Location,
    branch: &str,
    table: &TableName,
    version: u64,
) -> Result<Option<bytes::Bytes>> {
    read_commit(location.root.as_ref(), &location.staged_log(branch, table), version).await
}

/// False when somebody else's commit is in the way.
async fn put_commits(location: &Location, branch: &str, staged: &StagedTable) -> Result<bool> {
    let log = location.table(&staged.table).join("_delta_log");
    for version in staged.base.map_or(0, |base| base + 1)..=staged.version {
        let Some(bytes) = staged_commit(location, branch, &staged.table, version).await? else {
            return Err(Error::new(
                "HW0620",
                Blame::Environment,
                format!("the staged commit {version} of {} is gone from branch {branch}", staged.table),
            )
            .help("something removed files from the lake's _headwater folder; run again to rebuild the table"));
        };
        let file = commit_file(&log, version);
        let create = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match location.root.put_opts(&file, bytes.clone().into(), create).await {
            Ok(_) => {}
            Err(object_store::Error::AlreadyExists { .. }) => {
                if read_commit(location.root.as_ref(), &log, version).await? != Some(bytes) {
                    return Ok(false);
                }
            }
            Err(e) => return Err(storage_error("write", &file, e)),
        }
        failpoint("publish_between_commits");
    }
    Ok(true)
}

/// Takes back what was put of one table, if anything was and nobody has written to it since.
async fn undo(location: &Location, branch: &str, staged: &StagedTable) -> Result<()> {
    let log = location.table(&staged.table).join("_delta_log");
    let first = staged.base.map_or(0, |base| base + 1);
    let above: Vec<u64> =
        list_commits(location.root.as_ref(), &log).await?.into_iter().filter(|version| *version >= first).collect();
    let mut ours = 0;
    for version in &above {
        let published = read_commit(location.root.as_ref(), &log, *version).await?;
        if published == staged_commit(location, branch, &staged.table, *version).await? {
            ours += 1;
        }
    }
    // Nothing of ours is there, or somebody has built on top of it: then it is theirs to keep.
    let (Some(head), true) = (above.last().copied(), ours > 0 && ours == above.len()) else { return Ok(()) };
    let current = TableVersion::open_at(location, &staged.table, None, Some(head), head).await?;
    let actions = match staged.base {
        Some(base) => {
            restore::actions(&current, &TableVersion::open_at(location, &staged.table, None, Some(base), base).await?)
        }
        None => restore::clearing_actions(&current),
    };
    let position = match staged.base {
        Some(base) => super::commit::position(location, &staged.table, base).await?,
        None => None,
    };
    let bytes = restore::commit_bytes(&staged.table, actions, staged.base, position.as_ref())?;
    let file = commit_file(&log, head + 1);
    let create = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
    match location.root.put_opts(&file, bytes.into(), create).await {
        Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
        Err(e) => Err(storage_error("write", &file, e)),
    }
}
