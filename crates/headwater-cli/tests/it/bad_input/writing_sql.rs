//! SQL that would write is refused, in models and in queries: models only select.

use crate::program::{json, query};
use crate::project::{Project, assert_told};

/// Statements that change something, or would reach outside of the lake.
fn statements(folder: &std::path::Path) -> Vec<String> {
    let file = folder.join("stolen.csv").display().to_string();
    [
        "insert into raw.numbers values (9, 'nine')",
        "update raw.numbers set n = 0",
        "delete from raw.numbers",
        "truncate table raw.numbers",
        "drop table raw.numbers",
        "drop view raw.numbers",
        "drop schema raw cascade",
        "create table marts.x as select 1 as a",
        "create view marts.x as select 1 as a",
        "create schema x",
        "create database x",
        "set datafusion.execution.batch_size = 1",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([
        format!("copy raw.numbers to '{file}'"),
        format!("copy (select * from raw.numbers) to '{file}' stored as csv"),
        format!("create external table x stored as csv location '{file}'"),
        format!("create external table x (a int) stored as csv location '{file}'"),
    ])
    .collect()
}

#[test]
fn a_query_that_writes_is_refused() {
    let project = Project::numbers();
    project.run();
    for sql in statements(project.path()) {
        let said = project.say(&["query", &sql]).exits(2);
        assert!(said.err.contains("error[HW05") && said.err.contains("help:"), "{sql}\n{}", said.err);
        assert_eq!(said.out, "", "{sql}");
        assert!(!project.path().join("stolen.csv").exists(), "{sql}");
    }
    assert_told(&project.say(&["query", "insert into raw.numbers values (9, 'nine')"]).exits(2), "HW0550", &[]);
    for sql in ["select 1 as a; select 2 as b", "select 1 as a; drop table raw.numbers", ""] {
        let said = project.say(&["query", sql]).exits(2);
        assert!(said.err.contains("error[HW05"), "{sql}\n{}", said.err);
    }
    assert_eq!(query(project.path(), "select sum(n), count(*) from raw.numbers"), "6,3");
    assert_eq!(project.published(), (1, "6,3".to_owned()));
    assert_eq!(json(project.path(), &["show"])["tables"].as_object().unwrap().len(), 3, "with raw.numbers__rejected");
}

#[test]
fn a_model_that_writes_is_refused_before_anything_runs() {
    let project = Project::numbers();
    project.run();
    for sql in statements(project.path()) {
        project.write("models/marts/x.sql", format!("{sql}\n"));
        let said = project.say(&["run"]).exits(2);
        let refused = ["[HW0203]", "[HW0201]"].iter().any(|code| said.err.contains(code));
        assert!(refused && said.err.contains("models/marts/x.sql"), "{sql}\n{}", said.err);
        assert!(!project.path().join("stolen.csv").exists(), "{sql}");
    }
    project.write("models/marts/x.sql", "select 1 as a; delete from raw.numbers\n");
    assert_told(&project.say(&["run"]).exits(2), "HW0202", &["models/marts/x.sql"]);
    project.write("models/marts/x.sql", "insert into raw.numbers select * from raw.numbers\n");
    assert_told(&project.say(&["run"]).exits(2), "HW0203", &["models/marts/x.sql:1"]);
    std::fs::remove_file(project.path().join("models/marts/x.sql")).unwrap();
    assert_eq!(project.published(), (1, "6,3".to_owned()));
}

#[test]
fn statements_that_the_planner_does_not_know_are_refused_as_clearly() {
    let project = Project::numbers();
    project.run();
    for sql in ["alter table raw.numbers rename to other", "vacuum", "merge into raw.numbers using raw.numbers on true"]
    {
        assert_told(&project.say(&["query", sql]).exits(2), "HW0550", &[]);
    }
}

#[test]
fn a_check_that_writes_is_refused() {
    let project = Project::numbers();
    project.run();
    for sql in
        ["delete from raw.numbers", "copy raw.numbers to 'stolen.csv'", "insert into raw.numbers values (1, 'x')"]
    {
        project.write(
            "models/marts/sums.sql",
            format!(
                "/*---\nchecks: [ {{ sql: {{ query: \"{sql}\" }} }} ]\n---*/\n\
                 select sum(n) as total, count(*) as rows from raw.numbers\n"
            ),
        );
        let said = project.say(&["run"]).exits(2);
        assert!(said.err.contains("error[HW"), "{sql}\n{}", said.err);
        assert!(!project.path().join("stolen.csv").exists());
    }
    project.write("models/marts/sums.sql", "select sum(n) as total, count(*) as rows from raw.numbers\n");
    assert_eq!(project.published(), (1, "6,3".to_owned()));
}

#[test]
fn explaining_a_plan_writes_nothing() {
    let project = Project::numbers();
    project.run();
    for sql in [
        "explain insert into raw.numbers values (9, 'nine')",
        "explain analyze insert into raw.numbers values (9, 'nine')",
    ] {
        let said = project.say(&["query", sql]);
        assert!(matches!(said.code, Some(0 | 2)), "{said:?}");
        assert_eq!(query(project.path(), "select count(*) from raw.numbers"), "3", "{sql}");
    }
}
