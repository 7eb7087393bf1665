//! A catalogue in memory, for tests: nothing outlives the process.
//!
//! It keeps every snapshot whole, which makes it easy to see that it is right. That is why it also serves as the model
//! that the SQLite store is compared with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use headwater_sdk::destination::RowId;
use headwater_sdk::engine::TableScan;
use headwater_sdk::store::{
    AssetState, BranchRecord, DeliveryRecord, Intent, Lease, LedgerRecord, LineageRecord, MOST_USAGE,
    MOST_USAGE_OF_A_DAY, RunRecord, SnapshotRecord, Store, TaskRecord, USAGE_DAYS, UndeliveredRecord, UsageRecord,
};
use headwater_sdk::{Result, RunId, TableName};

use crate::clock::Clock;
use crate::refusals;

/// A catalogue in memory. Clones share it, as connections share a database.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    clock: Clock,
    contents: Arc<Mutex<Contents>>,
}

#[derive(Debug, Default)]
struct Contents {
    last_token: u64,
    leases: BTreeMap<String, Lease>,
    runs: BTreeMap<RunId, RunRecord>,
    tasks: BTreeMap<(RunId, TableName), TaskRecord>,
    intents: BTreeMap<RunId, Intent>,
    /// Those of `main`.
    snapshots: BTreeMap<u64, Published>,
    branches: BTreeMap<String, BranchRecord>,
    /// Those of all branches.
    branch_snapshots: BTreeMap<u64, Published>,
    last_snapshot: u64,
    deliveries: BTreeMap<(RunId, String), DeliveryRecord>,
    ledgers: BTreeMap<String, LedgerRecord>,
    acknowledged: BTreeSet<(String, RowId)>,
    /// By their deliveries and their own identifiers.
    undelivered: BTreeMap<(String, String), UndeliveredRecord>,
    /// In the order in which it came.
    usage: Vec<UsageRecord>,
}

#[derive(Debug, Clone)]
struct Published {
    record: SnapshotRecord,
    assets: BTreeMap<TableName, AssetState>,
    lineage: BTreeMap<TableName, LineageRecord>,
}

impl MemoryStore {
    /// An empty catalogue.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty catalogue that takes the time from `clock`.
    pub fn with_clock(clock: Clock) -> Self {
        Self { clock, contents: Arc::default() }
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The contents, for who holds `lease`.
    fn fenced(&self, lease: &Lease) -> Result<MutexGuard<'_, Contents>> {
        let mut contents = self.contents();
        contents.require(lease)?;
        Ok(contents)
    }
}

impl Contents {
    /// The stored lease, when it is still this one.
    fn held(&mut self, lease: &Lease) -> Option<&mut Lease> {
        self.leases.get_mut(&lease.name).filter(|held| held.token == lease.token)
    }

    fn require(&mut self, lease: &Lease) -> Result<()> {
        if self.held(lease).is_some() {
            return Ok(());
        }
        Err(refusals::lease_lost(lease, self.leases.get(&lease.name).map(|now| now.holder.as_str())))
    }

    fn as_of(&self, snapshot: u64) -> Option<&Published> {
        if let Some(published) = self.branch_snapshots.get(&snapshot) {
            return Some(published);
        }
        self.snapshots.range(..=snapshot).next_back().map(|(_, published)| published)
    }

    fn newest(&self, accept: impl Fn(&SnapshotRecord) -> bool) -> Option<SnapshotRecord> {
        self.snapshots.values().rev().map(|p| &p.record).find(|record| accept(record)).cloned()
    }

    fn branch(&self, name: &str) -> Result<&BranchRecord> {
        self.branches.get(name).ok_or_else(|| refusals::no_branch(name))
    }

    fn forget_snapshots(&mut self, branch: &str) {
        self.branch_snapshots.retain(|_, published| published.record.branch.as_deref() != Some(branch));
    }

    fn add_usage(&mut self, record: UsageRecord) {
        let of_day = |known: &&mut UsageRecord| known.table == record.table && known.day == record.day;
        if let Some(known) = self.usage.iter_mut().filter(of_day).find(|known| known.key() == record.key()) {
            known.add(&record);
        } else if self.usage.iter_mut().filter(of_day).count() < MOST_USAGE_OF_A_DAY {
            self.usage.push(record);
        }
    }

    fn publish(&mut self, intent: &Intent) -> Result<()> {
        let head = match &intent.snapshot.branch {
            Some(branch) => self.branch(branch)?.head,
            None => self.snapshots.last_key_value().map(|(id, _)| *id),
        };
        if intent.snapshot.parent != head {
            return Err(refusals::stale_parent(intent.snapshot.parent, head));
        }
        if intent.snapshot.id <= self.last_snapshot {
            return Err(refusals::number_not_larger(intent.snapshot.id, self.last_snapshot));
        }
        if let Some(rebased) = &intent.rebases {
            self.branch(&rebased.name)?;
        }
        let (mut assets, mut lineage) =
            head.and_then(|id| self.as_of(id)).map(|p| (p.assets.clone(), p.lineage.clone())).unwrap_or_default();
        assets.extend(intent.assets.iter().map(|state| (state.asset.clone(), state.clone())));
        lineage.extend(intent.lineage.iter().map(|record| (record.asset.clone(), record.clone())));
        for gone in &intent.removed {
            assets.remove(gone);
            lineage.remove(gone);
        }
        let (id, record) = (intent.snapshot.id, intent.snapshot.clone());
        self.last_snapshot = id;
        if let Some(branch) = intent.snapshot.branch.as_ref().and_then(|name| self.branches.get_mut(name)) {
            branch.head = Some(id);
            self.branch_snapshots.insert(id, Published { record, assets, lineage });
        } else {
            self.snapshots.insert(id, Published { record, assets, lineage });
        }
        if let Some(rebased) = &intent.rebases {
            self.forget_snapshots(&rebased.name);
            self.branches.insert(rebased.name.clone(), rebased.clone());
        }
        self.intents.remove(&intent.run);
        Ok(())
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn acquire_lease(&self, name: &str, holder: &str, ttl_ms: u64) -> Result<std::result::Result<Lease, Lease>> {
        let mut contents = self.contents();
        let now = self.clock.now_ms();
        if let Some(held) = contents.leases.get(name).filter(|held| held.expires_ms > now) {
            return Ok(Err(held.clone()));
        }
        contents.last_token += 1;
        let lease = Lease {
            name: name.to_owned(),
            holder: holder.to_owned(),
            token: contents.last_token,
            expires_ms: self.clock.after_ms(ttl_ms),
        };
        contents.leases.insert(name.to_owned(), lease.clone());
        Ok(Ok(lease))
    }

    async fn renew_lease(&self, lease: &Lease, ttl_ms: u64) -> Result<bool> {
        let expires_ms = self.clock.after_ms(ttl_ms);
        Ok(self.contents().held(lease).map(|held| held.expires_ms = expires_ms).is_some())
    }

    async fn release_lease(&self, lease: &Lease) -> Result<()> {
        let mut contents = self.contents();
        if contents.held(lease).is_some() {
            contents.leases.remove(&lease.name);
        }
        Ok(())
    }

    async fn put_run(&self, run: &RunRecord, lease: &Lease) -> Result<()> {
        self.fenced(lease)?.runs.insert(run.id.clone(), run.clone());
        Ok(())
    }

    async fn run(&self, id: &RunId) -> Result<Option<RunRecord>> {
        Ok(self.contents().runs.get(id).cloned())
    }

    async fn runs(&self, limit: usize) -> Result<Vec<RunRecord>> {
        let mut runs: Vec<_> = self.contents().runs.values().cloned().collect();
        runs.sort_by(|a, b| (b.number, &b.id).cmp(&(a.number, &a.id)));
        runs.truncate(limit);
        Ok(runs)
    }

    async fn put_tasks(&self, tasks: &[TaskRecord], lease: &Lease) -> Result<()> {
        let keyed = tasks.iter().map(|task| ((task.run.clone(), task.asset.clone()), task.clone()));
        self.fenced(lease)?.tasks.extend(keyed);
        Ok(())
    }

    async fn tasks(&self, run: &RunId) -> Result<Vec<TaskRecord>> {
        let mut tasks: Vec<_> = self.contents().tasks.values().filter(|task| task.run == *run).cloned().collect();
        tasks.sort_by(|a, b| (a.position, &a.asset).cmp(&(b.position, &b.asset)));
        Ok(tasks)
    }

    async fn tasks_on(&self, run: &RunId, assets: &[TableName]) -> Result<Vec<TaskRecord>> {
        let contents = self.contents();
        let of = |asset: &TableName| contents.tasks.get(&(run.clone(), asset.clone())).cloned();
        Ok(assets.iter().filter_map(of).collect())
    }

    async fn known_assets(&self) -> Result<BTreeSet<TableName>> {
        Ok(self.contents().tasks.keys().map(|(_, asset)| asset.clone()).collect())
    }

    async fn put_intent(&self, intent: &Intent, lease: &Lease) -> Result<()> {
        self.fenced(lease)?.intents.insert(intent.run.clone(), intent.clone());
        Ok(())
    }

    async fn intents(&self) -> Result<Vec<Intent>> {
        Ok(self.contents().intents.values().cloned().collect())
    }

    async fn publish(&self, intent: &Intent, lease: &Lease) -> Result<()> {
        self.fenced(lease)?.publish(intent)
    }

    async fn clear_intent(&self, run: &RunId, lease: &Lease) -> Result<()> {
        self.fenced(lease)?.intents.remove(run);
        Ok(())
    }

    async fn put_vacuumed(&self, snapshots: &BTreeSet<u64>, lease: &Lease) -> Result<()> {
        let contents = &mut *self.fenced(lease)?;
        for (id, published) in contents.snapshots.iter_mut().chain(&mut contents.branch_snapshots) {
            published.record.vacuumed |= snapshots.contains(id);
        }
        Ok(())
    }

    async fn create_branch(&self, branch: &BranchRecord, lease: &Lease) -> Result<()> {
        let mut contents = self.fenced(lease)?;
        if contents.branches.contains_key(&branch.name) {
            return Err(refusals::branch_exists(&branch.name));
        }
        contents.branches.insert(branch.name.clone(), branch.clone());
        Ok(())
    }

    async fn delete_branch(&self, name: &str, lease: &Lease) -> Result<()> {
        let mut contents = self.fenced(lease)?;
        contents.branch(name)?;
        contents.branches.remove(name);
        contents.forget_snapshots(name);
        Ok(())
    }

    async fn branches(&self) -> Result<Vec<BranchRecord>> {
        Ok(self.contents().branches.values().cloned().collect())
    }

    async fn branch_snapshots(&self, name: &str, limit: usize) -> Result<Vec<SnapshotRecord>> {
        let contents = self.contents();
        let records = contents.branch_snapshots.values().rev().map(|published| &published.record);
        Ok(records.filter(|record| record.branch.as_deref() == Some(name)).take(limit).cloned().collect())
    }

    async fn last_snapshot_id(&self) -> Result<u64> {
        Ok(self.contents().last_snapshot)
    }

    async fn put_delivery(&self, delivery: &DeliveryRecord, lease: &Lease) -> Result<()> {
        let key = (delivery.run.clone(), delivery.delivery.clone());
        self.fenced(lease)?.deliveries.insert(key, delivery.clone());
        Ok(())
    }

    async fn deliveries(&self, run: &RunId) -> Result<Vec<DeliveryRecord>> {
        let mut found: Vec<_> =
            self.contents().deliveries.values().filter(|known| known.run == *run).cloned().collect();
        found.sort_by(|a, b| (a.started_ms, &a.delivery).cmp(&(b.started_ms, &b.delivery)));
        Ok(found)
    }

    async fn delivery_history(&self, delivery: &str, limit: usize) -> Result<Vec<DeliveryRecord>> {
        let contents = self.contents();
        let mut found: Vec<_> =
            contents.deliveries.values().filter(|known| known.delivery == delivery).cloned().collect();
        found.sort_by(|a, b| (b.started_ms, &b.run).cmp(&(a.started_ms, &a.run)));
        found.truncate(limit);
        Ok(found)
    }

    async fn ledger(&self, delivery: &str) -> Result<Option<LedgerRecord>> {
        Ok(self.contents().ledgers.get(delivery).cloned())
    }

    async fn put_ledger(&self, ledger: &LedgerRecord, lease: &Lease) -> Result<()> {
        let mut contents = self.fenced(lease)?;
        let before = contents.ledgers.insert(ledger.delivery.clone(), ledger.clone()).and_then(|before| before.pending);
        if ledger.pending.is_none() || before != ledger.pending {
            contents.acknowledged.retain(|(name, _)| *name != ledger.delivery);
        }
        Ok(())
    }

    async fn acknowledged(&self, delivery: &str) -> Result<Vec<RowId>> {
        Ok(self.contents().acknowledged.iter().filter(|(name, _)| name == delivery).map(|(_, id)| *id).collect())
    }

    async fn acknowledge(
        &self,
        delivery: &str,
        rows: &[RowId],
        refused: &[UndeliveredRecord],
        gone: &[String],
        lease: &Lease,
    ) -> Result<()> {
        let mut contents = self.fenced(lease)?;
        contents.acknowledged.extend(rows.iter().map(|id| (delivery.to_owned(), *id)));
        for id in gone {
            contents.undelivered.remove(&(delivery.to_owned(), id.clone()));
        }
        for record in refused {
            let key = (delivery.to_owned(), record.row.id.clone());
            let since_ms =
                contents.undelivered.get(&key).map_or(record.since_ms, |known| known.since_ms.min(record.since_ms));
            contents.undelivered.insert(key, UndeliveredRecord { since_ms, ..record.clone() });
        }
        Ok(())
    }

    async fn undelivered(&self, delivery: &str) -> Result<Vec<UndeliveredRecord>> {
        let contents = self.contents();
        let mut found: Vec<_> =
            contents.undelivered.values().filter(|known| known.delivery == delivery).cloned().collect();
        found.sort_by(|a, b| (a.since_ms, &a.row.id).cmp(&(b.since_ms, &b.row.id)));
        Ok(found)
    }

    async fn head(&self) -> Result<Option<SnapshotRecord>> {
        Ok(self.contents().newest(|_| true))
    }

    async fn snapshot(&self, id: u64) -> Result<Option<SnapshotRecord>> {
        let contents = self.contents();
        let found = contents.snapshots.get(&id).or_else(|| contents.branch_snapshots.get(&id));
        Ok(found.map(|p| p.record.clone()))
    }

    async fn snapshot_at(&self, time_ms: i64) -> Result<Option<SnapshotRecord>> {
        Ok(self.contents().newest(|record| record.published_ms <= time_ms))
    }

    async fn snapshots(&self, limit: usize) -> Result<Vec<SnapshotRecord>> {
        Ok(self.contents().snapshots.values().rev().take(limit).map(|p| p.record.clone()).collect())
    }

    async fn asset_states(&self, snapshot: u64) -> Result<Vec<AssetState>> {
        Ok(self.contents().as_of(snapshot).map(|p| p.assets.values().cloned().collect()).unwrap_or_default())
    }

    async fn lineage(&self, snapshot: u64) -> Result<Vec<LineageRecord>> {
        Ok(self.contents().as_of(snapshot).map(|p| p.lineage.values().cloned().collect()).unwrap_or_default())
    }

    async fn add_usage(&self, scans: &[TableScan]) -> Result<()> {
        let (mut contents, today) = (self.contents(), UsageRecord::day_of(self.clock.now_ms()));
        scans.iter().for_each(|scan| contents.add_usage(UsageRecord::of(scan, today)));
        contents.usage.retain(|record| record.day > today - USAGE_DAYS);
        contents.usage.sort_by_key(|record| record.day);
        let excess = contents.usage.len().saturating_sub(MOST_USAGE);
        contents.usage.drain(..excess);
        Ok(())
    }

    async fn usage(&self) -> Result<Vec<UsageRecord>> {
        let today = UsageRecord::day_of(self.clock.now_ms());
        let mut usage = self.contents().usage.clone();
        usage.retain(|record| record.day > today - USAGE_DAYS);
        usage.sort_by(|a, b| (&a.table, a.day, a.key()).cmp(&(&b.table, b.day, b.key())));
        Ok(usage)
    }
}
