//! Streams that cannot be read before they were ever loaded: nobody knows their columns, and the rest goes on.

use crate::held::free_port;
use crate::program::query;
use crate::project::{Project, assert_told};

/// `raw.numbers` with a model, and beside them `raw.far` of a database, with models and a check that read it.
fn project(port: u16) -> Project {
    let far = format!(
        "connector: postgres\nconnection: \"postgres://u:s3cret@127.0.0.1:{port}/x\"\nstreams:\n  - {{ table: raw.far, from: far }}\n"
    );
    let checked =
        "/*---\nchecks:\n  - relationships: { column: n, to: raw.far.id }\n---*/\nselect n from raw.numbers\n";
    Project::numbers()
        .with("sources/far.yml", far)
        .with("models/marts/joined.sql", "select f.*, s.total from raw.far f cross join marts.sums s\n")
        .with("models/marts/further.sql", "select count(*) as c from marts.joined\n")
        .with("models/marts/checked.sql", checked)
}

#[test]
fn a_source_out_of_reach_holds_back_what_is_made_from_it_and_nothing_else() {
    let project = project(free_port());
    let planned = project.say(&["plan"]).exits(0);
    for words in [
        "cannot be read, or is held back for that: 4 assets",
        "its source cannot be read",
        "the columns of raw.far are not known",
        "the columns of marts.joined",
    ] {
        assert!(planned.out.contains(words), "no {words} in {}", planned.out);
    }
    let said = project.say(&["run"]).exits(1);
    assert_told(
        &said,
        "HW0341",
        &[
            "raw.far: failed",
            "marts.joined: held back: raw.far failed",
            "marts.further: held back: marts.joined failed or was held back",
            "marts.checked: held back: raw.far failed",
        ],
    );
    assert_eq!(query(project.path(), "select total, rows from marts.sums"), "6,3");
    let told = project.say(&["run", "--json"]).exits(1).json();
    assert_eq!(
        (&told["state"], &told["snapshot"]),
        (&"failed".into(), &serde_json::Value::Null),
        "nothing new: {told}"
    );
    // A check is about the whole project, and says what it could not look at.
    assert_told(&project.say(&["check"]).exits(3), "HW0341", &["raw.far"]);
    // What is published stays when a model comes to read what cannot be read.
    project.write("models/marts/sums.sql", "select sum(n) as total, count(*) as rows from raw.numbers, raw.far\n");
    project.write("data/b.csv", "n,name\n4,four\n");
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0341", &["marts.sums: held back"]);
    assert_eq!(query(project.path(), "select count(*) from raw.numbers"), "4");
    assert_eq!(query(project.path(), "select total, rows from marts.sums"), "6,3");
}

#[test]
fn data_that_cannot_be_read_at_the_first_look_holds_back_only_what_reads_it() {
    let bad = "connector: files\nlocation: far\nstreams:\n  - { table: raw.far, path: '*.parquet' }\n";
    let project = project(1).with("sources/far.yml", bad).with("far/a.parquet", "this is no parquet file at all");
    assert_told(&project.say(&["check"]).exits(2), "HW0305", &["far/a.parquet"]);
    assert_told(&project.say(&["run"]).exits(1), "HW0305", &["raw.far: failed", "marts.further: held back"]);
    assert_eq!(query(project.path(), "select total, rows from marts.sums"), "6,3");
    // A mistake of the project stops all of it, and what cannot be read is told beside it.
    project.write("models/marts/typo.sql", "select nn from raw.numbers\n");
    let said = project.say(&["run"]).exits(2);
    assert_told(&said, "HW0305", &["far/a.parquet", "nn"]);
    // Where there is nothing else to do, the run says what the check says.
    let said = project.say(&["run", "--select", "raw.far"]).exits(2);
    assert_told(&said, "HW0305", &["far/a.parquet"]);
}

#[test]
fn what_was_held_back_is_built_when_the_source_can_be_read() {
    let far = "connector: files\nlocation: far\nstreams:\n  - { table: raw.far, path: '*.parquet' }\n";
    let other = "connector: files\nlocation: far\nstreams:\n  - { table: raw.far, path: '*.csv' }\n";
    let project = project(1).with("sources/far.yml", far).with("far/a.parquet", "none");
    project.say(&["run"]).exits(1);
    let delivery = "connector: files\nlocation: out\ndeliveries:\n  - { table: marts.further, mode: replace, to: further, format: csv }\n";
    project.write("destinations/out.yml", delivery);
    project.say(&["run"]).exits(1);
    assert!(!project.path().join("out/further").exists());
    project.write("sources/far.yml", other);
    project.write("far/a.csv", "id\n1\n2\n3\n");
    project.run();
    assert_eq!(query(project.path(), "select c from marts.further"), "3");
    let mut out = std::fs::read_dir(project.path().join("out/further")).unwrap().map(|file| file.unwrap().path());
    let file = out.find(|path| path.extension().is_some_and(|extension| extension == "csv")).unwrap();
    assert_eq!(std::fs::read_to_string(file).unwrap(), "c\n3\n");
}
