//! `headwater maintain --suggest`: layouts from what queries have asked for.

use std::path::Path;

use serde_json::Value;

use crate::program::{headwater, json, ok, query};
use crate::project::Project;

/// Rows of [`ROWS`].
const COUNT: u64 = 400_000;
/// Rows whose numbers and texts come in no order, about 25 bytes each: `a` and `b` all different, `day` in a year, `kind` one of
/// four, `word` one of a thousand.
const ROWS: &str = "select cast(value * 7919 % 400009 as bigint) as a, cast(value * 104729 % 400031 as bigint) as b, \
                    date '2025-01-01' + cast(value * 31 % 365 as int) as day, \
                    'kind ' || cast(value * 13 % 4 as varchar) as kind, \
                    'word ' || cast(value * 17 % 1009 as varchar) as word from generate_series(1, 400000)";

fn project(header: &str) -> Project {
    let project = Project::empty();
    lay_out(&project, header);
    project.run();
    project
}

fn lay_out(project: &Project, header: &str) {
    project.write("models/marts/t.sql", format!("/*---\n{header}\n---*/\n{ROWS}\n"));
}

/// Counts the rows of `marts.t` for which something holds, some times.
fn ask(project: &Project, times: u64, condition: impl Fn(u64) -> String) {
    for time in 0..times {
        query(project.path(), &format!("select count(*), min(a) from marts.t where {}", condition(time)));
    }
}

/// What is said of a table.
fn advice(project: &Project, table: &str) -> Value {
    let all = json(project.path(), &["maintain", "--suggest", table]);
    assert_eq!((all.as_array().unwrap().len(), &all[0]["table"]), (1, &table.into()), "{all}");
    all[0].clone()
}

/// The records of usage, as a program that reads the catalogue's file finds them: JSON, since the beginning.
fn recorded(project: &Project, column: &str) -> (u64, u64) {
    let advice = advice(project, "marts.t");
    let seen = advice["columns"].as_array().unwrap().iter().find(|seen| seen["column"] == column);
    (advice["restricted"].as_u64().unwrap(), seen.map_or(0, |seen| seen["queries"].as_u64().unwrap()))
}

/// The rows that the scans of a query yield, as the query engine counts them: told by EXPLAIN ANALYZE.
fn rows_read(project: &Project, condition: &str) -> u64 {
    let sql = format!("explain analyze select count(*), min(a) from marts.t where {condition}");
    let plan = query(project.path(), &sql);
    let scan = plan.lines().find(|line| line.contains("DataSourceExec")).unwrap_or_else(|| panic!("no scan in {plan}"));
    let number = scan.split("output_rows=").nth(1).unwrap();
    let number: String =
        number.chars().take_while(|c| c.is_ascii_digit() || *c == '.' || *c == ' ' || *c == 'K').collect();
    match number.trim().strip_suffix('K') {
        Some(thousands) => (thousands.trim().parse::<f64>().unwrap() * 1000.0) as u64,
        None => number.trim().parse().unwrap(),
    }
}

/// Whether a text stands in the catalogue, its log and its index included.
fn is_in_catalogue(lake: &Path, text: &str) -> bool {
    let files = std::fs::read_dir(lake.join("_headwater")).unwrap().map(|file| file.unwrap().path());
    let mut catalogue =
        files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("catalog.db")).peekable();
    assert!(catalogue.peek().is_some());
    catalogue.any(|path| std::fs::read(path).unwrap().windows(text.len()).any(|part| part == text.as_bytes()))
}

#[test]
fn one_column_is_sorted_by_and_queries_read_what_was_promised() {
    let project = project("target_file_size: 1MiB");
    let contents = query(project.path(), "select count(*), sum(a), sum(b) from marts.t");
    let range = |time: u64| format!("a between {} and {}", time * 30_000, time * 30_000 + 7_999);
    ask(&project, 4, range);
    assert_eq!(advice(&project, "marts.t")["suggestion"], Value::Null, "four queries are few");
    ask(&project, 12, range);
    let said = advice(&project, "marts.t");
    let suggestion = &said["suggestion"];
    assert_eq!(suggestion["header"], serde_json::json!(["cluster_by: [a]"]), "{said}");
    assert_eq!(
        (&said["restricted"], &said["rows_read"], &said["rows"]),
        (&16.into(), &COUNT.into(), &COUNT.into()),
        "{said}"
    );
    assert_eq!(suggestion["file"], "models/marts/t.sql");
    let promised = suggestion["rows_read"].as_u64().unwrap();
    assert!((8_000..40_000).contains(&promised), "{promised}");
    let text = ok(project.path(), &["maintain", "--suggest"]);
    for words in ["cluster_by: [a]", "16 of 17 queries since", "by a (16)", "and read 400,000 now"] {
        assert!(text.contains(words), "{text}");
    }
    assert!(
        ok(project.path(), &["maintain"]).contains("maintain --suggest"),
        "maintenance says that there is something"
    );

    lay_out(&project, "target_file_size: 1MiB\ncluster_by: [a]");
    assert!(ok(project.path(), &["run"]).contains("nothing to publish"));
    let done = ok(project.path(), &["maintain"]);
    assert!(done.contains("laid out anew") && !done.contains("--suggest"), "{done}");
    let found: u64 = (0..12).map(|time| rows_read(&project, &range(time))).sum::<u64>() / 12;
    assert!(found < promised * 3 / 2 && promised < found * 3 / 2, "{promised} promised, {found} read");
    ask(&project, 12, range);
    let said = advice(&project, "marts.t");
    assert_eq!((&said["suggestion"], &said["restricted"]), (&Value::Null, &40.into()), "{said}: 12 of them explained");
    assert!(said["rows_read"].as_u64().is_none_or(|rows| rows == promised), "{said}");
    assert_eq!(query(project.path(), "select count(*), sum(a), sum(b) from marts.t"), contents);
}

#[test]
fn two_columns_that_are_asked_for_apart_get_a_curve() {
    let project = project("target_file_size: 1MiB");
    ask(&project, 6, |time| format!("a between {} and {}", time * 30_000, time * 30_000 + 4_000));
    ask(&project, 6, |time| format!("b = {}", time * 30_000 + 1));
    let said = advice(&project, "marts.t");
    let suggestion = &said["suggestion"];
    let columns: Vec<&str> = suggestion["cluster_by"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
    assert!(columns == ["a", "b"] || columns == ["b", "a"], "{said}");
    assert_eq!(suggestion["cluster_order"], "z_order", "{said}");
    let header: Vec<&str> =
        suggestion["header"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    lay_out(&project, &format!("target_file_size: 1MiB\n{}", header.join("\n")));
    ok(project.path(), &["maintain"]);
    let mut found = 0;
    for time in 0..6 {
        found += rows_read(&project, &format!("a between {} and {}", time * 30_000, time * 30_000 + 4_000));
        found += rows_read(&project, &format!("b = {}", time * 30_000 + 1));
    }
    let (found, promised) = (found / 12, suggestion["rows_read"].as_u64().unwrap());
    assert!(found < promised * 3 / 2 && promised < found * 3 / 2, "{promised} promised, {found} read");
    assert_eq!(advice(&project, "marts.t")["suggestion"], Value::Null);
}

#[test]
fn few_values_that_fill_files_partition_the_table() {
    let project = project("target_file_size: 1MiB");
    ask(&project, 8, |time| format!("kind = 'kind {}'", time % 4));
    let said = advice(&project, "marts.t");
    assert_eq!(said["suggestion"]["header"], serde_json::json!(["partition_by: [kind]"]), "{said}");
    assert_eq!(said["suggestion"]["rows_read"], COUNT / 4);
    assert_eq!(said["suggestion"]["rebuilds"], true);
    lay_out(&project, "target_file_size: 1MiB\npartition_by: [kind]");
    project.run();
    assert_eq!(rows_read(&project, "kind = 'kind 2'"), COUNT / 4);
    assert_eq!(advice(&project, "marts.t")["suggestion"], Value::Null);
}

#[test]
fn what_no_layout_helps_is_said_to_be_so() {
    let project = project("target_file_size: 1MiB");
    let reason = |project: &Project| {
        let said = advice(project, "marts.t");
        assert_eq!(said["suggestion"], Value::Null, "{said}");
        said["reason"].as_str().unwrap().to_owned()
    };
    assert!(reason(&project).contains("no query has read it"), "{}", reason(&project));
    for _ in 0..6 {
        query(project.path(), "select kind, count(*) from marts.t group by kind");
        query(project.path(), "select count(*) from marts.t where a % 7 = 3");
    }
    assert!(reason(&project).contains("no query has asked for a part"), "{}", reason(&project));
    ask(&project, 6, |_| "a > 1000".to_owned());
    assert!(reason(&project).contains("half as much"), "{}", reason(&project));
    assert!(!ok(project.path(), &["maintain"]).contains("--suggest"));
    let unknown = project.say(&["maintain", "--suggest", "marts.no"]).exits(2);
    assert!(unknown.err.contains("HW0927"), "{}", unknown.err);
    project.say(&["maintain", "--suggest", "--vacuum"]).exits(2);
}

#[test]
fn sources_cannot_be_laid_out_and_builds_count() {
    let project =
        super::project().with("models/marts/few.sql", "select id, v from raw.n where v between 3 and 5\n").with(
            "models/marts/one.sql",
            "/*---\nchecks:\n  - sql: select id from raw.n where id = 17 and v < 0\n---*/\nselect 1 as one\n",
        );
    project.run();
    let said = advice(&project, "raw.n");
    assert!(said["reason"].as_str().unwrap().contains("as its source yields them"), "{said}");
    let seen: Vec<&str> =
        said["columns"].as_array().unwrap().iter().map(|seen| seen["column"].as_str().unwrap()).collect();
    assert!(seen.contains(&"v") && seen.contains(&"id"), "a model's build and a check: {said}");
}

#[test]
fn no_value_is_kept() {
    let project = project("target_file_size: 1MiB");
    query(project.path(), "select count(*) from marts.t where word = 'Ada Lovelace' or word = 'Grace Hopper'");
    query(project.path(), "select count(*) from marts.t where a = 3141592653 and day = date '1815-12-10'");
    assert_eq!(
        (recorded(&project, "word"), recorded(&project, "a"), recorded(&project, "day")),
        ((2, 1), (2, 1), (2, 1))
    );
    for secret in ["Lovelace", "Hopper", "3141592653", "1815-12-10", "-56270"] {
        assert!(!is_in_catalogue(&project.lake(), secret), "{secret}");
    }
    assert!(is_in_catalogue(&project.lake(), r#"[["word","values"]]"#), "the columns are there");
}

#[test]
fn recording_can_be_switched_off() {
    let project = Project::empty().with("headwater.yml", "name: small\ndefaults: { record_queries: false }\n");
    lay_out(&project, "target_file_size: 1MiB");
    project.run();
    ask(&project, 6, |time| format!("a = {time}"));
    let said = advice(&project, "marts.t");
    assert_eq!((&said["queries"], &said["suggestion"]), (&0.into(), &Value::Null), "{said}");
    assert!(said["reason"].as_str().unwrap().contains("not recorded"), "{said}");
    assert!(!is_in_catalogue(&project.lake(), r#""by":"values""#));
}

#[test]
fn other_snapshots_and_branches_are_not_counted() {
    let project = project("target_file_size: 1MiB");
    ok(project.path(), &["branch", "create", "dev"]);
    let sql = "select count(*) from marts.t where a = 5";
    ok(project.path(), &["query", sql, "--branch", "dev"]);
    ok(project.path(), &["query", sql, "--as-of", "1"]);
    query(project.path(), "select count(*) from marts.t for version as of 1 where a = 5");
    assert_eq!(recorded(&project, "a"), (0, 0));
    query(project.path(), sql);
    assert_eq!(recorded(&project, "a"), (1, 1));
}

/// A catalogue that cannot be written to: its file is for reading only, and the program may not override that.
#[cfg(target_os = "linux")]
#[test]
fn a_query_is_answered_where_it_cannot_be_recorded() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::numbers();
    project.run();
    let catalogue = project.lake().join("_headwater/catalog.db");
    std::fs::set_permissions(&catalogue, std::fs::Permissions::from_mode(0o444)).unwrap();
    let program = headwater(project.path());
    let sql = "select total from marts.sums where total > 1";
    // Root writes everywhere, unless it gives that up.
    let is_root = std::fs::OpenOptions::new().append(true).open(&catalogue).is_ok();
    let mut command = std::process::Command::new(if is_root { "setpriv" } else { "env" });
    if is_root {
        command.arg("--bounding-set=-dac_override");
    }
    command.arg(program.get_program()).args(["query", sql, "--format", "csv", "-vvv"]);
    let said: crate::program::Said = command.current_dir(project.path()).output().unwrap().into();
    let said = said.exits(0);
    assert_eq!(said.out, "total\n6\n");
    assert!(said.err.contains("is not recorded"), "{}", said.err);
}
