//! The catalogue's records and the trait of the stores that keep them.

mod deliveries;
mod parts;
mod records;
mod usage;

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::destination::RowId;
use crate::engine::TableScan;
use crate::error::Result;
use crate::id::RunId;
use crate::name::TableName;

pub use deliveries::{DeliveryOutcome, DeliveryRecord, LedgerRecord, UndeliveredRecord};
pub use parts::{ColumnPart, ContentParts, Part, ReadParts};
pub use records::{
    AssetState, BackfillPart, BranchRecord, Intent, Lease, LineageRecord, RunRecord, RunState, SnapshotKind,
    SnapshotRecord, TaskRecord, TaskState,
};
pub use usage::{ColumnUse, MOST_USAGE, MOST_USAGE_OF_A_DAY, RestrictedBy, USAGE_DAYS, UsageRecord};

/// The name of the branch that consumers see.
pub const MAIN: &str = "main";

/// Keeps the catalogue. Every call is one transaction: it happens whole or not at all.
///
/// Implementations pass the conformance suite in `headwater-catalog/src/conformance`.
#[async_trait]
pub trait Store: Send + Sync {
    // -- leases --------------------------------------------------------------------------------------------------

    /// Takes the lease `name` for `holder` until `ttl_ms` from now, or says who has it. A lease that has expired is
    /// taken over. Every success has a larger token than all before it.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn acquire_lease(&self, name: &str, holder: &str, ttl_ms: u64) -> Result<std::result::Result<Lease, Lease>>;

    /// Prolongs a lease; false when it has been taken over.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn renew_lease(&self, lease: &Lease, ttl_ms: u64) -> Result<bool>;

    /// Gives a lease back, or breaks one whose holder is known to be dead. Does nothing when it has been taken over.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn release_lease(&self, lease: &Lease) -> Result<()>;

    // -- runs ----------------------------------------------------------------------------------------------------

    /// Adds a run, or replaces its record, provided that `lease` is still held: a run that was taken over must not bring
    /// itself back.
    ///
    /// # Errors
    /// `HW0702` when the lease has been taken over; otherwise when the store cannot be reached.
    async fn put_run(&self, run: &RunRecord, lease: &Lease) -> Result<()>;

    /// A run by its identifier.
    ///
    /// # Errors
    /// When the store cannot be reached or holds a record from a newer Headwater.
    async fn run(&self, id: &RunId) -> Result<Option<RunRecord>>;

    /// The newest runs first, at most `limit`.
    ///
    /// # Errors
    /// As [`Store::run`].
    async fn runs(&self, limit: usize) -> Result<Vec<RunRecord>>;

    /// Adds tasks of runs, or replaces their records: all of them or none, provided that `lease` is still held.
    ///
    /// # Errors
    /// As [`Store::put_run`].
    async fn put_tasks(&self, tasks: &[TaskRecord], lease: &Lease) -> Result<()>;

    /// Adds a task of a run, or replaces its record: as [`Store::put_tasks`].
    ///
    /// # Errors
    /// As [`Store::put_run`].
    async fn put_task(&self, task: &TaskRecord, lease: &Lease) -> Result<()> {
        self.put_tasks(std::slice::from_ref(task), lease).await
    }

    /// The tasks of a run, in their order.
    ///
    /// # Errors
    /// As [`Store::run`].
    async fn tasks(&self, run: &RunId) -> Result<Vec<TaskRecord>>;

    /// Those of a run's tasks that are on these assets, in the order of the assets.
    ///
    /// # Errors
    /// As [`Store::run`].
    async fn tasks_on(&self, run: &RunId, assets: &[TableName]) -> Result<Vec<TaskRecord>>;

    /// Every asset that a run ever had a task for.
    ///
    /// # Errors
    /// As [`Store::run`].
    async fn known_assets(&self) -> Result<BTreeSet<TableName>>;

    // -- publishing ----------------------------------------------------------------------------------------------

    /// Records what a run is about to publish, provided that `lease` is still held.
    ///
    /// # Errors
    /// `HW0702` when the lease has been taken over; otherwise when the store cannot be reached.
    async fn put_intent(&self, intent: &Intent, lease: &Lease) -> Result<()>;

    /// The intents that are neither finished nor undone.
    ///
    /// # Errors
    /// As [`Store::run`].
    async fn intents(&self) -> Result<Vec<Intent>>;

    /// Moves `main`, or the branch that the snapshot is one of: adds the intent's snapshot, updates asset states and
    /// lineage, and clears the intent, in one transaction, provided that `lease` is still held and the snapshot's parent is
    /// still the newest. With [`Intent::rebases`], the snapshots of that branch are forgotten and its record is replaced in
    /// the same transaction.
    ///
    /// # Errors
    /// `HW0702` when the lease has been taken over, `HW0703` when another snapshot came in between, `HW0712` when the branch
    /// is not there; otherwise when the store cannot be reached.
    async fn publish(&self, intent: &Intent, lease: &Lease) -> Result<()>;

    /// Clears an intent that was undone, provided that `lease` is still held.
    ///
    /// # Errors
    /// As [`Store::put_run`].
    async fn clear_intent(&self, run: &RunId, lease: &Lease) -> Result<()>;

    /// Marks snapshots as vacuumed ([`SnapshotRecord::vacuumed`]), provided that `lease` is still held.
    ///
    /// # Errors
    /// As [`Store::put_run`].
    async fn put_vacuumed(&self, snapshots: &BTreeSet<u64>, lease: &Lease) -> Result<()>;

    // -- branches ------------------------------------------------------------------------------------------------

    /// Adds a branch, provided that `lease` is still held.
    ///
    /// # Errors
    /// `HW0711` when there is one of that name; otherwise as [`Store::put_run`].
    async fn create_branch(&self, branch: &BranchRecord, lease: &Lease) -> Result<()>;

    /// Removes a branch with its snapshots, provided that `lease` is still held. Their numbers are not given again.
    ///
    /// # Errors
    /// `HW0712` when there is no such branch; otherwise as [`Store::put_run`].
    async fn delete_branch(&self, name: &str, lease: &Lease) -> Result<()>;

    /// All branches, by name.
    ///
    /// # Errors
    /// As [`Store::run`].
    async fn branches(&self) -> Result<Vec<BranchRecord>>;

    /// A branch's own snapshots, the newest first, at most `limit`.
    ///
    /// # Errors
    /// As [`Store::run`].
    async fn branch_snapshots(&self, name: &str, limit: usize) -> Result<Vec<SnapshotRecord>>;

    /// The largest number that a snapshot of `main` or of any branch, deleted ones included, ever had; 0 in a new lake.
    ///
    /// # Errors
    /// As [`Store::run`].
    async fn last_snapshot_id(&self) -> Result<u64>;

    // -- deliveries ----------------------------------------------------------------------------------------------

    /// Adds what has come of a delivery, or replaces its record, provided that `lease` is still held.
    ///
    /// # Errors
    /// As [`Store::put_run`].
    async fn put_delivery(&self, delivery: &DeliveryRecord, lease: &Lease) -> Result<()>;

    /// The deliveries of a run, in the order in which they began.
    ///
    /// # Errors
    /// As [`Store::run`].
    async fn deliveries(&self, run: &RunId) -> Result<Vec<DeliveryRecord>>;

    /// What has come of one delivery, the newest first, at most `limit`.
    ///
    /// # Errors
    /// As [`Store::run`].
    async fn delivery_history(&self, delivery: &str, limit: usize) -> Result<Vec<DeliveryRecord>>;

    /// How far a destination is that cannot remember it; `None` when nothing was delivered to it.
    ///
    /// # Errors
    /// As [`Store::run`].
    async fn ledger(&self, delivery: &str) -> Result<Option<LedgerRecord>>;

    /// Sets how far a destination is, provided that `lease` is still held. When what it is being brought to is another than
    /// before, or nothing, the rows that were acknowledged of it are forgotten.
    ///
    /// # Errors
    /// As [`Store::put_run`].
    async fn put_ledger(&self, ledger: &LedgerRecord, lease: &Lease) -> Result<()>;

    /// The rows that were acknowledged of what a destination is being brought to, in no order.
    ///
    /// # Errors
    /// As [`Store::run`].
    async fn acknowledged(&self, delivery: &str) -> Result<Vec<RowId>>;

    /// Adds rows that were acknowledged, adds or replaces rows that were refused (the time at which one was refused first stays), and
    /// removes those with the identifiers `gone`, at once and provided that `lease` is still held.
    ///
    /// # Errors
    /// As [`Store::put_run`].
    async fn acknowledge(
        &self,
        delivery: &str,
        rows: &[RowId],
        refused: &[UndeliveredRecord],
        gone: &[String],
        lease: &Lease,
    ) -> Result<()>;

    /// The rows that a delivery's destination has refused, the oldest first.
    ///
    /// # Errors
    /// As [`Store::run`].
    async fn undelivered(&self, delivery: &str) -> Result<Vec<UndeliveredRecord>>;

    // -- reading what was published ------------------------------------------------------------------------------

    /// The newest snapshot of `main`; `None` in a new lake.
    ///
    /// # Errors
    /// As [`Store::run`].
    async fn head(&self) -> Result<Option<SnapshotRecord>>;

    /// A snapshot of `main` or of a branch by its number.
    ///
    /// # Errors
    /// As [`Store::run`].
    async fn snapshot(&self, id: u64) -> Result<Option<SnapshotRecord>>;

    /// The newest snapshot of `main` published at or before a time (milliseconds since 1970-01-01T00:00:00Z).
    ///
    /// # Errors
    /// As [`Store::run`].
    async fn snapshot_at(&self, time_ms: i64) -> Result<Option<SnapshotRecord>>;

    /// The snapshots of `main`, the newest first, at most `limit`.
    ///
    /// # Errors
    /// As [`Store::run`].
    async fn snapshots(&self, limit: usize) -> Result<Vec<SnapshotRecord>>;

    /// What `main`, or a branch, held of every asset as of a snapshot, by name.
    ///
    /// # Errors
    /// As [`Store::run`].
    async fn asset_states(&self, snapshot: u64) -> Result<Vec<AssetState>>;

    /// The lineage of every asset as of a snapshot, by name.
    ///
    /// # Errors
    /// As [`Store::run`].
    async fn lineage(&self, snapshot: u64) -> Result<Vec<LineageRecord>>;

    // -- usage ---------------------------------------------------------------------------------------------------

    /// Counts scans of tables among those of today, and forgets what is older than [`USAGE_DAYS`] days or too much
    /// ([`MOST_USAGE_OF_A_DAY`], [`MOST_USAGE`]). It needs no lease and waits for nobody: what is lost of it is no harm.
    ///
    /// # Errors
    /// When the store cannot be written to right now.
    async fn add_usage(&self, scans: &[TableScan]) -> Result<()>;

    /// What queries have asked of tables in the last [`USAGE_DAYS`] days, by table, day and columns.
    ///
    /// # Errors
    /// As [`Store::run`].
    async fn usage(&self) -> Result<Vec<UsageRecord>>;
}
