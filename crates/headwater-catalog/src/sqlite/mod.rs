//! The catalogue in a SQLite file: for one machine, any number of processes.
//!
//! Every call of the trait is one transaction on tokio's pool of blocking threads. Writers wait for each other, readers
//! wait for nobody.

mod bodies;
mod branches;
mod changes;
mod connections;
mod deliveries;
mod fault;
mod history;
mod intents;
mod leases;
mod migrations;
mod numbers;
mod publish;
mod runs;
mod snapshots;
#[cfg(test)]
mod tests;
mod usage;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use headwater_sdk::destination::RowId;
use headwater_sdk::engine::TableScan;
use headwater_sdk::store::{
    AssetState, BranchRecord, DeliveryRecord, Intent, Lease, LedgerRecord, LineageRecord, RunRecord, SnapshotRecord,
    Store, TaskRecord, UndeliveredRecord, UsageRecord,
};
use headwater_sdk::{Blame, Error, Result, RunId, TableName};
use rusqlite::Transaction;

use self::connections::Connections;
use self::fault::Fault;
use self::history::History;
use crate::clock::Clock;
use crate::codes;

/// How a catalogue is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long a call waits for other processes' transactions before it gives up with `HW0707`.
    pub lock_timeout: Duration,
    /// Where leases take the time from.
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        Self { lock_timeout: Duration::from_secs(10), clock: Clock::system() }
    }
}

/// A catalogue in a SQLite file. Clones share its connections.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    connections: Arc<Connections>,
    clock: Clock,
}

impl SqliteStore {
    /// Opens a catalogue: see [`crate::open`].
    ///
    /// # Errors
    /// As [`crate::open`].
    pub fn open(path: &Path, options: Options) -> Result<Self> {
        let connections = Arc::new(Connections::open(path, options.lock_timeout)?);
        Ok(Self { connections, clock: options.clock })
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let connections = Arc::clone(&self.connections);
        blocking(move || connections.read(work)).await
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let connections = Arc::clone(&self.connections);
        blocking(move || connections.write(work)).await
    }

    /// As [`Self::write`], provided that `lease` is still held.
    async fn fenced<T: Send + 'static>(
        &self,
        lease: &Lease,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let lease = lease.clone();
        self.write(move |tx| leases::require(tx, &lease).and_then(|()| work(tx))).await
    }
}

/// Runs `work` where it may block. Once begun it goes on to its end, even when the caller stops waiting.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(cancelled) => {
                let message = "the catalogue was used while the program was shutting down";
                Err(Error::new(codes::DEFECT, Blame::Headwater, message).caused_by(cancelled))
            }
        },
    }
}

/// A limit as SQLite takes it.
fn to_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

#[async_trait]
impl Store for SqliteStore {
    async fn acquire_lease(&self, name: &str, holder: &str, ttl_ms: u64) -> Result<std::result::Result<Lease, Lease>> {
        let (name, holder, clock) = (name.to_owned(), holder.to_owned(), self.clock.clone());
        // The time is taken inside the transaction: waiting for the lock must not shorten or prolong a lease.
        self.write(move |tx| leases::acquire(tx, &name, &holder, clock.now_ms(), clock.after_ms(ttl_ms))).await
    }

    async fn renew_lease(&self, lease: &Lease, ttl_ms: u64) -> Result<bool> {
        let (lease, clock) = (lease.clone(), self.clock.clone());
        self.write(move |tx| leases::renew(tx, &lease, clock.after_ms(ttl_ms))).await
    }

    async fn release_lease(&self, lease: &Lease) -> Result<()> {
        let lease = lease.clone();
        self.write(move |tx| leases::release(tx, &lease)).await
    }

    async fn put_run(&self, run: &RunRecord, lease: &Lease) -> Result<()> {
        let run = run.clone();
        self.fenced(lease, move |tx| runs::put(tx, &run)).await
    }

    async fn run(&self, id: &RunId) -> Result<Option<RunRecord>> {
        let id = id.clone();
        self.read(move |tx| runs::get(tx, &id)).await
    }

    async fn runs(&self, limit: usize) -> Result<Vec<RunRecord>> {
        self.read(move |tx| runs::newest(tx, to_limit(limit))).await
    }

    async fn put_tasks(&self, tasks: &[TaskRecord], lease: &Lease) -> Result<()> {
        let tasks = tasks.to_vec();
        self.fenced(lease, move |tx| tasks.iter().try_for_each(|task| runs::put_task(tx, task))).await
    }

    async fn tasks(&self, run: &RunId) -> Result<Vec<TaskRecord>> {
        let run = run.clone();
        self.read(move |tx| runs::tasks(tx, &run)).await
    }

    async fn tasks_on(&self, run: &RunId, assets: &[TableName]) -> Result<Vec<TaskRecord>> {
        let (run, assets) = (run.clone(), assets.to_vec());
        self.read(move |tx| runs::tasks_on(tx, &run, &assets)).await
    }

    async fn known_assets(&self) -> Result<BTreeSet<TableName>> {
        self.read(runs::assets).await
    }

    async fn put_intent(&self, intent: &Intent, lease: &Lease) -> Result<()> {
        let intent = intent.clone();
        self.fenced(lease, move |tx| intents::put(tx, &intent)).await
    }

    async fn intents(&self) -> Result<Vec<Intent>> {
        self.read(intents::all).await
    }

    async fn publish(&self, intent: &Intent, lease: &Lease) -> Result<()> {
        let intent = intent.clone();
        self.fenced(lease, move |tx| publish::publish(tx, &intent)).await
    }

    async fn clear_intent(&self, run: &RunId, lease: &Lease) -> Result<()> {
        let run = run.clone();
        self.fenced(lease, move |tx| intents::clear(tx, &run)).await
    }

    async fn put_vacuumed(&self, snapshots: &BTreeSet<u64>, lease: &Lease) -> Result<()> {
        let snapshots = snapshots.clone();
        self.fenced(lease, move |tx| snapshots::put_vacuumed(tx, &snapshots)).await
    }

    async fn create_branch(&self, branch: &BranchRecord, lease: &Lease) -> Result<()> {
        let branch = branch.clone();
        self.fenced(lease, move |tx| branches::create(tx, &branch)).await
    }

    async fn delete_branch(&self, name: &str, lease: &Lease) -> Result<()> {
        let name = name.to_owned();
        self.fenced(lease, move |tx| branches::delete(tx, &name)).await
    }

    async fn branches(&self) -> Result<Vec<BranchRecord>> {
        self.read(branches::all).await
    }

    async fn branch_snapshots(&self, name: &str, limit: usize) -> Result<Vec<SnapshotRecord>> {
        let name = name.to_owned();
        self.read(move |tx| branches::newest(tx, &name, to_limit(limit))).await
    }

    async fn last_snapshot_id(&self) -> Result<u64> {
        self.read(snapshots::last_id).await
    }

    async fn put_delivery(&self, delivery: &DeliveryRecord, lease: &Lease) -> Result<()> {
        let delivery = delivery.clone();
        self.fenced(lease, move |tx| deliveries::put(tx, &delivery)).await
    }

    async fn deliveries(&self, run: &RunId) -> Result<Vec<DeliveryRecord>> {
        let run = run.clone();
        self.read(move |tx| deliveries::of_run(tx, &run)).await
    }

    async fn delivery_history(&self, delivery: &str, limit: usize) -> Result<Vec<DeliveryRecord>> {
        let name = delivery.to_owned();
        self.read(move |tx| deliveries::history(tx, &name, to_limit(limit))).await
    }

    async fn ledger(&self, delivery: &str) -> Result<Option<LedgerRecord>> {
        let name = delivery.to_owned();
        self.read(move |tx| deliveries::ledger(tx, &name)).await
    }

    async fn put_ledger(&self, ledger: &LedgerRecord, lease: &Lease) -> Result<()> {
        let ledger = ledger.clone();
        self.fenced(lease, move |tx| deliveries::put_ledger(tx, &ledger)).await
    }

    async fn acknowledged(&self, delivery: &str) -> Result<Vec<RowId>> {
        let name = delivery.to_owned();
        self.read(move |tx| deliveries::acknowledged(tx, &name)).await
    }

    async fn acknowledge(
        &self,
        delivery: &str,
        rows: &[RowId],
        refused: &[UndeliveredRecord],
        gone: &[String],
        lease: &Lease,
    ) -> Result<()> {
        let (name, rows, refused, gone) = (delivery.to_owned(), rows.to_vec(), refused.to_vec(), gone.to_vec());
        self.fenced(lease, move |tx| deliveries::acknowledge(tx, &name, &rows, &refused, &gone)).await
    }

    async fn undelivered(&self, delivery: &str) -> Result<Vec<UndeliveredRecord>> {
        let name = delivery.to_owned();
        self.read(move |tx| deliveries::undelivered(tx, &name)).await
    }

    async fn head(&self) -> Result<Option<SnapshotRecord>> {
        self.read(snapshots::head).await
    }

    async fn snapshot(&self, id: u64) -> Result<Option<SnapshotRecord>> {
        self.read(move |tx| snapshots::get(tx, id)).await
    }

    async fn snapshot_at(&self, time_ms: i64) -> Result<Option<SnapshotRecord>> {
        self.read(move |tx| snapshots::at(tx, time_ms)).await
    }

    async fn snapshots(&self, limit: usize) -> Result<Vec<SnapshotRecord>> {
        self.read(move |tx| snapshots::newest(tx, to_limit(limit))).await
    }

    async fn asset_states(&self, snapshot: u64) -> Result<Vec<AssetState>> {
        self.read(move |tx| History::AssetStates.records_as_of(tx, snapshot)).await
    }

    async fn lineage(&self, snapshot: u64) -> Result<Vec<LineageRecord>> {
        self.read(move |tx| History::Lineage.records_as_of(tx, snapshot)).await
    }

    async fn add_usage(&self, scans: &[TableScan]) -> Result<()> {
        let (today, connections) = (UsageRecord::day_of(self.clock.now_ms()), Arc::clone(&self.connections));
        let records: Vec<UsageRecord> = scans.iter().map(|scan| UsageRecord::of(scan, today)).collect();
        blocking(move || connections.write_lightly(|tx| usage::add(tx, &records, today))).await
    }

    async fn usage(&self) -> Result<Vec<UsageRecord>> {
        let today = UsageRecord::day_of(self.clock.now_ms());
        self.read(move |tx| usage::since(tx, today)).await
    }
}
