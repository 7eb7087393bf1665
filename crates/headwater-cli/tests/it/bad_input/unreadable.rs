//! Files that are there and cannot be read.

use std::os::unix::fs::symlink;

use crate::program::{gzip, query};
use crate::project::{NUMBERS, Project, assert_told};

fn many(rows: u32) -> String {
    let mut text = String::from("n,name\n");
    for n in 0..rows {
        text.push_str(&format!("{n},name number {}\n", n.wrapping_mul(2_654_435_761)));
    }
    text
}

/// A published project whose file then becomes something that cannot be read. The run fails and says why, and what is
/// published stays.
#[track_caller]
fn assert_held(project: &Project, code: &str, words: &[&str]) {
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, code, words);
    assert_told(&said, code, &["raw.numbers: failed", "marts.sums: held back"]);
    assert_eq!(project.published(), (1, "6,3".to_owned()));
    let report = project.say(&["run", "--json"]).exits(1).json();
    assert_eq!((&report["state"], &report["snapshot"]), (&"failed".into(), &serde_json::Value::Null));
}

#[test]
fn a_link_to_nowhere() {
    let project = Project::numbers();
    project.run();
    std::fs::remove_file(project.path().join("data/a.csv")).unwrap();
    symlink("nowhere.csv", project.path().join("data/a.csv")).unwrap();
    assert_held(&project, "HW0304", &["data/a.csv"]);
}

#[test]
fn a_folder_named_as_a_file() {
    let project = Project::numbers();
    project.run();
    std::fs::remove_file(project.path().join("data/a.csv")).unwrap();
    std::fs::create_dir(project.path().join("data/a.csv")).unwrap();
    assert_held(&project, "HW0303", &["*.csv"]);
    let named = NUMBERS.replace("*.csv", "a.csv");
    let project = Project::numbers().with("sources/numbers.yml", named);
    std::fs::remove_file(project.path().join("data/a.csv")).unwrap();
    std::fs::create_dir(project.path().join("data/a.csv")).unwrap();
    let said = project.say(&["run"]).exits(2);
    assert!(said.err.contains("data/a.csv"), "{}", said.err);
}

#[test]
fn a_file_that_is_gone() {
    let project = Project::numbers();
    project.run();
    std::fs::remove_file(project.path().join("data/a.csv")).unwrap();
    assert_held(&project, "HW0303", &["data/*.csv", "the nearest folder that exists"]);
}

#[test]
fn a_truncated_gzip() {
    let project = Project::numbers().with("sources/numbers.yml", NUMBERS.replace("*.csv", "*.csv*"));
    project.run();
    let whole = gzip(&many(200_000));
    project.write("data/b.csv.gz", &whole[..whole.len() * 2 / 3]);
    assert_held(&project, "HW0305", &["data/b.csv.gz"]);
    // Cut inside the first block, so that a look at the beginning meets it.
    project.write("data/b.csv.gz", &whole[..40]);
    assert_held(&project, "HW0305", &["data/b.csv.gz"]);
    project.write("data/b.csv.gz", b"this is no gzip at all");
    assert_held(&project, "HW0305", &["data/b.csv.gz"]);
    project.write("data/b.csv.gz", &whole);
    project.run();
    assert_eq!(query(project.path(), "select rows from marts.sums"), "200003", "delivered again, all is well");
}

#[test]
fn a_damaged_parquet_file() {
    let project = Project::numbers();
    project.run();
    project.say(&["query", "select n, name from raw.numbers", "-o", "data/b.parquet"]).exits(0);
    let whole = std::fs::read(project.path().join("data/b.parquet")).unwrap();
    project.write("sources/numbers.yml", NUMBERS.replace("*.csv", "*.parquet"));
    project.write("data/b.parquet", &whole[..whole.len() / 2]);
    assert_held(&project, "HW0305", &["data/b.parquet"]);
    project.write("data/b.parquet", &whole);
    project.run();
}

#[test]
fn a_wrong_encoding() {
    // Latin-1 where UTF-8 is expected: rows that are no text are set aside, with their place.
    let project = Project::numbers();
    project.write("data/a.csv", b"n,name\n1,one\n2,M\xfcnchen\n3,three\n");
    let said = project.run();
    assert!(said.out.contains("1 source row unreadable"), "{}", said.out);
    assert_eq!(query(project.path(), "select total, rows from marts.sums"), "4,2");
    let rejected = query(project.path(), "select _file, _line, _reason from raw.numbers__rejected");
    assert!(rejected.starts_with("data/a.csv,3,") && rejected.contains("UTF-8"), "{rejected}");
    // Declared, it is read.
    project.write(
        "sources/numbers.yml",
        NUMBERS.replace("path: '*.csv' }", "path: '*.csv', format: { encoding: windows-1252 } }"),
    );
    project.run();
    assert_eq!(query(project.path(), "select name from raw.numbers where n = 2"), "München");
    // A header that is no text leaves no columns to speak of.
    project.write("sources/numbers.yml", NUMBERS);
    project.write("data/a.csv", b"n,na\xffme\n1,one\n");
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0306", &["data/a.csv", "encoding"]);
    assert_eq!(query(project.path(), "select name from raw.numbers where n = 2"), "München");
}

#[test]
fn a_broken_file_at_the_first_run_is_told_before_anything_is_made() {
    let project = Project::numbers().with("sources/numbers.yml", NUMBERS.replace("*.csv", "*.csv*"));
    project.write("data/a.csv.gz", &gzip(&many(1000))[..20]);
    let said = project.say(&["run"]);
    assert!(matches!(said.code, Some(1 | 2)), "{said:?}");
    assert!(said.err.contains("[HW0305]") && said.err.contains("data/a.csv.gz"), "{}", said.err);
    assert_told(&project.say(&["query", "select * from marts.sums"]).exits(2), "HW0806", &[]);
}
