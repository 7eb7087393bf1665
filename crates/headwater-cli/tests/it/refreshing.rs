//! A process dies while it refreshes tables by some of their keys: every reader sees all of a run or none, and what the next
//! run makes of it is what computing everything would.

use std::fmt::Write as _;

use crate::program::{headwater, json, query, rows};
use crate::project::Project;

/// Points at which rows are taken out and not yet seen to be, and each how often it is passed.
const POINTS: [(&str, u32); 8] = [
    ("engine_after_write", 4),
    ("engine_after_commit", 4),
    ("after_stage", 4),
    ("after_audit_record", 4),
    ("after_intent", 1),
    ("publish_between_commits", 3),
    ("publish_between_tables", 3),
    ("before_flip", 1),
];

const SUMS: &str = "select g, count(*) as n, sum(v) as v, max(id) as last from staging.s group by g";
const STEPS: &str = "select g, n, v, v - lag(v) over (partition by n order by g) as d";

/// Rows of the file with a number: four, and five hundred in the first one.
fn file(number: i64) -> String {
    let mut text = "id,v,g\n".to_owned();
    for row in 0..if number == 0 { 500 } else { 4 } {
        let id = number * 1_000 + row;
        writeln!(text, "{id},{},g{}", id * 37 % 101, (id * 13 + number * 7) % 60).unwrap();
    }
    text
}

fn project() -> Project {
    Project::empty()
        .with("headwater.yml", "name: refreshing\n")
        .with(
            "sources/n.yml",
            "connector: files\nlocation: data\nstreams:\n  - { table: raw.n, path: '*.csv', mode: new_files }\n",
        )
        .with("models/staging/s.sql", "select id, v, g from raw.n where v >= 0\n")
        .with("models/marts/sums.sql", format!("/*---\nchecks:\n  - unique: g\n---*/\n{SUMS}\n"))
        .with("models/marts/steps.sql", format!("{STEPS} from marts.sums\n"))
        .with("data/000.csv", file(0))
}

/// The tables of one snapshot fit together.
fn assert_whole(project: &Project, at: &str) {
    for (table, sql) in [("marts.sums", SUMS.to_owned()), ("marts.steps", format!("{STEPS} from ({SUMS}) as sums"))] {
        let found = rows(project.path(), &format!("select * from {table} order by g"));
        assert_eq!(found, rows(project.path(), &format!("select * from ({sql}) as q order by g")), "{table} at {at}");
    }
}

#[test]
fn a_refresh_that_dies_is_put_right_by_the_next_one() {
    let project = project();
    project.run();
    let (mut number, mut deaths, mut by_keys) = (0, 0, 0);
    for (point, passings) in POINTS {
        for passing in 1..=passings {
            let at = format!("{point}:{passing}");
            number += 1;
            project.write(&format!("data/{number:03}.csv"), file(number));
            let died = headwater(project.path()).arg("run").env("HEADWATER_CRASH_AT", &at).output().unwrap();
            deaths += u32::from(died.status.code().is_none());
            assert_whole(&project, &at);
            let report = json(project.path(), &["run"]);
            assert_eq!(report["exit_code"], 0, "{at}: {report}");
            let how = report["assets"].as_array().unwrap().iter().map(|asset| &asset["refresh"]["how"]);
            by_keys += how.filter(|how| **how == "keys").count();
            assert_whole(&project, &at);
            assert_eq!(query(project.path(), "select count(*) from raw.n"), (500 + 4 * number).to_string(), "{at}");
        }
    }
    assert!(deaths >= 20, "only {deaths} died");
    assert!(by_keys >= 10, "only {by_keys} tables were refreshed by keys");
}
