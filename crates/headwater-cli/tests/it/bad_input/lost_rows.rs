//! Rows and files that could be lost without anybody noticing, and are not.

use crate::program::query;
use crate::project::{Project, assert_told};

const NEW_FILES: &str =
    "connector: files\nlocation: data\nstreams:\n  - { table: raw.numbers, path: '*.csv', mode: new_files }\n";

#[test]
fn archived_files_are_not_forgotten_when_everything_is_loaded_again() {
    let project = Project::numbers().with("sources/numbers.yml", NEW_FILES);
    project.run();
    project.write("data/b.csv", "n,name\n4,four\n");
    project.run();
    std::fs::remove_file(project.path().join("data/a.csv")).unwrap();
    // What was loaded stays; nothing is to be done.
    project.run();
    assert_eq!(query(project.path(), "select count(*) from raw.numbers"), "4");
    // A changed definition would load what is there now, in place of what was.
    project.write(
        "sources/numbers.yml",
        NEW_FILES.replace(
            "mode: new_files",
            "mode: new_files, checks: [{ not_null: { columns: n, severity: quarantine } }]",
        ),
    );
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0912", &["a.csv", "its rows would be lost", "--full-refresh"]);
    assert_eq!(query(project.path(), "select count(*) from raw.numbers"), "4");
    project.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(query(project.path(), "select count(*) from raw.numbers"), "1");
}

#[test]
fn a_changed_check_is_judged_on_the_rows_that_are_there_and_loads_nothing_again() {
    let project = Project::numbers().with("sources/numbers.yml", NEW_FILES);
    project.run();
    // Its rows are loaded; the file has gone.
    std::fs::remove_file(project.path().join("data/a.csv")).unwrap();
    let with_checks =
        |checks: &str| NEW_FILES.replace("mode: new_files", &format!("mode: new_files, checks: [{checks}]"));
    let told = "name = 'two'";
    project.write("sources/numbers.yml", with_checks(&format!("{{ expression: \"not ({told})\" }}, {{ unique: n }}")));
    let planned = project.say(&["plan"]).exits(0);
    assert!(planned.out.contains("its checks changed"), "{}", planned.out);
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0910", &["raw.numbers: failed", "two", "1 of 3 rows"]);
    // With a new file, the rows of both count.
    project.write("data/b.csv", "n,name\n3,again\n");
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0910", &["raw.numbers: failed", "1 of 4 rows", "unique(n)"]);
    assert_eq!(query(project.path(), "select count(*) from raw.numbers"), "3", "as it was");
    project.write("data/b.csv", "n,name\n4,four\n");
    project.write("sources/numbers.yml", with_checks("{ expression: \"name <> 'five'\" }, { unique: n }"));
    project.run();
    assert_eq!(query(project.path(), "select count(*), max(n) from raw.numbers"), "4,4");
    let said = project.say(&["run"]).exits(0);
    assert!(said.out.contains("up to date"), "{}", said.out);
}

#[test]
fn vacuum_leaves_folders_alone_that_are_no_tables() {
    let project = Project::numbers()
        .with("headwater.yml", "name: small\nenvironments: { dev: { lake: . } }\n")
        .with("landing/orders/1.json", "{}")
        .with("landing/orders/notes#1", "not an upload");
    project.run();
    project.write("data/a.csv", "n,name\n7,seven\n");
    project.run();
    let said = project.say(&["maintain", "--vacuum", "--keep-snapshots", "1", "--keep-days", "0", "--json"]).exits(0);
    assert_eq!(said.json()["removed"]["files"], 2, "{}", said.out);
    for file in ["landing/orders/1.json", "landing/orders/notes#1", "models/marts/sums.sql", "data/a.csv"] {
        assert!(project.path().join(file).exists(), "{file}");
    }
    assert_eq!(project.published().1, "7,1");
}

#[test]
fn rows_between_two_milliseconds_and_large_numbers_are_found() {
    let project = Project::empty()
        .with(
            "sources/events.yml",
            "connector: files\nlocation: data\nstreams:\n  - { table: raw.events, path: '*.csv' }\n",
        )
        .with(
            "data/a.csv",
            "at,id\n2026-01-01T10:00:00.000001Z,9007199254740993\n2026-01-01T10:00:00.123456Z,9223372036854775807\n",
        );
    project.run();
    let count = |condition: &str| query(project.path(), &format!("select count(*) from raw.events where {condition}"));
    assert_eq!(count("at = timestamp '2026-01-01T10:00:00.123456Z'"), "1");
    assert_eq!(count("at > timestamp '2026-01-01T10:00:00.123Z'"), "1");
    assert_eq!(count("at <= timestamp '2026-01-01T10:00:00.000001Z'"), "1");
    assert_eq!(count("id = 9007199254740993"), "1");
    assert_eq!(count("id >= 9223372036854775807"), "1");
}

#[test]
fn what_was_loaded_once_is_not_loaded_twice_when_the_log_has_forgotten_it() {
    let project = Project::numbers().with("sources/numbers.yml", NEW_FILES);
    project.run();
    // Somebody wrote the log anew, without what Headwater keeps in it.
    let commit = project.lake().join("raw/numbers/_delta_log/00000000000000000000.json");
    let text = std::fs::read_to_string(&commit).unwrap();
    let kept: Vec<&str> = text.lines().filter(|line| !line.contains("commitInfo")).collect();
    assert_eq!(kept.len() + 1, text.lines().count());
    std::fs::write(&commit, kept.join("\n")).unwrap();
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0921", &["raw.numbers", "what it has loaded is not known any more", "--full-refresh"]);
    assert_eq!(query(project.path(), "select count(*) from raw.numbers"), "3");
    project.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(query(project.path(), "select count(*) from raw.numbers"), "3");
}

#[test]
fn side_tables_stay_when_nothing_is_ever_set_aside() {
    let checked = "connector: files\nlocation: data\nstreams:\n  - table: raw.numbers\n    path: '*.csv'\n    checks:\n      \
                   - range: { column: n, min: 0, severity: quarantine }\n";
    let project = Project::numbers().with("sources/numbers.yml", checked);
    for more in ["", "4,four\n", "4,four\n5,five\n"] {
        project.write("data/b.csv", format!("n,name\n{more}"));
        project.run();
        for side in ["quarantine", "rejected"] {
            assert_eq!(query(project.path(), &format!("select count(*) from raw.numbers__{side}")), "0", "{side}");
        }
    }
}

#[test]
fn a_file_that_changed_after_it_was_loaded_is_told_by_every_run() {
    let project = Project::numbers().with("sources/numbers.yml", NEW_FILES);
    project.run();
    project.write("data/a.csv", "n,name\n1,one\n2,two\n3,three\n4,four\n");
    for _ in 0..2 {
        let said = project.say(&["run"]).exits(0);
        assert!(said.out.contains("data/a.csv changed after it was loaded and is not loaded again"), "{}", said.out);
    }
    assert_eq!(query(project.path(), "select count(*) from raw.numbers"), "3");
}
