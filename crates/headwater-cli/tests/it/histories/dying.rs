//! A process dies while it amends histories: every reader sees all of a run or none, and the next run makes of it what one
//! that never died would have.

use std::fmt::Write as _;

use super::{customers, project, versions};
use crate::program::{headwater, json, query};

/// Points that are passed while versions are taken out and added, and each how often.
const POINTS: [(&str, u32); 8] = [
    ("engine_after_write", 2),
    ("engine_after_commit", 2),
    ("after_stage", 2),
    ("after_audit_record", 2),
    ("after_intent", 1),
    ("publish_between_commits", 1),
    ("publish_between_tables", 2),
    ("before_flip", 1),
];

/// Ten customers, of whom one moves every day, and the versions that they have had after some days.
fn day(day: u32) -> (String, String) {
    let (mut rows, mut told) = (String::new(), String::new());
    for id in 0..10 {
        let moved: Vec<u32> = (1..=day).filter(|day| day % 10 == id).collect();
        let begins = std::iter::once(0).chain(moved);
        let begins: Vec<u32> = begins.collect();
        let date = |day: u32| format!("01-{:02}", day + 1);
        for (place, begin) in begins.iter().enumerate() {
            let end = begins.get(place + 1).map(|end| date(*end)).unwrap_or_default();
            writeln!(told, "{id},N{id},C{begin},{},{end},{}", date(*begin), end.is_empty()).unwrap();
        }
        let last = begins.last().unwrap();
        writeln!(rows, "{id},N{id},C{last},2026-{}T00:00:00Z", date(*last)).unwrap();
    }
    (customers(&rows), told.trim_end().to_owned())
}

#[test]
fn a_history_whose_run_dies_is_put_right_by_the_next_one() {
    let project = project("updated_at: updated_at\n", "");
    let (rows, told) = day(0);
    project.write("data/customers.csv", rows);
    project.run();
    assert_eq!(versions(&project), told);
    let (mut number, mut deaths) = (0, 0);
    for (point, passings) in POINTS {
        for passing in 1..=passings {
            let at = format!("{point}:{passing}");
            number += 1;
            let (rows, told) = day(number);
            project.write("data/customers.csv", rows);
            let died = headwater(project.path()).arg("run").env("HEADWATER_CRASH_AT", &at).output().unwrap();
            deaths += u32::from(died.status.code().is_none());
            let found = versions(&project);
            let before = day(number - 1).1;
            assert!(found == told || found == before, "{at}:\n{found}");
            let report = json(project.path(), &["run"]);
            assert_eq!(report["exit_code"], 0, "{at}: {report}");
            assert_eq!(versions(&project), told, "{at}");
            assert_eq!(query(project.path(), "select count(*) from raw.customers"), "10", "{at}");
        }
    }
    assert!(deaths >= 10, "only {deaths} died");
}
