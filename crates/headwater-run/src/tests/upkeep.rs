//! Rolling back and cleaning up.

use std::sync::Arc;

use headwater_project::Project;
use headwater_sdk::connector::ReadMode;
use headwater_sdk::engine::TableScan;
use headwater_sdk::store::{RunState, SnapshotKind, Store};

use super::project::{Draft, table};
use super::world::{World, options};
use crate::{MaintainOptions, Quiet, RollbackOptions, RollbackSummary, RunError, maintain, record_scans, rollback};

fn project() -> Arc<Project> {
    Draft::new()
        .stream("raw.a", ReadMode::NewFiles)
        .view("staging.a", "select k from raw.a")
        .table("marts.a", "select k from staging.a")
        .build()
}

async fn two_snapshots() -> World {
    let world = World::new();
    world.files.put("raw.a", &["k"], "1", &[&["a"]]);
    world.run(&project()).await;
    world.files.put("raw.a", &["k"], "2", &[&["b"]]);
    world.run(&project()).await;
    world
}

async fn roll_back(world: &World, to: u64) -> Result<RollbackSummary, RunError> {
    let options = RollbackOptions { lease: options().lease, ..RollbackOptions::default() };
    rollback(&world.lake(), to, &options, &Quiet).await
}

#[tokio::test]
async fn a_rollback_brings_old_contents_back_as_a_new_snapshot() {
    let world = two_snapshots().await;
    let summary = roll_back(&world, 1).await.unwrap();
    assert_eq!((summary.snapshot, summary.restored), (Some(3), vec![table("marts.a"), table("raw.a")]));
    assert_eq!(world.rows("marts.a").await.unwrap(), ["a"]);
    let head = world.store.inner.head().await.unwrap().unwrap();
    assert_eq!(head.kind, SnapshotKind::Rollback { to: 1 });
    assert!(world.engine.lock().branches.is_empty());

    let summary = world.run(&project()).await;
    assert_eq!(summary.snapshot, Some(4), "the file that was rolled back is loaded again");
    assert_eq!(world.rows("marts.a").await.unwrap(), ["a", "b"]);
}

#[tokio::test]
async fn a_rollback_removes_what_did_not_exist_then() {
    let world = two_snapshots().await;
    let more = Draft::new()
        .stream("raw.a", ReadMode::NewFiles)
        .view("staging.a", "select k from raw.a")
        .table("marts.a", "select k from staging.a")
        .table("marts.new", "select k from raw.a")
        .build();
    world.run(&more).await;
    let summary = roll_back(&world, 2).await.unwrap();
    assert_eq!((summary.removed, summary.restored), (vec![table("marts.new")], Vec::new()));
    assert_eq!(world.rows("marts.new").await, None);
    assert_eq!(roll_back(&world, 2).await.unwrap().snapshot, None, "nothing left to do");
}

#[tokio::test]
async fn a_rollback_to_nowhere_changes_nothing() {
    let world = two_snapshots().await;
    let Err(RunError::Failed(error)) = roll_back(&world, 9).await else { panic!("rolled back") };
    assert_eq!(error.code, "HW0916");
    world.tap.fail("engine stage_restore raw.a", 0, 1, false);
    assert!(roll_back(&world, 1).await.is_err());
    assert_eq!(world.head().await, Some(2));
    assert_eq!(world.store.inner.runs(1).await.unwrap()[0].state, RunState::Failed);
}

#[tokio::test]
async fn a_rollback_that_dies_while_publishing_is_finished_by_the_next_run() {
    let world = two_snapshots().await;
    world.tap.fail("store publish", 0, 1, false);
    assert!(roll_back(&world, 1).await.is_err());
    let summary = world.run(&project()).await;
    assert_eq!((summary.base_snapshot, summary.snapshot), (Some(3), Some(4)));
    assert_eq!(world.rows("marts.a").await.unwrap(), ["a", "b"]);
}

#[tokio::test]
async fn vacuum_keeps_what_live_snapshots_and_unfinished_runs_need() {
    let world = two_snapshots().await;
    world.files.put("raw.a", &["k"], "3", &[&["c"]]);
    world.tap.fail("store put_intent", 0, 1, false);
    assert!(world.run_with(&project(), &options()).await.is_err());
    world.bury().await;
    let with = |keep_snapshots, keep_days| MaintainOptions {
        keep_snapshots,
        keep_days,
        lease: options().lease,
        ..MaintainOptions::default()
    };
    let summary = maintain(&world.lake(), &with(1, 7), &Quiet).await.unwrap();
    assert_eq!((summary.oldest_kept, summary.kept_snapshots), (Some(1), 2), "both are young");
    // No day is so short that the present instant lies before it.
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let summary = maintain(&world.lake(), &with(1, 0), &Quiet).await.unwrap();
    assert_eq!((summary.oldest_kept, summary.kept_snapshots), (Some(2), 1));
    let keep = world.engine.lock().vacuumed.clone().unwrap();
    assert_eq!(keep.versions[&table("raw.a")].iter().copied().collect::<Vec<_>>(), [1]);
    assert_eq!(keep.branches.len(), 1, "the unfinished run's");
}

#[tokio::test]
async fn what_cannot_be_recorded_of_a_query_is_let_go() {
    let world = World::new();
    let scan = TableScan { table: table("raw.a"), restrictions: Vec::new(), rows: 9, read: 9 };
    world.tap.fail("store add_usage", 0, 1, false);
    record_scans(&world.lake(), std::slice::from_ref(&scan)).await;
    assert_eq!(world.store.inner.usage().await.unwrap(), []);
    record_scans(&world.lake(), &[scan.clone(), scan]).await;
    assert_eq!(world.store.inner.usage().await.unwrap()[0].scans, 2);
}
