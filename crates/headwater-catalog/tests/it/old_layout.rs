//! Catalogues of every layout that was ever released are still read, and brought up to date.
//!
//! `fixtures/v<layout>/catalogue.sql` is such a catalogue, as SQL. It holds two runs (one with two tasks), three
//! snapshots (`raw.a` and `raw.b`; then `raw.a` changed, `raw.b` gone and a view; then all gone), an intent on top of
//! them, a held lease and one that was given back; from layout 2 on a branch of snapshot 2, from layout 3 on what a query has
//! asked of a table, from layout 4 on a delivery that is half done, too. Fixtures are never edited.

use std::path::Path;

use headwater_catalog::conformance::ManualClock;
use headwater_catalog::{Options, SqliteStore};
use headwater_sdk::store::{RunState, Store, TaskState};
use headwater_sdk::{Relation, RunId};
use rusqlite::Connection;

#[tokio::test]
async fn every_old_layout_is_read_and_continued() {
    let fixtures = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("fixtures");
    for layout in 1..=4 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalogue.db");
        let sql = std::fs::read_to_string(fixtures.join(format!("v{layout}/catalogue.sql"))).unwrap();
        Connection::open(&path).unwrap().execute_batch(&sql).unwrap();
        let clock = ManualClock::default();
        let store = SqliteStore::open(&path, Options { clock: clock.clock(), ..Options::default() }).unwrap();
        assert_contents(&store).await;
        let branches = store.branches().await.unwrap();
        assert_eq!(
            branches.iter().map(|branch| (branch.name.as_str(), branch.base)).collect::<Vec<_>>(),
            match layout {
                1 => vec![],
                _ => vec![("dev", Some(2))],
            }
        );
        let usage = store.usage().await.unwrap();
        let used = usage.iter().map(|record| (record.table.to_string(), record.columns.len(), record.read));
        assert_eq!(
            used.collect::<Vec<_>>(),
            match layout {
                1 | 2 => vec![],
                _ => vec![("raw.a".to_owned(), 1, 100)],
            }
        );
        let name = "hook/raw.a";
        let (ledger, rows) = (store.ledger(name).await.unwrap(), store.acknowledged(name).await.unwrap());
        let pending = ledger.and_then(|ledger| ledger.pending).map(|pending| pending.snapshot);
        let history: Vec<_> = store.delivery_history(name, 9).await.unwrap().iter().map(|record| record.to).collect();
        let reasons: Vec<_> = store.undelivered(name).await.unwrap().into_iter().map(|kept| kept.row.reason).collect();
        match layout {
            1..=3 => assert_eq!((pending, rows.len(), history.len(), reasons.len()), (None, 0, 0, 0)),
            _ => {
                assert_eq!((pending, rows), (Some(2), vec![std::array::from_fn(|byte| byte as u8)]));
                assert_eq!((history, reasons), (vec![Some(1)], vec!["no".to_owned()]));
            }
        }
        assert_continues(&store).await;
    }
}

async fn assert_contents(store: &SqliteStore) {
    let runs = store.runs(10).await.unwrap();
    assert_eq!(
        runs.iter().map(|run| (run.number, run.state)).collect::<Vec<_>>(),
        [(2, RunState::Running), (1, RunState::Published)]
    );
    let tasks = store.tasks(&RunId::from_text("01j00000000000000000000001")).await.unwrap();
    let tasks: Vec<_> = tasks.iter().map(|task| (task.asset.to_string(), task.state)).collect();
    assert_eq!(tasks, [("raw.b".into(), TaskState::Published), ("raw.a".into(), TaskState::UpToDate)]);

    let mut contents = Vec::new();
    for snapshot in store.snapshots(10).await.unwrap() {
        assert_eq!(store.snapshot(snapshot.id).await.unwrap().as_ref(), Some(&snapshot));
        let states = store.asset_states(snapshot.id).await.unwrap();
        let lineage = store.lineage(snapshot.id).await.unwrap();
        assert_eq!(lineage.len(), states.len());
        let relations: Vec<_> = snapshot
            .relations
            .iter()
            .map(|(name, relation)| match relation {
                Relation::Table { version } => format!("{name}@{version}"),
                Relation::View { sql } => format!("{name}={sql}"),
                staged @ Relation::Staged { .. } => panic!("{staged:?} in a snapshot"),
            })
            .collect();
        let states: Vec<_> = states.into_iter().map(|state| format!("{}:{}", state.asset, state.contents)).collect();
        contents.push((snapshot.id, relations.join(" "), states.join(" ")));
    }
    assert_eq!(
        contents,
        [
            (3, String::new(), String::new()),
            (2, "raw.a@1 raw.v=select 1".into(), "raw.a:v1".into()),
            (1, "raw.a@0 raw.b@0".into(), "raw.a:v0 raw.b:v0".into()),
        ]
    );
    assert_eq!(store.snapshot_at(1_767_225_602_500).await.unwrap().map(|snapshot| snapshot.id), Some(2));
}

/// The lease is still held, its token still counts, and the intent can be finished with it.
async fn assert_continues(store: &SqliteStore) {
    let held = store.acquire_lease("publish", "b", 1_000).await.unwrap().unwrap_err();
    assert_eq!((held.holder.as_str(), held.token), ("a", 1));
    let maintain = store.acquire_lease("maintain", "b", 1_000).await.unwrap().unwrap();
    assert_eq!(maintain.token, 3, "after 2, which was given back");
    let intents = store.intents().await.unwrap();
    store.publish(&intents[0], &held).await.unwrap();
    assert_eq!(store.head().await.unwrap().map(|head| head.id), Some(4));
    assert_eq!(store.intents().await.unwrap(), []);
}
