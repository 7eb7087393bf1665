//! Staged commits: the Delta actions that one attempt at a table leads to.

use std::collections::{BTreeSet, HashMap};

use arrow::datatypes::{DataType, Schema, SchemaRef};
use bytes::Bytes;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake_core::kernel::transaction::{CommitData, PROTOCOL};
use deltalake_core::kernel::{Action, Add, Metadata, Protocol, StructType, Transaction, new_metadata};
use deltalake_core::protocol::{DeltaOperation, MergePredicate, SaveMode};
use headwater_sdk::engine::WriteMode;
use headwater_sdk::{Blame, Error, Relation, Result, RunId, TableName};
use serde_json::{Value, json};

use super::location::Location;
use super::table::{TableVersion, put_commit, read_shown_commit};

/// The key in a commit's `commitInfo` that holds what Headwater keeps there: `{"run": …, "position": …}`.
pub(crate) const COMMIT_INFO_KEY: &str = "headwater";

/// What a commit says beside its data.
#[derive(Debug, Clone)]
pub(crate) struct CommitNote {
    /// The run that made it.
    pub(crate) run: RunId,
    /// The source's position after the load.
    pub(crate) position: Option<Value>,
}

/// A commit to be staged.
pub(crate) struct NewCommit<'a> {
    pub(crate) table: &'a TableName,
    pub(crate) branch: &'a str,
    /// The version that it stands on; `None` creates the table.
    pub(crate) previous: Option<&'a TableVersion>,
    /// The columns of the table afterwards, in lake types.
    pub(crate) schema: SchemaRef,
    pub(crate) partition_by: &'a [String],
    pub(crate) mode: WriteMode,
    pub(crate) adds: Vec<Add>,
    /// Actions that take rows out ([`super::delete`]); only with [`WriteMode::Append`].
    pub(crate) deletes: &'a [Action],
    /// Table properties of Headwater's own; a table that is replaced keeps no others of these.
    pub(crate) properties: &'a [(&'static str, String)],
    pub(crate) note: &'a CommitNote,
}

/// Puts the commit into the branch's staging area and returns its version.
pub(crate) async fn stage_commit(location: &Location, commit: NewCommit<'_>) -> Result<u64> {
    let version = commit.previous.map_or(0, |table| table.snapshot.version() + 1);
    let actions = actions(&commit)?;
    let operation = operation(&commit);
    if let Some(previous) = commit.previous {
        PROTOCOL
            .can_commit(previous.snapshot.as_ref(), &actions, &operation)
            .map_err(|e| not_writable(commit.table, e))?;
    }
    let mut info = json!({ "run": commit.note.run });
    if let Some(position) = &commit.note.position {
        info["position"] = position.clone();
    }
    let metadata = HashMap::from([(COMMIT_INFO_KEY.to_owned(), info)]);
    let transaction = Transaction::new(format!("headwater:{}", commit.table), run_version(&commit.note.run));
    let bytes = CommitData::new(actions, operation, metadata, vec![transaction])
        .get_bytes()
        .map_err(|e| broken(commit.table, "its commit cannot be written as JSON", e))?;
    put_staged(location, commit.branch, commit.table, version, bytes).await?;
    Ok(version)
}

/// What the log says that was done.
fn operation(commit: &NewCommit<'_>) -> DeltaOperation {
    if !commit.deletes.is_empty() {
        let of = |action: &str| vec![MergePredicate { action_type: action.to_owned(), predicate: None }];
        return DeltaOperation::Merge {
            predicate: None,
            merge_predicate: None,
            matched_predicates: of("delete"),
            not_matched_predicates: of("insert"),
            not_matched_by_source_predicates: Vec::new(),
        };
    }
    DeltaOperation::Write {
        mode: match commit.mode {
            WriteMode::Replace => SaveMode::Overwrite,
            WriteMode::Append => SaveMode::Append,
        },
        partition_by: (!commit.partition_by.is_empty()).then(|| commit.partition_by.to_vec()),
        predicate: None,
    }
}

/// Puts a commit into a branch's staging area, where nobody else writes.
pub(crate) async fn put_staged(
    location: &Location,
    branch: &str,
    table: &TableName,
    version: u64,
    commit: Bytes,
) -> Result<()> {
    match put_commit(location, &location.staged_log(branch, table), version, commit).await? {
        true => Ok(()),
        false => {
            Err(broken(table, "somebody else writes to its branch", format!("version {version} is staged already")))
        }
    }
}

/// The version of a run's application transactions: its time, which grows from run to run.
fn run_version(run: &RunId) -> i64 {
    i64::try_from(run.time_ms()).unwrap_or(i64::MAX)
}

fn actions(commit: &NewCommit<'_>) -> Result<Vec<Action>> {
    let mut actions = Vec::with_capacity(commit.adds.len() + 2);
    let protocol = required_protocol(&commit.schema, commit.previous, !commit.deletes.is_empty())
        .map_err(|e| broken(commit.table, "its protocol cannot be written", e))?;
    actions.extend(protocol.map(Action::Protocol));
    let metadata = changed_metadata(commit).map_err(|e| broken(commit.table, "its schema cannot be written", e))?;
    actions.extend(metadata.map(Action::Metadata));
    if let (WriteMode::Replace, Some(previous)) = (commit.mode, commit.previous) {
        actions.extend(previous.snapshot.log_data().into_iter().map(|file| Action::Remove(file.remove_action(true))));
    }
    actions.extend(commit.deletes.iter().cloned());
    actions.extend(commit.adds.iter().cloned().map(Action::Add));
    Ok(actions)
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// The protocol action that the schema asks for, and deleted rows; `None` when the table has what it needs.
///
/// Tables start at reader 1, writer 2, which every engine reads; a timestamp without a zone needs the table feature
/// `timestampNtz`, a deletion vector `deletionVectors`, and either reader 3, writer 7 (Delta protocol, "Timestamp without
/// timezone", "Deletion Vectors").
fn required_protocol(
    schema: &Schema,
    previous: Option<&TableVersion>,
    deletes: bool,
) -> Result<Option<Protocol>, AnyError> {
    let needs_ntz = schema.fields().iter().any(|field| has_ntz(field.data_type()));
    let old: Option<Value> = previous.map(|table| serde_json::to_value(table.snapshot.protocol())).transpose()?;
    let features = |key: &str| -> BTreeSet<String> {
        let list = old.as_ref().and_then(|old| old.get(key)).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(|f| f.as_str().map(str::to_owned)).collect()
    };
    let needed = [(needs_ntz, "timestampNtz"), (deletes, VECTORS)];
    let needed: Vec<&str> = needed.into_iter().filter_map(|(needed, feature)| needed.then_some(feature)).collect();
    let (mut reader, mut writer) = (features("readerFeatures"), features("writerFeatures"));
    if old.is_some() && needed.iter().all(|feature| writer.contains(*feature)) {
        return Ok(None);
    }
    if needed.is_empty() {
        return Ok(Some(serde_json::from_value(json!({ "minReaderVersion": 1, "minWriterVersion": 2 }))?));
    }
    reader.extend(needed.iter().map(|feature| (*feature).to_owned()));
    // Writer 2 stood for these two; with writer 7 they have to be named.
    writer.extend(["appendOnly", "invariants"].iter().chain(&needed).map(|feature| (*feature).to_owned()));
    Ok(Some(serde_json::from_value(json!({
        "minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": reader, "writerFeatures": writer,
    }))?))
}

/// The table feature of deletion vectors.
const VECTORS: &str = "deletionVectors";
/// The table property without which no new ones are written.
const VECTORS_PROPERTY: &str = "delta.enableDeletionVectors";

fn has_ntz(data_type: &DataType) -> bool {
    match data_type {
        DataType::Timestamp(_, None) => true,
        DataType::List(field) | DataType::Map(field, _) => has_ntz(field.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| has_ntz(field.data_type())),
        _ => false,
    }
}

/// What the names of Headwater's own table properties begin with.
const OWN_PROPERTIES: &str = "headwater.";

/// The metadata action, when the table is new or its columns, partitioning or properties change.
fn changed_metadata(commit: &NewCommit<'_>) -> Result<Option<Metadata>, AnyError> {
    let Some(previous) = commit.previous else {
        let schema: StructType = commit.schema.as_ref().try_into_kernel()?;
        let own = commit.properties.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        return Ok(Some(new_metadata(&schema, commit.partition_by, own)?));
    };
    let partition_by = match commit.mode {
        WriteMode::Replace => commit.partition_by,
        WriteMode::Append => previous.partition_columns(),
    };
    let old = previous.snapshot.metadata();
    let mut configuration = old.configuration().clone();
    if commit.mode == WriteMode::Replace {
        configuration.retain(|name, _| !name.starts_with(OWN_PROPERTIES));
    }
    configuration.extend(commit.properties.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    if !commit.deletes.is_empty() {
        configuration.insert(VECTORS_PROPERTY.to_owned(), "true".to_owned());
    }
    let same_columns = *previous.schema() == *commit.schema && previous.partition_columns() == partition_by;
    if same_columns && configuration == *old.configuration() {
        return Ok(None);
    }
    let schema: StructType = commit.schema.as_ref().try_into_kernel()?;
    let mut metadata = serde_json::to_value(new_metadata(&schema, partition_by, configuration)?)?;
    metadata["id"] = json!(old.id());
    Ok(Some(serde_json::from_value(metadata)?))
}

/// The source position kept in the newest commit at or below the version of a relation; `None` when no commit keeps one.
pub(crate) async fn position(location: &Location, table: &TableName, relation: &Relation) -> Result<Option<Value>> {
    let Some(version) = relation.version() else { return Ok(None) };
    for version in (0..=version).rev() {
        let read = read_shown_commit(location, table, relation, version).await?;
        let Some(bytes) = read else { return Ok(None) };
        if let Some(note) = commit_note(&bytes) {
            return Ok(note.get("position").filter(|position| !position.is_null()).cloned());
        }
        // A commit of somebody else's (compaction, say) keeps no position: the one before it holds.
    }
    Ok(None)
}

/// The run that made a commit; `None` when it is not Headwater's.
pub(crate) fn run_of(commit: &[u8]) -> Option<String> {
    commit_note(commit)?.get("run")?.as_str().map(str::to_owned)
}

/// What Headwater kept in a commit's `commitInfo`; `None` when the commit is not Headwater's.
fn commit_note(commit: &[u8]) -> Option<Value> {
    commit.split(|byte| *byte == b'\n').find_map(|line| {
        let mut action: Value = serde_json::from_slice(line).ok()?;
        action.get_mut("commitInfo")?.get_mut(COMMIT_INFO_KEY).map(Value::take)
    })
}

/// A table whose protocol or properties forbid what was to be done.
pub(crate) fn not_writable(table: &TableName, cause: impl Into<AnyError>) -> Error {
    Error::new("HW0613", Blame::Environment, format!("{table} cannot be written"))
        .help("another program gave the table properties or protocol features that Headwater cannot write; move the table's folder away to let Headwater make it anew")
        .caused_by(cause)
}

pub(crate) fn broken(table: &TableName, what: &str, cause: impl Into<AnyError>) -> Error {
    Error::new("HW0614", Blame::Headwater, format!("{table}: {what}"))
        .help("this is a defect of Headwater: please report it")
        .caused_by(cause)
}
