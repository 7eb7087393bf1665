//! A source whose columns change, under each policy.

use crate::program::{json, query, rows};
use crate::project::{NUMBERS, Project, assert_told};

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

#[test]
fn an_inferred_type_changes_no_value() {
    // Postal codes: what looks like a number at first is none.
    let project = changed("fail", "new_files", "id,old,n\n3,c,01067\n4,d,04109\n");
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0308", &["column 'n' is string and not bigint in data/2.csv"]);
    // Few of them are bad rows, whatever the policy.
    let project = changed("add", "new_files", "id,old,n\n3,c,007\n4,d,4\n5,e,5\n+6,f,6\n-0,g,7\n");
    project.run();
    assert_eq!(query(project.path(), "select count(*) from raw.t"), "4");
    let reasons = query(project.path(), "select _reason from raw.t__rejected order by _line");
    assert!(
        reasons.contains("'007' is not a bigint") && reasons.contains("'+6'") && reasons.contains("'-0'"),
        "{reasons}"
    );
    // What is declared is read as declared.
    let declared = "connector: files\nlocation: data\nstreams:\n  \
                    - { table: raw.t, path: '*.csv', columns: { n: { type: bigint } } }\n";
    let project =
        Project::empty().with("sources/t.yml", declared).with("data/1.csv", "n,d\n007,0.1000000000000000055\n");
    project.run();
    assert_eq!(query(project.path(), "select n, d from raw.t"), "7,0.1000000000000000055");
}

#[test]
fn a_file_of_nothing_lacks_its_columns() {
    for (policy, code) in [("fail", 1), ("add", 0), ("ignore", 0)] {
        let project = changed(policy, "full", "");
        let said = project.say(&["run"]).exits(code);
        assert!(said.out.contains("data/2.csv is empty, without even a header"), "{policy}: {}", said.out);
        let rows = if policy == "fail" { "2" } else { "0" };
        assert_eq!(query(project.path(), "select count(*) from raw.t"), rows, "{policy}");
    }
    // A header alone is a file without rows.
    let project = changed("fail", "full", "id,old,n\n");
    project.run();
    assert_eq!(query(project.path(), "select count(*) from raw.t"), "0");
}

#[test]
fn a_struct_may_gain_a_field() {
    let source = "connector: files\nlocation: data\nstreams:\n  \
                  - { table: raw.t, path: '*.json', mode: new_files, drift: add }\n";
    let project = Project::empty()
        .with("sources/t.yml", source)
        .with("data/1.json", "{\"id\": 1, \"s\": {\"a\": 1}, \"l\": [{\"x\": 1}]}\n");
    project.run();
    project.write("data/2.json", "{\"id\": 2, \"s\": {\"a\": 2, \"b\": \"x\"}, \"l\": [{\"y\": \"z\"}]}\n");
    let said = project.run();
    for words in [
        "column 's' is struct<a: bigint, b: string> and not struct<a: bigint> in data/2.json",
        "it becomes list<struct<x: bigint, y: string>>",
    ] {
        assert!(said.out.contains(words), "no '{words}' in\n{}", said.out);
    }
    assert_eq!(
        columns(&project),
        ["id bigint", "s struct<a: bigint, b: string>", "l list<struct<x: bigint, y: string>>"]
    );
    assert_eq!(
        query(project.path(), "select id, s['a'], s['b'], l[1]['x'], l[1]['y'] from raw.t order by id"),
        "1,1,,1,\n2,2,x,,z"
    );
}

/// What the engine says of types is said in the project's words, too.
#[test]
fn queries_that_misuse_nested_columns_are_told_their_types() {
    let source = "connector: files\nlocation: data\nstreams:\n  - { table: raw.t, path: '*.json' }\n";
    let project =
        Project::empty().with("sources/t.yml", source).with("data/1.json", "{\"id\": 1, \"l\": [{\"a b\": 1}]}\n");
    project.run();
    let list = "list<struct<\"a b\": bigint>>";
    for (sql, words) in [
        ("select l + 1 from raw.t", format!("{list} + bigint")),
        ("select sum(l) from raw.t", format!("sum() does not take values of type {list}")),
        ("select cast(l as int) from raw.t", format!("from {list} to int")),
        ("select l from raw.t union all select id from raw.t", format!("of type {list}")),
    ] {
        let said = project.say(&["query", sql]);
        assert!(said.code != Some(0) && said.err.contains(&words), "{sql}: no '{words}' in\n{}", said.err);
        assert!(!said.err.contains("Struct") && !said.err.contains("Int64"), "{sql}: {}", said.err);
    }
}

#[test]
fn columns_without_values_are_told() {
    let source = "connector: files\nlocation: data\nstreams:\n  - { table: raw.t, path: '*.csv' }\n";
    let project = Project::empty().with("sources/t.yml", source).with("data/1.csv", "id,v\n1,\n");
    let said = project.run();
    assert!(
        said.out.contains("column 'v' has no values yet: it is string unless its type is declared"),
        "{}",
        said.out
    );
}

#[test]
fn days_at_the_end_of_the_calendar_are_read_in_any_format() {
    let source = "connector: files\nlocation: data\nstreams:\n  - table: raw.t\n    path: '*.csv'\n    \
                  format: { date_format: '%d/%m/%Y', timestamp_format: '%d/%m/%Y %H:%M:%S' }\n    \
                  columns: { d: { type: date }, t: { type: timestamp_ntz } }\n";
    let project = Project::empty()
        .with("sources/t.yml", source)
        .with("data/1.csv", "d,t\n31/12/9999,31/12/9999 23:59:59\n01/01/0001,01/01/0001 00:00:00\n");
    project.run();
    let found = query(project.path(), "select d, t from raw.t order by d");
    assert_eq!(found, "0001-01-01,0001-01-01T00:00:00\n9999-12-31,9999-12-31T23:59:59");
}

#[test]
fn a_column_does_not_become_double_where_that_rounds_what_is_there() {
    let project = Project::numbers().with("sources/numbers.yml", streams_of_large());
    project.write("data/a.csv", "n,name\n9007199254740992,one\n-9007199254740992,two\n");
    project.run();
    project.write("data/b.csv", "n,name\n0.5,three\n");
    project.run();
    assert_eq!(query(project.path(), "select sum(n), count(*) from raw.numbers"), "0.5,3", "a double is all of them");
    let project = Project::numbers().with("sources/numbers.yml", streams_of_large());
    project.write("data/a.csv", "n,name\n9007199254740993,one\n1,two\n");
    project.run();
    project.write("data/b.csv", "n,name\n0.5,three\n");
    let said = project.say(&["run"]).exits(1);
    assert_told(
        &said,
        "HW0645",
        &["column 'n' is to become double", "one value", "9007199254740992", "decimal(38,10)"],
    );
    assert_eq!(query(project.path(), "select sum(n), count(*) from raw.numbers"), "9007199254740994,2");
    // The way out that is told is one.
    let declared = streams_of_large().replace("drift: add", "drift: add, columns: { n: { type: \"decimal(38,10)\" } }");
    project.write("sources/numbers.yml", declared);
    project.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(query(project.path(), "select sum(n), count(*) from raw.numbers"), "9007199254740994.5000000000,3");
}

fn streams_of_large() -> String {
    NUMBERS.replace("path: '*.csv'", "path: '*.csv', mode: new_files, drift: add")
}
