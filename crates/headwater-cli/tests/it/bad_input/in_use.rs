//! A lake that somebody else is using.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::program::{Said, headwater, json, query};
use crate::project::{Project, assert_told};

/// A project whose run takes a few seconds.
fn slow() -> Project {
    Project::numbers()
        .with("models/marts/sums.sql", "select sum(n) as total, count(*) as rows from raw.numbers\n")
        .with(
            "models/marts/slow.sql",
            "with a as (select unnest(generate_series(1, 60000)) as value),\n\
             b as (select unnest(generate_series(1, 60000)) as value)\n\
             select sum(a.value * b.value % 7) as n from marts.sums cross join a cross join b\n",
        )
}

/// Starts a run and waits until it holds the lake.
fn start(project: &Project) -> Child {
    let mut command = headwater(project.path());
    let mut running = command.arg("run").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while !project.say(&["runs", "--json"]).out.contains("\"running\"") {
        if began.elapsed() > Duration::from_secs(20) {
            running.kill().unwrap();
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", running.wait_with_output());
    running
}

fn interrupt(running: &Child) {
    let done = std::process::Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap();
    assert!(done.success());
}

#[test]
fn a_second_run_is_refused_or_waits_and_ctrl_c_loses_nothing() {
    let project = slow();
    let mut first = start(&project);
    let pid = first.id().to_string();
    for command in [&["run"][..], &["rollback", "1"], &["maintain", "--vacuum"]] {
        let said = project.say(command).exits(3);
        assert_told(&said, "HW0911", &["the lake is in use", &format!("process {pid}"), "--wait"]);
    }
    // Reading is always possible.
    project.say(&["runs"]).exits(0);
    let waited = project.say(&["run", "--wait", "1s"]).exits(3);
    assert_told(&waited, "HW0911", &["the lake is in use"]);
    assert!(waited.err.contains("waiting for run"), "{}", waited.err);
    assert!(first.try_wait().unwrap().is_none(), "the first one still works");

    interrupt(&first);
    let began = Instant::now();
    let said: Said = first.wait_with_output().unwrap().into();
    // Far longer than it takes on an idle machine; the query itself would take minutes.
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    let said = said.exits(1);
    assert!(format!("{}{}", said.out, said.err).contains("interrupted"), "{said:?}");
    assert_told(&project.say(&["query", "select total from marts.sums"]).exits(2), "HW0806", &[]);

    // The next run goes on from there.
    project.write("models/marts/slow.sql", "select 1 as n from marts.sums\n");
    project.run();
    assert_eq!(query(project.path(), "select total from marts.sums"), "6");
}

#[test]
fn a_run_that_waits_goes_on_when_the_other_ends() {
    let project = slow();
    let first = start(&project);
    let log = project.path().join("second.log");
    let mut second = headwater(project.path());
    second.args(["run", "--wait", "1m"]).stdout(Stdio::null()).stderr(std::fs::File::create(&log).unwrap());
    let mut second = second.spawn().unwrap();
    let until = |words: &str| {
        let began = Instant::now();
        while !std::fs::read_to_string(&log).unwrap().contains(words) {
            assert!(began.elapsed() < Duration::from_secs(20), "no '{words}'");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    until("waiting for run");
    interrupt(&first);
    let said: Said = first.wait_with_output().unwrap().into();
    said.exits(1);
    until("marts.slow started");
    interrupt(&second);
    assert_eq!(second.wait().unwrap().code(), Some(1));
    until("going on with the unfinished run");
}

#[test]
fn two_at_once_publish_once() {
    let project = Project::numbers();
    let start = || {
        headwater(project.path()).args(["run", "--wait", "1m"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
    };
    let both = [start().unwrap(), start().unwrap()];
    for one in both {
        let said: Said = one.wait_with_output().unwrap().into();
        said.exits(0);
    }
    assert_eq!(project.published(), (1, "6,3".to_owned()));
    assert_eq!(json(project.path(), &["runs"]).as_array().unwrap().len(), 2);
}

#[test]
fn a_lease_of_a_dead_process_is_taken_over_at_once() {
    let project = slow();
    let mut first = start(&project);
    first.kill().unwrap();
    first.wait().unwrap();
    project.write("models/marts/slow.sql", "select 1 as n from marts.sums\n");
    let began = Instant::now();
    let said = project.run();
    assert!(said.err.contains("died: taking over"), "{}", said.err);
    assert!(began.elapsed() < Duration::from_secs(10));
    let runs = json(project.path(), &["runs"]);
    assert_eq!((&runs[0]["state"], &runs[1]["state"]), (&"published".into(), &"abandoned".into()), "{runs}");
    assert_eq!(project.published(), (1, "6,3".to_owned()));
}
