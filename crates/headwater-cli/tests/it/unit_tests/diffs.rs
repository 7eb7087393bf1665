//! What failed tests look like.

use super::{golden, masked};
use crate::project::Project;

/// Orders with a total, tested with every kind of difference.
fn orders() -> Project {
    Project::empty()
        .with(
            "sources/shop.yml",
            "connector: files\nlocation: data\nstreams:\n  - table: raw.orders\n    path: '*.csv'\n    columns: { id: { type: int }, country: { type: string }, amount: { type: double }, day: { type: date } }\n",
        )
        .with("data/a.csv", "id,country,amount,day\n1,DE,1.5,2026-01-31\n")
        .with(
            "models/marts/totals.sql",
            "select id, country, amount * 2 as amount, day from raw.orders where id > 0 order by id\n",
        )
        .with("models/marts/countries.sql", "select distinct country from raw.orders\n")
        .with(
            "models/marts/checked.sql",
            "/*---\nchecks:\n  - not_null: { columns: country, severity: quarantine }\n  - unique: id\n  - relationships: { name: known, column: country, to: marts.countries.country, severity: warn }\n  - row_count: { min: 4 }\n---*/\nselect id, country from marts.totals\n",
        )
        .with(
            "tests/totals.yml",
            "\
name: right
model: marts.totals
given: { raw.orders: [{ id: 1, amount: 0.1 }] }
expect: [{ id: 1, amount: 0.2 }]
---
name: every_difference
model: marts.totals
description: Rows that are missing, not expected, and different.
given:
  raw.orders:
    csv: |
      id, country, amount, day
      1,  DE,      1,      2026-01-31
      2,  FR,      2,      2026-01-31
      3,  \"\",      ,       2026-02-01
      4,  IT,      4,      2026-02-02
      5,  ES,      5,      2026-02-03
expect:
  - { id: 1, country: DE, amount: 2, day: 2026-01-31 }
  - { id: 2, country: BE, amount: 5, day: 2026-01-31 }
  - { id: 3, country: null, amount: 0, day: 2026-02-01 }
  - { id: 6, country: PT, amount: 12, day: 2026-02-04 }
  - { id: 5, country: ES, amount: 10.000000001, day: 2026-02-03 }
---
name: order
model: marts.totals
ordered: true
given: { raw.orders: [{ id: 2 }, { id: 1 }, { id: 3 }] }
expect: [{ id: 1 }, { id: 3 }, { id: 2 }]
---
name: nothing_expected
model: marts.totals
given: { raw.orders: [{ id: 7, country: DE }] }
expect: []
---
name: no_error
model: marts.totals
given: { raw.orders: [{ id: 7 }] }
expect: { error: overflow }
---
name: checks
model: marts.checked
given:
  marts.totals: [{ id: 1, country: DE }, { id: 1, country: XX }, { id: 2 }]
  marts.countries: [{ country: DE }]
expect: [{ id: 1 }, { id: 1 }, { id: 3 }]
expect_checks:
  not_null(country): quarantined
  unique(id): passed
  known: passed
  row_count(at least 4): passed
",
        )
}

#[test]
fn rows_are_told_apart_cell_by_cell() {
    golden!("failed", masked(&orders().say(&["test"]).exits(1)));
}

#[test]
fn a_narrow_terminal_shows_what_differs_first() {
    let program = orders();
    let output = crate::program::headwater(program.path())
        .args(["test", "every_difference", "--color", "always"])
        .env("COLUMNS", "34")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("\u{1b}[31m"), "colours when they are asked for: {text}");
    assert!(text.contains("FR") && text.contains("BE"), "{text}");
}

#[test]
fn a_program_gets_all_of_it() {
    let report = orders().say(&["test", "--json"]).exits(1);
    assert_eq!(report.err, "");
    let report = report.json();
    assert_eq!((&report["exit_code"], &report["passed"], &report["failed"]), (&1.into(), &1.into(), &5.into()));
    let test = &report["tests"][1];
    assert_eq!(
        (&test["model"], &test["file"], &test["line"]),
        (&"marts.totals".into(), &"tests/totals.yml".into(), &6.into())
    );
    let failure = &test["failures"][0];
    assert_eq!((&failure["kind"], &failure["equal"]), (&"rows".into(), &2.into()));
    assert_eq!(failure["missing"][0].to_string(), r#"{"id":6,"country":"PT","amount":12.0,"day":"2026-02-04"}"#);
    assert_eq!(failure["different"][1]["actual"]["amount"], serde_json::Value::Null);
    assert_eq!(report["tests"][2]["failures"][0]["kind"], "order");
    let checks = report["tests"][5]["failures"].as_array().unwrap();
    assert_eq!((checks.len(), &checks[1]["kind"], &checks[1]["actual"]), (4, &"check".into(), &"failed".into()));
    assert_eq!(report["tests"][4]["failures"][0]["kind"], "no_error");
}

#[test]
fn many_rows_are_cut_short() {
    let rows: Vec<String> = (1..=50).map(|n| format!("{{ id: {n} }}")).collect();
    let project = orders().with(
        "tests/totals.yml",
        format!("name: many\nmodel: marts.totals\ngiven: {{ raw.orders: [{}] }}\nexpect: []\n", rows.join(", ")),
    );
    let said = project.say(&["test"]).exits(1);
    assert!(
        said.out.contains("50 rows are not expected (+)") && said.out.contains("… and 30 rows more"),
        "{}",
        said.out
    );
}
