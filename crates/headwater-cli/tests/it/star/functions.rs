//! `surrogate_key`, the special keys and `date_dimension`: in queries, models, checks and unit tests.

use crate::program::{json, query, rows};
use crate::project::{Project, assert_told};

fn published() -> Project {
    let project = Project::numbers();
    project.run();
    project
}

/// The numbers are those of `tests/expected/surrogate_keys.py`.
#[test]
fn keys_are_the_same_everywhere() {
    let project = published();
    let answer = |sql: &str| query(project.path(), sql);
    assert_eq!(answer("select surrogate_key('EWR')"), "6511198220973925537");
    assert_eq!(answer("select surrogate_key('a', null, 7)"), "4479935526938479416");
    assert_eq!(
        answer("select surrogate_key('a', 'bc'), surrogate_key('ab', 'c')"),
        "987689036350697666,7383488259874585690"
    );
    assert_eq!(answer("select surrogate_key(cast(-12.50 as decimal(10, 2)))"), "7044353734545513296");
    assert_eq!(answer("select surrogate_key(cast(2 as smallint)) = surrogate_key(2.0::decimal(4, 1))"), "true");
    // Of columns of a table, as of constants.
    let sql = "select count(*) from raw.numbers where surrogate_key(n, name) = case n
        when 1 then surrogate_key(1, 'one') when 2 then surrogate_key(2, 'two') else surrogate_key(3, 'three') end";
    assert_eq!(answer(sql), "3");
    assert_eq!(answer("select surrogate_key(null) is null, unknown_key(), not_applicable_key()"), "true,-1,-2");
    for (sql, words) in [
        ("select surrogate_key()", "surrogate_key"),
        ("select surrogate_key(make_array(n)) from raw.numbers", "takes numbers, texts, bytes"),
    ] {
        let said = project.say(&["query", sql]).exits(2);
        assert!(said.err.contains(words), "{}", said.err);
    }
}

#[test]
fn a_date_dimension_has_a_row_for_every_day() {
    let project = published();
    let found = rows(
        project.path(),
        "select count(*) as days, min(date) as first_day, max(date_key) as last_key, count(distinct iso_year_week) as weeks,
            count(*) filter (where is_weekend) as weekend, count(*) filter (where is_last_of_month) as months,
            min(fiscal_year) as first_fiscal, max(fiscal_year) as last_fiscal
         from date_dimension(date '2023-12-30', '2025-01-02', 10)",
    );
    assert_eq!(
        found[0],
        serde_json::json!({
            "days": 370, "first_day": "2023-12-30", "last_key": 20_250_102, "weeks": 54, "weekend": 106, "months": 13,
            "first_fiscal": 2024, "last_fiscal": 2025,
        })
    );
    let columns = rows(project.path(), "select * from date_dimension('2024-01-01', '2024-01-01')");
    assert_eq!(columns.len(), 1);
    assert_eq!(columns[0].as_object().unwrap().len(), 28);
    for (arguments, words) in [
        ("", "takes its first and its last day"),
        ("'2024-01-02', '2024-01-01'", "a last day that is not before the first"),
        ("'2024-01-02', '2024-02-30'", "two constant dates"),
        ("'0001-01-01', '9999-12-31'", "at most 200000 days"),
        ("'2024-01-01', '2024-01-02', 13", "a number from 1 to 12"),
    ] {
        project.write("models/marts/days.sql", format!("select * from date_dimension({arguments})\n"));
        let said = project.say(&["check"]).exits(2);
        assert!(said.err.contains(words), "no '{words}' in {}", said.err);
    }
}

#[test]
fn a_model_of_constants_is_built_once() {
    let project = Project::numbers()
        .with("models/marts/days.sql", "select date_key, date from date_dimension('2024-01-01', '2024-12-31')\n")
        .with(
            "models/marts/keyed.sql",
            "/*---\nchecks: [{ expression: { predicate: \"key = surrogate_key(n)\" } }]\n---*/\n\
             select d.date_key, n, surrogate_key(n) as key from raw.numbers join marts.days d on d.date_key = 20240100 + n\n",
        )
        .with(
            "tests/keyed.yml",
            "name: keys\nmodel: marts.keyed\ngiven:\n  raw.numbers: [{ n: 1 }]\n  marts.days: [{ date_key: 20240101 }]\n\
             expect: [{ n: 1, key: 1234 }]\n",
        );
    let said = project.say(&["test"]).exits(1);
    let key = query(published().path(), "select surrogate_key(1)");
    assert!(said.out.contains(&key), "{}", said.out);
    project.run();
    project.write("data/a.csv", "n,name\n1,one\n2,two\n3,three\n4,four\n");
    let report = json(project.path(), &["run"]);
    let state = |name: &str| {
        report["assets"].as_array().unwrap().iter().find(|asset| asset["asset"] == name).unwrap()["state"].clone()
    };
    assert_eq!((state("marts.days"), state("marts.keyed")), ("up_to_date".into(), "published".into()));
    assert_eq!(query(project.path(), "select count(*) from marts.keyed"), "4");
    // Other days are another table; a column more leaves the others as they are.
    project.write(
        "models/marts/days.sql",
        "select date_key, date, year from date_dimension('2024-01-01', '2024-12-31')\n",
    );
    let plan = json(project.path(), &["plan"]);
    let action = |name: &str| {
        plan["tasks"].as_array().unwrap().iter().find(|task| task["asset"] == name).unwrap()["action"].clone()
    };
    assert_eq!((action("marts.days"), action("marts.keyed")), ("build".into(), "skip".into()));
    project.write("models/marts/days.sql", "select date_key, date from date_dimension('2024-01-01', '2024-11-30')\n");
    let plan = json(project.path(), &["plan"]);
    let action = |name: &str| {
        plan["tasks"].as_array().unwrap().iter().find(|task| task["asset"] == name).unwrap()["action"].clone()
    };
    assert_eq!((action("marts.days"), action("marts.keyed")), ("build".into(), "build".into()));
}

#[test]
fn a_wrong_argument_is_shown_in_the_model() {
    let project =
        Project::numbers().with("models/marts/days.sql", "select *\nfrom date_dimension('2024-01-01', 'tomorrow')\n");
    let said = project.say(&["check"]).exits(2);
    assert_told(&said, "HW0507", &["models/marts/days.sql:2:6", "two constant dates"]);
}
