//! Every store passes the same suite.

use std::sync::Arc;

use headwater_catalog::conformance::{self, ManualClock};
use headwater_catalog::memory::MemoryStore;
use headwater_catalog::{Options, SqliteStore};
use headwater_sdk::store::Store;

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_passes_the_suite() {
    let folder = tempfile::tempdir().unwrap();
    let made = std::sync::atomic::AtomicU32::new(0);
    conformance::run(async |clock: ManualClock| {
        let number = made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = folder.path().join(format!("{number}.db"));
        let open = || SqliteStore::open(&path, Options { clock: clock.clock(), ..Options::default() });
        Ok((Arc::new(open()?) as Arc<dyn Store>, Arc::new(open()?) as Arc<dyn Store>))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_passes_the_suite() {
    conformance::run(async |clock: ManualClock| {
        let store = Arc::new(MemoryStore::with_clock(clock.clock()));
        Ok((store.clone() as Arc<dyn Store>, store as Arc<dyn Store>))
    })
    .await;
}

/// Two stores that do not share their contents: the suite must notice.
#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "cases failed")]
async fn suite_fails_a_store_that_loses_what_it_was_told() {
    conformance::run(async |clock: ManualClock| {
        let store = || Arc::new(MemoryStore::with_clock(clock.clock())) as Arc<dyn Store>;
        Ok((store(), store()))
    })
    .await;
}

/// A store whose time stands still for others: leases never expire, the suite must notice.
#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "leases::expired_lease_is_taken_over")]
async fn suite_fails_a_store_that_does_not_take_the_time() {
    conformance::run(async |_| {
        let store = Arc::new(MemoryStore::with_clock(ManualClock::default().clock()));
        Ok((store.clone() as Arc<dyn Store>, store as Arc<dyn Store>))
    })
    .await;
}
