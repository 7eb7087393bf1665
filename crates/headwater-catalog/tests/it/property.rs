//! Any sequence of calls has the same effect on SQLite as on the plain model in memory.

use headwater_catalog::conformance::{ManualClock, samples};
use headwater_catalog::memory::MemoryStore;
use headwater_catalog::{Options, SqliteStore};
use headwater_sdk::store::{Intent, Lease, SnapshotKind, Store};
use headwater_sdk::{Relation, Result};
use proptest::prelude::*;

/// A step of a sequence. Assets are numbers below [`ASSETS`].
#[derive(Debug, Clone)]
enum Step {
    /// Publishes assets with contents, views, and removals.
    Publish { tables: Vec<(u8, u8)>, views: Vec<(u8, u8)>, removed: Vec<u8>, put_intent: bool },
    /// Publishes an old snapshot's contents again.
    Rollback { to: u8 },
    /// Publishes on a parent that is not the newest.
    PublishStale { parent: u8 },
    /// Puts an intent that stays, or clears one.
    Intent { run: u8, clear: bool },
    /// Another process takes the lease: after it has expired, or in vain.
    TakeOver { wait: bool },
    /// Renews or gives back the newest lease, or the one before.
    Lease { old: bool, release: bool },
    /// Puts a run and a task of it.
    Work { run: u8, position: u8, asset: u8 },
}

const ASSETS: u8 = 6;

fn asset(number: u8) -> String {
    // Names that begin alike, so that a comparison of prefixes would show.
    ["raw.a", "raw.a_b", "raw.ab", "raw_x.a", "marts.a", "marts.a1"][usize::from(number % ASSETS)].to_owned()
}

fn step() -> impl Strategy<Value = Step> {
    let asset = 0..ASSETS;
    let tables = prop::collection::vec((asset.clone(), 0..4_u8), 0..5);
    let views = prop::collection::vec((asset.clone(), 0..3_u8), 0..2);
    let removed = prop::collection::vec(asset.clone(), 0..3);
    prop_oneof![
        6 => (tables, views, removed, any::<bool>())
            .prop_map(|(tables, views, removed, put_intent)| Step::Publish { tables, views, removed, put_intent }),
        1 => (0..12_u8).prop_map(|to| Step::Rollback { to }),
        1 => (0..12_u8).prop_map(|parent| Step::PublishStale { parent }),
        1 => (0..4_u8, any::<bool>()).prop_map(|(run, clear)| Step::Intent { run, clear }),
        1 => any::<bool>().prop_map(|wait| Step::TakeOver { wait }),
        1 => any::<(bool, bool)>().prop_map(|(old, release)| Step::Lease { old, release }),
        1 => (0..5_u8, 0..4_u8, asset).prop_map(|(run, position, asset)| Step::Work { run, position, asset }),
    ]
}

/// A store and what a process that uses it remembers.
struct User<'a> {
    store: &'a dyn Store,
    clock: ManualClock,
    leases: Vec<Lease>,
}

impl User<'_> {
    fn lease(&self) -> Lease {
        let none = Lease { name: "publish".into(), holder: "nobody".into(), token: 0, expires_ms: 0 };
        self.leases.last().cloned().unwrap_or(none)
    }

    /// Takes a step; what it led to, as text.
    async fn take(&mut self, step: &Step) -> Result<String> {
        let (store, lease) = (self.store, self.lease());
        Ok(match step {
            Step::Publish { tables, views, removed, put_intent } => {
                let intent = self.intent(tables, views, removed).await?;
                let put = if *put_intent { Some(code(store.put_intent(&intent, &lease).await)) } else { None };
                format!("{put:?} {}", code(store.publish(&intent, &lease).await))
            }
            Step::Rollback { to } => {
                let (Some(head), Some(old)) = (store.head().await?, store.snapshot(u64::from(*to)).await?) else {
                    return Ok("nothing to roll back".into());
                };
                let mut intent = samples::intent(Some(&head), &[])?;
                intent.snapshot.kind = SnapshotKind::Rollback { to: old.id };
                intent.snapshot.changed = samples::changed(Some(&head.relations), &old.relations);
                intent.snapshot.relations = old.relations;
                intent.assets = store.asset_states(old.id).await?;
                intent.lineage = store.lineage(old.id).await?;
                let now = store.asset_states(head.id).await?;
                let keeps = |name| intent.assets.iter().any(|state| state.asset == name);
                intent.removed = now.into_iter().map(|state| state.asset).filter(|name| !keeps(name.clone())).collect();
                code(store.publish(&intent, &lease).await)
            }
            Step::PublishStale { parent } => {
                let parent = store.snapshot(u64::from(*parent)).await?;
                code(store.publish(&samples::intent(parent.as_ref(), &[("raw.stale", 1)])?, &lease).await)
            }
            Step::Intent { run, clear } => {
                let mut intent = samples::intent(None, &[("raw.a", 1)])?;
                intent.run = samples::run_id(500 + u64::from(*run));
                match clear {
                    true => code(store.clear_intent(&intent.run, &lease).await),
                    false => code(store.put_intent(&intent, &lease).await),
                }
            }
            Step::TakeOver { wait } => {
                self.clock.advance(if *wait { samples::TTL_MS as i64 } else { 1 });
                let taken = store.acquire_lease("publish", "next", samples::TTL_MS).await?;
                self.leases.extend(taken.clone());
                format!("{taken:?}")
            }
            Step::Lease { old, release } => {
                let place = self.leases.len().checked_sub(if *old { 2 } else { 1 });
                let Some(lease) = place.and_then(|place| self.leases.get(place)) else {
                    return Ok("no lease".into());
                };
                match release {
                    true => code(store.release_lease(lease).await),
                    false => format!("{}", store.renew_lease(lease, samples::TTL_MS).await?),
                }
            }
            Step::Work { run, position, asset: number } => {
                let run = u64::from(*run);
                let put = code(store.put_run(&samples::run(run), &lease).await);
                let task = samples::task(run, u32::from(*position), &asset(*number))?;
                format!("{put} {}", code(store.put_task(&task, &lease).await))
            }
        })
    }

    async fn intent(&self, tables: &[(u8, u8)], views: &[(u8, u8)], removed: &[u8]) -> Result<Intent> {
        let head = self.store.head().await?;
        let tables: Vec<_> = tables.iter().map(|(number, version)| (asset(*number), u64::from(*version))).collect();
        let tables: Vec<_> = tables.iter().map(|(table, version)| (table.as_str(), *version)).collect();
        let mut intent = samples::intent(head.as_ref(), &tables)?;
        for (number, sql) in views {
            let view = Relation::View { sql: format!("select {sql}") };
            intent.snapshot.relations.insert(samples::name(&asset(*number))?, view);
        }
        for number in removed {
            let name = samples::name(&asset(*number))?;
            intent.snapshot.relations.remove(&name);
            intent.removed.push(name);
        }
        Ok(intent)
    }

    /// Everything that the store can be asked.
    async fn everything(&self) -> Result<String> {
        let store = self.store;
        let mut seen = format!("{:?}\n{:?}\n", store.head().await?, store.intents().await?);
        let snapshots = store.snapshots(usize::MAX).await?;
        assert_eq!(snapshots.first(), store.head().await?.as_ref());
        for id in 0..snapshots.len() as u64 + 2 {
            let snapshot = store.snapshot(id).await?;
            assert_eq!(snapshot.as_ref(), snapshots.iter().find(|listed| listed.id == id));
            seen += &format!("{snapshot:?}\n{:?}\n{:?}\n", store.asset_states(id).await?, store.lineage(id).await?);
            let time = samples::START_MS + 1_000 * id as i64;
            seen += &format!("{:?}\n", store.snapshot_at(time).await?.map(|at| at.id));
        }
        seen += &format!("{:?}\n", store.runs(4).await?);
        for run in 0..5 {
            seen += &format!("{:?}\n", store.tasks(&samples::run_id(run)).await?);
        }
        Ok(seen)
    }
}

fn code(outcome: Result<()>) -> String {
    outcome.map_or_else(|error| format!("{} {}", error.code, error.message), |()| "done".into())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_does_what_the_model_does(steps in prop::collection::vec(step(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let clocks = [ManualClock::default(), ManualClock::default()];
        let options = Options { clock: clocks[0].clock(), ..Options::default() };
        let sqlite = SqliteStore::open(&folder.path().join("catalogue.db"), options).unwrap();
        let model = MemoryStore::with_clock(clocks[1].clock());
        let [first, second] = clocks;
        let mut sqlite = User { store: &sqlite, clock: first, leases: Vec::new() };
        let mut model = User { store: &model, clock: second, leases: Vec::new() };
        runtime.block_on(async {
            // Most sequences should be able to publish from the start.
            for step in [Step::TakeOver { wait: false }].iter().chain(&steps) {
                let (real, expected) = (sqlite.take(step).await.unwrap(), model.take(step).await.unwrap());
                prop_assert_eq!(real, expected, "{:?}", step);
            }
            prop_assert_eq!(sqlite.everything().await.unwrap(), model.everything().await.unwrap());
            Ok(())
        })?;
    }
}
