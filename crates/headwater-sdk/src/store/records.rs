//! The catalogue's records. Stored as JSON with a version; old versions stay readable (`headwater-catalog/fixtures`).

use serde::{Deserialize, Serialize};

use crate::check::CheckCount;
use crate::engine::{Clustering, Staged, StagedTable};
use crate::id::RunId;
use crate::lineage::ColumnLineage;
use crate::method::TimeRange;
use crate::name::TableName;
use crate::relation::Relations;
use crate::store::parts::{ContentParts, ReadParts};

/// The right to change a lake, for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// What it is a lease of, e.g. `publish`.
    pub name: String,
    /// Who has it: a text that tells people, and [`crate::store::Store`] users, host, process and run.
    pub holder: String,
    /// Grows with every acquisition (a fencing token).
    pub token: u64,
    /// When it ends, in milliseconds since 1970-01-01T00:00:00Z.
    pub expires_ms: i64,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Working, or died while working.
    Running,
    /// Everything that was planned is published (or there was nothing to do).
    Published,
    /// Something failed or was held back; what could be published was.
    Partial,
    /// Nothing was published.
    Failed,
    /// Stopped by a person; nothing was published. The next run of the same project goes on from here.
    Interrupted,
    /// Given up for a newer run; its branch is gone.
    Abandoned,
}

/// One execution of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its identifier.
    pub id: RunId,
    /// Its number in this lake, from 1: the version of its Delta application transactions.
    pub number: u64,
    /// The environment.
    pub environment: String,
    /// A fingerprint of the plan: an unfinished run is resumed by a run with the same one.
    pub plan_fingerprint: String,
    /// The branch that it works on; `None` for `main`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The snapshot that it started from; `None` in a new lake.
    pub base_snapshot: Option<u64>,
    /// The snapshot that it published.
    pub snapshot: Option<u64>,
    /// Where it stands.
    pub state: RunState,
    /// Start, in milliseconds since 1970-01-01T00:00:00Z.
    pub started_ms: i64,
    /// End.
    pub ended_ms: Option<i64>,
    /// The process that works, or worked, on it: the text of its lease's holder. A run whose process may still be alive
    /// is not gone on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// The command line, without secrets.
    pub command: String,
    /// The part of a backfill that it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backfill: Option<BackfillPart>,
    /// The version of Headwater.
    pub version: String,
}

/// A part of a backfill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackfillPart {
    /// The backfill's identifier: all of its parts have the same.
    pub id: String,
    /// All of its time.
    pub whole: TimeRange,
    /// A fingerprint of its models and of the steps that it is cut into.
    pub work: String,
    /// The time of this part.
    pub part: TimeRange,
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Planned, or died while working.
    Pending,
    /// Written and its checks evaluated: nothing stands against publishing it.
    Audited,
    /// In the published snapshot.
    Published,
    /// An error, or a failed check.
    Failed,
    /// Not tried, or not published, because of an upstream asset.
    HeldBack,
    /// Nothing to do: what is published is up to date.
    UpToDate,
}

/// The work of a run on one asset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskRecord {
    /// The run.
    pub run: RunId,
    /// Its place in the plan, from 0.
    pub position: u32,
    /// The asset.
    pub asset: TableName,
    /// Why it is done, or why there is nothing to do: a sentence.
    pub reason: String,
    /// Where it stands.
    pub state: TaskState,
    /// How often it was tried.
    pub attempts: u32,
    /// Start of the last attempt, in milliseconds since 1970-01-01T00:00:00Z.
    pub started_ms: Option<i64>,
    /// End of the last attempt.
    pub ended_ms: Option<i64>,
    /// What it led to.
    pub staged: Option<Staged>,
    /// The error, or the upstream asset that holds it back.
    pub message: Option<String>,
    /// The asset's state once published, for a run that is resumed.
    pub after: Option<AssetState>,
    /// The asset's lineage once published.
    pub lineage: Option<LineageRecord>,
}

/// What `main` holds of an asset: what a plan compares with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssetState {
    /// The asset.
    pub asset: TableName,
    /// A fingerprint of its definition: rendered SQL or source options, checks, materialisation, schema.
    pub definition: String,
    /// A fingerprint of each input as it was read: its own fingerprint, in the order of names.
    pub inputs: Vec<(TableName, String)>,
    /// The assets that its SQL reads; checks may read others of the inputs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<TableName>,
    /// A fingerprint of its contents: changes with every version that is published.
    pub contents: String,
    /// Its parts, and when each changed; `None` in states of before they were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<ContentParts>,
    /// The parts of its inputs that it uses, in the order of names. An input that is not among them is used whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read_parts: Vec<ReadParts>,
    /// For a source: the fingerprint of what it had read ([`crate::connector::ReadPlan::fingerprint`]).
    pub source: Option<String>,
    /// The newest value seen by each freshness check, by the check's name (RFC 3339).
    pub newest: Vec<(String, String)>,
    /// The run that published it.
    pub run: RunId,
    /// The snapshot that it was published in: what its inputs were there, it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<u64>,
    /// What its checks have seen of its rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckCount>,
    /// By what the rows lay together in its files when all of them were written last.
    #[serde(default, skip_serializing_if = "Clustering::is_none")]
    pub clustering: Clustering,
}

/// An asset's lineage and columns as published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LineageRecord {
    /// The asset.
    pub asset: TableName,
    /// Its columns: name and type.
    pub columns: Vec<(String, String)>,
    /// Its column-level lineage; empty for sources and seeds.
    pub lineage: ColumnLineage,
    /// Where a source's rows come from, e.g. `files: flights/*.csv.gz`.
    pub origin: Option<String>,
}

/// Why a snapshot was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SnapshotKind {
    /// A run published.
    Publish,
    /// A rollback to an earlier snapshot.
    Rollback {
        /// That snapshot.
        to: u64,
    },
    /// `headwater maintain` wrote the same rows into other files.
    Maintain,
}

/// An immutable map {table → version}.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SnapshotRecord {
    /// Its number, from 1. `main` and all branches of a lake count together.
    pub id: u64,
    /// The branch that it is one of; `None` for `main`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The snapshot before it: of the same branch, or the one that the branch was made from.
    pub parent: Option<u64>,
    /// Why it was made.
    pub kind: SnapshotKind,
    /// The run that made it.
    pub run: RunId,
    /// When it was published, in milliseconds since 1970-01-01T00:00:00Z.
    pub published_ms: i64,
    /// What every name stands for.
    pub relations: Relations,
    /// The names whose relation differs from the parent's, those that are gone included.
    pub changed: Vec<TableName>,
    /// Whether vacuuming has taken files of it: what of it later snapshots do not hold cannot be read any more.
    #[serde(default)]
    pub vacuumed: bool,
}

/// A branch that people made: a line of snapshots beside `main`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchRecord {
    /// Its name.
    pub name: String,
    /// The name of its staging area. No other branch, before or after it, has the same.
    pub area: String,
    /// The snapshot of `main` that it stands on; `None` when `main` had none.
    pub base: Option<u64>,
    /// Its newest snapshot; its base's as long as nothing was run on it.
    pub head: Option<u64>,
    /// When it was made, in milliseconds since 1970-01-01T00:00:00Z.
    pub created_ms: i64,
}

/// What a run is about to publish: written before the first commit is put, cleared with the new snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// The run.
    pub run: RunId,
    /// The staging area whose commits are put.
    pub branch: String,
    /// The staging area that they are put into, for a run on a branch; `None` for the published logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onto: Option<String>,
    /// The staged tables.
    pub tables: Vec<StagedTable>,
    /// The snapshot to be.
    pub snapshot: SnapshotRecord,
    /// The states of the assets that it changes.
    pub assets: Vec<AssetState>,
    /// Their lineage.
    pub lineage: Vec<LineageRecord>,
    /// Assets that the project no longer has: from this snapshot on they have neither state nor lineage.
    pub removed: Vec<TableName>,
    /// The branch whose contents the snapshot of `main` takes over: it begins anew on that snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebases: Option<BranchRecord>,
}
