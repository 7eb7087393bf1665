//! `headwater runs`, `run-info`, `plan` and `check`.

use super::flights::{copy_example, flights, flights_of_my_own};
use crate::program::{json, ok, say};
use crate::project::{Project, assert_told};

fn dir() -> &'static std::path::Path {
    &flights().dir
}

#[test]
fn runs_are_listed_newest_first() {
    let project = Project::numbers();
    assert!(ok(project.path(), &["runs"]).contains("nothing has been run"));
    assert_eq!(json(project.path(), &["runs"]), serde_json::json!([]));
    project.run();
    project.run();
    let runs = json(project.path(), &["runs"]);
    let runs = runs.as_array().unwrap();
    assert_eq!(runs.len(), 2);
    assert_eq!((&runs[0]["number"], &runs[1]["number"]), (&2.into(), &1.into()));
    assert_eq!((&runs[0]["snapshot"], &runs[1]["snapshot"]), (&serde_json::Value::Null, &1.into()));
    assert!(runs.iter().all(|run| run["state"] == "published" && run["command"] == "headwater run"));
    let out = ok(project.path(), &["runs", "-n", "1"]);
    assert!(out.lines().count() == 2 && out.contains(runs[0]["id"].as_str().unwrap()), "{out}");
}

#[test]
fn run_info_tells_of_every_task() {
    let out = ok(dir(), &["run-info"]);
    for words in
        ["published", "from snapshot", "none", "raw.flights", "336,776", "new:", "regex(tailnum): 22754 of 336776 rows"]
    {
        assert!(out.contains(words), "no '{words}' in\n{out}");
    }
    let info = json(dir(), &["run-info", "last"]);
    assert_eq!(info["tasks"].as_array().unwrap().len(), 20);
    let id = info["run"]["id"].as_str().unwrap();
    for name in [id, &id[..10], &id.to_uppercase()] {
        assert_eq!(json(dir(), &["run-info", name]), info, "{name}");
    }
    assert_told(&say(dir(), &["run-info", "zzz"]).exits(2), "HW0807", &["zzz", "headwater runs"]);
}

#[test]
fn variables_are_recorded_without_their_values() {
    let project = Project::numbers().with("headwater.yml", "name: small\nvars: { token: none }\n");
    project.say(&["run", "--var", "token=s3cretvalue", "--var=token=s3cretvalue"]).exits(0);
    let runs = ok(project.path(), &["runs", "--json"]);
    assert!(runs.contains("token=") && !runs.contains("s3cretvalue"), "{runs}");
}

#[test]
fn plan_tells_what_and_why_and_does_nothing() {
    let fresh = tempfile::tempdir().unwrap();
    copy_example(fresh.path());
    let plan = json(fresh.path(), &["plan"]);
    let tasks = plan["tasks"].as_array().unwrap();
    assert_eq!(tasks.len(), 20);
    assert!(tasks.iter().all(|task| task["action"] == "build" && task["reason"].as_str().unwrap().starts_with("new")));
    let out = ok(fresh.path(), &["plan"]);
    assert!(out.contains("raw.flights") && out.contains("12 files"), "{out}");
    assert!(json(fresh.path(), &["runs"]).as_array().unwrap().is_empty(), "a plan is no run");

    assert!(ok(dir(), &["plan"]).contains("20 assets are up to date"));
    let mine = flights_of_my_own();
    let all = json(mine.path(), &["plan", "--full-refresh"]);
    assert!(all["tasks"].as_array().unwrap().iter().all(|task| task["action"] == "build"));
    let sql = mine.path().join("models/marts/route_league.sql");
    let text = std::fs::read_to_string(&sql).unwrap();
    std::fs::write(&sql, text.replace("select", "select /* the same */")).unwrap();
    assert!(ok(mine.path(), &["plan"]).contains("20 assets are up to date"), "a comment changes nothing");
    std::fs::write(&sql, text.replacen("select", "select distinct", 1)).unwrap();
    let plan = ok(mine.path(), &["plan"]);
    assert!(plan.contains("marts.route_league") && plan.contains("19 assets are up to date"), "{plan}");
}

#[test]
fn check_touches_no_lake() {
    let fresh = tempfile::tempdir().unwrap();
    copy_example(fresh.path());
    let out = ok(fresh.path(), &["check"]);
    assert!(out.starts_with("flights: 20 assets, ") && out.trim_end().ends_with("no errors"), "{out}");
    let made = || std::fs::read_dir(fresh.path().join("lake")).map_or(0, Iterator::count);
    assert_eq!(made(), 0, "check puts nothing into a lake");
    let report = json(fresh.path(), &["check"]);
    assert_eq!((&report["exit_code"], &report["assets"]), (&0.into(), &20.into()));
    assert_eq!(report["diagnostics"], serde_json::json!([]));
    assert_eq!(made(), 0);

    let mine = flights_of_my_own();
    let before = listing(&mine.path().join("lake"));
    ok(mine.path(), &["check"]);
    ok(mine.path(), &["plan"]);
    assert_eq!(before, listing(&mine.path().join("lake")), "nothing came, nothing went");
}

#[test]
fn commands_that_read_make_no_folder() {
    let project = Project::numbers();
    for command in [&["check"][..], &["plan"], &["runs"]] {
        project.say(command).exits(0);
        assert!(!project.lake().exists(), "{command:?}");
    }
}

/// The files below a folder, without those in which SQLite coordinates readers.
fn listing(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if !name.ends_with("-wal") && !name.ends_with("-shm") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

#[test]
fn check_finds_everything_at_once() {
    let project = Project::numbers()
        .with("models/marts/a.sql", "select nam from raw.numbers\n")
        .with("models/marts/b.sql", "select * from raw.number\n")
        .with("models/marts/c.sql", "/*---\nchecks: [ { not_nul: n } ]\n---*/\nselect n from raw.numbers\n");
    let said = project.say(&["check"]).exits(2);
    for words in ["raw.number", "did you mean", "not_nul", "models/marts/b.sql", "models/marts/c.sql"] {
        assert!(said.err.contains(words), "no '{words}' in\n{}", said.err);
    }
    let report = project.say(&["check", "--json"]).exits(2).json();
    assert_eq!(report["exit_code"], 2);
    assert!(report["diagnostics"].as_array().unwrap().len() >= 2, "{report}");
}
