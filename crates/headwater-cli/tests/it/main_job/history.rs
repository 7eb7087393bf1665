//! `headwater history` and `rollback`, there and back again.

use crate::program::{json, ok, published_versions, query};
use crate::project::{Project, assert_told};

const TOTAL: &str = "select total from marts.sums";

/// Three snapshots: totals 6, 10, 11; the second adds a table.
fn three() -> Project {
    let project = Project::numbers();
    project.run();
    project.write("data/a.csv", "n,name\n10,ten\n");
    project.write("models/marts/names.sql", "select name from raw.numbers\n");
    project.run();
    project.write("data/a.csv", "n,name\n11,eleven\n");
    project.run();
    project
}

#[test]
fn history_tells_what_each_snapshot_changed() {
    let project = three();
    let history = json(project.path(), &["history"]);
    let history = history.as_array().unwrap();
    let ids: Vec<u64> = history.iter().map(|snapshot| snapshot["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [3, 2, 1], "newest first");
    assert_eq!((&history[0]["parent"], &history[2]["parent"]), (&2.into(), &serde_json::Value::Null));
    assert_eq!(history[0]["changed"], serde_json::json!(["marts.names", "marts.sums", "raw.numbers"]));
    assert_eq!(history[2]["changed"], serde_json::json!(["marts.sums", "raw.numbers", "raw.numbers__rejected"]));
    let out = ok(project.path(), &["history", "--limit", "2"]);
    assert_eq!(out.lines().count(), 3, "{out}");
    let runs = json(project.path(), &["runs"]);
    assert_eq!(runs[0]["id"], history[0]["run"]);
}

#[test]
fn rollback_goes_back_and_forward_again() {
    let project = three();
    let direct = |table: &str| published_versions(&project.lake(), table).len();
    let before = direct("marts.sums");
    let said = project.say(&["rollback", "1"]).exits(0);
    assert!(said.out.contains("published snapshot 4 with the contents of snapshot 1"), "{}", said.out);
    assert!(said.out.contains("gone, for it did not exist then: marts.names"), "{}", said.out);
    assert_eq!(query(project.path(), TOTAL), "6");
    assert_eq!(direct("marts.sums"), before + 1, "direct readers get a RESTORE commit");
    let gone = project.say(&["query", "select * from marts.names"]).exits(2);
    assert!(gone.err.contains("marts.names"), "{}", gone.err);
    assert_eq!(ok(project.path(), &["query", TOTAL, "--as-of", "3"]), "total\n11\n", "nothing is lost");

    let again = project.say(&["rollback", "4"]).exits(0);
    assert!(again.out.contains("holds the contents of snapshot 4 already"), "{}", again.out);

    let forward = json(project.path(), &["rollback", "3"]);
    assert_eq!((&forward["snapshot"], &forward["to"]), (&5.into(), &3.into()));
    assert_eq!(query(project.path(), TOTAL), "11");
    assert_eq!(query(project.path(), "select name from marts.names"), "eleven");
    let history = json(project.path(), &["history"]);
    assert_eq!(history[0]["kind"], serde_json::json!({ "kind": "rollback", "to": 3 }));
    assert!(ok(project.path(), &["history"]).contains("rollback to 3"));
    let quiet = project.run();
    assert!(quiet.out.contains("nothing to publish"), "what came back is up to date: {}", quiet.out);
}

#[test]
fn after_a_rollback_a_run_brings_the_lake_up_to_date() {
    let project = three();
    project.say(&["rollback", "1"]).exits(0);
    let report = json(project.path(), &["run"]);
    assert_eq!(report["snapshot"], 5);
    assert_eq!(query(project.path(), TOTAL), "11", "the file still says so");
    assert_eq!(query(project.path(), "select count(*) from marts.names"), "1");
}

#[test]
fn files_are_loaded_once_also_after_a_rollback() {
    let project = Project::numbers().with(
        "sources/numbers.yml",
        "connector: files\nlocation: data\nstreams:\n  - { table: raw.numbers, path: '*.csv', mode: new_files }\n",
    );
    project.run();
    project.write("data/b.csv", "n,name\n4,four\n");
    project.run();
    assert_eq!(query(project.path(), TOTAL), "10");
    project.say(&["rollback", "1"]).exits(0);
    assert_eq!(query(project.path(), TOTAL), "6");
    project.run();
    assert_eq!(query(project.path(), TOTAL), "10", "the list of files went back with the rows");
    project.run();
    assert_eq!(query(project.path(), "select total, rows from marts.sums"), "10,4");
}

#[test]
fn a_snapshot_that_is_not_there_is_refused() {
    let project = three();
    assert_told(&project.say(&["rollback", "9"]).exits(2), "HW0916", &["9", "headwater history"]);
    assert_eq!(json(project.path(), &["history"]).as_array().unwrap().len(), 3);
    let empty = Project::numbers();
    assert_told(&empty.say(&["history"]).exits(2), "HW0806", &["headwater run"]);
    assert_told(&empty.say(&["query", "select total from marts.sums"]).exits(2), "HW0806", &["headwater run"]);
    assert_told(&empty.say(&["show"]).exits(2), "HW0806", &["headwater run"]);
    assert_told(&empty.say(&["rollback", "1"]).exits(2), "HW0916", &["1"]);
}

#[test]
fn a_table_that_leaves_the_project_leaves_the_snapshot() {
    let project = three();
    std::fs::remove_file(project.path().join("models/marts/names.sql")).unwrap();
    let said = project.run();
    assert!(said.out.contains("no longer in the project, and gone from the snapshot: marts.names"), "{}", said.out);
    let gone = project.say(&["query", "select * from marts.names"]).exits(2);
    assert!(gone.err.contains("marts.names"), "{}", gone.err);
    project.say(&["rollback", "3"]).exits(0);
    assert_eq!(query(project.path(), "select name from marts.names"), "eleven");
}
