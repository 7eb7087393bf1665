//! A process dies while it works on a branch, or publishes one.

use std::fs;
use std::path::Path;

use super::{Main, arrives, built_anew, dies_at, dump, edit, orders};
use crate::program::{copy_folder, ok, say, workspace};
use crate::project::Project;

/// Points that are passed more often than this are as good as passed this often.
const PASSINGS: usize = 2;

/// Every point of the flow: the constants of `headwater-run/src/failpoints.rs`, and those of the engine's publishing.
fn points() -> Vec<String> {
    let text = fs::read_to_string(workspace().join("crates/headwater-run/src/failpoints.rs")).unwrap();
    let constants = text.lines().filter(|line| line.contains(": &str = "));
    let mut points: Vec<String> = constants.filter_map(|line| Some(line.split('"').nth(1)?.to_owned())).collect();
    points.extend(["publish_between_tables", "publish_between_commits"].map(str::to_owned));
    assert!(points.len() >= 14, "{points:?}");
    points
}

/// A copy of a project with its lake.
fn copy_of(project: &Project) -> Project {
    let copy = Project::empty();
    copy_folder(project.path(), copy.path(), &["anew"]);
    copy
}

/// Nothing is in the lake that neither a log nor the catalogue knows of.
#[track_caller]
fn assert_tidy(project: &Project) {
    ok(project.path(), &["maintain", "--vacuum", "--keep-snapshots", "1", "--keep-days", "0"]);
    let branches: Vec<_> = match fs::read_dir(project.lake().join("_headwater/branches")) {
        Ok(entries) => entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect(),
        Err(_) => Vec::new(),
    };
    assert!(branches.iter().all(|area| area.starts_with("next-")) && branches.len() <= 1, "{branches:?}");
}

#[test]
fn a_run_on_a_branch_that_dies_anywhere_is_put_right_by_the_next_one_and_main_sees_nothing() {
    let start = orders();
    start.run();
    start.say(&["branch", "create", "next"]).exits(0);
    edit(&start);
    arrives(&start, 2);
    start.say(&["run", "--branch", "next"]).exits(0);
    arrives(&start, 3);
    let before = dump(&start, &["--branch", "next"]);
    let wanted = built_anew(&start);
    let mut deaths = 0;
    for point in points() {
        for passing in 1..=PASSINGS {
            let project = copy_of(&start);
            let main = Main::look(&project);
            if !dies_at(&project, &["run", "--branch", "next"], &format!("{point}:{passing}")) {
                assert!(passing > 1, "no run passes {point}");
                break;
            }
            deaths += 1;
            let now = dump(&project, &["--branch", "next"]);
            assert!(now == before || now == wanted, "{point}:{passing}: half of a run is seen:\n{now}");
            main.assert_untouched(&project);
            ok(project.path(), &["run", "--branch", "next"]);
            assert_eq!(dump(&project, &["--branch", "next"]), wanted, "{point}:{passing}");
            main.assert_untouched(&project);
            assert_tidy(&project);
            assert_eq!(dump(&project, &["--branch", "next"]), wanted, "{point}:{passing}");
        }
    }
    assert!(deaths > 15, "{deaths}");
}

#[test]
fn publishing_a_branch_that_dies_anywhere_is_finished_or_done_again() {
    let start = orders();
    start.run();
    start.say(&["branch", "create", "next"]).exits(0);
    edit(&start);
    arrives(&start, 2);
    start.say(&["run", "--branch", "next"]).exits(0);
    // Some of it has to be rebuilt, some of it not.
    super::undo_edit(&start);
    start.say(&["run", "--select", "marts.totals", "--full-refresh"]).exits(0);
    edit(&start);
    let (before, on_branch) = (dump(&start, &[]), dump(&start, &["--branch", "next"]));
    let wanted = built_anew(&start);
    assert_eq!(on_branch, wanted);
    let mut deaths = 0;
    for point in points() {
        for passing in 1..=PASSINGS {
            let project = copy_of(&start);
            if !dies_at(&project, &["branch", "publish", "next"], &format!("{point}:{passing}")) {
                assert!(passing > 1, "no publish passes {point}");
                break;
            }
            deaths += 1;
            let now = dump(&project, &[]);
            assert!(now == before || now == wanted, "{point}:{passing}: half of a branch is seen:\n{now}");
            assert_eq!(dump(&project, &["--branch", "next"]), on_branch, "{point}:{passing}");
            // Any command that changes the lake finishes what was begun; then there is nothing left to publish.
            let again = say(project.path(), &["branch", "publish", "next"]);
            assert!(again.code == Some(0) || again.err.contains("HW0932"), "{point}:{passing}: {again:?}");
            assert_eq!(dump(&project, &[]), wanted, "{point}:{passing}");
            assert_eq!(history(project.path()), 3, "{point}:{passing}: one snapshot");
            ok(project.path(), &["run"]);
            assert_eq!(history(project.path()), 3, "{point}:{passing}: nothing was left to do");
            assert_tidy(&project);
            assert_eq!(dump(&project, &[]), wanted, "{point}:{passing}");
        }
    }
    assert!(deaths > 15, "{deaths}");
}

fn history(folder: &Path) -> usize {
    crate::program::json(folder, &["history"]).as_array().unwrap().len()
}
