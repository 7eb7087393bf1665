//! The branch of a run: where its tables are staged.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use headwater_sdk::engine::{AuditViewRequest, Branch, Compacted, Layout, StageRequest, Staged, StagedTable};
use headwater_sdk::{Blame, Error, Result, RunId, TableName};

use crate::Lake;
use crate::lake::location::Location;
use crate::lake::table::{TableVersion, exists, head_version, list_commits};
use crate::lake::vacuum::remove_all;
use crate::lake::{commit, restore};
use crate::{maintenance, stage};

/// See [`Branch`].
pub(crate) struct RunBranch {
    pub(crate) lake: Arc<Lake>,
    pub(crate) name: String,
    pub(crate) run: RunId,
}

impl RunBranch {
    pub(crate) fn location(&self) -> &Location {
        self.lake.location()
    }
}

#[async_trait]
impl Branch for RunBranch {
    async fn stage(&self, request: StageRequest) -> Result<Staged> {
        Box::pin(stage::stage(self, request)).await
    }

    async fn audit_view(&self, request: AuditViewRequest) -> Result<Staged> {
        stage::audit_view(self, request).await
    }

    async fn stage_restore(&self, table: &TableName, to_version: u64) -> Result<StagedTable> {
        let location = self.location();
        remove_all(location, &location.staged_log(&self.name, table)).await?;
        let gone = || {
            Error::new("HW0617", Blame::Environment, format!("{table} has no version {to_version} to go back to"))
                .help("choose a newer snapshot: `headwater history` lists them")
        };
        let head = head_version(location, table).await?.ok_or_else(gone)?;
        let current = TableVersion::open_at(location, table, None, Some(head), head).await?;
        let target = TableVersion::open_at(location, table, None, Some(head), to_version)
            .await
            .map_err(|e| gone().caused_by(e))?;
        for path in target.paths() {
            if !exists(location, &path).await? {
                let message =
                    format!("version {to_version} of {table} cannot come back: vacuum has removed its file {path}");
                return Err(Error::new("HW0618", Blame::Environment, message)
                    .help("choose a newer snapshot: `headwater history` lists them"));
            }
        }
        let actions = restore::actions(&current, &target);
        let position = commit::position(location, table, to_version).await?;
        let bytes = restore::commit_bytes(table, actions, Some(to_version), Some(&self.run), position.as_ref())?;
        let version = head + 1;
        commit::put_staged(location, &self.name, table, version, bytes).await?;
        Ok(StagedTable { table: table.clone(), base: Some(head), version, rows: target.rows(), bytes: 0, files: 0 })
    }

    async fn stage_compaction(&self, table: &TableName, layout: &Layout, anew: bool) -> Result<Option<Compacted>> {
        Box::pin(maintenance::stage_compaction(self, table, layout, anew)).await
    }

    async fn holds(&self, staged: &StagedTable) -> Result<bool> {
        let location = self.location();
        if head_version(location, &staged.table).await? != staged.base {
            return Ok(false);
        }
        let log = location.staged_log(&self.name, &staged.table);
        let commits = list_commits(location.root.as_ref(), &log).await?;
        let first = staged.base.map_or(0, |base| base + 1);
        if commits != (first..=staged.version).collect::<Vec<_>>() {
            return Ok(false);
        }
        let branch = Some(self.name.as_str());
        let version = TableVersion::open_at(location, &staged.table, branch, staged.base, staged.version).await?;
        let before = match staged.base {
            Some(base) => {
                let before = TableVersion::open_at(location, &staged.table, None, Some(base), base).await?;
                before.paths().into_iter().collect()
            }
            None => HashSet::new(),
        };
        for path in version.paths().iter().filter(|path| !before.contains(path)) {
            if !exists(location, path).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
