//! The branch of a run: where its tables are staged.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use headwater_sdk::engine::{AuditViewRequest, Branch, Compacted, Layout, StageRequest, Staged, StagedTable};
use headwater_sdk::{Below, Blame, Error, Relation, Relations, Result, RunId, TableName};

use crate::Lake;
use crate::lake::location::Location;
use crate::lake::table::{TableVersion, exists, head_version, list_commits, read_commit};
use crate::lake::vacuum::remove_all;
use crate::lake::{commit, restore};
use crate::{maintenance, stage};

/// See [`Branch`].
pub(crate) struct RunBranch {
    pub(crate) lake: Arc<Lake>,
    pub(crate) name: String,
    /// The staging area of the branch that the run works on; `None` for `main`.
    pub(crate) on: Option<String>,
    pub(crate) run: RunId,
}

/// A table as a run finds it: what its commits stand on.
pub(crate) struct Previous {
    pub(crate) relation: Relation,
    pub(crate) table: TableVersion,
}

impl RunBranch {
    pub(crate) fn location(&self) -> &Location {
        self.lake.location()
    }

    /// The newest version of a table before this run's own: the head of its published log or, for a run on a branch, of what
    /// the branch has staged, else what the branch shows. `relations` is what the run's names mean.
    pub(crate) async fn previous(&self, table: &TableName, relations: &Relations) -> Result<Option<Previous>> {
        let relation = match &self.on {
            None => head_version(self.location(), table).await?.map(|version| Relation::Table { version }),
            Some(on) => match self.staged_on_branch(on, table).await? {
                None => relations.get(table).filter(|relation| matches!(relation, Relation::Table { .. })).cloned(),
                staged => staged,
            },
        };
        let Some(relation) = relation else { return Ok(None) };
        let table = TableVersion::open(self.location(), table, &relation).await?;
        Ok(Some(Previous { relation, table }))
    }

    /// The newest version that a branch has staged; `None` when it has staged none.
    async fn staged_on_branch(&self, on: &str, table: &TableName) -> Result<Option<Relation>> {
        let log = self.location().staged_log(on, table);
        let versions = list_commits(self.location().root.as_ref(), &log).await?;
        let (Some(first), Some(version)) = (versions.first(), versions.last().copied()) else { return Ok(None) };
        Ok(Some(Relation::Staged { branch: on.to_owned(), base: first.checked_sub(1), version, below: None }))
    }

    /// Whether a staged table still stands on the newest version of its line.
    async fn stands_on_newest(&self, staged: &StagedTable) -> Result<bool> {
        Ok(match &self.on {
            None => head_version(self.location(), &staged.table).await? == staged.base,
            Some(on) => match self.staged_on_branch(on, &staged.table).await? {
                Some(relation) => relation.version() == staged.base,
                // It stands on a published version that the branch shows, or on nothing: neither can move.
                None => staged.below.is_none(),
            },
        })
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
        let current = TableVersion::open_published(location, table, head).await?;
        let target =
            TableVersion::open_published(location, table, to_version).await.map_err(|e| gone().caused_by(e))?;
        for path in target.paths() {
            if !exists(location, &path).await? {
                let message =
                    format!("version {to_version} of {table} cannot come back: vacuum has removed its file {path}");
                return Err(Error::new("HW0618", Blame::Environment, message)
                    .help("choose a newer snapshot: `headwater history` lists them"));
            }
        }
        let actions = restore::actions(&current, &target);
        let position = commit::position(location, table, &Relation::Table { version: to_version }).await?;
        let bytes = restore::commit_bytes(table, actions, Some(to_version), Some(&self.run), position.as_ref())?;
        let version = head + 1;
        commit::put_staged(location, &self.name, table, version, bytes).await?;
        let (table, base, rows) = (table.clone(), Some(head), target.rows());
        Ok(StagedTable { table, base, below: None, version, rows, bytes: 0, files: 0 })
    }

    async fn adopt(&self, staged: &StagedTable, from: &str) -> Result<()> {
        let location = self.location();
        remove_all(location, &location.staged_log(&self.name, &staged.table)).await?;
        let log = location.staged_log(from, &staged.table);
        for version in staged.base.map_or(0, |base| base + 1)..=staged.version {
            let read = read_commit(location.root.as_ref(), &log, version).await?;
            let commit = read.ok_or_else(|| {
                let message = format!("the branch has no commit {version} of {} any more", staged.table);
                Error::new("HW0635", Blame::Environment, message)
                    .help("something removed files from the lake's _headwater folder; a run on the branch with --full-refresh builds the table anew")
            })?;
            commit::put_staged(location, &self.name, &staged.table, version, commit).await?;
        }
        Ok(())
    }

    async fn stage_compaction(&self, table: &TableName, layout: &Layout, anew: bool) -> Result<Option<Compacted>> {
        Box::pin(maintenance::stage_compaction(self, table, layout, anew)).await
    }

    async fn holds(&self, staged: &StagedTable) -> Result<bool> {
        let location = self.location();
        if !self.stands_on_newest(staged).await? {
            return Ok(false);
        }
        let log = location.staged_log(&self.name, &staged.table);
        let commits = list_commits(location.root.as_ref(), &log).await?;
        let first = staged.base.map_or(0, |base| base + 1);
        if commits != (first..=staged.version).collect::<Vec<_>>() {
            return Ok(false);
        }
        let version = TableVersion::open(location, &staged.table, &staged.relation(&self.name)).await?;
        let before = match (staged.base, &staged.below) {
            (Some(base), below) => {
                let relation = match below.clone() {
                    None => Relation::Table { version: base },
                    Some(Below { branch, base: lowest }) => {
                        Relation::Staged { branch, base: lowest, version: base, below: None }
                    }
                };
                let before = TableVersion::open(location, &staged.table, &relation).await?;
                before.paths().into_iter().collect()
            }
            (None, _) => HashSet::new(),
        };
        for path in version.paths().iter().filter(|path| !before.contains(path)) {
            if !exists(location, path).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
