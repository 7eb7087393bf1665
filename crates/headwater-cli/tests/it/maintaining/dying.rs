//! Maintenance dies: every reader sees the rows that there are, and the next command puts everything right.

use std::time::{Duration, Instant};

use super::{arrive, assert_right, log, project};
use crate::program::{copy_folder, headwater, json, query};
use crate::project::Project;

/// Points that maintenance passes, and how often with three tables.
const POINTS: [(&str, u32); 8] = [
    ("engine_after_write", 3),
    ("engine_after_commit", 3),
    ("before_intent", 1),
    ("after_intent", 1),
    ("publish_between_commits", 3),
    ("publish_between_tables", 3),
    ("before_flip", 1),
    ("after_flip", 1),
];

const ROWS: &str = "select (select count(*) from raw.n) as n, (select sum(v) from raw.n) as v, \
                    (select count(*) from marts.everything) as e, (select sum(n) from marts.sums) as s";
const TABLES: [&str; 3] = ["raw.n", "marts.everything", "marts.sums"];

fn worn() -> Project {
    let project = project();
    (1..=3).for_each(|number| drop(arrive(&project, number)));
    project
}

/// What there is to read is what it was, and the next commands leave nothing undone.
fn assert_put_right(project: &Project, rows: &str, at: &str) {
    let counts = TABLES.map(|table| log::count(&project.lake(), table));
    assert_eq!(query(project.path(), ROWS), rows, "{at}");
    let done = json(project.path(), &["maintain", "--keep-snapshots", "1", "--keep-days", "0"]);
    assert_eq!(TABLES.map(|table| log::files(&project.lake(), table).len()), [1, 1, 1], "{at}: {done}");
    assert_eq!(TABLES.map(|table| log::count(&project.lake(), table)), counts, "{at}");
    let again = json(project.path(), &["maintain"]);
    assert!(again["snapshot"].is_null() && again["tables"].as_array().unwrap().is_empty(), "{at}: {again}");
    assert_eq!(query(project.path(), ROWS), rows, "{at}");
    let parquet = |table: &str| {
        let entries = std::fs::read_dir(project.lake().join(table.replace('.', "/"))).unwrap();
        entries.filter(|entry| entry.as_ref().unwrap().path().is_file()).count()
    };
    assert_eq!(TABLES.map(parquet), [1, 1, 1], "{at}: nothing is left over");
    assert_eq!(arrive(project, 50), ["append", "keys"], "{at}");
    assert_right(project);
}

#[test]
fn maintenance_that_dies_at_any_point_changes_no_row() {
    let original = worn();
    let rows = query(original.path(), ROWS);
    let mut deaths = 0;
    for (point, passings) in POINTS {
        for passing in [1, passings].into_iter().take(passings.min(2) as usize) {
            let at = format!("{point}:{passing}");
            let project = Project::empty();
            copy_folder(original.path(), project.path(), &[]);
            let died = headwater(project.path()).args(["maintain"]).env("HEADWATER_CRASH_AT", &at).output().unwrap();
            assert!(died.status.code().is_none(), "{at}: {died:?}");
            deaths += 1;
            assert_put_right(&project, &rows, &at);
        }
    }
    assert!(deaths >= 12, "{deaths}");
}

#[test]
fn maintenance_that_is_killed_at_any_time_changes_no_row() {
    let original = worn();
    let rows = query(original.path(), ROWS);
    let copy = || {
        let project = Project::empty();
        copy_folder(original.path(), project.path(), &[]);
        project
    };
    let start = Instant::now();
    json(copy().path(), &["maintain"]);
    let span = start.elapsed();
    for step in 1..=8 {
        let project = copy();
        let mut process = headwater(project.path())
            .arg("maintain")
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let delay = span.mul_f64(f64::from(step) / 8.5);
        std::thread::sleep(delay.max(Duration::from_millis(1)));
        process.kill().unwrap();
        process.wait().unwrap();
        assert_put_right(&project, &rows, &format!("killed after {delay:?} of {span:?}"));
    }
}
