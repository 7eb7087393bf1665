//! Publishing: staged commits move into the published logs, or into the staging area of the branch that the run worked on.

use bytes::Bytes;
use headwater_sdk::engine::{PublishOutcome, StagedTable};
use headwater_sdk::failpoint::failpoint;
use headwater_sdk::{Relation, Result, RunId, TableName};
use object_store::path::Path;

use super::location::{Location, commit_file};
use super::table::{TableVersion, list_commits, put_commit, read_commit};
use super::{commit, restore, vacuum};

/// The run that publishes, and where.
pub(crate) struct Publisher<'a> {
    pub(crate) location: &'a Location,
    /// The run whose commits are put.
    pub(crate) run: &'a RunId,
    /// Where they are staged.
    pub(crate) branch: &'a str,
    /// The staging area that they are put into; `None` for the published logs.
    pub(crate) onto: Option<&'a str>,
}

/// How a staged table stands to the log that it is put into.
enum State {
    /// Its commits can be put, or are.
    Whole,
    /// The log that they are put into holds commits above the base that are not the run's.
    Stale,
    /// A commit is neither staged nor put.
    Lost,
}

impl Publisher<'_> {
    /// Puts the staged commits of `tables` into their logs, each with put-if-absent.
    ///
    /// Idempotent: a commit of the run that is there already counts as put. Stops at the first log that holds somebody
    /// else's commit in the place of a staged one.
    pub(crate) async fn publish(&self, tables: &[StagedTable]) -> Result<PublishOutcome> {
        let (mut stale, mut lost) = (Vec::new(), Vec::new());
        for table in tables {
            match self.state_of(table).await? {
                State::Whole => {}
                State::Stale => stale.push(table.table.clone()),
                State::Lost => lost.push(table.table.clone()),
            }
        }
        if stale.is_empty() && lost.is_empty() {
            for table in tables {
                match self.put_commits(table).await? {
                    State::Whole => failpoint("publish_between_tables"),
                    State::Stale => stale.push(table.table.clone()),
                    State::Lost => lost.push(table.table.clone()),
                }
                if !(stale.is_empty() && lost.is_empty()) {
                    break;
                }
            }
        }
        Ok(match (stale.is_empty(), lost.is_empty()) {
            (true, true) => PublishOutcome::Done,
            (true, false) => PublishOutcome::Lost { tables: lost },
            (false, _) => PublishOutcome::Stale { tables: stale },
        })
    }

    /// Takes back what this run, or an earlier try of it that died, put into the logs of `tables`.
    pub(crate) async fn unpublish(&self, tables: &[StagedTable]) -> Result<()> {
        for table in tables {
            self.undo(table).await?;
        }
        Ok(())
    }

    /// Removes what was put into a branch's staging area, the newest first, so that what is left is a log.
    async fn remove(&self, staged: &StagedTable, versions: &[u64]) -> Result<()> {
        for version in versions.iter().rev() {
            vacuum::remove(self.location, &commit_file(&self.log(staged), *version)).await?;
        }
        Ok(())
    }

    async fn state_of(&self, staged: &StagedTable) -> Result<State> {
        let above = self.published_above_base(staged).await?;
        for version in &above {
            if !self.is_ours(staged, *version).await? {
                return Ok(State::Stale);
            }
        }
        for version in first(staged)..=staged.version {
            if !above.contains(&version) && self.staged_commit(&staged.table, version).await?.is_none() {
                return Ok(State::Lost);
            }
        }
        Ok(State::Whole)
    }

    async fn published_above_base(&self, staged: &StagedTable) -> Result<Vec<u64>> {
        let mut versions = list_commits(self.location.root.as_ref(), &self.log(staged)).await?;
        versions.retain(|version| *version >= first(staged));
        Ok(versions)
    }

    /// Whether a published commit is the one that was staged. Where the staged one is gone, it says whose it is.
    async fn is_ours(&self, staged: &StagedTable, version: u64) -> Result<bool> {
        let Some(published) = read_commit(self.location.root.as_ref(), &self.log(staged), version).await? else {
            return Ok(false);
        };
        Ok(match self.staged_commit(&staged.table, version).await? {
            Some(staged) => published == staged,
            None => commit::run_of(&published).as_deref() == Some(self.run.as_str()),
        })
    }

    /// The log that commits are put into.
    fn log(&self, staged: &StagedTable) -> Path {
        match self.onto {
            Some(branch) => self.location.staged_log(branch, &staged.table),
            None => self.location.table(&staged.table).join("_delta_log"),
        }
    }

    async fn staged_commit(&self, table: &TableName, version: u64) -> Result<Option<Bytes>> {
        read_commit(self.location.root.as_ref(), &self.location.staged_log(self.branch, table), version).await
    }

    async fn put_commits(&self, staged: &StagedTable) -> Result<State> {
        for version in first(staged)..=staged.version {
            let commit = self.staged_commit(&staged.table, version).await?;
            let otherwise = if commit.is_none() { State::Lost } else { State::Stale };
            let put = match commit {
                Some(commit) => put_commit(self.location, &self.log(staged), version, commit).await?,
                None => false,
            };
            if !put && !self.is_ours(staged, version).await? {
                return Ok(otherwise);
            }
            failpoint("publish_between_commits");
        }
        Ok(State::Whole)
    }

    /// Takes back what was put of one table, if anything was and nobody has written to it since.
    async fn undo(&self, staged: &StagedTable) -> Result<()> {
        let location = self.location;
        let above = self.published_above_base(staged).await?;
        for version in &above {
            // Somebody has built on top of it: then it is theirs to keep.
            if !self.is_ours(staged, *version).await? {
                return Ok(());
            }
        }
        let Some(head) = above.last().copied() else { return Ok(()) };
        if self.onto.is_some() {
            return self.remove(staged, &above).await;
        }
        let current = TableVersion::open_published(location, &staged.table, head).await?;
        let (actions, position) = match staged.base {
            Some(base) => {
                let before = TableVersion::open_published(location, &staged.table, base).await?;
                let position = commit::position(location, &staged.table, &Relation::Table { version: base }).await?;
                (restore::actions(&current, &before), position)
            }
            None => (restore::clearing_actions(&current), None),
        };
        let bytes = restore::commit_bytes(&staged.table, actions, staged.base, None, position.as_ref())?;
        // Where somebody else was faster, what is there now is theirs to keep.
        put_commit(location, &self.log(staged), head + 1, bytes).await.map(|_| ())
    }
}

/// The first version above the base.
fn first(staged: &StagedTable) -> u64 {
    staged.base.map_or(0, |base| base + 1)
}
