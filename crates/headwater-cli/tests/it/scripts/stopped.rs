//! Runs that are stopped or killed while a program is at work.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{numbers, shell};
use crate::program::{headwater, published_versions, query};
use crate::project::Project;

/// A program that starts another one, tells both of their numbers, and waits, unless it is told not to.
const PROGRAM: &str = "cat > /dev/null\necho '{\"n\": 5}'\ntest -e ../../go && exit 0\nsleep 300 &\necho $$ $! > ../../pids.new\nmv ../../pids.new ../../pids\nwait\n";

fn waiting() -> Project {
    numbers()
        .with("scripts/marts/s.yml", shell("s", "inputs: [raw.numbers]\ninput_format: csv\n"))
        .with("scripts/marts/s.sh", PROGRAM)
}

/// Waits until something is so.
#[track_caller]
fn until(what: &str, so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !so() {
        assert!(Instant::now() < end, "{what}: not within a minute");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn is_alive(pid: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // A zombie whose parent is gone too is being cleared away.
    !status.is_empty() && !status.contains(") Z ")
}

fn start(project: &Project) -> (Child, Vec<String>) {
    let run = headwater(project.path()).arg("run").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let pids = project.path().join("pids");
    until("the program started", || pids.exists());
    let pids: Vec<String> = std::fs::read_to_string(pids).unwrap().split_whitespace().map(str::to_owned).collect();
    assert!(pids.iter().all(|pid| is_alive(pid)), "{pids:?}");
    (run, pids)
}

#[track_caller]
fn assert_right_afterwards(project: &Project) {
    assert_eq!(published_versions(&project.lake(), "marts.s"), [0u64; 0]);
    std::fs::write(project.path().join("go"), "").unwrap();
    project.run();
    assert_eq!(query(project.path(), "select count(*), sum(n) from marts.s"), "1,5");
    assert_eq!(query(project.path(), "select count(*) from raw.numbers"), "3");
}

fn signal(name: &str, pid: &str) {
    assert!(Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().unwrap().success());
}

#[test]
fn a_run_that_is_stopped_ends_the_program_with_all_that_it_started() {
    let project = waiting();
    let (mut run, pids) = start(&project);
    signal("INT", &run.id().to_string());
    let ended = run.wait().unwrap();
    assert!(!ended.success());
    until("all processes are gone", || !pids.iter().any(|pid| is_alive(pid)));
    assert_right_afterwards(&project);
}

#[test]
fn a_run_that_is_killed_leaves_nothing_published_and_no_program() {
    let project = waiting();
    let (mut run, pids) = start(&project);
    run.kill().unwrap();
    run.wait().unwrap();
    // What the program itself had started is its own affair then.
    until("the program is gone", || !is_alive(&pids[0]));
    if Path::new("/proc").join(&pids[1]).exists() {
        signal("KILL", &pids[1]);
    }
    assert_right_afterwards(&project);
}

#[test]
fn a_program_whose_time_is_up_is_ended_with_all_that_it_started() {
    let project = waiting();
    project.write("scripts/marts/s.yml", shell("s", "inputs: [raw.numbers]\ninput_format: csv\ntimeout: 2s\n"));
    let (mut run, pids) = start(&project);
    assert_eq!(run.wait().unwrap().code(), Some(1));
    until("all processes are gone", || !pids.iter().any(|pid| is_alive(pid)));
    assert_right_afterwards(&project);
}

#[test]
fn what_a_program_leaves_behind_is_ended_with_it() {
    let project = numbers()
        .with("scripts/marts/s.yml", shell("s", ""))
        .with("scripts/marts/s.sh", "sleep 300 &\necho $! > ../../left\necho '{\"n\": 1}'\n");
    project.run();
    assert_eq!(query(project.path(), "select n from marts.s"), "1");
    let left = std::fs::read_to_string(project.path().join("left")).unwrap();
    until("nothing is left", || !is_alive(left.trim()));
}
