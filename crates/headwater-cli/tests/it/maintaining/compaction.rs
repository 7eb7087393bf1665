//! Small files become larger ones, deleted rows leave their files.

use serde_json::Value;

use super::{arrive, assert_right, log, project};
use crate::program::{json, ok, query};
use crate::project::{Project, assert_told};

const TABLES: [&str; 3] = ["raw.n", "marts.everything", "marts.sums"];

fn of<'a>(done: &'a Value, table: &str) -> &'a Value {
    done["tables"].as_array().unwrap().iter().find(|told| told["table"] == table).unwrap_or(&Value::Null)
}

fn file_counts(project: &Project) -> [usize; 3] {
    TABLES.map(|table| log::files(&project.lake(), table).len())
}

#[test]
fn compaction_leaves_one_file_and_every_row() {
    let project = project();
    for number in 1..=6 {
        assert_eq!(arrive(&project, number), ["append", "keys"], "file {number}");
    }
    let before = file_counts(&project);
    assert_eq!((before[0], before[1]), (7, 7));
    let rows = TABLES.map(|table| log::count(&project.lake(), table));
    let deleted: u64 = log::files(&project.lake(), "marts.sums").values().map(|file| file.deleted).sum();
    assert!(deleted > 0, "refreshing by keys deletes rows");

    let dry = json(project.path(), &["maintain", "--dry-run"]);
    assert_eq!((of(&dry, "raw.n")["rewritten_files"].as_u64(), &dry["snapshot"]), (Some(7), &Value::Null));
    assert_eq!(file_counts(&project), before, "a dry run does nothing");
    let said = ok(project.path(), &["maintain", "--dry-run"]);
    assert!(said.contains("would write 7 of 7 files"), "{said}");

    let done = json(project.path(), &["maintain"]);
    assert_eq!(done["snapshot"], 8, "{done}");
    let raw = of(&done, "raw.n");
    assert_eq!((raw["files_before"].as_u64(), raw["files_after"].as_u64()), (Some(7), Some(1)), "{raw}");
    assert_eq!(of(&done, "marts.sums")["purged_rows"].as_u64(), Some(deleted), "{done}");
    assert_eq!(file_counts(&project), [1, 1, 1]);
    assert_eq!(TABLES.map(|table| log::count(&project.lake(), table)), rows);
    assert!(log::files(&project.lake(), "marts.sums").values().all(|file| file.deleted == 0));
    for table in TABLES {
        let newest = log::commits(&project.lake(), table).pop().unwrap();
        let moved = newest.iter().flat_map(|action| [&action["add"], &action["remove"]]).filter(|a| a.is_object());
        assert!(moved.clone().count() > 2 && moved.clone().all(|action| action["dataChange"] == false), "{table}");
        let info = newest.iter().find(|action| action["commitInfo"].is_object()).unwrap();
        assert_eq!(info["commitInfo"]["operation"], "OPTIMIZE");
    }
    assert_right(&project);
    assert_eq!(query_as_of(&project, 7), query_as_of(&project, 8), "the snapshot before it can be read as well");
    let history = ok(project.path(), &["history"]);
    assert!(history.contains("maintenance"), "{history}");
    assert!(ok(project.path(), &["runs"]).contains("headwater maintain"));
    assert!(ok(project.path(), &["run-info"]).contains("headwater maintain"));

    let again = json(project.path(), &["maintain"]);
    assert_eq!((&again["snapshot"], again["tables"].as_array().unwrap().len()), (&Value::Null, 0), "{again}");
}

fn query_as_of(project: &Project, snapshot: u64) -> String {
    let sql = "select count(*), sum(n), sum(v), max(last) from marts.sums";
    ok(project.path(), &["query", sql, "--format", "csv", "--as-of", &snapshot.to_string()])
}

#[test]
fn refreshes_go_on_as_if_nothing_had_happened() {
    let project = project();
    for number in 1..=5 {
        arrive(&project, number);
    }
    let keep = ["--keep-snapshots", "1", "--keep-days", "0"];
    // With nothing but the newest snapshot kept, what tables were made from is there no more in its old files.
    let done = json(project.path(), &[&["maintain"][..], &keep].concat());
    assert_eq!(done["kept_snapshots"], 1, "{done}");
    assert!(done["removed"]["files"].as_u64().unwrap() >= 12, "{done}");
    assert!(ok(project.path(), &["plan"]).contains("4 assets are up to date"));
    assert!(ok(project.path(), &["run"]).contains("nothing to publish"));
    for number in 6..=9 {
        assert_eq!(arrive(&project, number), ["append", "keys"], "file {number}");
        assert_right(&project);
        if number == 7 {
            json(project.path(), &[&["maintain"][..], &keep].concat());
        }
    }
    assert_eq!(query(project.path(), "select count(*) from raw.n"), (2_000 + 8 * 9).to_string());
}

#[test]
fn a_table_that_lags_behind_its_input_is_still_refreshed_from_what_has_changed() {
    let project = project();
    arrive(&project, 1);
    // Two files are loaded without what is made from them.
    for number in [2, 3] {
        project.write(&format!("data/{number:03}.csv"), super::file(number));
        ok(project.path(), &["run", "--select", "raw.n"]);
    }
    let done = json(project.path(), &["maintain"]);
    assert_eq!(of(&done, "raw.n")["files_after"].as_u64(), Some(1), "{done}");
    assert_eq!(arrive(&project, 4), ["append", "keys"]);
    assert_right(&project);
}

#[test]
fn only_what_is_named_is_maintained() {
    let project = project();
    arrive(&project, 1);
    arrive(&project, 2);
    let done = json(project.path(), &["maintain", "raw.n", "--compact"]);
    assert_eq!(done["tables"].as_array().unwrap().len(), 1, "{done}");
    assert!(done["removed"].is_null(), "{done}");
    assert_eq!(file_counts(&project)[..2], [1, 3]);
    assert_right(&project);
    for (name, words) in [("marts.smus", "there is no table marts.smus"), ("staging.s", "it has no files")] {
        assert_told(&project.say(&["maintain", name]).exits(2), "HW0927", &[words]);
    }
}

#[test]
fn a_rollback_past_a_compaction_brings_the_rows_back() {
    let project = project();
    arrive(&project, 1);
    let before = query(project.path(), "select count(*), sum(v) from marts.everything");
    arrive(&project, 2);
    json(project.path(), &["maintain"]);
    ok(project.path(), &["rollback", "2"]);
    assert_eq!(query(project.path(), "select count(*), sum(v) from marts.everything"), before);
    ok(project.path(), &["run"]);
    assert_right(&project);
    assert_eq!(query(project.path(), "select count(*) from raw.n"), "2016");
}

#[test]
fn what_another_program_has_written_is_left_to_the_next_run() {
    let project = project();
    arrive(&project, 1);
    let folder = project.lake().join("raw/n/_delta_log");
    std::fs::write(folder.join(format!("{:020}.json", 2)), "{\"commitInfo\":{\"operation\":\"OTHER\"}}\n").unwrap();
    let done = json(project.path(), &["maintain", "--compact"]);
    let raw = of(&done, "raw.n");
    assert!(raw["obstacle"].as_str().unwrap().contains("not published"), "{raw}");
    assert!(of(&done, "marts.everything")["files_after"].as_u64() == Some(1), "{done}");
    assert_eq!(query(project.path(), "select count(*) from raw.n"), "2008");
}
