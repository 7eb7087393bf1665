//! What the tables hold, against the figures that plain Python found in the same files.

use serde_json::{Value, json};

use super::flights::{assert_alike, expected, flights};
use crate::program::rows;

/// Rows of the prepared lake.
#[track_caller]
fn found(sql: &str) -> Value {
    Value::Array(rows(&flights().dir, sql))
}

/// The one row of a query.
#[track_caller]
fn row(sql: &str) -> Value {
    let rows = rows(&flights().dir, sql);
    assert_eq!(rows.len(), 1, "{sql}");
    rows[0].clone()
}

/// Asserts every figure that plain Python found, on a lake.
#[track_caller]
pub(crate) fn assert_row_counts(dir: &std::path::Path) {
    let counts = expected()["rows"].as_object().unwrap();
    assert!(counts.len() >= 21, "{counts:?}");
    let each = counts.keys().map(|table| format!("select '{table}' as name, count(*) as rows from {table}"));
    let sql = format!("{} order by name", each.collect::<Vec<_>>().join(" union all "));
    let found: serde_json::Map<String, Value> = rows(dir, &sql)
        .into_iter()
        .map(|row| (row["name"].as_str().unwrap().to_owned(), row["rows"].clone()))
        .collect();
    assert_alike(&Value::Object(found), &expected()["rows"], "rows");
}

#[test]
fn every_table_has_its_rows() {
    assert_row_counts(&flights().dir);
}

#[test]
fn measures_add_up() {
    let each = ["distance", "air_time", "dep_delay", "arr_delay"];
    let parts = each.map(|m| format!("sum({m}) as {m}, count({m}) as {m}_values"));
    let found = row(&format!("select {} from marts.fct_flights", parts.join(", ")));
    let expected = &expected()["sums"];
    for measure in each {
        assert_alike(&found[measure], &expected["marts.fct_flights"][measure], measure);
        assert_alike(&found[format!("{measure}_values")], &expected["values"][measure], measure);
    }
}

#[test]
fn what_is_not_known_leads_to_the_unknown_member() {
    let found = row("select
            count(*) filter (where plane_key = 'unknown') as plane,
            count(*) filter (where plane_key = 'unknown' and tailnum is not null) as plane_named,
            count(*) filter (where tailnum is null) as plane_not_named,
            count(*) filter (where origin_airport_key = 'unknown') as origin_airport,
            count(*) filter (where dest_airport_key = 'unknown') as dest_airport
        from marts.fct_flights");
    for key in ["plane", "plane_named", "plane_not_named", "origin_airport", "dest_airport"] {
        assert_alike(&found[key], &expected()["unknown"][key], key);
    }
    let unseen = row("select flights as weather from marts.delay_by_weather where visibility_class = '0 not observed'");
    assert_alike(&unseen["weather"], &expected()["unknown"]["weather"], "weather");
    let airports: serde_json::Map<String, Value> = rows(
        &flights().dir,
        "select dest, count(*) as flights from marts.fct_flights where dest_airport_key = 'unknown' group by dest",
    )
    .into_iter()
    .map(|row| (row["dest"].as_str().unwrap().to_owned(), row["flights"].clone()))
    .collect();
    assert_alike(&Value::Object(airports), &expected()["unknown"]["dest_airports"], "dest_airports");
    for (table, key) in [("dim_plane", "plane_key"), ("dim_airport", "airport_key")] {
        let unknown = row(&format!("select count(*) as n from marts.{table} where not is_known and {key} = 'unknown'"));
        assert_eq!(unknown["n"], 1, "{table}");
    }
}

#[test]
fn every_foreign_key_leads_to_one_row() {
    let joined = row("select count(*) as flights, sum(f.distance) as distance
        from marts.fct_flights f
        join marts.dim_plane p on p.plane_key = f.plane_key
        join marts.dim_airport o on o.airport_key = f.origin_airport_key
        join marts.dim_airport d on d.airport_key = f.dest_airport_key
        join marts.dim_airline a on a.carrier = f.carrier
        join marts.dim_date t on t.date_key = f.flight_date");
    assert_alike(&joined["flights"], &expected()["rows"]["marts.fct_flights"], "flights");
    assert_alike(&joined["distance"], &expected()["sums"]["marts.fct_flights"]["distance"], "distance");
}

#[test]
fn dimensions_hold_what_the_files_say() {
    let located = row("select count(*) as n from marts.dim_airport where latitude is not null");
    let makers = row("select count(distinct manufacturer) as n from marts.dim_plane where is_known");
    let days = row("select cast(min(date_key) as string) as first_day, cast(max(date_key) as string) as last_day,
            count(*) filter (where is_weekend) as weekend_days, count(*) filter (where is_holiday) as holidays
        from marts.dim_date");
    let top: serde_json::Map<String, Value> = rows(
        &flights().dir,
        "select manufacturer, count(*) as planes from marts.dim_plane where is_known
         group by manufacturer order by planes desc, manufacturer limit 5",
    )
    .into_iter()
    .map(|row| (row["manufacturer"].as_str().unwrap().to_owned(), row["planes"].clone()))
    .collect();
    let found = json!({
        "airports_located": located["n"],
        "planes_by_manufacturer_top_5": top,
        "manufacturers": makers["n"],
        "first_day": days["first_day"],
        "last_day": days["last_day"],
        "weekend_days": days["weekend_days"],
        "holidays": days["holidays"],
    });
    assert_alike(&found, &expected()["dimensions"], "dimensions");
}

#[test]
fn airlines_are_as_punctual_as_they_were() {
    let found = found("select * from marts.on_time_by_carrier_month order by carrier, year, month");
    assert_alike(&found, &expected()["on_time_by_carrier_month"], "on_time_by_carrier_month");
}

#[test]
fn weather_delays_as_it_did() {
    let found = found(
        "select * from marts.delay_by_weather
         order by visibility_class, is_wet nulls first, is_windy nulls first",
    );
    assert_alike(&found, &expected()["delay_by_weather"], "delay_by_weather");
}

#[test]
fn the_league_begins_with_the_best_routes() {
    let found = found("select * from marts.route_league order by league_rank limit 20");
    assert_alike(&found, &expected()["route_league"], "route_league");
}
