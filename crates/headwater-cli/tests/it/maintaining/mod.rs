//! `headwater maintain`: tables lie in better files afterwards, and nothing else is different.

mod checkpoints;
mod compaction;
mod dying;
mod layout;
mod log;
mod readers;
mod suggestions;

use std::fmt::Write as _;

use crate::program::{json, rows};
use crate::project::Project;

/// The grouped rows of what has arrived.
pub(super) const SUMS: &str = "select g, count(*) as n, sum(v) as v, max(id) as last from staging.s group by g";
/// What has arrived, with a column computed.
pub(super) const ALL: &str = "select id, v, g, v * 2 as twice from staging.s";

/// Rows of the file with a number: eight, and two thousand in the first one.
pub(super) fn file(number: i64) -> String {
    let mut text = "id,v,g\n".to_owned();
    for row in 0..if number == 0 { 2_000 } else { 8 } {
        let id = number * 10_000 + row;
        writeln!(text, "{id},{},g{}", id * 37 % 101, (id * 13 + number * 7) % 60).unwrap();
    }
    text
}

/// `raw.n` by files that come, a view on it, `marts.everything` that is appended to and `marts.sums` that is refreshed by keys.
pub(super) fn project() -> Project {
    let project = Project::empty()
        .with("headwater.yml", "name: maintaining\n")
        .with(
            "sources/n.yml",
            "connector: files\nlocation: data\nstreams:\n  - { table: raw.n, path: '*.csv', mode: new_files }\n",
        )
        .with("models/staging/s.sql", "/*---\nmaterialize: view\n---*/\nselect id, v, g from raw.n where v >= 0\n")
        .with("models/marts/everything.sql", format!("{ALL}\n"))
        .with("models/marts/sums.sql", format!("/*---\nchecks:\n  - unique: g\n---*/\n{SUMS}\n"))
        .with("data/000.csv", file(0));
    project.run();
    project
}

/// One more file arrives, and is loaded. Returns how the two tables were brought up to date.
pub(super) fn arrive(project: &Project, number: i64) -> [String; 2] {
    project.write(&format!("data/{number:03}.csv"), file(number));
    let report = json(project.path(), &["run"]);
    assert_eq!(report["exit_code"], 0, "{report}");
    ["marts.everything", "marts.sums"].map(|table| {
        let asset = report["assets"].as_array().unwrap().iter().find(|asset| asset["asset"] == table).unwrap();
        asset["refresh"]["how"].as_str().unwrap_or_default().to_owned()
    })
}

/// The tables hold what their queries yield.
#[track_caller]
pub(super) fn assert_right(project: &Project) {
    for (table, sql) in [("marts.sums", SUMS), ("marts.everything", ALL)] {
        let key = if table == "marts.sums" { "g" } else { "id" };
        let found = rows(project.path(), &format!("select * from {table} order by {key}"));
        assert_eq!(found, rows(project.path(), &format!("select * from ({sql}) as q order by {key}")), "{table}");
    }
}
