//! What can only be tried from inside: failures in the middle of a transaction, and the plans of queries.

use rusqlite::Connection;

use super::*;
use crate::conformance::samples;

fn open(folder: &tempfile::TempDir) -> SqliteStore {
    SqliteStore::open(&folder.path().join("catalogue.db"), Options::default()).unwrap()
}

#[tokio::test]
async fn failure_anywhere_in_a_publish_undoes_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let lease = samples::lease(&store, "a").await.unwrap();
    let first = samples::publish(&store, &lease, None, &[("raw.a", 0), ("raw.b", 0)]).await.unwrap();
    let mut second = samples::intent(Some(&first), &[("raw.a", 1), ("raw.c", 0)]).unwrap();
    samples::remove(&mut second, &first, &["raw.b"]).unwrap();
    store.put_intent(&second, &lease).await.unwrap();
    let (states, lineage) = (store.asset_states(1).await.unwrap(), store.lineage(1).await.unwrap());

    let saboteur = Connection::open(folder.path().join("catalogue.db")).unwrap();
    for (table, event) in [
        ("snapshot", "INSERT"),
        ("name", "INSERT"),
        ("relation", "INSERT"),
        ("asset_state", "INSERT"),
        ("lineage", "INSERT"),
        ("intent", "DELETE"),
    ] {
        // AFTER: the last of the transaction's rows to come to the table has been written when it fails.
        let last =
            if event == "INSERT" && !matches!(table, "snapshot" | "name") { "WHEN new.body IS NULL" } else { "" };
        let sql =
            format!("CREATE TRIGGER sabotage AFTER {event} ON {table} {last} BEGIN SELECT RAISE(ABORT, 'x'); END");
        saboteur.execute_batch(&sql).unwrap();
        let error = store.publish(&second, &lease).await.unwrap_err();
        assert_eq!((error.code, error.blame), ("HW0710", Blame::Headwater), "{table}: {}", error.full_message());
        saboteur.execute_batch("DROP TRIGGER sabotage").unwrap();

        assert_eq!(store.head().await.unwrap().as_ref(), Some(&first), "{table}");
        assert_eq!(store.asset_states(2).await.unwrap(), states, "{table}");
        assert_eq!(store.lineage(2).await.unwrap(), lineage, "{table}");
        assert_eq!(store.intents().await.unwrap(), [second.clone()], "{table}");
    }
    store.publish(&second, &lease).await.unwrap();
    assert_eq!(store.head().await.unwrap(), Some(second.snapshot));
}

#[tokio::test]
async fn full_disk_is_said_and_survived() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let lease = samples::lease(&store, "a").await.unwrap();
    let pages = |pages: i64| {
        let writer = store.connections.writer();
        writer.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    };
    pages(1);
    let tables: Vec<String> = (0..500).map(|number| format!("raw.table_{number}")).collect();
    let tables: Vec<_> = tables.iter().map(|table| (table.as_str(), 0)).collect();
    let error = samples::publish(&store, &lease, None, &tables).await.unwrap_err();
    assert_eq!((error.code, error.blame, error.transient), ("HW0705", Blame::Environment, false));
    assert!(error.help.is_some_and(|help| help.contains("space")));
    assert_eq!(store.head().await.unwrap(), None);
    pages(1_000_000);
    samples::publish(&store, &lease, None, &tables).await.unwrap();
    assert_eq!(store.head().await.unwrap().map(|head| head.relations.len()), Some(500));
}

#[tokio::test]
async fn snapshots_are_found_by_seeks() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    for history in [History::Relations, History::AssetStates, History::Lineage] {
        let steps: Vec<String> = store
            .read(move |tx| {
                let mut plan = tx.prepare(&format!("EXPLAIN QUERY PLAN {}", history.as_of_sql()))?;
                let steps = plan.query_map([1], |row| row.get("detail"))?.collect::<Result<_, _>>()?;
                Ok(steps)
            })
            .await
            .unwrap();
        assert!(steps.iter().any(|step| step.starts_with("SEARCH change USING INDEX")), "{steps:?}");
        let scans: Vec<_> = steps.iter().filter(|step| step.starts_with("SCAN")).collect();
        assert!(scans.iter().all(|step| step.starts_with("SCAN name")), "only names are scanned: {steps:?}");
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "nothing is sorted: {steps:?}");
    }
}

#[tokio::test]
async fn readers_are_reused_and_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let reads = (0..64).map(|_| store.runs(1));
    for outcome in futures::future::join_all(reads).await {
        assert_eq!(outcome.unwrap(), vec![]);
    }
    let idle = store.connections.idle_readers();
    assert!((1..=4).contains(&idle), "{idle}");
}
