//! What came and went between two versions of a Delta table.

use std::collections::HashMap;
use std::sync::Arc;

use futures::TryStreamExt;
use headwater_sdk::connector::{Operation, ReadMode};
use headwater_sdk::{Blame, Error, Result};

use super::actions::{Action, Add, ChangeFile, Descriptor, PartitionValues, Remove};
use super::log::Log;
use super::snapshot::{Snapshot, entry};
use super::vector::Vector;
use crate::codes;
use crate::table_format::{DataFile, Steps, Wanted};

/// The marks of rows that are gone in a file of changes.
const GONE: (&str, &[&str]) = ("_change_type", &["delete", "update_preimage"]);
/// Those of rows that are there.
const THERE: (&str, &[&str]) = ("_change_type", &["insert", "update_postimage"]);

/// What the versions after `since` have done to the rows.
///
/// # Errors
/// When the log does not reach back as far, or, where rows can only be added, others went.
pub(super) async fn changes(log: &Log, since: u64, now: &Snapshot, mode: ReadMode) -> Result<Steps> {
    let mut steps = Steps::default();
    let versions = since + 1..=now.version;
    if let Some(version) = versions.clone().find(|version| !log.has(*version)) {
        let message = format!("version {version} of the table {} is in its log no more", log.shown());
        return Err(Error::new(codes::TABLE_VERSION, Blame::Data, message).help(format!(
            "version {since} was read last, and what came since is not told any more: load the stream with --full-refresh, \
             and more often than the table's log is kept (delta.logRetentionDuration)"
        )));
    }
    let mut commits = log.commits(versions.clone());
    for version in versions {
        let Some(actions) = commits.try_next().await? else { break };
        let commit = Commit::of(actions);
        if mode == ReadMode::Cdc {
            commit.changes(log, now, &mut steps)?;
        } else {
            commit.appended(log, version, now, &mut steps)?;
        }
    }
    Ok(steps)
}

/// The actions of a commit that say something of rows.
#[derive(Default)]
struct Commit {
    operation: Option<String>,
    added: Vec<Add>,
    removed: Vec<Remove>,
    told: Vec<ChangeFile>,
}

impl Commit {
    fn of(actions: Vec<Action>) -> Self {
        let mut commit = Self::default();
        for action in actions {
            // What only lies otherwise in files is the same rows.
            commit.added.extend(action.add.filter(|add| add.data_change));
            commit.removed.extend(action.remove.filter(|remove| remove.data_change));
            commit.told.extend(action.cdc);
            commit.operation = action.commit_info.and_then(|info| info.operation).or(commit.operation);
        }
        commit
    }

    fn appended(self, log: &Log, version: u64, now: &Snapshot, steps: &mut Steps) -> Result<()> {
        if !self.removed.is_empty() {
            let operation = self.operation.unwrap_or_else(|| "a commit".into());
            let message = format!(
                "version {version} of the table {} took rows out or changed them ({operation}), and the stream only takes up new ones",
                log.shown()
            );
            return Err(Error::new(codes::TABLE_REWRITTEN, Blame::Data, message).help(
                "say `mode: cdc` with a `key` to take up changes, `mode: full` to read the table as it is, or load it once with --full-refresh",
            ));
        }
        for add in &self.added {
            steps.files.push((now.data_file(&log.root, add)?, None));
        }
        Ok(())
    }

    /// Rows that went come before those that came: a row that was changed is both.
    fn changes(self, log: &Log, now: &Snapshot, steps: &mut Steps) -> Result<()> {
        let root = &log.root;
        if !self.told.is_empty() {
            for (marks, operation) in [(GONE, Operation::Delete), (THERE, Operation::Upsert)] {
                for file in &self.told {
                    let entry = entry(root, &file.path, file.size)?;
                    let constants = Arc::new(now.constants(&file.partition_values, &entry.name)?);
                    let wanted = Wanted { marked: Some(marks), ..Wanted::default() };
                    steps.files.push((DataFile { entry, constants, wanted }, Some(operation)));
                }
            }
            return Ok(());
        }
        let none = PartitionValues::new();
        let vectors = |path: &str, of: &HashMap<&str, Option<Descriptor>>| of.get(path).cloned();
        let added: HashMap<&str, _> =
            self.added.iter().map(|add| (add.path.as_str(), add.deletion_vector.clone())).collect();
        let removed: HashMap<&str, _> =
            self.removed.iter().map(|remove| (remove.path.as_str(), remove.deletion_vector.clone())).collect();
        for remove in &self.removed {
            let size =
                remove.size.or_else(|| self.added.iter().find(|add| add.path == remove.path).map(|add| add.size));
            let Some(size) = size else { return Err(unsized_file(log, &remove.path)) };
            let entry = entry(root, &remove.path, size)?;
            let values = remove
                .partition_values
                .as_ref()
                .or_else(|| self.added.iter().find(|add| add.path == remove.path).map(|add| &add.partition_values));
            let Some(values) = values.or((!now.is_partitioned()).then_some(&none)) else {
                return Err(unsized_file(log, &remove.path));
            };
            let constants = Arc::new(now.constants(values, &entry.name)?);
            // A file that stays with more deleted rows has lost those alone.
            let only = match vectors(&remove.path, &added) {
                Some(None) => continue,
                Some(Some(vector)) => Vector::of(root, Some(&vector)),
                None => None,
            };
            let without = Vector::of(root, remove.deletion_vector.as_ref());
            let wanted = Wanted { without, only, marked: None };
            steps.files.push((DataFile { entry, constants, wanted }, Some(Operation::Delete)));
        }
        for add in &self.added {
            let mut file = now.data_file(root, add)?;
            match vectors(&add.path, &removed) {
                Some(None) => continue,
                Some(Some(vector)) => file.wanted.only = Vector::of(root, Some(&vector)),
                None => {}
            }
            steps.files.push((file, Some(Operation::Upsert)));
        }
        Ok(())
    }
}

fn unsized_file(log: &Log, path: &str) -> Error {
    let message =
        format!("the log of the table {} does not say what is needed to read the removed file {path}", log.shown());
    Error::new(codes::TABLE_REWRITTEN, Blame::Data, message)
        .help("load the stream with --full-refresh, and let the table tell its changes (delta.enableChangeDataFeed)")
}
