//! Holds what Headwater has built to what `tests/expected/flights.py` says, as `verify.py` does for the peers.

use std::path::Path;

use serde_json::Value;

use super::super::headwater::Headwater;

/// Differences that are shown.
const SHOWN: usize = 10;
/// How far means may differ, relatively: they are sums of floating-point numbers in another order.
const TOLERANCE: f64 = 1e-9;

/// Figures compared, and those that differ.
#[derive(Debug, Default)]
struct Comparison {
    compared: u64,
    differences: Vec<String>,
}

impl Comparison {
    fn equal(&mut self, what: &str, expected: &Value, found: &Value) {
        self.compared += 1;
        if !same(expected, found) {
            self.differences.push(format!("{what}: expected {expected}, found {found}"));
        }
    }

    /// Compares rows with objects by the objects' keys.
    fn rows(&mut self, what: &str, expected: &Value, found: &[Value]) {
        let none = Vec::new();
        let expected = expected.as_array().unwrap_or(&none);
        self.equal(&format!("{what}: rows"), &expected.len().into(), &found.len().into());
        for (index, (want, got)) in expected.iter().zip(found).enumerate() {
            for (key, value) in want.as_object().into_iter().flatten() {
                self.equal(&format!("{what}[{index}].{key}"), value, &got[key]);
            }
        }
    }
}

/// Whether two figures are the same: whole numbers, texts, truth values and null exactly, others nearly.
fn same(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Number(want), Value::Number(got)) if want.is_f64() || got.is_f64() => {
            let (want, got) = (want.as_f64().unwrap_or(f64::NAN), got.as_f64().unwrap_or(f64::NAN));
            (want - got).abs() <= TOLERANCE * want.abs().max(got.abs())
        }
        _ => expected == found,
    }
}

/// Compares the lake of a project, and the checks of its run, with what is expected. Returns how many figures are equal.
pub(super) fn compare(headwater: &Headwater, project: &Path, run: &Value, expected: &Value) -> Result<u64, String> {
    let query = |sql: &str| headwater.query(project, sql);
    let mut comparison = Comparison::default();
    compare_rows(&query, expected, &mut comparison)?;
    compare_facts(&query, expected, &mut comparison)?;
    let wholes = [
        ("on_time_by_carrier_month", "carrier, year, month"),
        ("delay_by_weather", "visibility_class, is_wet nulls first, is_windy nulls first"),
        ("route_league", "league_rank limit 20"),
    ];
    for (table, order) in wholes {
        let found = query(&format!("select * from marts.{table} order by {order}"))?;
        comparison.rows(table, &expected[table], &found);
    }
    let id = run["run"].as_str().unwrap_or_default();
    compare_checks(&headwater.ask(project, &["run-info", id])?, expected, &mut comparison);
    if comparison.differences.is_empty() {
        return Ok(comparison.compared);
    }
    let count = comparison.differences.len();
    comparison.differences.truncate(SHOWN);
    Err(format!("{count} figures are wrong:\n{}", comparison.differences.join("\n")))
}

type Query<'a> = dyn Fn(&str) -> Result<Vec<Value>, String> + 'a;

fn compare_rows(query: &Query<'_>, expected: &Value, comparison: &mut Comparison) -> Result<(), String> {
    let tables = expected["rows"].as_object().ok_or("the expected figures have no rows")?;
    let counts: Vec<String> =
        tables.keys().map(|table| format!("select '{table}' as name, count(*) as n from {table}")).collect();
    let found = query(&counts.join(" union all "))?;
    for (table, rows) in tables {
        let counted = found.iter().find(|row| row["name"] == table.as_str()).map_or(&Value::Null, |row| &row["n"]);
        comparison.equal(&format!("rows of {table}"), rows, counted);
    }
    let aside = query("select origin, wind_speed from raw.weather__quarantine order by time_hour, origin")?;
    let wanted = expected["quarantined"]["raw.weather"].as_array().ok_or("no quarantined rows are expected")?;
    comparison.equal("quarantined rows", &wanted.len().into(), &aside.len().into());
    for (want, got) in wanted.iter().zip(&aside) {
        for column in ["origin", "wind_speed"] {
            comparison.equal(&format!("{column} of a quarantined row"), &want[column], &got[column]);
        }
    }
    Ok(())
}

fn compare_facts(query: &Query<'_>, expected: &Value, comparison: &mut Comparison) -> Result<(), String> {
    let sums = &expected["sums"];
    for measure in ["distance", "air_time", "dep_delay", "arr_delay"] {
        let sql = format!("select sum({measure}) as total, count({measure}) as number from marts.fct_flights");
        let found = first(query(&sql)?);
        comparison.equal(&format!("sum of {measure}"), &sums["marts.fct_flights"][measure], &found["total"]);
        comparison.equal(&format!("values of {measure}"), &sums["values"][measure], &found["number"]);
    }
    let (unknown, dimensions) = (&expected["unknown"], &expected["dimensions"]);
    for key in ["plane", "dest_airport", "origin_airport"] {
        let sql = format!("select count(*) as n from marts.fct_flights where {key}_key = 'unknown'");
        comparison.equal(&format!("flights with unknown {key}"), &unknown[key], &first(query(&sql)?)["n"]);
    }
    let days = "select count(*) filter (where is_weekend) as weekends, count(*) filter (where is_holiday) as holidays \
                from marts.dim_date";
    let found = first(query(days)?);
    comparison.equal("weekend days", &dimensions["weekend_days"], &found["weekends"]);
    comparison.equal("holidays", &dimensions["holidays"], &found["holidays"]);
    for (maker, planes) in dimensions["planes_by_manufacturer_top_5"].as_object().into_iter().flatten() {
        let found = first(query(&format!("select count(*) as n from marts.dim_plane where manufacturer = '{maker}'"))?);
        comparison.equal(&format!("planes of {maker}"), planes, &found["n"]);
    }
    Ok(())
}

fn first(rows: Vec<Value>) -> Value {
    rows.into_iter().next().unwrap_or_default()
}

/// Compares the failing rows of every check with those expected.
fn compare_checks(info: &Value, expected: &Value, comparison: &mut Comparison) {
    for (table, checks) in expected["failing"].as_object().into_iter().flatten() {
        let task = info["tasks"].as_array().into_iter().flatten().find(|task| task["asset"] == table.as_str());
        let results = task.and_then(|task| task["staged"]["checks"].as_array());
        for (name, failing) in checks.as_object().into_iter().flatten() {
            let result = results.into_iter().flatten().find(|result| result["check"]["name"] == name.as_str());
            let found = result.map_or(&Value::Null, |result| &result["failing"]);
            comparison.equal(&format!("failing {name} of {table}"), failing, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_are_compared_exactly_and_others_nearly() {
        assert!(same(&json!(10_103_280_u64), &json!(10_103_280_u64)) && !same(&json!(1), &json!(2)));
        assert!(same(&json!(0.1), &json!(0.1 + 1e-12)) && !same(&json!(0.1), &json!(0.1001)));
        assert!(same(&json!(null), &json!(null)) && !same(&json!(null), &json!(0)) && !same(&json!("1"), &json!(1)));
    }

    #[test]
    fn missing_rows_and_checks_are_differences() {
        let mut comparison = Comparison::default();
        comparison.rows("t", &json!([{ "a": 1 }, { "a": 2 }]), &[json!({ "a": 1 })]);
        assert_eq!(comparison.differences, ["t: rows: expected 2, found 1"]);
        let mut comparison = Comparison::default();
        let expected = json!({ "failing": { "raw.a": { "unique(x)": 0, "not_null(x)": 2 } } });
        let info = json!({ "tasks": [{
            "asset": "raw.a", "staged": { "checks": [{ "check": { "name": "not_null(x)" }, "failing": 3 }] },
        }] });
        compare_checks(&info, &expected, &mut comparison);
        let shown =
            ["failing unique(x) of raw.a: expected 0, found null", "failing not_null(x) of raw.a: expected 2, found 3"];
        assert_eq!(comparison.differences, shown);
    }
}
