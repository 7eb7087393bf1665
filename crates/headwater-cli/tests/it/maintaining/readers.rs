//! A query that began before maintenance, and goes on while files are written again and removed.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use super::{arrive, project};
use crate::program::{headwater, json};
use crate::project::Project;

/// Enough rows that a pipe nobody reads stops the query in the middle.
const SLOW: &str = "select n.id, n.v, n.g, m.id as other from raw.n as n cross join raw.n as m where m.v < 60";

#[test]
fn a_query_that_runs_while_its_files_are_compacted_reads_all_of_its_rows() {
    let project = project();
    (1..=3).for_each(|number| drop(arrive(&project, number)));
    let expected = crate::program::query(project.path(), &format!("select count(*) from ({SLOW}) as q"));
    let mut reader = headwater(project.path())
        .args(["query", SLOW, "--format", "csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(reader.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "id,v,g,other");
    // It has begun, and waits until somebody reads on.
    let done = json(project.path(), &["maintain"]);
    assert!(done["snapshot"].is_u64(), "{done}");
    assert_eq!(done["removed"]["files"], 0, "what a young snapshot needs stays: {done}");
    assert_eq!(lines.map(Result::unwrap).count().to_string(), expected);
    assert!(reader.wait().unwrap().success());
}

/// A million rows in files of a megabyte: a query that nobody reads from has most of them before it.
#[test]
fn a_query_whose_files_are_vacuumed_says_so_and_what_to_do() {
    let sql = "select cast(value * 7919 % 1000003 as bigint) as a, sin(value) as s from generate_series(1, 1000000)";
    let model = |header: &str| format!("/*---\n{header}target_file_size: 1MiB\n---*/\n{sql}\n");
    let project = Project::empty().with("models/marts/t.sql", model(""));
    project.run();
    let mut reader = headwater(project.path())
        .args(["query", "select a, s from marts.t", "--format", "csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(reader.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "a,s");
    project.write("models/marts/t.sql", model("cluster_by: a\n"));
    let done = json(project.path(), &["maintain", "--keep-snapshots", "1", "--keep-days", "0"]);
    assert!(done["removed"]["files"].as_u64().unwrap() > 5, "{done}");
    let rows = lines.map(Result::unwrap).count();
    let ended = reader.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(rows < 1_000_000, "its files were there: {rows} rows, {told}");
    assert_eq!(ended.status.code(), Some(3), "{told}");
    for words in ["[HW0552]", "maintain", "ask again"] {
        assert!(told.contains(words), "no {words} in {told}");
    }
    assert_eq!(crate::program::query(project.path(), "select count(*) from marts.t"), "1000000");
}
