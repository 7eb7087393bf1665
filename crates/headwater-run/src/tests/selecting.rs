//! Runs and plans about a selection.

use std::sync::Arc;

use headwater_diagnostics::{Diagnostic, SourceMap};
use headwater_project::Project;
use headwater_project::plan::Action;
use headwater_project::select::Selection;
use headwater_sdk::check::{Probe, Severity};
use headwater_sdk::connector::ReadMode;
use headwater_sdk::store::{RunState, Store, TaskState};

use super::project::{Draft, table};
use super::world::{World, asset, options, state, states};
use crate::{PlanOptions, RunError, RunOptions, RunSummary};

fn selection(project: &Project, text: &str) -> Option<Selection> {
    Selection::read(&[text.to_owned()], &[], project, &mut SourceMap::default()).unwrap()
}

async fn attempt(world: &World, project: &Arc<Project>, select: &str) -> Result<RunSummary, RunError> {
    world.run_with(project, &RunOptions { selection: selection(project, select), ..options() }).await
}

async fn run(world: &World, project: &Arc<Project>, select: &str) -> RunSummary {
    attempt(world, project, select).await.unwrap()
}

/// What a run refuses to begin with, nothing having been staged.
async fn refused(world: &World, project: &Arc<Project>, select: &str) -> Vec<Diagnostic> {
    world.tap.forget();
    let outcome = attempt(world, project, select).await;
    assert!(!world.tap.calls().iter().any(|call| call.starts_with("engine stage")), "nothing was run");
    match outcome {
        Err(RunError::Project(diagnostics)) => diagnostics,
        other => panic!("{other:?}"),
    }
}

/// What a plan says: of every asset the reason, and the notes.
async fn planned(world: &World, project: &Arc<Project>, select: &str) -> (Vec<String>, Vec<String>) {
    let options = PlanOptions { selection: selection(project, select), ..PlanOptions::default() };
    let plan = crate::plan(project, &world.connectors(), &world.lake(), &options).await.unwrap();
    (plan.tasks.iter().map(|task| format!("{}: {}", task.asset, task.reason)).collect(), plan.notes)
}

fn published(summary: &RunSummary) -> Vec<String> {
    let published = states(summary).into_iter().filter(|(_, state)| *state == TaskState::Published);
    published.map(|(name, _)| name).collect()
}

fn draft() -> Draft {
    Draft::new()
        .stream("raw.a", ReadMode::NewFiles)
        .view("staging.a", "select k, v from raw.a")
        .table("marts.a", "select k from staging.a")
        .table("marts.copy", "select * from marts.a")
}

fn world() -> World {
    let world = World::new();
    world.files.put("raw.a", &["k", "v"], "1", &[&["a", "1"]]);
    world
}

#[tokio::test]
async fn only_what_is_selected_is_built() {
    let (world, project) = (world(), draft().build());
    let summary = run(&world, &project, "+marts.a").await;
    assert_eq!(published(&summary), ["raw.a", "staging.a", "marts.a"]);
    assert_eq!((summary.assets.len(), summary.not_selected, summary.exit_code), (3, 1, 0));
    assert_eq!(summary.selection.as_deref(), Some("--select +marts.a"));
    assert_eq!((world.rows("marts.a").await, world.rows("marts.copy").await), (Some(vec!["a".into()]), None));
    let again = run(&world, &project, "+marts.a").await;
    assert!(again.assets.iter().all(|asset| asset.state == TaskState::UpToDate), "only what needs it is built");
    assert_eq!(again.snapshot, None);
    let summary = world.run(&project).await;
    assert_eq!(published(&summary), ["marts.copy"], "the rest is built by a run of everything");

    let all = RunOptions { full_refresh: true, selection: selection(&project, "marts.*"), ..options() };
    let summary = world.run_with(&project, &all).await.unwrap();
    assert_eq!(published(&summary), ["marts.a", "marts.copy"]);
}

#[tokio::test]
async fn an_input_that_was_never_built_is_asked_for_before_anything_runs() {
    let (world, project) = (world(), draft().build());
    let wrong = refused(&world, &project, "marts.a").await;
    assert_eq!((wrong.len(), wrong[0].code), (1, "HW0144"));
    assert_eq!(wrong[0].message, "marts.a reads staging.a, which was never built and is not selected");
    assert_eq!(wrong[0].help.as_deref(), Some("select staging.a too, or all that marts.a is made from: +marts.a"));
    assert!(world.store.inner.runs(10).await.unwrap().is_empty(), "there was no run");
    let references = Probe::References { columns: vec!["k".into()], to: table("raw.b"), to_columns: vec!["k".into()] };
    let checked = Draft::new()
        .stream("raw.a", ReadMode::Full)
        .check("relationships(k)", Severity::Error, references)
        .stream("raw.b", ReadMode::Full)
        .build();
    let wrong = refused(&world, &checked, "raw.a").await;
    assert_eq!(wrong[0].message, "a check of raw.a reads raw.b, which was never built and is not selected");
}

#[tokio::test]
async fn changes_that_were_not_selected_are_told() {
    let (world, project) = (world(), draft().build());
    world.run(&project).await;
    world.files.put("raw.a", &["k", "v"], "2", &[&["b", "2"]]);
    let edited = draft().table("marts.new", "select k from marts.copy").build();
    let (reasons, notes) = planned(&world, &edited, "marts.new").await;
    let expected = [
        "raw.a: not selected",
        "staging.a: not selected",
        "marts.a: not selected",
        "marts.copy: not selected",
        "marts.new: new",
    ];
    assert_eq!(reasons, expected);
    assert_eq!(notes, ["raw.a has changes that were not selected: 1 files to load"]);
    let summary = run(&world, &edited, "marts.new").await;
    assert_eq!((published(&summary), &summary.notes), (vec!["marts.new".to_owned()], &notes));
    assert_eq!(world.rows("marts.new").await.unwrap(), ["a"]);

    // What lies between is passed over as well.
    let (_, notes) = planned(&world, &edited, "raw.a marts.new").await;
    assert_eq!(notes, ["marts.a has changes that were not selected: staging.a is rebuilt"]);
    run(&world, &edited, "raw.a").await;
    let (_, notes) = planned(&world, &edited, "marts.new").await;
    assert_eq!(notes, ["marts.a has changes that were not selected: its input staging.a was published since"]);
    assert_eq!(planned(&world, &edited, "raw.a").await.1, [] as [String; 0], "its users are nobody's input");
    world.run(&edited).await;
    assert_eq!(world.rows("marts.new").await.unwrap(), ["a", "b"]);
}

#[tokio::test]
async fn what_is_not_selected_is_read_as_main_has_it() {
    let world = world();
    let project = |middle: &str, last: &str| {
        Draft::new().stream("raw.a", ReadMode::NewFiles).table("staging.a", middle).view("marts.a", last).build()
    };
    world.run(&project("select k from raw.a", "select k from staging.a")).await;
    let edited = project("select k, v from raw.a", "select k, v from staging.a");
    let wrong = refused(&world, &edited, "marts.a").await;
    assert_eq!((wrong[0].code, wrong[0].message.as_str()), ("HW0503", "marts.a: no column v"));
    assert_eq!(wrong[0].notes, ["read as main has it, for its changes are not selected: staging.a"]);
    run(&world, &edited, "marts.a staging.a").await;
    assert_eq!(world.rows("marts.a").await.unwrap(), ["a1"]);
    // A selected view on an input that stays behind.
    world.files.put("raw.a", &["k", "v"], "2", &[&["b", "2"]]);
    let again = project("select k, v from raw.a", "select v from staging.a");
    let summary = run(&world, &again, "marts.a").await;
    assert_eq!(summary.exit_code, 0);
    assert_eq!(world.rows("marts.a").await.unwrap(), ["1"]);
}

#[tokio::test]
async fn a_view_that_shows_what_is_rebuilt_is_checked_again_though_it_was_not_selected() {
    let world = world();
    let project = Draft::new()
        .stream("raw.a", ReadMode::NewFiles)
        .view("staging.a", "select k, v from raw.a")
        .view("staging.b", "select v from staging.a")
        .not_null("v", Severity::Error)
        .table("marts.a", "select v from staging.b")
        .build();
    world.run(&project).await;
    world.files.put("raw.a", &["k", "v"], "2", &[&["b", "2"]]);
    let summary = run(&world, &project, "raw.a").await;
    assert_eq!(published(&summary), ["raw.a", "staging.a", "staging.b"]);
    let reason = "not selected, but it shows staging.a, which is rebuilt";
    assert_eq!(asset(&summary, "staging.b").reason, reason);
    assert_eq!(world.rows("marts.a").await.unwrap(), ["1"], "a table stays as it is");

    world.files.put("raw.a", &["k", "v"], "3", &[&["c", "-"]]);
    let summary = run(&world, &project, "raw.a marts.a").await;
    let expected = [
        ("raw.a", TaskState::HeldBack),
        ("staging.a", TaskState::HeldBack),
        ("staging.b", TaskState::Failed),
        ("marts.a", TaskState::HeldBack),
    ];
    assert_eq!(states(&summary), expected.map(|(name, state)| (name.to_owned(), state)));
    assert_eq!((summary.state, summary.exit_code), (RunState::Failed, 1));
    assert_eq!(world.rows("staging.b").await.unwrap(), ["1", "2"], "nothing unchecked is seen");
}

#[tokio::test]
async fn a_view_that_cannot_be_checked_as_it_is_stands_against_rebuilding_what_it_shows() {
    let world = world();
    let project = |view: &str| Draft::new().stream("raw.a", ReadMode::NewFiles).view("staging.a", view).build();
    world.run(&project("select k, v from raw.a")).await;
    let edited = project("select k from raw.a");
    let dropped = Draft::new().stream("raw.a", ReadMode::NewFiles).build();
    assert_eq!(run(&world, &edited, "raw.a").await.exit_code, 0, "it is not rebuilt");
    world.files.put("raw.a", &["k", "v"], "2", &[&["b", "2"]]);
    let wrong = refused(&world, &edited, "raw.a").await;
    assert_eq!((wrong[0].code, wrong[0].help.as_deref()), ("HW0145", Some("select staging.a too")));
    let wrong = refused(&world, &dropped, "raw.a").await;
    assert_eq!(wrong[0].code, "HW0145");
    assert!(
        wrong[0]
            .message
            .starts_with("the view staging.a shows raw.a, which this run rebuilds, and the project has it no more")
    );
    run(&world, &edited, "raw.a staging.a").await;
    assert_eq!(world.rows("staging.a").await.unwrap(), ["a", "b"]);
}

#[tokio::test]
async fn nothing_is_removed_by_a_run_about_a_selection() {
    let world = world();
    world.run(&draft().build()).await;
    let fewer = Draft::new().stream("raw.a", ReadMode::NewFiles).table("marts.new", "select v from raw.a").build();
    let options = PlanOptions { selection: selection(&fewer, "marts.new"), ..PlanOptions::default() };
    let plan = crate::plan(&fewer, &world.connectors(), &world.lake(), &options).await.unwrap();
    assert!(plan.removed.is_empty());
    let summary = run(&world, &fewer, "marts.new").await;
    assert_eq!((summary.snapshot, summary.removed.len()), (Some(2), 0));
    for name in ["staging.a", "marts.a", "marts.copy", "marts.new"] {
        assert!(world.rows(name).await.is_some(), "{name}");
    }
    assert_eq!(world.store.inner.asset_states(2).await.unwrap().len(), 5);
    assert_eq!(world.run(&fewer).await.removed.len(), 3);
}

#[tokio::test]
async fn a_check_on_what_is_not_selected_is_judged_against_main() {
    let world = world();
    world.files.put("raw.b", &["k"], "1", &[&["a"]]);
    let references = Probe::References { columns: vec!["k".into()], to: table("raw.b"), to_columns: vec!["k".into()] };
    let project = Draft::new()
        .stream("raw.b", ReadMode::NewFiles)
        .stream("raw.a", ReadMode::NewFiles)
        .table("marts.a", "select k from raw.a")
        .check("relationships(k)", Severity::Error, references)
        .build();
    world.run(&project).await;
    world.files.put("raw.a", &["k", "v"], "2", &[&["b", "2"]]);
    world.files.put("raw.b", &["k"], "2", &[&["b"]]);
    let summary = run(&world, &project, "raw.a marts.a").await;
    assert_eq!((state(&summary, "raw.a"), state(&summary, "marts.a")), (TaskState::Published, TaskState::Failed));
    assert_eq!(summary.notes, ["raw.b has changes that were not selected: 1 files to load"]);
    assert_eq!(world.run(&project).await.exit_code, 0);
    assert_eq!(world.rows("marts.a").await.unwrap(), ["a", "b"]);
}

#[tokio::test]
async fn sources_that_were_not_selected_do_no_harm() {
    let world = world();
    world.files.put("raw.b", &["time"], "1", &[&["2001-01-01T00:00:00Z"]]);
    let fresh = Probe::Freshness { column: "time".into(), max_age_seconds: 60 };
    let project = Draft::new()
        .stream("raw.a", ReadMode::NewFiles)
        .stream("raw.b", ReadMode::NewFiles)
        .check("freshness(time)", Severity::Error, fresh)
        .stream("raw.gone", ReadMode::NewFiles)
        .table("marts.a", "select k from raw.a")
        .build();
    world.files.put("raw.gone", &["k"], "1", &[&["a"]]);
    world.files.cut_off("raw.gone", true);
    let summary = run(&world, &project, "+marts.a raw.b").await;
    assert_eq!(summary.exit_code, 0, "raw.gone is not asked for");
    world.files.cut_off("raw.a", true);
    let edited = Draft::new().stream("raw.a", ReadMode::NewFiles).table("marts.a", "select v from raw.a").build();
    let summary = run(&world, &edited, "marts.a").await;
    assert_eq!((published(&summary), summary.notes.len()), (vec!["marts.a".to_owned()], 0));
    let summary = run(&world, &project, "marts.a").await;
    assert_eq!(summary.exit_code, 0, "that raw.b is old is not judged");
    assert!(run(&world, &project, "raw.b").await.exit_code == 1);
}

#[tokio::test]
async fn an_empty_selection_does_nothing() {
    let (world, project) = (world(), draft().build());
    world.run(&project).await;
    let summary = run(&world, &project, "state:modified").await;
    assert_eq!((summary.assets.len(), summary.not_selected, summary.exit_code), (0, 4, 0));
    assert_eq!((summary.snapshot, world.head().await), (None, Some(1)));
    let edited = draft().table("marts.late", "select k from marts.copy").build();
    let options = PlanOptions { selection: selection(&edited, "state:new+ state:modified"), ..PlanOptions::default() };
    let plan = crate::plan(&edited, &world.connectors(), &world.lake(), &options).await.unwrap();
    let builds: Vec<String> =
        plan.tasks.iter().filter(|task| task.action == Action::Build).map(|task| task.asset.to_string()).collect();
    assert_eq!(builds, ["marts.late"]);
}

#[tokio::test]
async fn only_a_run_of_the_same_selection_is_gone_on_with() {
    for (second, kept) in [("+marts.a", 2), ("+marts.copy", 0)] {
        let (world, project) = (world(), draft().build());
        world.tap.hold("engine stage marts.a");
        let first = RunOptions { selection: selection(&project, "+marts.a"), ..options() };
        let stop = async {
            world.tap.reached.notified().await;
            first.cancel.cancel();
        };
        let (summary, ()) = tokio::join!(world.run_with(&project, &first), stop);
        let summary = summary.unwrap();
        assert_eq!(summary.state, RunState::Interrupted);
        assert_eq!(summary.next, ["headwater run --select +marts.a"]);
        world.tap.forget();
        let summary = run(&world, &project, second).await;
        assert_eq!(summary.assets.iter().filter(|asset| asset.kept).count(), kept, "{second}");
        assert_eq!(summary.exit_code, 0);
    }
}
