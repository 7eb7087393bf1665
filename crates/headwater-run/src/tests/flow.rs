//! Order, reasons, gating, holding back, retries.

use std::sync::Arc;

use headwater_project::Project;
use headwater_project::plan::Action;
use headwater_sdk::check::{Probe, Severity, Verdict};
use headwater_sdk::connector::ReadMode;
use headwater_sdk::store::{RunState, Store, TaskState};

use super::project::{Draft, table};
use super::world::{World, asset, options, state, states};

fn chain() -> Arc<Project> {
    Draft::new()
        .stream("raw.a", ReadMode::NewFiles)
        .view("staging.a", "select k, v from raw.a")
        .table("marts.a", "select k from staging.a")
        .table("marts.copy", "select * from marts.a")
        .build()
}

fn world() -> World {
    let world = World::new();
    world.files.put("raw.a", &["k", "v"], "1", &[&["a", "1"], &["b", "2"]]);
    world
}

async fn reasons(world: &World, project: &Project) -> Vec<String> {
    world.plan(project).await.into_iter().map(|task| format!("{}: {}", task.asset, task.reason)).collect()
}

#[tokio::test]
async fn a_first_run_builds_everything_and_publishes_once() {
    let (world, project) = (world(), chain());
    let summary = world.run(&project).await;
    assert_eq!((summary.state, summary.snapshot, summary.exit_code), (RunState::Published, Some(1), 0));
    assert!(summary.assets.iter().all(|asset| asset.state == TaskState::Published && asset.attempts == 1));
    assert_eq!(world.rows("marts.copy").await.unwrap(), ["a", "b"]);
    assert_eq!(world.rows("staging.a").await.unwrap(), ["a1", "b2"]);
    let publishes = world.tap.calls().iter().filter(|call| *call == "store publish").count();
    assert_eq!(publishes, 1);
    assert!(world.engine.lock().branches.is_empty(), "the branch is dropped");
}

#[tokio::test]
async fn nothing_new_publishes_nothing() {
    let (world, project) = (world(), chain());
    world.run(&project).await;
    let again = world.run(&project).await;
    assert_eq!((again.state, again.snapshot, again.exit_code), (RunState::Published, None, 0));
    assert!(again.assets.iter().all(|asset| asset.state == TaskState::UpToDate));
    assert_eq!(world.head().await, Some(1));
}

#[tokio::test]
async fn new_files_are_appended_once_and_flow_downstream() {
    let (world, project) = (world(), chain());
    world.run(&project).await;
    world.files.put("raw.a", &["k", "v"], "2", &[&["c", "3"]]);
    assert_eq!(
        reasons(&world, &project).await,
        [
            "raw.a: 1 files to load",
            "staging.a: raw.a is rebuilt",
            "marts.a: staging.a is rebuilt",
            "marts.copy: marts.a is rebuilt"
        ]
    );
    world.run(&project).await;
    assert_eq!(world.rows("raw.a").await.unwrap(), ["a1", "b2", "c3"]);
    assert_eq!(world.rows("marts.copy").await.unwrap(), ["a", "b", "c"]);
}

#[tokio::test]
async fn only_what_changed_is_rebuilt() {
    let world = world();
    let draft = |sql| {
        Draft::new()
            .stream("raw.a", ReadMode::NewFiles)
            .table("marts.one", sql)
            .table("marts.two", "select v from raw.a")
            .build()
    };
    world.run(&draft("select k from raw.a")).await;
    let same = world.plan(&draft("select k from raw.a")).await;
    assert!(same.iter().all(|task| task.action == Action::Skip));
    let changed = draft("select v, k from raw.a");
    assert_eq!(
        reasons(&world, &changed).await,
        ["raw.a: up to date", "marts.one: its SQL changed", "marts.two: up to date"]
    );
    let summary = world.run(&changed).await;
    assert_eq!(summary.snapshot, Some(2));
    assert_eq!(world.rows("marts.one").await.unwrap(), ["1a", "2b"]);
}

#[tokio::test]
async fn an_edit_leaves_alone_what_does_not_use_what_it_changes() {
    let world = World::new();
    world.files.put("raw.a", &["k", "v", "w"], "1", &[&["a", "1", "x"]]);
    let draft = |sql| {
        Draft::new()
            .stream("raw.a", ReadMode::NewFiles)
            .table("marts.u", sql)
            .table("marts.x", "select k from marts.u")
            .view("marts.y", "select k from marts.u")
            .table("marts.z", "select * from marts.u")
            .build()
    };
    world.run(&draft("select k, v from raw.a")).await;
    let edited = draft("select k, w from raw.a");
    let untouched = "marts.u is rebuilt, but only its columns v and w, none of which this uses";
    let (x, y) = (format!("marts.x: {untouched}"), format!("marts.y: {untouched}"));
    let z = "marts.z: column w of marts.u changes";
    assert_eq!(
        reasons(&world, &edited).await,
        ["raw.a: up to date", "marts.u: its SQL changed", x.as_str(), y.as_str(), z]
    );
    world.tap.fail("engine stage marts.z", 0, 1, false);
    let summary = world.run(&edited).await;
    assert_eq!((state(&summary, "marts.u"), state(&summary, "marts.z")), (TaskState::Published, TaskState::Failed));
    assert_eq!((state(&summary, "marts.x"), state(&summary, "marts.y")), (TaskState::UpToDate, TaskState::UpToDate));
    let again = reasons(&world, &edited).await;
    assert_eq!(
        again[2..],
        ["marts.x: up to date", "marts.y: up to date", "marts.z: its input marts.u was published since"]
    );
    world.run(&edited).await;
    assert_eq!(world.rows("marts.z").await.unwrap(), ["ax"]);
    world.files.put("raw.a", &["k", "v", "w"], "2", &[&["b", "2", "y"]]);
    let summary = world.run(&edited).await;
    assert!(summary.assets.iter().all(|asset| asset.state == TaskState::Published), "new rows reach everything");
    assert_eq!(world.rows("marts.x").await.unwrap(), ["a", "b"]);
}

#[tokio::test]
async fn volatile_sql_is_rebuilt_every_run() {
    let world = world();
    let project = Draft::new().stream("raw.a", ReadMode::Full).table("marts.a", "select k, now() from raw.a").build();
    world.run(&project).await;
    assert_eq!(
        reasons(&world, &project).await,
        ["raw.a: up to date", "marts.a: uses now(), so it is rebuilt every run"]
    );
}

#[tokio::test]
async fn a_full_source_is_replaced_when_it_changed() {
    let world = world();
    let project = Draft::new().stream("raw.a", ReadMode::Full).build();
    world.run(&project).await;
    world.files.put("raw.a", &["k", "v"], "1", &[&["z", "9"]]);
    assert_eq!(reasons(&world, &project).await, ["raw.a: its source changed: 1 files"]);
    world.run(&project).await;
    assert_eq!(world.rows("raw.a").await.unwrap(), ["z9"]);
}

#[tokio::test]
async fn a_failed_check_holds_back_what_depends_on_it_and_nothing_else() {
    let world = world();
    let project = Draft::new()
        .stream("raw.a", ReadMode::NewFiles)
        .table("marts.bad", "select k, v from raw.a")
        .not_null("v", Severity::Error)
        .table("marts.after", "select k from marts.bad")
        .table("marts.last", "select k from marts.after")
        .table("marts.other", "select k from raw.a")
        .build();
    world.run(&project).await;
    world.files.put("raw.a", &["k", "v"], "2", &[&["c", "-"]]);
    let summary = world.run(&project).await;
    let expected = [
        ("raw.a", TaskState::Published),
        ("marts.bad", TaskState::Failed),
        ("marts.after", TaskState::HeldBack),
        ("marts.last", TaskState::HeldBack),
        ("marts.other", TaskState::Published),
    ];
    assert_eq!(states(&summary), expected.map(|(name, state)| (name.to_owned(), state)));
    assert_eq!((summary.state, summary.exit_code), (RunState::Partial, 1));
    assert_eq!(world.rows("marts.bad").await.unwrap(), ["a1", "b2"], "the old version stays");
    assert_eq!(world.rows("marts.after").await.unwrap(), ["a", "b"]);
    assert_eq!(world.rows("marts.other").await.unwrap(), ["a", "b", "c"]);
    let bad = asset(&summary, "marts.bad");
    assert_eq!(bad.message.as_deref(), Some("not_null(v) failed: 1 of 3 rows"));
    assert_eq!((bad.checks.failed, bad.problems[0].failing), (1, 1));
    assert_eq!(asset(&summary, "marts.last").message.as_deref(), Some("marts.after failed or was held back"));

    // The next run tries again, because what marts.bad read has been published since.
    let again = world.plan(&project).await;
    assert_eq!(again[1].reason, "its input raw.a was published since");
}

#[tokio::test]
async fn warnings_and_quarantine_publish() {
    let world = world();
    world.files.put("raw.a", &["k", "v"], "2", &[&["c", "-"], &["-", "4"]]);
    let project = Draft::new()
        .stream("raw.a", ReadMode::Full)
        .not_null("v", Severity::Warn)
        .not_null("k", Severity::Quarantine)
        .table("ops.aside", "select v from raw.a__quarantine")
        .build();
    let summary = world.run(&project).await;
    assert_eq!(summary.exit_code, 0);
    let raw = asset(&summary, "raw.a");
    assert_eq!((raw.checks.warned, raw.checks.quarantined, raw.quarantined), (1, 1, 1));
    assert_eq!(raw.problems[1].verdict, Verdict::Quarantined);
    assert_eq!(world.rows("raw.a").await.unwrap(), ["a1", "b2", "c-"]);
    assert_eq!(world.rows("ops.aside").await.unwrap(), ["4"]);
}

#[tokio::test]
async fn transient_errors_are_tried_again_and_others_are_not() {
    let (world, project) = (world(), chain());
    world.tap.fail("engine stage marts.a", 0, 2, true);
    world.tap.fail("engine stage marts.copy", 0, 1, false);
    let summary = world.run(&project).await;
    assert_eq!(asset(&summary, "marts.a").attempts, 3);
    assert_eq!(state(&summary, "marts.a"), TaskState::Published);
    let copy = asset(&summary, "marts.copy");
    assert_eq!((copy.attempts, copy.state, copy.code.as_deref()), (1, TaskState::Failed, Some("HW9999")));
    world.tap.fail("engine stage marts.copy", 0, 5, true);
    let summary = world.run(&project).await;
    assert_eq!(asset(&summary, "marts.copy").attempts, 3, "and not for ever");
    assert_eq!((summary.state, summary.snapshot), (RunState::Failed, None));
}

#[tokio::test]
async fn an_unreachable_source_fails_alone() {
    let world = world();
    world.files.put("raw.b", &["k"], "1", &[&["x"]]);
    let project = Draft::new()
        .stream("raw.a", ReadMode::NewFiles)
        .stream("raw.b", ReadMode::NewFiles)
        .table("marts.a", "select k from raw.a")
        .table("marts.b", "select k from raw.b")
        .build();
    world.run(&project).await;
    world.files.cut_off("raw.a", true);
    world.files.put("raw.b", &["k"], "2", &[&["y"]]);
    let summary = world.run(&project).await;
    assert_eq!(state(&summary, "raw.a"), TaskState::Failed);
    assert_eq!(state(&summary, "marts.b"), TaskState::Published);
    assert_eq!(world.rows("marts.b").await.unwrap(), ["x", "y"]);
}

#[tokio::test]
async fn stale_data_is_told_by_runs_that_find_nothing() {
    let world = World::new();
    world.files.put("raw.a", &["time"], "1", &[&["2001-01-01T00:00:00Z"]]);
    let fresh = |severity| {
        let probe = Probe::Freshness { column: "time".into(), max_age_seconds: 60 };
        Draft::new()
            .stream("raw.a", ReadMode::NewFiles)
            .check("freshness(time)", severity, probe)
            .table("marts.a", "select time from raw.a")
            .build()
    };
    world.run(&fresh(Severity::Warn)).await;
    let summary = world.run(&fresh(Severity::Warn)).await;
    assert_eq!(asset(&summary, "raw.a").checks.warned, 1);
    assert_eq!((state(&summary, "raw.a"), summary.exit_code), (TaskState::UpToDate, 0));
    // (The small engine does not judge freshness itself, so the changed definition is loaded.)
    world.run(&fresh(Severity::Error)).await;
    let summary = world.run(&fresh(Severity::Error)).await;
    assert_eq!((state(&summary, "raw.a"), summary.exit_code), (TaskState::Failed, 1));
    assert_eq!(asset(&summary, "raw.a").code.as_deref(), Some("HW0919"));
}

#[tokio::test]
async fn independent_tasks_run_at_once_up_to_the_limit() {
    let world = world();
    let project = Draft::new()
        .stream("raw.a", ReadMode::Full)
        .table("marts.one", "select k from raw.a")
        .table("marts.two", "select v from raw.a")
        .build();
    world.tap.hold("engine stage marts.one");
    let options = crate::RunOptions { jobs: 2, ..options() };
    let run = world.run_with(&project, &options);
    let watch = async {
        world.tap.reached.notified().await;
        while !world.tap.calls().iter().any(|call| call == "store put_task marts.two Audited") {
            tokio::task::yield_now().await;
        }
        world.tap.release.notify_one();
    };
    let (summary, ()) = tokio::join!(run, watch);
    assert_eq!(summary.unwrap().exit_code, 0, "the second task ended while the first was held");
}

#[tokio::test]
async fn a_changed_stream_is_loaded_again_unless_rows_would_be_lost() {
    let world = world();
    let plain = Draft::new().stream("raw.a", ReadMode::NewFiles).build();
    let checked = Draft::new().stream("raw.a", ReadMode::NewFiles).not_null("k", Severity::Quarantine).build();
    world.run(&plain).await;
    world.files.put("raw.a", &["k", "v"], "2", &[&["c", "3"]]);
    world.run(&checked).await;
    assert_eq!(world.rows("raw.a").await.unwrap(), ["a1", "b2", "c3"], "loaded again, not twice");

    world.files.remove("raw.a", "1");
    let summary = world.run(&plain).await;
    let raw = asset(&summary, "raw.a");
    assert_eq!((raw.state, raw.code.as_deref()), (TaskState::Failed, Some("HW0912")));
    assert_eq!(world.rows("raw.a").await.unwrap().len(), 3);
    let options = crate::RunOptions { full_refresh: true, ..options() };
    world.run_with(&plain, &options).await.unwrap();
    assert_eq!(world.rows("raw.a").await.unwrap(), ["c3"], "the person accepted the loss");
}

#[tokio::test]
async fn a_reference_is_judged_again_when_its_target_changes() {
    let world = world();
    world.files.put("raw.b", &["k"], "1", &[&["a"], &["b"]]);
    let probe = Probe::References { columns: vec!["k".into()], to: table("raw.b"), to_columns: vec!["k".into()] };
    let project = Draft::new()
        .stream("raw.a", ReadMode::NewFiles)
        .stream("raw.b", ReadMode::Full)
        .table("marts.a", "select k from raw.a")
        .check("relationships(k)", Severity::Error, probe)
        .build();
    assert_eq!(world.run(&project).await.exit_code, 0);
    world.files.put("raw.b", &["k"], "1", &[&["a"]]);
    assert_eq!(reasons(&world, &project).await[2], "marts.a: raw.b is rebuilt");
    assert_eq!(state(&world.run(&project).await, "marts.a"), TaskState::Failed);
}

#[tokio::test]
async fn a_file_that_changed_after_it_was_loaded_is_told_also_when_nothing_is_new() {
    let world = World::new();
    world.files.put("raw.a", &["k"], "1", &[&["a"]]);
    let project = Draft::new().stream("raw.a", ReadMode::NewFiles).build();
    world.run(&project).await;
    world.files.folders.lock().unwrap().get_mut("raw.a").unwrap().changed = vec!["1".to_owned()];
    for file in [None, Some("2")] {
        if let Some(file) = file {
            world.files.put("raw.a", &["k"], file, &[&["b"]]);
        }
        let summary = world.run(&project).await;
        assert_eq!(asset(&summary, "raw.a").notes, ["1 changed after it was loaded and is not loaded again"]);
    }
}

#[tokio::test]
async fn messages_are_kept_without_secrets() {
    let world = World::new();
    world.files.put("raw.a", &["k"], "1", &[&["a"]]);
    let project = Draft::new().stream("raw.a", ReadMode::Full).secret("raw.a cannot").build();
    world.run(&project).await;
    world.files.cut_off("raw.a", true);
    let summary = world.run(&project).await;
    assert_eq!(state(&summary, "raw.a"), TaskState::Failed);
    let kept = &world.store.inner.tasks(&summary.run).await.unwrap()[0];
    for text in [Some(&kept.reason), kept.message.as_ref()] {
        let text = text.unwrap();
        assert!(text.contains("folder *** be reached") && !text.contains("raw.a cannot"), "{text}");
    }
}

#[tokio::test]
async fn rows_that_come_late_do_not_make_a_table_older() {
    let world = World::new();
    world.files.put("raw.a", &["time"], "1", &[&["2001-01-01T00:00:00Z"]]);
    let probe = Probe::Freshness { column: "time".into(), max_age_seconds: 60 };
    let project =
        Draft::new().stream("raw.a", ReadMode::NewFiles).check("freshness(time)", Severity::Warn, probe).build();
    world.run(&project).await;
    world.files.put("raw.a", &["time"], "2", &[&["2000-01-01T00:00:00Z"]]);
    let summary = world.run(&project).await;
    assert_eq!(asset(&summary, "raw.a").problems[0].observed.as_deref(), Some("2001-01-01T00:00:00Z"));
}
