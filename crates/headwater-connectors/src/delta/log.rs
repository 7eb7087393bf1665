//! The files of a Delta log, and what they say.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use headwater_sdk::{Blame, Error, Result};
use object_store::ObjectMeta;
use serde::Deserialize;

use super::actions::{self, Action};
use super::checkpoint;
use crate::codes;
use crate::files::store_error;
use crate::table_format::Root;

/// The folder of the log.
pub(super) const LOG: &str = "_delta_log";

/// Commits that are read together.
const TOGETHER: usize = 8;

/// What a log's folder holds, from some version on.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) root: Root,
    commits: BTreeMap<u64, ObjectMeta>,
    /// The files of the checkpoints that are whole.
    checkpoints: BTreeMap<u64, Vec<ObjectMeta>>,
}

#[derive(Deserialize)]
struct LastCheckpoint {
    version: u64,
}

/// What a file of the log is.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Commit,
    /// Place and number of the parts.
    Checkpoint(u32, u32),
    /// One with a name of its own.
    Named,
}

fn kind_of(name: &str) -> Option<(u64, Kind)> {
    let (version, rest) = name.split_at_checked(20)?;
    let version = version.parse().ok()?;
    let kind = match rest.strip_prefix('.')?.split('.').collect::<Vec<_>>().as_slice() {
        ["json"] => Kind::Commit,
        ["checkpoint", "parquet"] => Kind::Checkpoint(1, 1),
        ["checkpoint", part, of, "parquet"] => Kind::Checkpoint(part.parse().ok()?, of.parse().ok()?),
        ["checkpoint", _, "json" | "parquet"] => Kind::Named,
        _ => return None,
    };
    Some((version, kind))
}

impl Log {
    /// Lists the log: all of it, or what is needed to read the newest version and those after `since`.
    ///
    /// # Errors
    /// When there is no table.
    pub(super) async fn open(root: Root, whole: bool, since: Option<u64>) -> Result<Self> {
        let hint = root.under(&format!("{LOG}/_last_checkpoint"));
        let hint = if whole { None } else { root.get(&hint, &root.name_of(LOG)).await? };
        let hint = hint.and_then(|text| serde_json::from_slice::<LastCheckpoint>(&text).ok());
        if let Some(LastCheckpoint { version }) = hint {
            let log = Self::list(root.clone(), Some(version.min(since.map_or(version, |since| since + 1)))).await?;
            // What it names may be gone, or not be all there.
            if log.checkpoints.contains_key(&version) {
                return Ok(log);
            }
        }
        let log = Self::list(root, None).await?;
        if log.commits.is_empty() && log.checkpoints.is_empty() {
            return Err(log.root.no_table("Delta"));
        }
        Ok(log)
    }

    async fn list(root: Root, from: Option<u64>) -> Result<Self> {
        let folder = root.under(LOG);
        let listed: Vec<ObjectMeta> = match from {
            Some(version) => {
                let offset = root.under(&format!("{LOG}/{version:020}"));
                root.store().list_with_offset(Some(&folder), &offset).try_collect().await
            }
            None => root.store().list(Some(&folder)).try_collect().await,
        }
        .map_err(|error| store_error(error, &root.name_of(LOG)))?;
        let mut log = Self { root, commits: BTreeMap::new(), checkpoints: BTreeMap::new() };
        let mut pieces: BTreeMap<(u64, u32), BTreeMap<u32, ObjectMeta>> = BTreeMap::new();
        let mut named = BTreeMap::new();
        for object in listed {
            // Files below are those of checkpoints, which name them.
            let parts = object.location.prefix_match(&folder).map(|below| below.map(|part| part.as_ref().to_owned()));
            let parts = parts.map(Iterator::collect::<Vec<String>>);
            let Some([name]) = parts.as_deref() else { continue };
            match kind_of(name) {
                Some((version, Kind::Commit)) => {
                    log.commits.insert(version, object);
                }
                Some((version, Kind::Checkpoint(part, of))) => {
                    pieces.entry((version, of)).or_default().insert(part, object);
                }
                Some((version, Kind::Named)) => {
                    named.insert(version, object);
                }
                None => {}
            }
        }
        for ((version, of), parts) in pieces {
            if parts.len() == of as usize {
                log.checkpoints.insert(version, parts.into_values().collect());
            }
        }
        for (version, object) in named {
            log.checkpoints.entry(version).or_insert_with(|| vec![object]);
        }
        Ok(log)
    }

    /// The newest version.
    pub(super) fn newest(&self) -> u64 {
        let last = |versions: Option<&u64>| versions.copied().unwrap_or(0);
        last(self.commits.keys().next_back()).max(last(self.checkpoints.keys().next_back()))
    }

    /// The newest version that was there at a moment, in milliseconds since 1970.
    ///
    /// # Errors
    /// When the log does not reach back as far.
    pub(super) async fn at(&self, moment: i64, written: &str) -> Result<u64> {
        for (version, commit) in self.commits.iter().rev() {
            // Where commits hold their own time, a copied file's does not count.
            let actions = self.commit(*version).await?;
            let own = actions.iter().find_map(|action| action.commit_info.as_ref()?.in_commit_timestamp);
            if own.unwrap_or_else(|| commit.last_modified.timestamp_millis()) <= moment {
                return Ok(*version);
            }
        }
        Err(Error::new(
            codes::TABLE_VERSION,
            Blame::Project,
            format!("the table {} has no version of {written}", self.root.shown()),
        )
        .help("name a later time: its log does not reach back as far"))
    }

    /// The actions of a commit.
    ///
    /// # Errors
    /// When it is not there or cannot be understood.
    pub(super) async fn commit(&self, version: u64) -> Result<Vec<Action>> {
        let name = format!("{LOG}/{version:020}.json");
        let missing = || {
            let message = format!("the commit of version {version} of the table {} is missing", self.root.shown());
            Error::new(codes::TABLE_LOG, Blame::Data, message)
                .help(format!("{name} belongs there: restore it, or let the table's owner write the table anew"))
        };
        if !self.commits.contains_key(&version) {
            return Err(missing());
        }
        let text = self.root.get(&self.root.under(&name), &self.root.name_of(&name)).await?.ok_or_else(missing)?;
        actions::read(&text, &self.root.name_of(&name))
    }

    /// Whether a commit's file is there.
    pub(super) fn has(&self, version: u64) -> bool {
        self.commits.contains_key(&version)
    }

    /// Goes through the actions that make up a version, from the oldest on.
    ///
    /// # Errors
    /// When what the version is made of is not all there.
    pub(super) async fn replay(
        &self,
        version: u64,
        with_files: bool,
        each: &mut (dyn FnMut(Action) + Send),
    ) -> Result<()> {
        if version > self.newest() {
            let message =
                format!("the table {} has no version {version}: the newest is {}", self.root.shown(), self.newest());
            return Err(Error::new(codes::TABLE_VERSION, Blame::Project, message).help("name an older version"));
        }
        let base = self.checkpoints.range(..=version).next_back();
        if let Some((_, files)) = base {
            for file in files {
                checkpoint::read(&self.root, file, with_files, each).await?;
            }
        }
        let first = base.map_or(0, |(version, _)| version + 1);
        if first == 0 && !self.commits.contains_key(&0) {
            let oldest = self.checkpoints.keys().next().or(self.commits.keys().next()).copied().unwrap_or(0);
            let message = format!("version {version} of the table {} cannot be read any more", self.root.shown());
            return Err(Error::new(codes::TABLE_VERSION, Blame::Data, message)
                .help(format!("its log begins at version {oldest}; name a newer version, or restore the log")));
        }
        let mut commits = self.commits(first..=version);
        while let Some(actions) = commits.try_next().await? {
            actions.into_iter().for_each(&mut *each);
        }
        Ok(())
    }

    /// The actions of some commits, in their order; several are read at a time.
    pub(super) fn commits(&self, versions: RangeInclusive<u64>) -> BoxStream<'_, Result<Vec<Action>>> {
        // Collected first: a stream over a closure that borrows is not general enough to be sent between threads.
        let reads: Vec<_> = versions.map(|version| self.commit(version)).collect();
        futures::stream::iter(reads).buffered(TOGETHER).boxed()
    }

    /// The store's name for messages about versions.
    pub(super) fn shown(&self) -> &str {
        self.root.shown()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_logs_files() {
        let v = "00000000000000000012";
        assert_eq!(kind_of(&format!("{v}.json")), Some((12, Kind::Commit)));
        assert_eq!(kind_of(&format!("{v}.checkpoint.parquet")), Some((12, Kind::Checkpoint(1, 1))));
        assert_eq!(
            kind_of(&format!("{v}.checkpoint.0000000002.0000000003.parquet")),
            Some((12, Kind::Checkpoint(2, 3)))
        );
        assert_eq!(kind_of(&format!("{v}.checkpoint.80a083e8-7026.json")), Some((12, Kind::Named)));
        for other in [
            "_last_checkpoint",
            "00000000000000000012.crc",
            "x",
            "00000000000000000012.00000000000000000014.compacted.json",
        ] {
            assert_eq!(kind_of(other), None, "{other}");
        }
    }
}
