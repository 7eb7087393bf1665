//! Maintenance of tables: their rows are written again into files of the right size and order, and their logs get
//! checkpoints. Neither changes a row.
//!
//! - `survey`: which files would be better written again
//! - `rewrite`: reading and writing them
//! - `curve`: the order of rows along a curve through several columns
//! - `checkpoint`: logs that are read without all of their commits

mod checkpoint;
mod curve;
mod rewrite;
mod survey;

use std::collections::HashMap;

use deltalake_core::kernel::transaction::{CommitData, PROTOCOL};
use deltalake_core::kernel::{Action, Add, LogicalFileView};
use deltalake_core::protocol::DeltaOperation;
use futures::{FutureExt, StreamExt, TryStreamExt};
use headwater_sdk::engine::{Compacted, Layout, StagedTable, Survey};
use headwater_sdk::failpoint::failpoint;
use headwater_sdk::{Relation, Result, TableName};
use serde_json::json;

use crate::branch::RunBranch;
use crate::lake::commit;
use crate::lake::location::Location;
use crate::lake::table::{TableVersion, head_version};
use crate::lake::vacuum::remove_all;
use crate::session::needs_delta_rs;

pub(crate) use checkpoint::checkpoint;

/// See [`headwater_sdk::engine::Engine::survey`].
pub(crate) async fn survey(location: &Location, table: &TableName, layout: &Layout, anew: bool) -> Result<Survey> {
    let Some(head) = head_version(location, table).await? else { return Ok(Survey::default()) };
    let version = TableVersion::open_published(location, table, head).await?;
    let mut found = Survey { commits: checkpoint::commits_since(location, table, head).await?, ..Survey::default() };
    for file in version.snapshot.log_data() {
        found.files += 1;
        found.bytes += u64::try_from(file.size()).unwrap_or(0);
    }
    if needs_delta_rs(&version) {
        found.obstacle = Some("another engine has written it with features that Headwater only reads".to_owned());
        return Ok(found);
    }
    for file in survey::groups(&version, layout, anew).iter().flat_map(|group| &group.files) {
        found.rewrite_files += 1;
        found.rewrite_bytes += file.size;
        found.deleted_rows += file.deleted;
    }
    Ok(found)
}

/// See [`headwater_sdk::engine::Branch::stage_compaction`].
pub(crate) async fn stage_compaction(
    branch: &RunBranch,
    table: &TableName,
    layout: &Layout,
    anew: bool,
) -> Result<Option<Compacted>> {
    let location = branch.location();
    remove_all(location, &location.staged_log(&branch.name, table)).await?;
    let Some(head) = head_version(location, table).await? else { return Ok(None) };
    let version = TableVersion::open_published(location, table, head).await?;
    if needs_delta_rs(&version) {
        return Ok(None);
    }
    let groups = survey::groups(&version, layout, anew);
    if groups.is_empty() {
        return Ok(None);
    }
    let work: Vec<_> =
        groups.iter().map(|group| rewrite::rewrite(branch, table, &version, group, layout).boxed()).collect();
    let written: Vec<Vec<Add>> =
        futures::stream::iter(work).buffer_unordered(branch.lake.threads()).try_collect().await?;
    failpoint("engine_after_write");
    let adds: Vec<Add> = written.into_iter().flatten().collect();
    let gone: HashMap<&str, u64> =
        groups.iter().flat_map(|group| &group.files).map(|file| (file.path.as_str(), file.deleted)).collect();
    let purged = gone.values().sum();
    let is_gone = |file: &LogicalFileView| gone.contains_key(file.path().as_ref());
    let (mut before, mut after) = ((0, 0), (0, 0));
    let mut actions = Vec::new();
    for file in version.snapshot.log_data() {
        let size = u64::try_from(file.size()).unwrap_or(0);
        before = (before.0 + 1, before.1 + size);
        if is_gone(&file) {
            actions.push(Action::Remove(file.remove_action(false)));
        } else {
            after = (after.0 + 1, after.1 + size);
        }
    }
    let bytes = adds.iter().map(|add| u64::try_from(add.size).unwrap_or(0)).sum();
    let files = adds.len() as u64;
    after = (after.0 + files, after.1 + bytes);
    actions.extend(adds.into_iter().map(|add| Action::Add(Add { data_change: false, ..add })));
    let staged = commit(branch, table, &version, actions, layout).await?;
    failpoint("engine_after_commit");
    let staged = StagedTable {
        table: table.clone(),
        base: Some(head),
        below: None,
        version: staged,
        rows: version.rows(),
        bytes,
        files,
    };
    Ok(Some(Compacted { staged, before, after, purged }))
}

/// Stages the commit; what a source has loaded stays in the newest one.
async fn commit(
    branch: &RunBranch,
    table: &TableName,
    version: &TableVersion,
    actions: Vec<Action>,
    layout: &Layout,
) -> Result<u64> {
    let (location, base) = (branch.location(), version.snapshot.version());
    let target_size = i64::try_from(layout.file_size).unwrap_or(i64::MAX);
    let operation = DeltaOperation::Optimize { predicate: None, target_size };
    PROTOCOL.can_commit(version.snapshot.as_ref(), &actions, &operation).map_err(|e| commit::not_writable(table, e))?;
    let position = commit::position(location, table, &Relation::Table { version: base }).await?;
    let note = json!({ "run": branch.run, "position": position });
    let note = HashMap::from([(commit::COMMIT_INFO_KEY.to_owned(), note)]);
    let bytes = CommitData::new(actions, operation, note, vec![])
        .get_bytes()
        .map_err(|e| commit::broken(table, "its commit cannot be written as JSON", e))?;
    commit::put_staged(location, &branch.name, table, base + 1, bytes).await?;
    Ok(base + 1)
}
