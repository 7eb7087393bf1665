//! What the checks found, against the figures that plain Python found in the same files.

use std::collections::BTreeMap;

use serde_json::Value;

use super::flights::{assert_alike, expected, flights};
use crate::program::{json, rows};

/// Every check result of the run that published, by table and check.
fn results() -> BTreeMap<(String, String), Value> {
    let info = json(&flights().dir, &["run-info"]);
    let tasks = info["tasks"].as_array().unwrap();
    let mut results = BTreeMap::new();
    for task in tasks {
        for result in task["staged"]["checks"].as_array().into_iter().flatten() {
            let name = result["check"]["name"].as_str().unwrap().to_owned();
            let before = results.insert((task["asset"].as_str().unwrap().to_owned(), name), result.clone());
            assert!(before.is_none(), "one result for each check");
        }
    }
    results
}

#[test]
fn every_check_finds_the_rows_that_fail_it() {
    let results = results();
    let mut compared = 0;
    for (table, checks) in expected()["failing"].as_object().unwrap() {
        for (check, failing) in checks.as_object().unwrap() {
            let result = results
                .get(&(table.clone(), check.clone()))
                .unwrap_or_else(|| panic!("{table} has no check {check}: {:?}", results.keys().collect::<Vec<_>>()));
            assert_eq!(result["failing"], *failing, "{table}: {check}");
            compared += 1;
        }
    }
    assert!(compared >= 39, "{compared}");
    for ((table, check), result) in &results {
        let known = &expected()["failing"][table][check];
        assert!(known.is_number() || result["failing"] == 0, "{table}: {check} fails {}", result["failing"]);
    }
}

#[test]
fn checks_look_at_every_row_that_is_left() {
    let results = results();
    let checked = |table: &str, check: &str| results[&(table.to_owned(), check.to_owned())]["checked"].clone();
    assert_eq!(checked("raw.flights", "regex(tailnum)"), expected()["rows"]["raw.flights"]);
    assert_eq!(checked("raw.weather", "range(humid, 0 to 100)"), expected()["rows"]["raw.weather"]);
    // Those that quarantine see the rows that they set aside.
    assert_eq!(checked("raw.weather", "range(wind_speed, 0 to 200)"), 26_115);
}

#[test]
fn a_row_that_cannot_be_true_is_set_aside_with_the_reason() {
    for (table, aside) in expected()["quarantined"].as_object().unwrap() {
        let found = rows(&flights().dir, &format!("select * from {table}__quarantine"));
        let aside = aside.as_array().unwrap();
        assert_eq!(found.len(), aside.len());
        for (found, aside) in found.iter().zip(aside) {
            assert_alike(&found["origin"], &aside["origin"], "origin");
            assert_alike(&found["wind_speed"], &aside["wind_speed"], "wind_speed");
            let time = |row: &Value| row["time_hour"].as_str().unwrap().trim_end_matches('Z').to_owned();
            assert_eq!(time(found), time(aside));
            assert_eq!(found["_check"], "range(wind_speed, 0 to 200)");
            let run = json(&flights().dir, &["runs"])[0]["id"].clone();
            assert_eq!(found["_run"], run);
            assert!(!found["_reason"].as_str().unwrap().is_empty() && !found["_quarantined_at"].is_null(), "{found}");
        }
    }
    let left = rows(&flights().dir, "select count(*) as n from raw.weather where wind_speed > 200");
    assert_eq!(left[0]["n"], 0);
}

#[test]
fn samples_show_rows_that_do_fail() {
    let results = results();
    let too_fast = &results[&("raw.flights".to_owned(), "slower_than_700_mph".to_owned())];
    assert_eq!(
        (&too_fast["check"]["severity"], &too_fast["verdict"]),
        (&"warn".into(), &"warned".into()),
        "{too_fast}"
    );
    let sample = too_fast["sample"].as_array().unwrap();
    assert_eq!(sample.len(), 1);
    assert_eq!((&sample[0]["distance"], &sample[0]["air_time"]), (&762.into(), &65.into()), "{sample:?}");
    let unknown =
        results[&("raw.flights".to_owned(), "not_null(tailnum)".to_owned())]["sample"].as_array().unwrap().clone();
    assert!((1..=5).contains(&unknown.len()), "some, and not all: {}", unknown.len());
    assert!(unknown.iter().all(|row| row["tailnum"].is_null() && row["dep_time"].is_null()), "{unknown:?}");
}
