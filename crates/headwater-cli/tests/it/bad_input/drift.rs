//! A source whose columns change, under each policy.

use crate::program::{json, query, rows};
use crate::project::{Project, assert_told};

/// A project that has loaded `id, old, n` from its first file, and then a second file that has other columns.
fn changed(policy: &str, mode: &str, second: &str) -> Project {
    let source = format!(
        "connector: files\nlocation: data\nstreams:\n  \
         - {{ table: raw.t, path: '*.csv', mode: {mode}, drift: {policy} }}\n"
    );
    let project = Project::empty()
        .with("sources/t.yml", source)
        .with("data/1.csv", "id,old,n\n1,a,10\n2,b,20\n")
        .with("models/marts/ids.sql", "select count(*) as rows, sum(id) as ids from raw.t\n");
    project.run();
    if mode == "full" {
        std::fs::remove_file(project.path().join("data/1.csv")).unwrap();
    }
    project.write("data/2.csv", second);
    project
}

const OTHER: &str = "id,gate,n\n3,B7,2.5\n4,C1,3\n";

fn columns(project: &Project) -> Vec<String> {
    let table = json(project.path(), &["show", "raw.t"]);
    let column = |c: &serde_json::Value| format!("{} {}", c["name"].as_str().unwrap(), c["type"].as_str().unwrap());
    table["columns"].as_array().unwrap().iter().map(column).collect()
}

#[test]
fn fail_names_every_difference_and_changes_nothing() {
    for mode in ["full", "new_files"] {
        let project = changed("fail", mode, OTHER);
        let said = project.say(&["run"]).exits(1);
        let words =
            ["column 'gate' is new", "column 'old' is missing", "column 'n' is double and not bigint", "drift: add"];
        assert_told(&said, "HW0308", &words);
        assert_told(&said, "HW0308", &["marts.ids: held back"]);
        assert_eq!(query(project.path(), "select rows, ids from marts.ids"), "2,3", "{mode}");
        assert_eq!(columns(&project), ["id bigint", "old string", "n bigint"]);
        // The policy is changed: what waited is loaded.
        let yml = std::fs::read_to_string(project.path().join("sources/t.yml")).unwrap();
        project.write("sources/t.yml", yml.replace("drift: fail", "drift: add"));
        project.run();
        let expected = if mode == "full" { "2,7" } else { "4,10" };
        assert_eq!(query(project.path(), "select rows, ids from marts.ids"), expected, "{mode}");
    }
}

#[test]
fn add_takes_over_new_columns_and_wider_types() {
    let project = changed("add", "new_files", OTHER);
    let said = project.run();
    for words in ["column 'gate' is new", "column 'old' is missing", "it becomes double"] {
        assert!(said.out.contains(words), "no '{words}' in\n{}", said.out);
    }
    assert_eq!(columns(&project), ["id bigint", "old string", "n double", "gate string"]);
    let found = query(project.path(), "select id, old, n, gate from raw.t order by id");
    assert_eq!(found, "1,a,10.0,\n2,b,20.0,\n3,,2.5,B7\n4,,3.0,C1");
    let before = crate::program::ok(project.path(), &["query", "select * from raw.t order by id", "--as-of", "1"]);
    assert_eq!(before, "id,old,n\n1,a,10\n2,b,20\n", "the old snapshot has the old columns");
}

#[test]
fn add_refuses_what_would_lose_something() {
    let project = changed("add", "new_files", "id,old,n\ntrue,a,1\nfalse,b,2\n");
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0308", &["column 'id' is boolean and not bigint", "no type takes both"]);
    assert_eq!(query(project.path(), "select rows, ids from marts.ids"), "2,3");
}

#[test]
fn ignore_keeps_the_tables_columns_and_sets_aside_what_does_not_fit() {
    let project = changed("ignore", "new_files", OTHER);
    let said = project.run();
    assert!(said.out.contains("column 'gate' of data/2.csv is left out"), "{}", said.out);
    assert_eq!(columns(&project), ["id bigint", "old string", "n bigint"]);
    assert_eq!(query(project.path(), "select id, old, n from raw.t order by id"), "1,a,10\n2,b,20\n4,,3");
    let rejected = rows(project.path(), "select * from raw.t__rejected");
    assert_eq!((rejected.len(), &rejected[0]["_line"], &rejected[0]["_raw"]), (1, &2.into(), &"3,B7,2.5".into()));
}

#[test]
fn a_model_that_reads_a_column_that_left_is_told_before_anything_is_published() {
    let project = Project::empty()
        .with(
            "sources/t.yml",
            "connector: files\nlocation: data\nstreams:\n  - { table: raw.t, path: '*.csv', drift: add }\n",
        )
        .with("data/1.csv", "id,old\n1,a\n")
        .with("models/marts/m.sql", "select old from raw.t\n");
    project.run();
    project.write("models/marts/m.sql", "select old, gate from raw.t\n");
    let said = project.say(&["run"]).exits(2);
    assert_told(&said, "HW0504", &["gate", "models/marts/m.sql"]);
    project.write("data/1.csv", "id,old,gate\n1,a,B7\n");
    project.run();
    assert_eq!(query(project.path(), "select old, gate from marts.m"), "a,B7");
}
