//! Engines that read a table directly see published commits only: what they go by is the table's `_delta_log`.

use std::path::Path;

use serde_json::Value;

use super::flights::{expected, flights, flights_of_my_own};
use crate::program::{headwater, ok, published_versions, query, say};
use crate::project::Project;

/// Rows of a table at its newest version, by the statistics in its log: `add` puts a file in, `remove` takes it out.
fn rows_by_the_log(lake: &Path, table: &str) -> u64 {
    let mut files = std::collections::BTreeMap::new();
    for version in published_versions(lake, table) {
        let commit = lake.join(table.replace('.', "/")).join(format!("_delta_log/{version:020}.json"));
        for line in std::fs::read_to_string(commit).unwrap().lines() {
            let action: Value = serde_json::from_str(line).unwrap();
            if let Some(path) = action["remove"]["path"].as_str() {
                files.remove(path);
            } else if let Some(path) = action["add"]["path"].as_str() {
                let stats: Value = serde_json::from_str(action["add"]["stats"].as_str().unwrap()).unwrap();
                assert!(lake.join(table.replace('.', "/")).join(path).is_file(), "{path} is there");
                files.insert(path.to_owned(), stats["numRecords"].as_u64().unwrap());
            }
        }
    }
    files.values().sum()
}

#[test]
fn the_logs_tell_the_published_figures() {
    let lake = flights().dir.join("lake");
    for (table, rows) in expected()["rows"].as_object().unwrap() {
        if table.starts_with("staging.") {
            assert_eq!(published_versions(&lake, table), [0_u64; 0], "{table} is a view");
        } else {
            assert_eq!(rows_by_the_log(&lake, table), rows.as_u64().unwrap(), "{table}");
        }
    }
    let branches = lake.join("_headwater/branches");
    let left = std::fs::read_dir(&branches).map_or(0, Iterator::count);
    assert_eq!(left, 0, "no staging area is left in {}", branches.display());
}

#[test]
fn a_log_holds_what_the_protocol_asks_for() {
    let log = flights().dir.join("lake/marts/on_time_by_carrier_month/_delta_log/00000000000000000000.json");
    let actions: Vec<Value> =
        std::fs::read_to_string(log).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let one = |key: &str| {
        let found: Vec<&Value> = actions.iter().filter(|action| !action[key].is_null()).collect();
        assert!(!found.is_empty(), "no {key}");
        found[0][key].clone()
    };
    let (protocol, metadata) = (one("protocol"), one("metaData"));
    assert!(protocol["minReaderVersion"].as_u64().unwrap() <= 3, "{protocol}");
    let schema: Value = serde_json::from_str(metadata["schemaString"].as_str().unwrap()).unwrap();
    let columns: Vec<&str> = schema["fields"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    let wanted: Vec<&String> = expected()["on_time_by_carrier_month"][0].as_object().unwrap().keys().collect();
    assert_eq!(columns.len(), wanted.len());
    assert!(wanted.iter().all(|name| columns.contains(&name.as_str())), "{columns:?}");
    assert!(one("txn")["appId"].is_string() && !one("commitInfo").is_null());
}

#[test]
fn nothing_of_a_run_is_visible_while_it_works() {
    let dir = flights_of_my_own();
    let lake = dir.path().join("lake");
    let tables: Vec<String> = expected()["rows"].as_object().unwrap().keys().cloned().collect();
    let state = || tables.iter().map(|table| published_versions(&lake, table)).collect::<Vec<_>>();
    let before = state();
    // A check that fails at the very end: everything before it is staged by then.
    let model = "/*---\nchecks:\n  - row_count: { min: 1000000 }\n---*/\nselect * from marts.fct_flights\n";
    std::fs::write(dir.path().join("models/marts/too_few.sql"), model).unwrap();
    std::fs::write(dir.path().join("models/marts/reader.sql"), "select count(*) as n from marts.too_few\n").unwrap();
    let mut running =
        headwater(dir.path()).args(["run", "--quiet"]).stdout(std::process::Stdio::null()).spawn().unwrap();
    let mut looks = 0;
    let code = loop {
        if let Some(status) = running.try_wait().unwrap() {
            break status.code();
        }
        assert_eq!(state(), before, "seen while the run works");
        assert!(published_versions(&lake, "marts.too_few").is_empty());
        looks += 1;
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    assert_eq!(code, Some(1));
    assert!(looks > 3, "{looks}");
    assert_eq!(state(), before);
    assert!(
        published_versions(&lake, "marts.too_few").is_empty() && published_versions(&lake, "marts.reader").is_empty()
    );
    assert_eq!(crate::program::json(dir.path(), &["history"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_query_reads_all_of_a_snapshot_or_none_of_it() {
    let project = Project::numbers().with("models/marts/twice.sql", "select n, 2 * n as m from raw.numbers\n");
    project.run();
    let sql = "select (select total from marts.sums) as a, (select sum(m) from marts.twice) as b";
    assert_eq!(query(project.path(), sql), "6,12");
    let path = project.path().to_owned();
    let done = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stop = std::sync::Arc::clone(&done);
    let reader = std::thread::spawn(move || {
        let mut seen = std::collections::BTreeSet::new();
        while !stop.load(std::sync::atomic::Ordering::SeqCst) {
            seen.insert(query(&path, sql));
        }
        seen
    });
    for round in 0..4 {
        project.write("data/a.csv", format!("n,name\n{},x\n", 100 + round));
        project.run();
    }
    done.store(true, std::sync::atomic::Ordering::SeqCst);
    let seen = reader.join().unwrap();
    for pair in &seen {
        let (a, b) = pair.split_once(',').unwrap();
        assert_eq!(2 * a.parse::<i64>().unwrap(), b.parse::<i64>().unwrap(), "of one snapshot: {seen:?}");
    }
    assert_eq!(ok(project.path(), &["query", sql, "--format", "csv"]).lines().nth(1), Some("103,206"));
}

#[test]
fn what_others_write_into_a_table_is_noticed() {
    let project = Project::numbers();
    project.run();
    let log = project.lake().join("marts/sums/_delta_log");
    let first = std::fs::read_to_string(log.join("00000000000000000000.json")).unwrap();
    let info = first.lines().find(|line| line.contains("commitInfo")).unwrap();
    std::fs::write(log.join("00000000000000000001.json"), format!("{info}\n")).unwrap();
    project.write("data/a.csv", "n,name\n5,five\n");
    let said = say(project.path(), &["run"]);
    let text = format!("{}{}", said.out, said.err);
    match said.code {
        // It was refused, and the next run builds on top.
        Some(1) => {
            assert!(text.contains("HW0915"), "{text}");
            project.run();
        }
        // It was seen in time and built upon, and told.
        code => assert!(code == Some(0) && text.contains("note:"), "{text}"),
    }
    assert_eq!(query(project.path(), "select total from marts.sums"), "5");
}
