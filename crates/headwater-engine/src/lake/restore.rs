//! RESTORE: a commit that brings back the contents of an older version.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use deltalake_core::kernel::transaction::CommitData;
use deltalake_core::kernel::{Action, LogicalFileView};
use deltalake_core::protocol::DeltaOperation;
use headwater_sdk::{Blame, Error, Result, RunId, TableName};

use serde_json::{Value, json};

use super::commit::COMMIT_INFO_KEY;
use super::delete::add_again;
use super::deletion_vector::identity;
use super::table::TableVersion;

/// The actions that turn `current` into `target`.
pub(crate) fn actions(current: &TableVersion, target: &TableVersion) -> Vec<Action> {
    let identity = |file: &LogicalFileView| identity(&file.path(), file.deletion_vector_descriptor().as_ref());
    let here: HashSet<String> = current.snapshot.log_data().into_iter().map(|file| identity(&file)).collect();
    let there: HashSet<String> = target.snapshot.log_data().into_iter().map(|file| identity(&file)).collect();
    let mut actions = Vec::new();
    if current.snapshot.metadata() != target.snapshot.metadata() {
        actions.push(Action::Metadata(target.snapshot.metadata().clone()));
    }
    for file in current.snapshot.log_data().into_iter().filter(|file| !there.contains(&identity(file))) {
        actions.push(Action::Remove(file.remove_action(true)));
    }
    for file in target.snapshot.log_data().into_iter().filter(|file| !here.contains(&identity(file))) {
        actions.push(Action::Add(add_again(&file, file.deletion_vector_descriptor())));
    }
    actions
}

/// The actions that leave a table without rows.
pub(crate) fn clearing_actions(current: &TableVersion) -> Vec<Action> {
    current.snapshot.log_data().into_iter().map(|file| Action::Remove(file.remove_action(true))).collect()
}

/// The text of a RESTORE commit. `version` is the version that is restored; `None` when the table is emptied. `position`
/// is the source's at that version: what was loaded after it has to be loaded again. `run` is the one whose commit it is; a
/// commit that only takes back another has none.
pub(crate) fn commit_bytes(
    table: &TableName,
    actions: Vec<Action>,
    version: Option<u64>,
    run: Option<&RunId>,
    position: Option<&Value>,
) -> Result<Bytes> {
    let operation = DeltaOperation::Restore { version, datetime: None };
    let note = HashMap::from([(COMMIT_INFO_KEY.to_owned(), json!({ "run": run, "position": position }))]);
    CommitData::new(actions, operation, note, vec![]).get_bytes().map_err(|e| {
        Error::new("HW0614", Blame::Headwater, format!("{table}: its commit cannot be written as JSON"))
            .help("this is a defect of Headwater: please report it")
            .caused_by(e)
    })
}
