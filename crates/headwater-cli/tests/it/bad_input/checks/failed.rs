//! Checks that fail: what fails and what depends on it stays as it was, and the rest is published.

use crate::program::{json, published_versions, query};
use crate::project::{Project, assert_told};

/// `raw.numbers` → `marts.sums` → `marts.report`; beside them `raw.other` → `marts.others`.
fn project() -> Project {
    Project::numbers()
        .with(
            "sources/numbers.yml",
            "connector: files\nlocation: data\nstreams:\n  - table: raw.numbers\n    path: '*.csv'\n    checks:\n      \
             - unique: n\n      - range: { column: n, min: 0, max: 100 }\n  \
             - { table: raw.other, path: 'other/*.csv' }\n",
        )
        .with("data/other/a.csv", "x\n1\n")
        .with("models/marts/report.sql", "select total, rows from marts.sums\n")
        .with("models/marts/others.sql", "select count(*) as n from raw.other\n")
}

#[test]
fn dependants_are_held_back_and_the_rest_is_published() {
    let project = project();
    project.run();
    let before = published_versions(&project.lake(), "raw.numbers");
    project.write("data/a.csv", "n,name\n1,one\n1,again\n500,far\n");
    project.write("data/other/b.csv", "x\n2\n");
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0910", &["raw.numbers: failed", "unique(n)", "range(n, 0 to 100)", "500", "far"]);
    for words in [
        "marts.sums: held back: raw.numbers failed",
        "marts.report: held back: marts.sums failed or was held back",
        "published snapshot 2",
    ] {
        assert!(said.out.contains(words), "no '{words}' in\n{}", said.out);
    }
    assert!(said.out.contains("without what failed") && said.out.contains("headwater run-info"), "{}", said.out);
    assert_eq!(query(project.path(), "select total, rows from marts.report"), "6,3", "as it was");
    assert_eq!(query(project.path(), "select n from marts.others"), "2", "not touched by it");
    assert_eq!(published_versions(&project.lake(), "raw.numbers"), before, "the table's version does not move");

    let info = json(project.path(), &["run-info"]);
    assert_eq!(info["run"]["state"], "partial");
    let task = |name: &str| info["tasks"].as_array().unwrap().iter().find(|t| t["asset"] == name).unwrap().clone();
    assert_eq!(
        (&task("raw.numbers")["state"], &task("marts.report")["state"]),
        (&"failed".into(), &"held_back".into())
    );
    let checks = task("raw.numbers")["staged"]["checks"].clone();
    let failing: Vec<(&str, u64)> = checks
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["check"]["name"].as_str().unwrap(), c["failing"].as_u64().unwrap()))
        .collect();
    assert!(failing.contains(&("range(n, 0 to 100)", 1)), "{failing:?}");
    assert!(failing.iter().any(|(name, rows)| *name == "unique(n)" && *rows > 0), "{failing:?}");

    // The next run tries again, fails again, and publishes nothing.
    let again = project.say(&["run", "--json"]).exits(1).json();
    assert_eq!((&again["state"], &again["snapshot"]), (&"failed".into(), &serde_json::Value::Null));
    project.write("data/a.csv", "n,name\n7,seven\n");
    project.run();
    assert_eq!(query(project.path(), "select total, rows from marts.report"), "7,1");
}

#[test]
fn nothing_is_published_by_a_first_run_that_fails() {
    let project = Project::numbers().with(
        "models/marts/sums.sql",
        "/*---\nchecks: [ { row_count: { min: 10 } } ]\n---*/\nselect n as total, 1 as rows from raw.numbers\n",
    );
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0910", &["marts.sums: failed", "row_count"]);
    assert_eq!(query(project.path(), "select count(*) from raw.numbers"), "3", "what passed is there");
    assert!(published_versions(&project.lake(), "marts.sums").is_empty());
    let gone = project.say(&["query", "select * from marts.sums"]).exits(2);
    assert!(gone.err.contains("marts.sums"), "{}", gone.err);
}

#[test]
fn severities_and_thresholds_decide() {
    let model = |check: &str| {
        format!("/*---\nchecks:\n  - {check}\n---*/\nselect n as total, name, 1 as rows from raw.numbers\n")
    };
    let project = Project::numbers();
    for (check, code, verdict) in [
        ("range: { column: total, max: 2, severity: warn }", 0, "warned"),
        ("range: { column: total, max: 2, severity: quarantine }", 0, "quarantined"),
        ("range: { column: total, max: 2, threshold: 1 }", 0, "passed"),
        ("range: { column: total, max: 2, threshold: 50% }", 0, "passed"),
        ("range: { column: total, max: 2, threshold: 10% }", 1, "failed"),
        ("range: { column: total, max: 1, severity: quarantine, threshold: 1 }", 1, "failed"),
        ("range: { column: total, max: 2, where: \"name <> 'three'\" }", 0, "passed"),
        ("expression: { predicate: \"total < 3\", name: small }", 1, "failed"),
        ("sql: { query: \"select * from marts.sums where total = 3\" }", 1, "failed"),
        ("relationships: { column: total, to: raw.numbers.n }", 0, "passed"),
    ] {
        project.write("models/marts/sums.sql", model(check));
        let report = project.say(&["run", "--json"]).exits(code).json();
        let asset = report["assets"].as_array().unwrap().iter().find(|a| a["asset"] == "marts.sums").unwrap();
        assert_eq!(asset["checks"][verdict], 1, "{check}: {asset}");
    }
    project.write("models/marts/sums.sql", model("range: { column: total, max: 2, severity: quarantine }"));
    project.run();
    assert_eq!(query(project.path(), "select count(*) from marts.sums"), "2");
    let aside = query(project.path(), "select total, _check from marts.sums__quarantine");
    assert_eq!(aside, "3,\"range(total, at most 2)\"");
}

#[test]
fn a_view_that_fails_keeps_its_inputs_from_being_published() {
    let project = Project::numbers().with(
        "models/marts/sums.sql",
        "/*---\nmaterialize: view\nchecks: [ { range: { column: total, max: 50 } } ]\n---*/\n\
         select sum(n) as total, count(*) as rows from raw.numbers\n",
    );
    project.run();
    project.write("data/a.csv", "n,name\n99,far\n");
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0910", &["marts.sums: failed", "raw.numbers: held back"]);
    assert_eq!(project.published(), (1, "6,3".to_owned()));
}

#[test]
fn a_value_that_cannot_be_computed_fails_its_model_only() {
    let project = Project::numbers().with("models/marts/bad.sql", "select cast(name as int) as n from raw.numbers\n");
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0555", &["marts.bad: failed", "one"]);
    assert_eq!(query(project.path(), "select total from marts.sums"), "6");
}

#[test]
fn a_source_that_grew_stale_is_told() {
    let source = "connector: files\nlocation: data\nstreams:\n  - table: raw.numbers\n    path: '*.csv'\n    \
        columns: { at: { type: timestamp } }\n    freshness: { error_after: 36h, warn_after: 12h }\n";
    let project =
        Project::numbers().with("sources/numbers.yml", source).with("data/a.csv", "n,at\n1,2013-01-01T00:00:00Z\n");
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0910", &["raw.numbers: failed", "2013-01-01"]);
}

#[test]
fn rows_that_come_late_do_not_make_a_table_stale() {
    let source = "connector: files\nlocation: data\nstreams:\n  - table: raw.events\n    path: '*.csv'\n    mode: new_files\n    \
                  checks: [ { freshness: { column: at, max_age: 1h } } ]\n";
    let project = Project::empty().with("sources/events.yml", source).with("data/a.csv", "at\n2999-01-01T00:00:00Z\n");
    project.run();
    project.write("data/b.csv", "at\n2001-01-01T00:00:00Z\n");
    project.run();
    assert_eq!(query(project.path(), "select count(*) from raw.events"), "2");
    let other = Project::empty().with("sources/events.yml", source).with("data/b.csv", "at\n2001-01-01T00:00:00Z\n");
    assert_told(&other.say(&["run"]).exits(1), "HW0910", &["freshness", "2001-01-01T00:00:00Z"]);
}

#[test]
fn a_key_may_have_any_name() {
    let project = Project::empty()
        .with(
            "sources/odd.yml",
            "connector: files\nlocation: data\nstreams:\n  - table: raw.odd\n    path: '*.csv'\n    checks:\n      \
             - unique: [rows, count]\n",
        )
        .with("data/a.csv", "rows,count\n1,2\n1,2\n3,4\n");
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0910", &["unique(rows, count)", "2 of 3 rows"]);
}

/// `raw.numbers` with checks.
fn checked(checks: &[&str]) -> Project {
    let stream = "connector: files\nlocation: data\nstreams:\n  - table: raw.numbers\n    path: '*.csv'\n    checks:\n";
    let checks: String = checks.iter().map(|check| format!("      - {check}\n")).collect();
    Project::numbers().with("sources/numbers.yml", format!("{stream}{checks}"))
}

#[test]
fn predicates_may_use_functions_that_exist_in_plans_only() {
    let project = checked(&["expression: coalesce(n, 0) > 2", "not_null: { columns: name, where: \"nvl(n, 0) > 2\" }"]);
    assert_told(&project.say(&["run"]).exits(1), "HW0910", &["coalesce(n, 0) > 2", "2 of 3 rows"]);
}

#[test]
fn the_time_of_the_run_can_be_used_everywhere() {
    let recent = "not_null: { columns: name, where: current_date > date '2020-01-01' }";
    let project = checked(&["expression: n < date_part('year', now())", recent])
        .with(
            "models/staging/dated.sql",
            "/*---\nmaterialize: view\n---*/\nselect n, current_date as day from raw.numbers\n",
        )
        .with("models/marts/timed.sql", "select n, current_timestamp as at, day from staging.dated\n");
    project.run();
    let days = query(project.path(), "select count(*) from staging.dated where day = current_date");
    assert_eq!(days, "3");
    assert_eq!(
        query(project.path(), "select count(*) from marts.timed where at <= now() and day <= current_date"),
        "3"
    );
}

#[test]
fn integers_that_overflow_are_an_error_and_no_other_number() {
    let project = Project::numbers().with("data/a.csv", "n,name\n9223372036854775807,most\n");
    let model = |text: &str| project.write("models/marts/grown.sql", text);
    for sql in ["n + 1", "n - -1", "n * 2", "case when n > 0 then n + n end", "9223372036854775807 + 1", "2 - n * -1"] {
        model(&format!("select {sql} as m from raw.numbers\n"));
        assert_told(&project.say(&["run"]).exits(1), "HW0555", &["marts.grown: failed", "verflow"]);
    }
    model("/*---\nchecks: [ { expression: n + 1 > n } ]\n---*/\nselect n from raw.numbers\n");
    assert_told(&project.say(&["run"]).exits(1), "HW0555", &["marts.grown: failed", "verflow"]);
    for sql in ["sum(n) as m from", "sum(n) over (order by name) as m from", "name, sum(n) as m from"] {
        let grouped = if sql.starts_with("name") { " group by name" } else { "" };
        let twice = "(select * from raw.numbers union all select * from raw.numbers) t";
        model(&format!("select {sql} {twice}{grouped}\n"));
        assert_told(&project.say(&["run"]).exits(1), "HW0555", &["marts.grown: failed", "18446744073709551614"]);
    }
    // Only the sum itself has to fit, whatever the order.
    model(
        "select sum(m) as m, count(*) as c from (select n as m from raw.numbers union all select n from raw.numbers union all select -n from raw.numbers) t\n",
    );
    project.run();
    assert_eq!(query(project.path(), "select m, c from marts.grown"), "9223372036854775807,3");
    model("select n - 1 + 1 as m, sum(1) + count(*) as c from raw.numbers group by n\n");
    project.run();
    assert_eq!(query(project.path(), "select m, c from marts.grown"), "9223372036854775807,2");
}
