//! `headwater run --from … --to …`.

use std::fmt::Write as _;

use serde_json::Value;

use super::{events, model};
use crate::program::{headwater, json, query};
use crate::project::{Project, assert_told};

/// One row for each of the first days of the months from January to June, of `v` times its month.
fn months(v: u64) -> String {
    let mut csv = "id,day,v\n".to_owned();
    for month in 1..=6 {
        writeln!(csv, "{month},2024-{month:02}-01,{}", month * v).unwrap();
    }
    csv
}

/// A window and a table on it, whose old rows are of `v` 1, and whose source now has `v` 10.
fn project() -> Project {
    let project = events(&months(1))
        .with("models/marts/w.sql", model("strategy: window\ntime_column: day\nlate: ignore"))
        .with("models/marts/sums.sql", "select sum(v) as v from marts.w\n");
    project.run();
    project.write("data/events.csv", months(10));
    project.run();
    assert_eq!(values(&project), "1 2 3 4 5 60");
    project
}

fn values(project: &Project) -> String {
    query(project.path(), "select string_agg(v, ' ' order by day) from marts.w")
}

fn states(report: &Value) -> Vec<String> {
    let state = |part: &Value| match &part["run"] {
        Value::Null => "kept".to_owned(),
        run => run["state"].as_str().unwrap().to_owned(),
    };
    report["parts"].as_array().unwrap().iter().map(state).collect()
}

#[test]
fn a_range_of_time_is_taken_up_part_by_part_and_then_what_depends_on_it() {
    let project = project();
    let said = project.say(&["run", "--from", "2024-02", "--to", "2024-04"]).exits(0);
    for expected in ["marts.w: 2024-02-01 to 2024-04-30", "2024-03-01 to 2024-03-31", "published", "marts.sums"] {
        assert!(said.out.contains(expected), "{expected}: {}", said.out);
    }
    assert!(said.err.contains("(2 of 3)"), "progress: {}", said.err);
    assert_eq!(values(&project), "1 20 30 40 5 60");
    assert_eq!(query(project.path(), "select v from marts.sums"), "156");
    // A finished one begins anew, two months at once.
    let report = json(project.path(), &["run", "--from", "2024-02-01", "--to", "2024-05-31", "--parallel", "2"]);
    assert_eq!(states(&report), ["published", "published"], "{report:#}");
    assert_eq!(values(&project), "1 20 30 40 50 60");
    project.run();
    assert_eq!(values(&project), "1 20 30 40 50 60", "nothing is to be done");
}

#[test]
fn a_backfill_that_dies_goes_on() {
    let project = project();
    let arguments = ["run", "--from", "2024-01", "--to", "2024-05"];
    let died =
        headwater(project.path()).args(arguments).env("HEADWATER_CRASH_AT", "engine_after_commit:3").output().unwrap();
    assert_eq!(died.status.code(), None, "{died:?}");
    assert_eq!(values(&project), "10 20 3 4 5 60", "two parts were published");
    let report = json(project.path(), &arguments);
    assert_eq!(states(&report), ["kept", "kept", "published", "published", "published"], "{report:#}");
    assert_eq!(values(&project), "10 20 30 40 50 60");
    assert_eq!(query(project.path(), "select v from marts.sums"), "210");
}

#[test]
fn a_part_that_fails_its_checks_stops_the_backfill() {
    let project = project();
    let header = "strategy: window\ntime_column: day\nlate: ignore\nchecks: [{ expression: v <> 30 }]";
    project.write("models/marts/w.sql", model(header));
    project.run();
    let said = project.say(&["run", "--from", "2024-02", "--to", "2024-05"]).exits(1);
    assert_told(&said, "HW0910", &["2024-03-01 to 2024-03-31", "failed", "1 of"]);
    assert_eq!(values(&project), "1 20 3 4 5 60");
    project.write("data/events.csv", months(10).replace(",30\n", ",31\n"));
    project.say(&["run", "--select", "raw.events"]).exits(0);
    let report = json(project.path(), &["run", "--from", "2024-02", "--to", "2024-05"]);
    assert_eq!(states(&report), ["kept", "published", "published", "published"], "{report:#}");
    assert_eq!(values(&project), "1 20 31 40 50 60");
}

#[test]
fn what_cannot_be_taken_up_is_said() {
    let project = project();
    for (arguments, code, words) in [
        (vec!["--from", "2024-05", "--to", "2024-02"], "HW0819", "there is no time from 2024-05 to 2024-02"),
        (vec!["--from", "spring", "--to", "2024-02"], "HW0819", "'spring' is no time"),
        (
            vec!["--from", "2024-01", "--to", "2024-02", "--select", "marts.sums"],
            "HW0924",
            "nothing selected can take up",
        ),
    ] {
        let said = project.say(&[vec!["run"], arguments].concat()).exits(2);
        assert_told(&said, code, &[words]);
    }
    project
        .write("models/marts/w.sql", model("strategy: window\ntime_column: day").replace("v from", "v + 1 as v from"));
    let said = project.say(&["run", "--from", "2024-01", "--to", "2024-02"]).exits(2);
    assert_told(&said, "HW0925", &["marts.w has to be made anew", "its SQL"]);
    assert_eq!(values(&project), "1 2 3 4 5 60");
}
