//! What is published together, and what other writers do to it.

use headwater_sdk::check::{Probe, Severity};
use headwater_sdk::connector::ReadMode;
use headwater_sdk::store::{RunState, Store, TaskState};

use super::project::{Draft, table};
use super::world::{World, asset, state};

fn world() -> World {
    let world = World::new();
    world.files.put("raw.a", &["k", "v"], "1", &[&["a", "1"]]);
    world.files.put("raw.b", &["k", "v"], "1", &[&["b", "2"]]);
    world
}

#[tokio::test]
async fn a_failed_view_keeps_its_inputs_as_they_were() {
    let world = world();
    let project = Draft::new()
        .stream("raw.a", ReadMode::NewFiles)
        .stream("raw.b", ReadMode::NewFiles)
        .view("staging.a", "select k, v from raw.a")
        .not_null("v", Severity::Error)
        .table("marts.a", "select k from raw.a")
        .table("marts.b", "select k from raw.b")
        .build();
    world.run(&project).await;
    world.files.put("raw.a", &["k", "v"], "2", &[&["x", "-"]]);
    world.files.put("raw.b", &["k", "v"], "2", &[&["y", "-"]]);
    let summary = world.run(&project).await;
    assert_eq!(state(&summary, "staging.a"), TaskState::Failed);
    assert_eq!(state(&summary, "raw.a"), TaskState::HeldBack, "or the view would show what failed its check");
    assert_eq!(state(&summary, "marts.a"), TaskState::HeldBack, "it was built on the staged raw.a");
    assert_eq!(state(&summary, "marts.b"), TaskState::Published);
    assert_eq!(world.rows("staging.a").await.unwrap(), ["a1"]);
    assert_eq!(world.rows("marts.a").await.unwrap(), ["a"]);
    assert_eq!(world.rows("marts.b").await.unwrap(), ["b", "y"]);
    assert!(asset(&summary, "raw.a").message.as_deref().unwrap().contains("the view staging.a"));

    // The files were not published, so the next run finds them again: once the data is right, all of it appears.
    world.files.put("raw.a", &["k", "v"], "2", &[&["x", "7"]]);
    assert_eq!(world.run(&project).await.exit_code, 0);
    assert_eq!(world.rows("staging.a").await.unwrap(), ["a1", "x7"]);
}

#[tokio::test]
async fn a_new_view_that_fails_keeps_nothing_back() {
    let world = world();
    world.files.put("raw.a", &["k", "v"], "2", &[&["x", "-"]]);
    let project = Draft::new()
        .stream("raw.a", ReadMode::NewFiles)
        .view("staging.a", "select k, v from raw.a")
        .not_null("v", Severity::Error)
        .build();
    let summary = world.run(&project).await;
    assert_eq!((state(&summary, "raw.a"), state(&summary, "staging.a")), (TaskState::Published, TaskState::Failed));
    assert_eq!(world.rows("staging.a").await, None);
}

#[tokio::test]
async fn a_changed_view_that_fails_keeps_what_it_read_before_as_it_was() {
    let world = world();
    let before = Draft::new()
        .stream("raw.a", ReadMode::NewFiles)
        .stream("raw.b", ReadMode::NewFiles)
        .view("staging.a", "select k, v from raw.a")
        .build();
    world.run(&before).await;
    world.files.put("raw.a", &["k", "v"], "2", &[&["x", "7"]]);
    world.files.put("raw.b", &["k", "v"], "2", &[&["y", "-"]]);
    let after = Draft::new()
        .stream("raw.a", ReadMode::NewFiles)
        .stream("raw.b", ReadMode::NewFiles)
        .view("staging.a", "select k, v from raw.b")
        .not_null("v", Severity::Error)
        .build();
    let summary = world.run(&after).await;
    assert_eq!(state(&summary, "raw.a"), TaskState::HeldBack, "the published view reads it");
    assert_eq!(state(&summary, "raw.b"), TaskState::Published, "it does not read this one");
    assert_eq!(world.rows("staging.a").await.unwrap(), ["a1"]);
    assert_eq!(world.rows("raw.b").await.unwrap(), ["b2", "y-"]);
}

#[tokio::test]
async fn what_the_project_dropped_stays_as_long_as_a_published_view_reads_it() {
    let world = world();
    let before = Draft::new()
        .stream("raw.a", ReadMode::NewFiles)
        .view("staging.a", "select k, v from raw.a")
        .view("marts.a", "select k, v from staging.a")
        .build();
    world.run(&before).await;
    let after = || Draft::new().stream("raw.b", ReadMode::NewFiles).view("marts.a", "select k, v from raw.b");
    world.files.put("raw.b", &["k", "v"], "2", &[&["y", "-"]]);
    let summary = world.run(&after().not_null("v", Severity::Error).build()).await;
    assert_eq!(state(&summary, "marts.a"), TaskState::Failed);
    assert_eq!(summary.removed, []);
    assert_eq!(world.rows("marts.a").await.unwrap(), ["a1"], "the old view can still be read");
    assert_eq!(
        asset(&summary, "marts.a").notes,
        ["raw.a", "staging.a"].map(|kept| format!("{kept} is kept for it, though the project has it no more"))
    );
    let summary = world.run(&after().build()).await;
    assert_eq!(summary.removed, [table("raw.a"), table("staging.a")]);
    assert_eq!(world.rows("marts.a").await.unwrap(), ["b2", "y-"]);
}

#[tokio::test]
async fn what_was_judged_against_a_table_that_is_held_back_is_held_back() {
    let world = world();
    let references = Probe::References { columns: vec!["k".into()], to: table("raw.a"), to_columns: vec!["k".into()] };
    let project = Draft::new()
        .stream("raw.a", ReadMode::NewFiles)
        .stream("raw.b", ReadMode::NewFiles)
        .check("relationships(k)", Severity::Warn, references)
        .view("staging.a", "select k, v from raw.a")
        .not_null("v", Severity::Error)
        .build();
    world.run(&project).await;
    world.files.put("raw.a", &["k", "v"], "2", &[&["x", "-"]]);
    world.files.put("raw.b", &["k", "v"], "2", &[&["x", "2"]]);
    let summary = world.run(&project).await;
    assert_eq!(state(&summary, "raw.a"), TaskState::HeldBack);
    assert_eq!(state(&summary, "raw.b"), TaskState::HeldBack, "its x is in the staged raw.a only");
    world.files.put("raw.a", &["k", "v"], "2", &[&["x", "1"]]);
    assert_eq!(world.run(&project).await.exit_code, 0);
    assert_eq!(world.rows("raw.b").await.unwrap(), ["b2", "x2"]);
}

#[tokio::test]
async fn a_foreign_commit_makes_the_run_stale() {
    let world = world();
    let project = Draft::new()
        .stream("raw.a", ReadMode::NewFiles)
        .stream("raw.b", ReadMode::NewFiles)
        .table("marts.a", "select k from raw.a")
        .build();
    world.run(&project).await;
    world.files.put("raw.a", &["k", "v"], "2", &[&["c", "3"]]);
    world.files.put("raw.b", &["k", "v"], "2", &[&["d", "4"]]);
    world.tap.hold("engine publish");
    let intrude = async {
        world.tap.reached.notified().await;
        world.engine.foreign_commit("raw.b");
        world.tap.release.notify_one();
    };
    let (summary, ()) = tokio::join!(world.run(&project), intrude);
    assert_eq!((summary.state, summary.exit_code, summary.snapshot), (RunState::Failed, 1, None));
    let error = summary.error.as_ref().unwrap();
    assert_eq!(error.code, "HW0915");
    assert!(error.message.contains("raw.b"));
    assert!(summary.assets.iter().all(|asset| asset.state != TaskState::Published));
    assert_eq!(world.head().await, Some(1));
    assert_eq!(world.rows("raw.a").await.unwrap(), ["a1"]);
    assert!(world.store.intents().await.unwrap().is_empty());

    assert_eq!(world.run(&project).await.exit_code, 0, "running again rebuilds on top");
    assert_eq!(world.rows("raw.a").await.unwrap(), ["a1", "c3"]);
}

#[tokio::test]
async fn rows_below_a_foreign_commit_are_not_lost() {
    let world = world();
    let project = Draft::new().stream("raw.a", ReadMode::NewFiles).table("marts.a", "select k from raw.a").build();
    world.run(&project).await;
    world.files.put("raw.a", &["k", "v"], "2", &[&["c", "3"]]);
    // It dies when its commits are in the logs, and another program compacts a table before anybody looks.
    world.tap.fail("store publish", 0, 1, false);
    assert!(world.run_with(&project, &super::world::options()).await.is_err());
    world.engine.foreign_commit("raw.a");
    // What was put counts as loaded: the next run must show it.
    let summary = world.run(&project).await;
    assert_eq!(summary.exit_code, 0);
    assert_eq!(world.rows("raw.a").await.unwrap(), ["a1", "c3"]);
    assert_eq!(world.rows("marts.a").await.unwrap(), ["a", "c"]);
    assert_eq!(world.run(&project).await.snapshot, None, "and then there is nothing left to do");
}

#[tokio::test]
async fn a_failed_asset_keeps_its_side_tables() {
    let world = world();
    world.files.put("raw.a", &["k", "v"], "2", &[&["x", "-"]]);
    let before = Draft::new().stream("raw.a", ReadMode::NewFiles).not_null("v", Severity::Quarantine).build();
    world.run(&before).await;
    assert_eq!(world.rows("raw.a__quarantine").await.unwrap(), ["x-"]);
    let after = Draft::new()
        .stream("raw.a", ReadMode::NewFiles)
        .not_null("v", Severity::Error)
        .stream("raw.b", ReadMode::NewFiles)
        .build();
    let summary = world.run(&after).await;
    assert_eq!((state(&summary, "raw.a"), state(&summary, "raw.b")), (TaskState::Failed, TaskState::Published));
    assert_eq!(world.rows("raw.a__quarantine").await.unwrap(), ["x-"]);
}

#[tokio::test]
async fn a_failed_view_keeps_back_what_it_reads_and_not_what_its_checks_read() {
    let world = world();
    let references = Probe::References { columns: vec!["k".into()], to: table("raw.b"), to_columns: vec!["k".into()] };
    let project = Draft::new()
        .stream("raw.a", ReadMode::NewFiles)
        .stream("raw.b", ReadMode::NewFiles)
        .view("staging.a", "select k, v from raw.a")
        .not_null("v", Severity::Error)
        .check("relationships(k)", Severity::Warn, references)
        .build();
    world.run(&project).await;
    world.files.put("raw.a", &["k", "v"], "2", &[&["x", "-"]]);
    world.files.put("raw.b", &["k", "v"], "2", &[&["y", "2"]]);
    let summary = world.run(&project).await;
    assert_eq!((state(&summary, "raw.a"), state(&summary, "raw.b")), (TaskState::HeldBack, TaskState::Published));
}

#[tokio::test]
async fn an_asset_that_comes_back_does_not_lose_what_its_files_held() {
    let world = world();
    let with = Draft::new().stream("raw.a", ReadMode::NewFiles).stream("raw.b", ReadMode::NewFiles).build();
    let without = Draft::new().stream("raw.b", ReadMode::NewFiles).build();
    world.run(&with).await;
    world.run(&without).await;
    world.files.put("raw.a", &["k", "v"], "2", &[&["c", "3"]]);
    world.files.remove("raw.a", "1");
    let summary = world.run(&with).await;
    assert_eq!(asset(&summary, "raw.a").code.as_deref(), Some("HW0912"));
}

#[tokio::test]
async fn checks_are_judged_again_when_the_table_that_they_read_changes() {
    let world = world();
    world.files.put("raw.b", &["k", "v"], "1", &[&["a", "2"]]);
    let references = Probe::References { columns: vec!["k".into()], to: table("raw.a"), to_columns: vec!["k".into()] };
    let project = Draft::new()
        .stream("raw.a", ReadMode::Full)
        .stream("raw.b", ReadMode::NewFiles)
        .check("relationships(k)", Severity::Error, references)
        .build();
    assert_eq!(world.run(&project).await.exit_code, 0);
    assert_eq!(world.run(&project).await.snapshot, None);
    world.files.put("raw.a", &["k", "v"], "1", &[&["z", "1"]]);
    let summary = world.run(&project).await;
    assert_eq!(state(&summary, "raw.b"), TaskState::Failed, "its a is not in raw.a any more");
    world.files.put("raw.a", &["k", "v"], "1", &[&["a", "1"]]);
    assert_eq!(world.run(&project).await.exit_code, 0);
    assert_eq!(world.rows("raw.b").await.unwrap(), ["a2"], "nothing was loaded twice");
    assert_eq!(world.run(&project).await.snapshot, None);
}

#[tokio::test]
async fn what_the_project_dropped_leaves_main() {
    let world = world();
    let both = Draft::new()
        .stream("raw.a", ReadMode::NewFiles)
        .table("marts.a", "select k from raw.a")
        .view("marts.v", "select k from raw.a")
        .build();
    world.run(&both).await;
    let one = Draft::new().stream("raw.a", ReadMode::NewFiles).build();
    let plan = crate::plan(&one, &world.connectors(), &world.lake(), &crate::PlanOptions::default()).await.unwrap();
    assert_eq!(plan.removed, [table("marts.a"), table("marts.v")], "a plan tells it beforehand");
    let summary = world.run(&one).await;
    assert_eq!(summary.removed, [table("marts.a"), table("marts.v")]);
    assert_eq!(summary.snapshot, Some(2));
    assert_eq!((world.rows("marts.a").await, world.rows("marts.v").await), (None, None));
    assert_eq!(world.store.inner.asset_states(2).await.unwrap().len(), 1);
    assert_eq!(world.store.inner.lineage(2).await.unwrap().len(), 1);
    assert_eq!(world.run(&one).await.snapshot, None);
    assert!(world.engine.lock().tables.contains_key(&table("marts.a")), "its files stay until they are vacuumed");
}

#[tokio::test]
async fn a_table_may_become_a_view_and_back() {
    let world = world();
    let table = Draft::new().stream("raw.a", ReadMode::Full).table("marts.a", "select k from raw.a").build();
    let view = Draft::new().stream("raw.a", ReadMode::Full).view("marts.a", "select k from raw.a").build();
    for (project, snapshot) in [(&table, 1), (&view, 2), (&table, 3)] {
        assert_eq!(world.run(project).await.snapshot, Some(snapshot));
        assert_eq!(world.rows("marts.a").await.unwrap(), ["a"]);
    }
}
