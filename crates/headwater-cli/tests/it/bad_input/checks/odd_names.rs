//! Columns are named as people like: none of them is taken for a table of a check's query, be it a struct with fields of the keys' names. And
//! texts that would be names of folders.

use crate::program::{json, query};
use crate::project::{Project, assert_told};

/// Names that queries have for tables.
const NAMES: [&str; 18] = [
    "t",
    "k",
    "d",
    "r",
    "n",
    "g",
    "x",
    "y",
    "a",
    "b",
    "s",
    "members",
    "arrivals",
    "known",
    "rows",
    "new",
    "row",
    "turned_up",
];

/// A model whose columns but for `id` are structs with a field `id`, which is `other` there, with these checks.
fn project(checks: &str) -> Project {
    let columns: Vec<String> = NAMES.iter().map(|name| format!("named_struct('id', other) as {name}")).collect();
    let model = format!("/*---\nchecks:\n{checks}---*/\nselect id, {} from raw.s\n", columns.join(", "));
    let source = "connector: files\nlocation: data\nstreams:\n  - { table: raw.s, path: 's*.csv', mode: new_files }\n  \
                  - { table: raw.known, path: k.csv }\n";
    Project::empty()
        .with("sources/s.yml", source)
        .with("models/m/wide.sql", model)
        .with("data/k.csv", "id\n1\n2\n3\n")
        .with("data/s1.csv", "id,other\n1,1\n2,2\n")
}

#[test]
fn a_struct_is_not_taken_for_a_table_by_checks() {
    let project = project("  - unique: id\n  - relationships: { column: id, to: raw.known.id }\n");
    project.run();
    project.write("data/s2.csv", "id,other\n1,3\n9,1\n");
    let words = ["unique(id)", "2 of 4 rows", "relationships(id", "1 of 4 rows"];
    assert_told(&project.say(&["run"]).exits(1), "HW0910", &words);
    assert_eq!(query(project.path(), "select count(*) from m.wide"), "2");
}

#[test]
fn a_struct_is_not_taken_for_a_table_where_rows_are_set_aside() {
    let project = project(
        "  - unique: { columns: id, severity: quarantine }\n  \
         - relationships: { column: id, to: raw.known.id, severity: quarantine }\n",
    );
    project.run();
    project.write("data/s2.csv", "id,other\n3,1\n3,2\n9,1\n");
    project.run();
    assert_eq!(query(project.path(), "select id from m.wide order by id"), "1\n2");
    assert_eq!(query(project.path(), "select id from m.wide__quarantine order by id"), "3\n3\n9");
}

#[test]
fn a_struct_is_not_taken_for_a_table_by_comparisons() {
    let project = project("  - unique: id\n");
    project.run();
    project.write("data/s2.csv", "id,other\n3,1\n");
    project.say(&["branch", "create", "dev"]).exits(0);
    project.say(&["run", "--branch", "dev"]).exits(0);
    let told = json(project.path(), &["diff", "main..dev", "m.wide"]);
    assert_eq!((&told["rows"]["added"], &told["rows"]["removed"]), (&1.into(), &0.into()), "{told}");
    assert_eq!(told["rows"]["samples"]["added"][0]["id"], 3);
}

#[test]
fn a_column_is_not_taken_for_the_members_that_arrive() {
    let columns: Vec<String> = NAMES.iter().map(|name| format!("'x' as {name}")).collect();
    let dimension = format!(
        "/*---\ndimension: {{ key: code, natural_key: code, unknown_member: {{ code: none }}, late_arriving_from: raw.sales.code }}\n---*/\nselect code, {} from raw.codes\n",
        columns.join(", ")
    );
    let project = Project::empty()
        .with("sources/s.yml", "connector: files\nlocation: data\nstreams:\n  - { table: raw.codes, path: c.csv }\n  - { table: raw.sales, path: s.csv }\n")
        .with("models/star/dim_code.sql", dimension)
        .with("data/c.csv", "code\na\nb\n")
        .with("data/s.csv", "code,amount\na,1\nc,2\n");
    project.run();
    assert_eq!(query(project.path(), "select code from star.dim_code order by code"), "a\nb\nc\nnone");
}

/// In the log of a Delta table an empty text is null, and other programs read it so.
#[test]
fn texts_that_are_null_in_partitions_are_refused() {
    for text in ["\"\"", "__HIVE_DEFAULT_PARTITION__"] {
        let project = Project::empty()
            .with("sources/s.yml", "connector: files\nlocation: data\nstreams:\n  - { table: raw.s, path: s.csv, columns: { p: { type: string } } }\n")
            .with("models/m/parted.sql", "/*---\npartition_by: p\n---*/\nselect id, p from raw.s\n")
            .with("data/s.csv", format!("id,p\n1,a\n2,{text}\n3,\n"));
        let words = ["column 'p' of the partitions", "nullif(p, '", "partition_by"];
        assert_told(&project.say(&["run"]).exits(1), "HW0646", &words);
        project.write(
            "models/m/parted.sql",
            format!(
                "/*---\npartition_by: p\n---*/\nselect id, nullif(p, '{}') as p from raw.s\n",
                text.trim_matches('"')
            ),
        );
        project.run();
        assert_eq!(query(project.path(), "select count(*), count(p), max(p) from m.parted"), "3,1,a");
    }
}
