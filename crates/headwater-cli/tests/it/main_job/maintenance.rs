//! `headwater maintain --vacuum`: what it would remove, what it removes, and what stays readable.

use std::path::Path;

use super::figures::assert_row_counts;
use super::flights::flights_of_my_own;
use crate::program::{json, ok, query, say};
use crate::project::{Project, assert_told};

/// Data files below a folder.
fn data_files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| match path.is_dir() {
            true => data_files(&path),
            false => usize::from(path.extension().is_some_and(|extension| extension == "parquet")),
        })
        .sum()
}

#[test]
fn vacuum_removes_what_no_kept_snapshot_needs() {
    let dir = flights_of_my_own();
    let lake = dir.path().join("lake");
    let after_one = data_files(&lake);
    ok(dir.path(), &["run", "--full-refresh", "--quiet"]);
    let after_two = data_files(&lake);
    assert!(after_two > after_one);

    let young = ok(dir.path(), &["maintain", "--vacuum", "--dry-run"]);
    assert!(young.contains("would remove 0 files"), "a week is kept: {young}");

    let keep = ["--keep-snapshots", "1", "--keep-days", "0"];
    let dry = json(dir.path(), &[&["maintain", "--vacuum", "--dry-run"][..], &keep].concat());
    assert_eq!((&dry["dry_run"], &dry["oldest_kept"]), (&true.into(), &2.into()));
    let announced = dry["removed"]["files"].as_u64().unwrap();
    assert!(announced > 0);
    assert_eq!(data_files(&lake), after_two, "a dry run removes nothing");

    let done = json(dir.path(), &[&["maintain", "--vacuum"][..], &keep].concat());
    assert_eq!((&done["dry_run"], done["removed"]["files"].as_u64()), (&false.into(), Some(announced)));
    assert_eq!(done["removed"]["bytes"], dry["removed"]["bytes"]);
    assert_eq!(data_files(&lake) as u64, after_two as u64 - announced);
    assert_row_counts(dir.path());
    let said = say(dir.path(), &["query", "select sum(distance) from raw.flights", "--as-of", "1"]).exits(2);
    assert_told(&said, "HW0552", &["snapshot 1 was vacuumed", "headwater history"]);
    let history = json(dir.path(), &["history"]);
    let marks: Vec<bool> =
        history.as_array().unwrap().iter().map(|snapshot| snapshot["vacuumed"].as_bool().unwrap()).collect();
    assert_eq!(marks, [false, true]);
    assert!(ok(dir.path(), &["history"]).contains("run, vacuumed"));
    assert_told(&say(dir.path(), &["rollback", "1"]), "HW0618", &[]);
    assert_row_counts(dir.path());
    let nothing = ok(dir.path(), &[&["maintain", "--vacuum"][..], &keep].concat());
    assert!(nothing.contains("removed 0 files"), "{nothing}");
    assert!(ok(dir.path(), &["run"]).contains("nothing to publish"));
}

#[test]
fn files_that_nothing_names_are_removed_and_others_files_are_not() {
    let project = Project::numbers();
    project.run();
    let orphan = project.lake().join("marts/sums/part-00000-0000-orphan.snappy.parquet");
    std::fs::write(&orphan, b"PAR1").unwrap();
    let readme = project.lake().join("README.txt");
    std::fs::write(&readme, "mine").unwrap();
    let out = ok(project.path(), &["maintain", "--vacuum"]);
    assert!(!orphan.exists(), "{out}");
    assert!(readme.exists(), "what is no table is not touched");
    assert_eq!(query(project.path(), "select total from marts.sums"), "6");
}

#[test]
fn a_new_lake_has_nothing_to_maintain() {
    let project = Project::numbers();
    let out = ok(project.path(), &["maintain"]);
    assert!(out.contains("removed 0 files") && out.contains("no snapshot yet"), "{out}");
    assert!(out.contains("no table would be better in other files"), "{out}");
}
