//! The catalogue in memory, tapped.

use std::sync::Arc;

use async_trait::async_trait;
use headwater_catalog::memory::MemoryStore;
use headwater_sdk::destination::RowId;
use headwater_sdk::engine::TableScan;
use headwater_sdk::store::{
    AssetState, BranchRecord, DeliveryRecord, Intent, Lease, LedgerRecord, LineageRecord, RunRecord, SnapshotRecord,
    Store, TaskRecord, UndeliveredRecord, UsageRecord,
};
use headwater_sdk::{Result, RunId, TableName};

use super::tap::Tap;

pub(super) struct TappedStore {
    pub(super) inner: MemoryStore,
    pub(super) tap: Arc<Tap>,
}

macro_rules! tapped {
    ($self:ident, $name:expr, $call:expr) => {{
        let index = $self.tap.before(&$name).await?;
        let answer = $call.await;
        $self.tap.after(index).await;
        answer
    }};
}

#[async_trait]
impl Store for TappedStore {
    async fn acquire_lease(&self, name: &str, holder: &str, ttl_ms: u64) -> Result<std::result::Result<Lease, Lease>> {
        // Not tapped: a waiting run asks as often as it likes.
        self.inner.acquire_lease(name, holder, ttl_ms).await
    }

    async fn renew_lease(&self, lease: &Lease, ttl_ms: u64) -> Result<bool> {
        self.inner.renew_lease(lease, ttl_ms).await
    }

    async fn release_lease(&self, lease: &Lease) -> Result<()> {
        tapped!(self, "store release_lease", self.inner.release_lease(lease))
    }

    async fn put_run(&self, run: &RunRecord, lease: &Lease) -> Result<()> {
        tapped!(self, format!("store put_run {:?}", run.state), self.inner.put_run(run, lease))
    }

    async fn run(&self, id: &RunId) -> Result<Option<RunRecord>> {
        tapped!(self, "store run", self.inner.run(id))
    }

    async fn runs(&self, limit: usize) -> Result<Vec<RunRecord>> {
        tapped!(self, "store runs", self.inner.runs(limit))
    }

    async fn put_tasks(&self, tasks: &[TaskRecord], lease: &Lease) -> Result<()> {
        for task in tasks {
            self.put_task(task, lease).await?;
        }
        Ok(())
    }

    async fn put_task(&self, task: &TaskRecord, lease: &Lease) -> Result<()> {
        tapped!(self, format!("store put_task {} {:?}", task.asset, task.state), self.inner.put_task(task, lease))
    }

    async fn known_assets(&self) -> Result<std::collections::BTreeSet<headwater_sdk::TableName>> {
        tapped!(self, "store known_assets", self.inner.known_assets())
    }

    async fn tasks(&self, run: &RunId) -> Result<Vec<TaskRecord>> {
        tapped!(self, "store tasks", self.inner.tasks(run))
    }

    async fn tasks_on(&self, run: &RunId, assets: &[TableName]) -> Result<Vec<TaskRecord>> {
        tapped!(self, "store tasks_on", self.inner.tasks_on(run, assets))
    }

    async fn put_intent(&self, intent: &Intent, lease: &Lease) -> Result<()> {
        tapped!(self, "store put_intent", self.inner.put_intent(intent, lease))
    }

    async fn intents(&self) -> Result<Vec<Intent>> {
        tapped!(self, "store intents", self.inner.intents())
    }

    async fn publish(&self, intent: &Intent, lease: &Lease) -> Result<()> {
        tapped!(self, "store publish", self.inner.publish(intent, lease))
    }

    async fn clear_intent(&self, run: &RunId, lease: &Lease) -> Result<()> {
        tapped!(self, "store clear_intent", self.inner.clear_intent(run, lease))
    }

    async fn put_vacuumed(&self, snapshots: &std::collections::BTreeSet<u64>, lease: &Lease) -> Result<()> {
        tapped!(self, "store put_vacuumed", self.inner.put_vacuumed(snapshots, lease))
    }

    async fn create_branch(&self, branch: &BranchRecord, lease: &Lease) -> Result<()> {
        tapped!(self, "store create_branch", self.inner.create_branch(branch, lease))
    }

    async fn delete_branch(&self, name: &str, lease: &Lease) -> Result<()> {
        tapped!(self, "store delete_branch", self.inner.delete_branch(name, lease))
    }

    async fn branches(&self) -> Result<Vec<BranchRecord>> {
        tapped!(self, "store branches", self.inner.branches())
    }

    async fn branch_snapshots(&self, name: &str, limit: usize) -> Result<Vec<SnapshotRecord>> {
        tapped!(self, "store branch_snapshots", self.inner.branch_snapshots(name, limit))
    }

    async fn last_snapshot_id(&self) -> Result<u64> {
        tapped!(self, "store last_snapshot_id", self.inner.last_snapshot_id())
    }

    async fn head(&self) -> Result<Option<SnapshotRecord>> {
        tapped!(self, "store head", self.inner.head())
    }

    async fn snapshot(&self, id: u64) -> Result<Option<SnapshotRecord>> {
        tapped!(self, "store snapshot", self.inner.snapshot(id))
    }

    async fn snapshot_at(&self, time_ms: i64) -> Result<Option<SnapshotRecord>> {
        tapped!(self, "store snapshot_at", self.inner.snapshot_at(time_ms))
    }

    async fn snapshots(&self, limit: usize) -> Result<Vec<SnapshotRecord>> {
        tapped!(self, "store snapshots", self.inner.snapshots(limit))
    }

    async fn asset_states(&self, snapshot: u64) -> Result<Vec<AssetState>> {
        tapped!(self, "store asset_states", self.inner.asset_states(snapshot))
    }

    async fn lineage(&self, snapshot: u64) -> Result<Vec<LineageRecord>> {
        tapped!(self, "store lineage", self.inner.lineage(snapshot))
    }

    async fn add_usage(&self, scans: &[TableScan]) -> Result<()> {
        tapped!(self, "store add_usage", self.inner.add_usage(scans))
    }

    async fn put_delivery(&self, delivery: &DeliveryRecord, lease: &Lease) -> Result<()> {
        tapped!(self, "store put_delivery", self.inner.put_delivery(delivery, lease))
    }

    async fn deliveries(&self, run: &RunId) -> Result<Vec<DeliveryRecord>> {
        tapped!(self, "store deliveries", self.inner.deliveries(run))
    }

    async fn delivery_history(&self, delivery: &str, limit: usize) -> Result<Vec<DeliveryRecord>> {
        tapped!(self, "store delivery_history", self.inner.delivery_history(delivery, limit))
    }

    async fn ledger(&self, delivery: &str) -> Result<Option<LedgerRecord>> {
        tapped!(self, "store ledger", self.inner.ledger(delivery))
    }

    async fn put_ledger(&self, ledger: &LedgerRecord, lease: &Lease) -> Result<()> {
        tapped!(self, "store put_ledger", self.inner.put_ledger(ledger, lease))
    }

    async fn acknowledged(&self, delivery: &str) -> Result<Vec<RowId>> {
        tapped!(self, "store acknowledged", self.inner.acknowledged(delivery))
    }

    async fn acknowledge(
        &self,
        delivery: &str,
        rows: &[RowId],
        refused: &[UndeliveredRecord],
        gone: &[String],
        lease: &Lease,
    ) -> Result<()> {
        tapped!(self, "store acknowledge", self.inner.acknowledge(delivery, rows, refused, gone, lease))
    }

    async fn undelivered(&self, delivery: &str) -> Result<Vec<UndeliveredRecord>> {
        tapped!(self, "store undelivered", self.inner.undelivered(delivery))
    }

    async fn usage(&self) -> Result<Vec<UsageRecord>> {
        tapped!(self, "store usage", self.inner.usage())
    }
}
