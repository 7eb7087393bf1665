//! Tables as of a snapshot or a time, within a query.

use crate::program::{json, query, utc};
use crate::project::{Project, assert_told};

/// Snapshot 1 has the numbers 1, 2 and 3; snapshot 2 has 10 and a column more; a view is other in each.
fn two_snapshots() -> Project {
    let project = Project::numbers()
        .with("models/marts/shown.sql", "/*---\nmaterialize: view\n---*/\nselect n from raw.numbers where n > 1\n");
    project.run();
    // The two are published in different milliseconds.
    std::thread::sleep(std::time::Duration::from_millis(10));
    project.write("data/a.csv", "n,name,unit\n10,ten,kg\n");
    project.write("sources/numbers.yml", crate::project::NUMBERS.replace("path: '*.csv'", "path: '*.csv', drift: add"));
    project.write("models/marts/shown.sql", "/*---\nmaterialize: view\n---*/\nselect n * 100 as n from raw.numbers\n");
    project.run();
    project
}

#[test]
fn a_query_reads_tables_of_several_snapshots() {
    let project = two_snapshots();
    let ask = |sql: &str| query(project.path(), sql);
    assert_eq!(ask("select sum(n) from raw.numbers for version as of 1"), "6");
    assert_eq!(ask("select sum(n) from raw.numbers FOR VERSION AS OF 2"), "10");
    assert_eq!(ask("select sum(n) from raw.numbers version as of 1"), "6", "as Spark writes it");
    assert_eq!(ask("select numbers.n from raw.numbers for version as of 1 order by numbers.n limit 1"), "1");
    assert_eq!(
        ask("select was.n, was.name from raw.numbers for version as of 1 as was \
             left join raw.numbers \"is\" on \"is\".n = was.n * 10 where \"is\".unit = 'kg'"),
        "1,one"
    );
    assert_eq!(
        ask(
            "select sum(rows), count(*) from (select rows from marts.sums for version as of 1 union all select rows from marts.sums)"
        ),
        "4,2"
    );
    assert_eq!(ask("with old as (select n from raw.numbers for version as of 1) select max(n) from old"), "3");
    assert_eq!(
        ask("select (select max(n) from raw.numbers for version as of 1) as was, max(n) as now from raw.numbers"),
        "3,10"
    );
    // The comment and the text are no clauses.
    assert_eq!(
        ask("select 'from t for version as of 1' as text -- for version as of 1\nfrom raw.numbers"),
        "from t for version as of 1"
    );
    assert_eq!(ask("select version as of from (select 7 as version)"), "7", "a column may be called so");
}

#[test]
fn a_view_is_what_it_was_over_what_there_was() {
    let project = two_snapshots();
    let ask = |sql: &str| query(project.path(), sql);
    assert_eq!(ask("select n from marts.shown order by n"), "1000");
    assert_eq!(ask("select n from marts.shown for version as of 1 order by n"), "2\n3");
}

#[test]
fn a_time_means_what_was_published_then() {
    let project = two_snapshots();
    let history = json(project.path(), &["history"]);
    let before = utc(history[0]["published_ms"].as_i64().unwrap() - 1);
    let at = |clause: &str| query(project.path(), &format!("select sum(n) from raw.numbers {clause}"));
    assert_eq!(at(&format!("for system_time as of '{before}'")), "6");
    assert_eq!(at(&format!("for system_time as of timestamp '{before}'")), "6");
    assert_eq!(at(&format!("for timestamp as of '{before}'")), "6");
    assert_eq!(at(&format!("timestamp as of '{before}'")), "6");
    assert_eq!(at("for system_time as of '2100-01-01'"), "10");
    assert_eq!(at("for system_time as of date '2100-01-01'"), "10");
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    let project = two_snapshots();
    let told = |sql: &str, code: &str, words: &[&str]| assert_told(&project.say(&["query", sql]).exits(2), code, words);
    let from = |clause: &str| format!("select * from raw.numbers {clause}");
    told(&from("for version as of 9"), "HW0805", &["no snapshot 9", "headwater history", "^"]);
    told(&from("for system_time as of '2001-01-01'"), "HW0805", &["2001-01-01", "^"]);
    told(&from("for system_time as of 'yesterday'"), "HW0804", &["yesterday", "^"]);
    told(&from("for version as of 'two'"), "HW0565", &["constant", "number of a snapshot", "^"]);
    told(&from("for system_time as of now()"), "HW0565", &["constant", "in quotes", "^"]);
    told(&from("as was for version as of 1"), "HW0565", &["behind the name of a table", "^"]);
    told("with t as (select 1) select * from t for version as of 1", "HW0565", &["behind the name of a table"]);
    told("select * from marts.nothing for version as of 1", "HW0557", &["marts.nothing", "snapshot 1"]);
    told("select unit from raw.numbers for version as of 1", "HW0504", &["unit", "^"]);
}

#[test]
fn a_model_reads_its_inputs_as_they_are() {
    let project = two_snapshots();
    project.write(
        "models/marts/sums.sql",
        "select sum(n) as total, count(*) as rows from raw.numbers for version as of 1\n",
    );
    let said = project.say(&["check"]).exits(2);
    assert_told(&said, "HW0201", &["models/marts/sums.sql", "as they are", "^"]);
}
