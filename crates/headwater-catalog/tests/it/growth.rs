//! How large a catalogue becomes.

use std::fs;

use headwater_catalog::conformance::samples;
use headwater_catalog::open;
use headwater_sdk::store::Store;

/// A thousand assets: all of them published five times, then a few changed by each of some hundred runs.
#[tokio::test]
async fn a_run_costs_what_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.db");
    let store = open(&path).unwrap();
    let names: Vec<String> = (0..1_000).map(|number| format!("layer_{}.table_{number}", number % 7)).collect();
    let all = |version: u64| names.iter().map(|name| (name.as_str(), version)).collect::<Vec<_>>();
    let lease = samples::lease(&store, "a").await.unwrap();
    let mut last = None;
    for version in 0..5 {
        last = Some(samples::publish(&store, &lease, last.as_ref(), &all(version)).await.unwrap());
    }
    for run in 0..200 {
        let few: Vec<_> = names.iter().skip(run * 5).take(10).map(|name| (name.as_str(), 5 + run as u64)).collect();
        last = Some(samples::publish(&store, &lease, last.as_ref(), &few).await.unwrap());
    }
    assert_eq!(store.head().await.unwrap(), last);
    assert_eq!(store.snapshot(3).await.unwrap().map(|snapshot| snapshot.relations.len()), Some(1_000));
    assert_eq!(store.asset_states(205).await.unwrap().len(), 1_000);
    drop(store);
    // 205 whole copies would be more than 200 MB.
    let bytes = fs::metadata(&path).unwrap().len();
    assert!(bytes < 12_000_000, "{bytes} bytes");
}
