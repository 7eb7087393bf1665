//! A run dies at every single call of the engine and the store, before and after its effect. The next run puts
//! everything right: the same contents, every source row exactly once, nothing left over.

use std::sync::Arc;
use std::time::Duration;

use headwater_project::Project;
use headwater_project::plan::Action;
use headwater_sdk::Relation;
use headwater_sdk::check::Severity;
use headwater_sdk::connector::ReadMode;
use headwater_sdk::engine::Engine;
use headwater_sdk::store::{RunState, Store, TaskState};

use super::project::Draft;
use super::tap::Moment;
use super::world::{Notes, World, options};
use crate::{LeaseOptions, MaintainOptions, Observer, Quiet, RunError, RunOptions, maintain};

fn project() -> Arc<Project> {
    Draft::new()
        .stream("raw.a", ReadMode::NewFiles)
        .not_null("v", Severity::Quarantine)
        .stream("raw.b", ReadMode::NewFiles)
        .view("staging.a", "select k from raw.a")
        .table("marts.all", "select k from staging.a, raw.b")
        .build()
}

/// A lake with one snapshot, and new files waiting.
async fn prepared(project: &Arc<Project>) -> World {
    let world = World::new();
    world.files.put("raw.a", &["k", "v"], "1", &[&["a", "1"]]);
    world.files.put("raw.b", &["k"], "1", &[&["b"]]);
    world.run(project).await;
    world.files.put("raw.a", &["k", "v"], "2", &[&["c", "2"], &["q", "-"]]);
    world.files.put("raw.b", &["k"], "2", &[&["d"]]);
    world.tap.forget();
    world
}

async fn assert_whole(world: &World, what: &str) {
    assert_eq!(world.rows("raw.a").await.unwrap(), ["a1", "c2"], "{what}");
    assert_eq!(world.rows("raw.a__quarantine").await.unwrap(), ["q-"], "{what}");
    assert_eq!(world.rows("raw.b").await.unwrap(), ["b", "d"], "{what}");
    assert_eq!(world.rows("marts.all").await.unwrap(), ["a", "c", "b", "d"], "{what}");
    assert_eq!(world.head().await, Some(2), "{what}: one snapshot for one change");
    let store = &world.store.inner;
    assert!(store.intents().await.unwrap().is_empty(), "{what}");
    for run in store.runs(100).await.unwrap() {
        assert!(matches!(run.state, RunState::Published | RunState::Abandoned), "{what}: {run:?}");
        for task in store.tasks(&run.id).await.unwrap().iter().filter(|_| run.state == RunState::Published) {
            assert!(matches!(task.state, TaskState::Published | TaskState::UpToDate), "{what}: {task:?}");
        }
    }
    let heads = world.engine.lock().tables.values().map(Vec::len).max();
    assert_eq!(heads, Some(2), "{what}: each table was committed to once");
}

#[tokio::test]
async fn whatever_dies_the_next_run_puts_it_right() {
    let project = project();
    let world = prepared(&project).await;
    world.run(&project).await;
    assert_whole(&world, "without a crash").await;
    let calls = world.tap.calls();
    assert!(calls.len() > 30, "{calls:?}");

    let mut resumed = 0;
    for (index, call) in calls.iter().enumerate() {
        // A process that is known to be dead, and one that may only be stalled.
        for (moment, buried) in [(Moment::Before, true), (Moment::After, true), (Moment::After, false)] {
            let what = format!("died {moment:?} call {index}, {call}, buried: {buried}");
            let world = prepared(&project).await;
            world.tap.die_at(index, moment);
            let options = options();
            let dead = tokio::select! {
                _ = world.run_with(&project, &options) => false,
                () = world.tap.death() => true,
            };
            assert!(dead || call == "store release_lease" || moment == Moment::After, "{what}: nothing died");
            world.tap.forget();
            if buried {
                world.bury().await;
            }
            let summary = world.run(&project).await;
            assert_eq!(summary.exit_code, 0, "{what}");
            let kept = summary.assets.iter().any(|asset| asset.kept);
            assert!(buried || !kept, "{what}: gone on with a run that may be at work");
            resumed += usize::from(kept);
            assert_whole(&world, &what).await;
        }
    }
    assert!(resumed > 10, "{resumed}");
}

/// Whatever dies, the marks of what an edit leaves as it is stay, and those of what it changes move.
#[tokio::test]
async fn an_edit_that_dies_anywhere_is_finished_for_what_uses_it() {
    let draft = |sql| {
        Draft::new()
            .stream("raw.a", ReadMode::NewFiles)
            .table("marts.u", sql)
            .table("marts.x", "select k from marts.u")
            .table("marts.z", "select * from marts.u")
            .build()
    };
    let (before, after) = (draft("select k, v from raw.a"), draft("select k, w from raw.a"));
    let prepared = async || {
        let world = World::new();
        world.files.put("raw.a", &["k", "v", "w"], "1", &[&["a", "1", "x"]]);
        world.run(&before).await;
        world.tap.forget();
        world
    };
    let world = prepared().await;
    world.run(&after).await;
    let calls = world.tap.calls();
    for (index, call) in calls.iter().enumerate() {
        for moment in [Moment::Before, Moment::After] {
            let what = format!("died {moment:?} call {index}, {call}");
            let world = prepared().await;
            let first = world.store.inner.runs(1).await.unwrap().remove(0).id;
            world.tap.die_at(index, moment);
            let options = options();
            tokio::select! {
                _ = world.run_with(&after, &options) => {}
                () = world.tap.death() => {}
            }
            world.tap.forget();
            world.bury().await;
            assert_eq!(world.run(&after).await.exit_code, 0, "{what}");
            assert_eq!(world.rows("marts.z").await.unwrap(), ["ax"], "{what}");
            assert!(world.plan(&after).await.iter().all(|task| task.action == Action::Skip), "{what}");
            let states = world.store.inner.asset_states(2).await.unwrap();
            let state = |name: &str| states.iter().find(|state| state.asset.to_string() == name).unwrap();
            assert_eq!(state("marts.x").run, first, "{what}: it was left alone");
            let parts = state("marts.u").parts.as_ref().unwrap();
            let marks: Vec<bool> =
                ["k", "w"].map(|name| parts.column(name).unwrap().part.changed == first.as_str()).into();
            assert_eq!((parts.rows.changed == first.as_str(), marks), (true, vec![true, false]), "{what}");
        }
    }
}

#[tokio::test]
async fn errors_of_the_catalogue_lose_nothing_either() {
    let project = project();
    let world = prepared(&project).await;
    world.run(&project).await;
    let calls = world.tap.calls();
    for index in 0..calls.len() {
        let call = &calls[index];
        let earlier = calls[..index].iter().filter(|other| other.starts_with(call.as_str())).count();
        let world = prepared(&project).await;
        world.tap.fail(call, earlier, 1, false);
        let _ = world.run_with(&project, &options()).await;
        let summary = world.run(&project).await;
        assert_eq!(summary.exit_code, 0, "{call} failed");
        let what = format!("{call} failed");
        assert_eq!(world.rows("raw.a").await.unwrap(), ["a1", "c2"], "{what}");
        assert_eq!(world.rows("marts.all").await.unwrap(), ["a", "c", "b", "d"], "{what}");
        assert!(world.store.inner.intents().await.unwrap().is_empty(), "{what}");
    }
}

#[tokio::test]
async fn audited_tasks_of_an_interrupted_run_are_kept() {
    let project = project();
    let world = prepared(&project).await;
    world.tap.hold("engine stage marts.all");
    let options = RunOptions { cancel: tokio_util::sync::CancellationToken::new(), ..options() };
    let stop = async {
        world.tap.reached.notified().await;
        options.cancel.cancel();
    };
    let (summary, ()) = tokio::join!(world.run_with(&project, &options), stop);
    let summary = summary.unwrap();
    assert_eq!((summary.state, summary.exit_code, summary.snapshot), (RunState::Interrupted, 1, None));
    world.tap.forget();

    let notes = Arc::new(Notes::default());
    let observer: Arc<dyn Observer> = Arc::<Notes>::clone(&notes);
    let again =
        crate::run(&project, &world.connectors(), &world.lake(), &super::world::options(), &observer).await.unwrap();
    assert_eq!(again.run, summary.run, "it is the same run");
    let kept: Vec<bool> = again.assets.iter().map(|asset| asset.kept).collect();
    assert_eq!(kept, [true, true, true, false]);
    let staged: Vec<String> = world.tap.calls().into_iter().filter(|call| call.starts_with("engine stage")).collect();
    assert_eq!(staged, ["engine stage marts.all"]);
    assert!(notes.0.lock().unwrap().iter().any(|note| note.contains("3 tasks are kept")));
    assert_whole(&world, "after an interruption").await;
}

#[tokio::test]
async fn a_stalled_run_that_comes_back_finds_its_lease_lost_and_harms_nobody() {
    let project = project();
    let calls = {
        let world = prepared(&project).await;
        world.run(&project).await;
        world.tap.calls()
    };
    for (index, call) in
        calls.iter().enumerate().filter(|(_, call)| call.starts_with("engine") || call.contains("put_"))
    {
        let what = format!("stalled before call {index}, {call}");
        let world = prepared(&project).await;
        let earlier = calls[..index].iter().filter(|other| other.starts_with(call.as_str())).count();
        world.tap.hold_nth(call, earlier);
        // It gives no sign of life: its next heartbeat would come after the end of its lease.
        let lease = LeaseOptions { heartbeat: Duration::from_secs(600), wait: None, ..options().lease };
        let stalled_options = RunOptions { lease, ..options() };
        let other = async {
            world.tap.reached.notified().await;
            // It takes over, cleans up, and publishes once more on top.
            let first = world.run(&project).await;
            let upkeep = MaintainOptions { lease: options().lease, ..MaintainOptions::default() };
            maintain(&world.lake(), &upkeep, &Quiet).await.unwrap();
            world.files.put("raw.b", &["k"], "3", &[&["e"]]);
            let second = world.run(&project).await;
            world.tap.release.notify_one();
            [first.exit_code, second.exit_code]
        };
        let (stalled, exit_codes) = tokio::join!(world.run_with(&project, &stalled_options), other);
        assert_eq!(exit_codes, [0, 0], "{what}");
        let published = calls.iter().position(|call| call == "store publish").unwrap();
        if index <= published {
            let Err(RunError::Failed(error)) = stalled else { panic!("{what}: {stalled:?}") };
            assert_eq!(error.code, "HW0702", "{what}");
        }
        assert_eq!(world.rows("marts.all").await.unwrap(), ["a", "c", "b", "d", "e"], "{what}");
        let head = world.store.inner.head().await.unwrap().unwrap();
        assert_eq!(head.id, 3, "{what}");
        for (name, relation) in head.relations {
            if let Relation::Table { version } = relation {
                let newest = world.engine.head_version(&name).await.unwrap();
                assert_eq!(newest, Some(version), "{what}: direct readers of {name} see something else");
            }
        }
        let running = world.store.inner.runs(9).await.unwrap().into_iter().filter(|run| run.state == RunState::Running);
        assert_eq!(running.count(), 0, "{what}");
    }
}

#[tokio::test]
async fn an_interrupted_run_is_given_up_when_the_work_is_another() {
    let project = project();
    let world = prepared(&project).await;
    world.tap.fail("store put_task marts.all Audited", 0, 1, false);
    assert!(world.run_with(&project, &options()).await.is_err());
    world.files.put("raw.b", &["k"], "3", &[&["e"]]);
    let summary = world.run(&project).await;
    assert!(summary.assets.iter().all(|asset| !asset.kept));
    assert_eq!(world.rows("raw.b").await.unwrap(), ["b", "d", "e"]);
    let states: Vec<RunState> = world.store.inner.runs(3).await.unwrap().iter().map(|run| run.state).collect();
    assert_eq!(states, [RunState::Published, RunState::Abandoned, RunState::Published]);
    assert!(world.engine.lock().branches.is_empty());
}

#[test]
fn the_points_where_a_process_can_be_made_to_die_are_listed() {
    let names = crate::failpoint_names();
    assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len());
}
