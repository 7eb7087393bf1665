//! How long publishing and reading take, and how large a catalogue becomes.

use std::fs;
use std::time::{Duration, Instant};

use headwater_catalog::conformance::samples;
use headwater_catalog::open;
use headwater_sdk::store::Store;

/// What an optimised build must stay under; others get ten times as long.
fn limit(optimised: Duration) -> Duration {
    if cfg!(debug_assertions) { optimised * 10 } else { optimised }
}

/// A thousand assets: once all published, then a few changed by each of some hundred runs.
#[tokio::test]
async fn thousand_assets_are_published_and_read_quickly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.db");
    let store = open(&path).unwrap();
    let names: Vec<String> = (0..1_000).map(|number| format!("layer_{}.table_{number}", number % 7)).collect();
    let all = |version: u64| names.iter().map(|name| (name.as_str(), version)).collect::<Vec<_>>();
    let lease = samples::lease(&store, "a").await.unwrap();

    let mut last = None;
    let mut publishing = Duration::MAX;
    for version in 0..5 {
        let intent = samples::intent(last.as_ref(), &all(version)).unwrap();
        store.put_intent(&intent, &lease).await.unwrap();
        let begun = Instant::now();
        store.publish(&intent, &lease).await.unwrap();
        publishing = publishing.min(begun.elapsed());
        last = Some(intent.snapshot);
    }
    for run in 0..200 {
        let few: Vec<_> = names.iter().skip(run * 5).take(10).map(|name| (name.as_str(), 5 + run as u64)).collect();
        last = Some(samples::publish(&store, &lease, last.as_ref(), &few).await.unwrap());
    }

    let (mut head, mut old, mut states) = (Duration::MAX, Duration::MAX, Duration::MAX);
    for _ in 0..10 {
        let begun = Instant::now();
        assert_eq!(store.head().await.unwrap(), last);
        head = head.min(begun.elapsed());
        let begun = Instant::now();
        assert_eq!(store.snapshot(3).await.unwrap().map(|snapshot| snapshot.relations.len()), Some(1_000));
        old = old.min(begun.elapsed());
        let begun = Instant::now();
        assert_eq!(store.asset_states(205).await.unwrap().len(), 1_000);
        states = states.min(begun.elapsed());
    }
    drop(store);
    let bytes = fs::metadata(&path).unwrap().len();
    println!("publish {publishing:?}, head {head:?}, old {old:?}, states {states:?}, {} KiB", bytes / 1_024);
    assert!(publishing <= limit(Duration::from_millis(100)), "publishing took {publishing:?}");
    for (what, took) in [("head", head), ("an old snapshot", old), ("states", states)] {
        assert!(took <= limit(Duration::from_millis(10)), "{what} took {took:?}");
    }
    // 205 whole copies would be more than 200 MB.
    assert!(bytes < 12_000_000, "{bytes} bytes");
}
