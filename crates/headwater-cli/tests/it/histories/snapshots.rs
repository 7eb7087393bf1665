//! Snapshots of a source that keeps no history.

use crate::program::query;
use crate::project::{NUMBERS, Project, assert_told};

fn project(header: &str) -> Project {
    Project::empty().with("sources/numbers.yml", NUMBERS).with("data/a.csv", "n,name\n1,one\n2,two\n").with(
        "models/marts/stock.sql",
        format!("/*---\nmaterialize: snapshot\n{header}---*/\nselect n, name from raw.numbers\n"),
    )
}

#[test]
fn a_run_of_the_same_day_replaces_its_snapshot() {
    let project = project("");
    assert!(project.run().out.contains("a snapshot"));
    project.write("data/a.csv", "n,name\n1,one\n2,zwei\n3,three\n");
    let said = project.run();
    let days = query(project.path(), "select count(distinct snapshot_date), count(*) from marts.stock");
    // At midnight there may be two.
    assert!(days == "1,3" && said.out.contains("a snapshot again") || days == "2,5", "{days}\n{}", said.out);
    let said = project.run();
    assert!(said.out.contains("up to date") || days != "1,3", "{}", said.out);
}

#[test]
fn every_run_may_add_one_and_the_newest_are_kept() {
    let project = project("every: run\nkeep: 2\n");
    for _ in 0..4 {
        project.run();
    }
    let kept = query(project.path(), "select count(distinct snapshot_at), count(*) from marts.stock");
    assert_eq!(kept, "2,4");
    let plan = project.say(&["plan"]).exits(0).out;
    assert!(plan.contains("every run adds a snapshot"), "{plan}");
    let said = project.say(&["run", "--full-refresh"]).exits(2);
    assert_told(&said, "HW0929", &["the snapshots in marts.stock would be lost"]);
    assert_eq!(query(project.path(), "select count(*) from marts.stock"), "4");
}
