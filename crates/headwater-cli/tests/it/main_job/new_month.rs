//! A month arrives: only what depends on it is rebuilt, and the figures are those of a load of everything.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::figures::assert_row_counts;
use super::flights::{assert_alike, copy_example, expected, flights};
use crate::program::{copy_file, json, ok, query, rows, say};

fn take_away(dir: &Path, month: &str) {
    for kind in ["flights", "weather"] {
        std::fs::remove_file(dir.join(format!("data/{kind}/{month}.csv.gz"))).unwrap();
    }
}

fn deliver(dir: &Path, kind: &str, month: &str) {
    let file = format!("data/{kind}/{month}.csv.gz");
    copy_file(&flights().dir.join(&file), &dir.join(&file));
}

fn with_state(report: &Value, state: &str) -> BTreeSet<String> {
    let assets = report["assets"].as_array().unwrap().iter().filter(|asset| asset["state"] == state);
    assets.map(|asset| asset["asset"].as_str().unwrap().to_owned()).collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn only_what_depends_on_the_new_month_is_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    copy_example(dir.path());
    take_away(dir.path(), "2013-12");
    ok(dir.path(), &["run", "--quiet"]);
    assert_eq!(query(dir.path(), "select count(*), max(month) from raw.flights"), "308641,11");

    deliver(dir.path(), "weather", "2013-12");
    let plan = json(dir.path(), &["plan"]);
    let planned = plan["tasks"].as_array().unwrap();
    let reason = |name: &str| planned.iter().find(|task| task["asset"] == name).unwrap()["reason"].as_str().unwrap();
    assert!(
        reason("raw.weather").starts_with("1 file, ") && reason("raw.weather").ends_with(" to load"),
        "{}",
        reason("raw.weather")
    );
    assert!(reason("staging.weather").contains("raw.weather is rebuilt"), "{}", reason("staging.weather"));
    let report = json(dir.path(), &["run"]);
    let on_weather = ["raw.weather", "staging.weather", "marts.delay_by_weather"];
    let published = with_state(&report, "published");
    for name in on_weather {
        assert!(published.contains(name), "{name}: {published:?}");
    }
    for name in [
        "raw.flights",
        "raw.planes",
        "raw.airports",
        "seeds.holidays",
        "staging.flights",
        "marts.dim_plane",
        "marts.dim_date",
    ] {
        assert!(!published.contains(name), "{name} does not depend on the weather: {published:?}");
    }
    assert_eq!(report["assets"].as_array().unwrap().len(), published.len() + with_state(&report, "up_to_date").len());

    deliver(dir.path(), "flights", "2013-12");
    let report = json(dir.path(), &["run"]);
    assert_eq!(
        with_state(&report, "published"),
        names(&[
            "raw.flights",
            "staging.flights",
            "marts.fct_flights",
            "marts.on_time_by_carrier_month",
            "marts.delay_by_weather",
            "marts.route_league"
        ])
    );
    let loaded = report["assets"].as_array().unwrap().iter().find(|a| a["asset"] == "raw.flights").unwrap();
    assert_eq!(loaded["rows_in"], 28_135, "the other months are not read again");
    let refresh =
        |name: &str| &report["assets"].as_array().unwrap().iter().find(|a| a["asset"] == name).unwrap()["refresh"];
    assert_eq!(refresh("marts.fct_flights")["how"], "append");
    let keys = refresh("marts.on_time_by_carrier_month");
    assert_eq!((&keys["how"], &keys["columns"]), (&"keys".into(), &serde_json::json!(["carrier", "year", "month"])));
    // One for each airline that flew in December.
    assert_eq!((&keys["keys"], &keys["deleted"]), (&15.into(), &0.into()));
    let because = "none of its columns is what its windows are partitioned by";
    assert_eq!(refresh("marts.route_league")["because"], because);
    let told = ok(dir.path(), &["run-info"]);
    for words in ["new rows", "15 keys", &format!("marts.route_league: all rows were computed: {because}")] {
        assert!(told.contains(words), "no '{words}' in\n{told}");
    }

    assert_row_counts(dir.path());
    let found = rows(dir.path(), "select * from marts.on_time_by_carrier_month order by carrier, year, month");
    assert_alike(&Value::Array(found), &expected()["on_time_by_carrier_month"], "on_time_by_carrier_month");
    let found = rows(dir.path(), "select * from marts.route_league order by league_rank limit 20");
    assert_alike(&Value::Array(found), &expected()["route_league"], "route_league");
    let found = rows(
        dir.path(),
        "select * from marts.delay_by_weather order by visibility_class, is_wet nulls first, is_windy nulls first",
    );
    assert_alike(&Value::Array(found), &expected()["delay_by_weather"], "delay_by_weather");

    assert_eq!(query(dir.path(), "select count(*) from raw.flights where month = 12"), "28135");
    let old = ok(dir.path(), &["query", "select count(*) from raw.flights", "--as-of", "1", "--format", "csv"]);
    assert_eq!(old.lines().nth(1), Some("308641"), "the first snapshot stays readable");
    let again = say(dir.path(), &["run"]).exits(0);
    assert!(again.out.contains("nothing to publish"), "{}", again.out);
}

#[test]
fn a_changed_model_rebuilds_itself_and_what_reads_it() {
    let dir = super::flights::flights_of_my_own();
    let model = dir.path().join("models/staging/planes.sql");
    let sql = std::fs::read_to_string(&model).unwrap();
    std::fs::write(&model, sql.replace("when manufacturer = 'CANADAIR LTD' then 'CANADAIR'\n", "")).unwrap();
    let report = json(dir.path(), &["run"]);
    let published = with_state(&report, "published");
    assert!(published.contains("staging.planes") && published.contains("marts.dim_plane"), "{published:?}");
    assert!(!published.iter().any(|name| name.starts_with("raw.") || name.starts_with("seeds.")), "{published:?}");
    let makers = query(dir.path(), "select count(distinct manufacturer) from marts.dim_plane");
    assert!(makers.parse::<u64>().unwrap() >= expected()["dimensions"]["manufacturers"].as_u64().unwrap());
}

#[test]
fn a_variable_on_the_command_line_counts() {
    let dir = super::flights::flights_of_my_own();
    let report = json(dir.path(), &["run", "--var", "league_min_flights=5000"]);
    assert_eq!(with_state(&report, "published"), names(&["marts.route_league"]));
    let few = query(dir.path(), "select min(flights), count(*) from marts.route_league");
    let (least, routes) = few.split_once(',').unwrap();
    assert!(least.parse::<u64>().unwrap() >= 5000 && routes.parse::<u64>().unwrap() < 163, "{few}");
}

#[test]
fn full_refresh_builds_everything_anew_with_the_same_figures() {
    let dir = super::flights::flights_of_my_own();
    let report = json(dir.path(), &["run", "--full-refresh"]);
    assert_eq!(with_state(&report, "published").len(), 20);
    assert_row_counts(dir.path());
}
