//! When a script is run again, and when not. Programs count their runs in a file.

use super::{numbers, shell};
use crate::program::{json, query};
use crate::project::Project;

const PROGRAM: &str = "echo x >> ../../runs; awk -F, 'NR > 1 { printf \"{\\\"n\\\": %d}\\n\", $1 }'\n";

/// A script that reads `n` of `staging.numbers`, which also has a name.
fn project() -> Project {
    numbers()
        .with("models/staging/numbers.sql", "select n, name from raw.numbers")
        .with("scripts/marts/s.sh", PROGRAM)
        .with(
            "scripts/marts/s.yml",
            shell("s", "inputs: [{ table: staging.numbers, columns: [n] }]\ninput_format: csv\n"),
        )
}

fn runs(project: &Project) -> usize {
    std::fs::read_to_string(project.path().join("runs")).unwrap_or_default().lines().count()
}

/// What a plan says of the script: what it does, and why.
#[track_caller]
fn planned(project: &Project) -> (String, String) {
    let plan = json(project.path(), &["plan"]);
    let tasks = plan["tasks"].as_array().unwrap();
    let task = tasks.iter().find(|task| task["asset"] == "marts.s").unwrap();
    (task["action"].as_str().unwrap().to_owned(), task["reason"].as_str().unwrap().to_owned())
}

#[track_caller]
fn assert_built(project: &Project, reason: &str) {
    let before = runs(project);
    let (action, told) = planned(project);
    assert!(action == "build" && told.contains(reason), "{action}: {told}");
    project.run();
    assert_eq!(runs(project), before + 1);
}

#[track_caller]
fn assert_skipped(project: &Project) {
    let before = runs(project);
    assert_eq!(planned(project).0, "skip");
    project.run();
    assert_eq!(runs(project), before);
}

#[test]
fn a_script_is_run_when_something_of_it_has_changed() {
    let project = project();
    assert_built(&project, "new");
    assert_skipped(&project);
    project.write("scripts/marts/s.sh", format!("# edited\n{PROGRAM}"));
    assert_built(&project, "its files changed");
    let declare = |more: &str| {
        project.write(
            "scripts/marts/s.yml",
            shell("s", &format!("inputs: [{{ table: staging.numbers, columns: [n] }}]\ninput_format: csv\n{more}")),
        );
    };
    declare("env: { A: b }\n");
    assert_built(&project, "its variables changed");
    declare("env: { A: b }\nfiles: [lib]\n");
    project.write("scripts/marts/lib/deep/a.txt", "1");
    assert_built(&project, "its files changed");
    project.write("scripts/marts/lib/deep/a.txt", "2");
    assert_built(&project, "its files changed");
    // What changes no row runs nothing.
    declare("env: { A: b }\nfiles: [lib]\ntimeout: 5m\ndescription: about it\ncluster_by: [n]\n");
    assert_skipped(&project);
    declare("env: { A: b }\nfiles: [lib]\nrefresh: always\n");
    assert_built(&project, "run every time");
    assert_built(&project, "run every time");
}

#[test]
fn a_script_is_run_when_what_it_reads_has_changed_and_not_otherwise() {
    let project = project();
    project.run();
    project.write("models/staging/numbers.sql", "select n, upper(name) as name from raw.numbers");
    assert_skipped(&project);
    assert_eq!(query(project.path(), "select max(name) from staging.numbers"), "TWO");
    project.write("models/staging/numbers.sql", "select n + 1 as n, upper(name) as name from raw.numbers");
    assert_built(&project, "column n of staging.numbers changes");
    assert_eq!(query(project.path(), "select sum(n) from marts.s"), "9");
    project.write("data/b.csv", "n,name\n9,nine\n");
    assert_built(&project, "staging.numbers is rebuilt");
    assert_eq!(query(project.path(), "select sum(n) from marts.s"), "19");
}

#[test]
fn a_script_that_reads_a_whole_table_is_run_when_its_columns_are_others() {
    let project = project();
    project.write("scripts/marts/s.yml", shell("s", "inputs: [staging.numbers]\ninput_format: csv\n"));
    project.run();
    project.write("models/staging/numbers.sql", "select n, name, 'x' as more from raw.numbers");
    assert_built(&project, "more of staging.numbers");
    project.write("models/staging/numbers.sql", "select n, 'x' as more, name from raw.numbers");
    assert_built(&project, "is computed otherwise");
    assert_skipped(&project);
    project.write("models/staging/numbers.sql", "select n, name from raw.numbers");
    assert_built(&project, "");
}

#[test]
fn a_branch_runs_scripts_too_and_main_is_as_it_was() {
    let project = project();
    project.run();
    project.say(&["branch", "create", "next"]).exits(0);
    project.write("scripts/marts/s.sh", "echo '{\"n\": 42}'\n");
    project.say(&["run", "--branch", "next"]).exits(0);
    assert_eq!(query(project.path(), "select sum(n) from marts.s"), "6");
    let diff = project.say(&["diff", "main..next"]).exits(0).out;
    assert!(diff.contains("marts.s"), "{diff}");
    project.say(&["branch", "publish", "next"]).exits(0);
    assert_eq!(query(project.path(), "select n from marts.s"), "42");
}
