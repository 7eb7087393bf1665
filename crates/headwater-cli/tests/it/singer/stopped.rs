//! Taps that hang, and runs that are stopped or killed while a tap is at work.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Source, entry, lines, ordinary, record, schema};
use crate::program::headwater;
use crate::project::assert_told;

fn is_alive(pid: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !status.is_empty() && !status.contains(") Z ")
}

#[track_caller]
fn until(what: &str, so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !so() {
        assert!(Instant::now() < end, "{what}: not within a minute");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A tap that prints a row, starts another program, and waits for it.
fn hanging(more: &str) -> Source {
    let properties = json!({ "id": { "type": "integer" } });
    let messages = lines(&[schema("t", properties.clone()), record("t", json!({ "id": 1 }))]);
    let then = "sleep 300 & echo $$ $! > pids.new; mv pids.new pids; wait";
    let source = Source::printing(&[entry("t", properties, &[])], &messages, then, "");
    source.write(&format!("command: [sh, tap.sh]\n{more}streams:\n  - {{ table: raw.t, stream: t }}\n"));
    source
}

fn pids(source: &Source) -> Vec<String> {
    let path = source.project.path().join("pids");
    until("the tap is at work", || path.exists());
    std::fs::read_to_string(path).unwrap().split_whitespace().map(str::to_owned).collect()
}

#[test]
fn a_tap_whose_time_is_up_is_ended_with_all_that_it_started() {
    let source = hanging("timeout: 1s\n");
    assert_told(&source.say(&["run"]).exits(1), "HW0324", &["`sh tap.sh` had not ended after 1 s and was stopped"]);
    let pids = pids(&source);
    until("all processes are gone", || !pids.iter().any(|pid| is_alive(pid)));
}

#[test]
fn a_run_that_is_stopped_ends_the_tap_with_all_that_it_started() {
    let source = hanging("");
    let temporary = tempfile::tempdir().unwrap();
    let files = || {
        let entries = std::fs::read_dir(temporary.path()).unwrap();
        entries.filter(|entry| entry.as_ref().unwrap().path().join("config.json").exists()).count()
    };
    let mut run = headwater(source.project.path());
    run.arg("run").env("TMPDIR", temporary.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut run = run.spawn().unwrap();
    let pids = pids(&source);
    assert_eq!(files(), 1, "what the tap is given");
    let interrupt = format!("kill -INT {}", run.id());
    assert!(std::process::Command::new("sh").args(["-c", &interrupt]).status().unwrap().success());
    assert!(!run.wait().unwrap().success());
    until("all processes are gone", || !pids.iter().any(|pid| is_alive(pid)));
    assert_eq!(files(), 0, "with its secrets");
}

#[test]
fn a_run_that_is_killed_loses_and_doubles_nothing() {
    let streams = "  - { table: raw.a, stream: a, mode: incremental, cursor: at, key: [id] }\n  - { table: raw.b, stream: b, mode: incremental, cursor: at, key: [id] }\n";
    let source = Source::of_files(&[ordinary("a"), ordinary("b")], streams);
    let rows = |upto: u64| (1..=upto).map(|id| json!({ "id": id, "at": id, "note": "n" })).collect::<Vec<_>>();
    let expected = |upto: u64| format!("{upto},{upto},{}", upto * (upto + 1) / 2);
    for upto in [100, 250, 300] {
        source.rows("a", &rows(upto));
        source.rows("b", &rows(upto));
        // The first stream is printed whole, with its state; the tap waits before the second.
        source.project.write("wait_behind_a", "");
        let mut run =
            headwater(source.project.path()).arg("run").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let calls = source.project.path().join("calls.jsonl");
        until("the tap is at work", || calls.exists());
        std::thread::sleep(Duration::from_millis(500));
        run.kill().unwrap();
        run.wait().unwrap();
        std::fs::remove_file(source.project.path().join("wait_behind_a")).unwrap();
        std::fs::remove_file(calls).unwrap();
        source.run();
        for table in ["raw.a", "raw.b"] {
            assert_eq!(
                source.query(&format!("select count(*), count(distinct id), sum(id) from {table}")),
                expected(upto)
            );
        }
        assert_eq!(source.calls().len(), 1, "both tables are where one state is");
    }
}
