//! What cannot be done, and how that is told.

use super::{Main, arrives, dump, edit, orders};
use crate::program::headwater;
use crate::project::assert_told;

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let project = orders();
    project.run();
    project.say(&["branch", "create", "next"]).exits(0);
    let main = Main::look(&project);
    for name in ["main", "Next", "a b", "../x", "run-1", "12", ""] {
        assert_told(&project.say(&["branch", "create", name]).exits(2), "HW0930", &[name]);
    }
    assert_told(&project.say(&["branch", "create", "next"]).exits(2), "HW0711", &["next"]);
    for command in ["delete", "publish"] {
        assert_told(&project.say(&["branch", command, "main"]).exits(2), "HW0930", &["main"]);
        assert_told(&project.say(&["branch", command, "nxet"]).exits(2), "HW0712", &["did you mean next?"]);
    }
    for command in [&["run"][..], &["plan"], &["query", "select 1"], &["show"], &["history"], &["lineage"]] {
        let said = project.say(&[command, &["--branch", "nxet"]].concat()).exits(2);
        assert_told(&said, "HW0712", &["did you mean next?"]);
    }
    assert_told(&project.say(&["branch", "publish", "next"]).exits(2), "HW0932", &["next"]);
    assert_told(&project.say(&["branch", "publish", "next", "--dry-run"]).exits(2), "HW0932", &["next"]);
    assert_told(&project.say(&["branch", "create", "other", "--from", "9"]).exits(2), "HW0916", &["9"]);
    main.assert_untouched(&project);
}

#[test]
fn a_vacuumed_snapshot_carries_no_branch() {
    let project = orders();
    project.run();
    for _ in 0..2 {
        project.say(&["run", "--full-refresh"]).exits(0);
    }
    project.say(&["branch", "create", "kept", "--from", "2"]).exits(0);
    let on_branch = dump(&project, &["--branch", "kept"]);
    project.say(&["maintain", "--vacuum", "--keep-snapshots", "1", "--keep-days", "0"]).exits(0);
    assert_told(&project.say(&["branch", "create", "late", "--from", "1"]).exits(2), "HW0931", &["vacuumed"]);
    assert_eq!(dump(&project, &["--branch", "kept"]), on_branch, "what a branch stands on is not vacuumed");
    project.say(&["branch", "create", "again", "--from", "2"]).exits(0);
}

#[test]
fn one_process_at_a_time_works_on_a_branch() {
    let project = orders();
    project.run();
    project.say(&["branch", "create", "next"]).exits(0);
    edit(&project);
    let mut first = headwater(project.path());
    first.args(["run", "--branch", "next"]).env("HEADWATER_STOP_AT", "after_stage");
    let mut first = first.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    let stopped = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", first.id())).unwrap();
        stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('T'))
    };
    while !stopped() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    for command in
        [&["run", "--branch", "next"][..], &["branch", "publish", "next"], &["branch", "delete", "next"], &["run"]]
    {
        let said = project.say(command).exits(3);
        // The first one may have been stopped while its heartbeat held the catalogue.
        if !said.err.contains("[HW0707]") {
            assert_told(&said, "HW0911", &["in use"]);
        }
    }
    let going_on = std::process::Command::new("sh").args(["-c", &format!("kill -CONT {}", first.id())]).status();
    assert!(going_on.unwrap().success());
    assert!(first.wait().unwrap().success());
    assert_eq!(dump(&project, &["--branch", "next"]), super::built_anew(&project));
}

#[test]
fn a_branch_of_an_empty_lake_becomes_its_first_snapshot() {
    let project = orders();
    project.say(&["branch", "create", "first"]).exits(0);
    assert_told(&project.say(&["show", "--branch", "first"]).exits(2), "HW0806", &[]);
    project.say(&["run", "--branch", "first"]).exits(0);
    assert_told(&project.say(&["show"]).exits(2), "HW0806", &[]);
    arrives(&project, 2);
    project.say(&["run", "--branch", "first"]).exits(0);
    let wanted = super::built_anew(&project);
    assert_eq!(dump(&project, &["--branch", "first"]), wanted);
    project.say(&["branch", "publish", "first"]).exits(0);
    assert_eq!(dump(&project, &[]), wanted);
    assert!(project.run().out.contains("nothing to publish"));
}
