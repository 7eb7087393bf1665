//! What `headwater run` says: for people, and with `--json` for programs.

use serde_json::Value;

use super::flights::{copy_example, expected, flights, flights_of_my_own};
use crate::program::{headwater, say};

/// The text without times, with sizes masked and with single blanks: widths of columns depend on them.
fn masked(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        out.push_str(&line[..indent]);
        let mut words: Vec<&str> = Vec::new();
        for word in line.split_whitespace() {
            let number = words.last().is_some_and(|last| last.parse::<f64>().is_ok());
            match word {
                "B" | "kB" | "MB" | "GB" if number => *words.last_mut().unwrap() = "<size>",
                // Times are left out: what takes less than a millisecond has none.
                "s" | "min" if number => drop(words.pop()),
                word => words.push(word),
            }
        }
        out.push_str(&words.join(" "));
        out.push('\n');
    }
    out
}

/// The text without the rows that checks show as samples: which rows are met first is left to chance.
fn without_samples(text: &str) -> String {
    let known = |line: &str| descriptions().contains(line.trim());
    let lines = text.lines().filter(|line| !line.starts_with("    ") || line.contains("headwater ") || known(line));
    lines.map(|line| format!("{line}\n")).collect()
}

/// The descriptions of checks, folded as YAML folds them.
fn descriptions() -> &'static str {
    "2,512 cancelled flights of 2013 were reported without an aircraft. \
     22,754 flights carry no valid US registration: two airlines reported fleet numbers (N5ETAA, N0EGMQ). \
     50,094 flights of 2013 name an aircraft that the registry does not have. \
     One flight to Atlanta is reported as 762 miles in 65 minutes. \
     At Newark on 12 February 2013 the gauge read 1,048 mph. \
     2,729 hours of 2013 have no reading of the pressure. \
     Three airports lie in Asia or in the Arctic Ocean, by a lost sign or swapped digits. \
     35 aircraft are too small for an airline (two-seaters, a helicopter): the fleet number that an airline reported \
     happens to be somebody else's registration. \
     52,606 flights of 2013 have no known aircraft. \
     7,602 flights go to San Juan, Aguadilla, Ponce and Charlotte Amalie, which the list of airports lacks. \
     The weather of 1,556 flights of 2013 was not observed."
}

#[test]
fn the_summary_tells_what_was_done_what_is_wrong_and_what_to_type_next() {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("first_run", masked(&without_samples(&flights().said.out)));
    });
}

#[test]
fn progress_is_told_in_lines_where_there_is_no_terminal() {
    let said = &flights().said;
    for words in ["assets to build", "raw.flights started", "raw.flights passed, 336,776 rows", "marts.route_league"] {
        assert!(said.err.contains(words), "no '{words}' in\n{}", said.err);
    }
    assert!(!said.err.contains('\u{1b}') && !said.out.contains('\u{1b}'), "no escapes in a file");
}

#[test]
fn json_is_one_document_with_what_the_text_tells_and_more() {
    let dir = tempfile::tempdir().unwrap();
    copy_example(dir.path());
    let said = say(dir.path(), &["run", "--json"]).exits(0);
    assert_eq!(said.err, "", "nothing but the document");
    let report = said.json();
    for key in
        ["run", "number", "project", "environment", "state", "exit_code", "started", "seconds", "snapshot", "next"]
    {
        assert!(!report[key].is_null(), "no {key} in {report}");
    }
    for key in ["base_snapshot", "error", "removed"] {
        assert!(report.as_object().unwrap().contains_key(key), "{key}");
    }
    assert_eq!(
        (&report["state"], &report["exit_code"], &report["snapshot"]),
        (&"published".into(), &0.into(), &1.into())
    );
    assert_eq!((&report["project"], &report["environment"]), (&"flights".into(), &"dev".into()));
    let assets = report["assets"].as_array().unwrap();
    assert_eq!(assets.len(), 20);
    for asset in assets {
        for key in [
            "asset",
            "kind",
            "reason",
            "state",
            "kept",
            "attempts",
            "rows_in",
            "rows_out",
            "quarantined",
            "rejected",
            "bytes_in",
            "bytes_written",
            "bytes_audited",
            "seconds",
            "checks",
            "problems",
            "notes",
        ] {
            assert!(!asset[key].is_null(), "no {key} in {asset}");
        }
        let name = asset["asset"].as_str().unwrap();
        assert_eq!(asset["state"], "published", "{name}");
        let rows = &expected()["rows"][name];
        if asset["kind"] != "view" {
            assert_eq!(asset["rows_out"], *rows, "{name}");
            assert!(asset["bytes_written"].as_u64().unwrap() > 0, "{name}");
        }
    }
    let asset = |name: &str| assets.iter().find(|asset| asset["asset"] == name).unwrap();
    assert_eq!((&asset("raw.weather")["rows_in"], &asset("raw.weather")["quarantined"]), (&26_115.into(), &1.into()));
    assert_eq!(asset("raw.weather")["checks"]["quarantined"], 1);
    let read: u64 = std::fs::read_dir(dir.path().join("data/flights"))
        .unwrap()
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    assert_eq!(asset("raw.flights")["bytes_in"], read, "bytes as stored");
    assert_eq!(
        asset("raw.flights")["checks"],
        serde_json::json!({ "passed": 8, "warned": 2, "quarantined": 0, "failed": 0 })
    );
    let problems = asset("raw.flights")["problems"].as_array().unwrap();
    for problem in problems {
        assert!(
            problem["failing"].as_u64().unwrap() > 0 && !problem["sample"].as_array().unwrap().is_empty(),
            "{problem}"
        );
    }
    let order = |name: &str| assets.iter().position(|asset| asset["asset"] == name).unwrap();
    assert!(order("raw.flights") < order("staging.flights") && order("marts.dim_plane") < order("marts.fct_flights"));
}

#[test]
fn a_second_run_does_nothing_and_says_so() {
    let dir = flights_of_my_own();
    let before = crate::program::published_versions(&dir.path().join("lake"), "marts.fct_flights");
    let said = say(dir.path(), &["run"]).exits(0);
    assert!(said.out.contains("20 assets are up to date"), "{}", said.out);
    assert!(said.out.contains("nothing to publish: everything is up to date"), "{}", said.out);
    assert!(said.err.contains("20 assets, all up to date"), "{}", said.err);
    let report = say(dir.path(), &["run", "--json"]).exits(0).json();
    assert_eq!((&report["state"], &report["snapshot"]), (&"published".into(), &Value::Null));
    assert!(report["assets"].as_array().unwrap().iter().all(|a| a["state"] == "up_to_date" && a["rows_out"] == 0));
    assert_eq!(crate::program::json(dir.path(), &["history"]).as_array().unwrap().len(), 1, "no new snapshot");
    assert_eq!(before, crate::program::published_versions(&dir.path().join("lake"), "marts.fct_flights"));
}

#[test]
fn quiet_says_only_the_result() {
    let dir = flights_of_my_own();
    let said = say(dir.path(), &["run", "--quiet"]).exits(0);
    assert_eq!(said.err, "");
    assert!(said.out.contains("nothing to publish"), "{}", said.out);
}

#[test]
fn a_run_may_name_the_project_from_anywhere() {
    let dir = flights_of_my_own();
    let elsewhere = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    for arguments in [["run", path].as_slice(), &["-C", path, "run"], &["run", "-C", path]] {
        let said = say(elsewhere.path(), arguments).exits(0);
        assert!(said.out.contains("up to date"), "{}", said.out);
    }
    let inside = headwater(&dir.path().join("models/marts")).arg("run").output().unwrap();
    assert_eq!(inside.status.code(), Some(0), "the nearest project above");
}
