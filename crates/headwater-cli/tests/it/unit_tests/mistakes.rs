//! Tests that are wrong themselves: told by `check` and `test` alike, all at once, with their places.

use super::golden;
use crate::project::{Project, assert_told};

#[test]
fn everything_that_is_wrong_with_columns_and_values_is_told_at_once() {
    let project = Project::numbers()
        .with("headwater.yml", "name: small\nvars: { column: n }\n")
        .with("models/marts/m.sql", "select {{ var('column') }} as n, cast(null as date) as day from raw.numbers\n")
        .with(
            "tests/m.yml",
            "\
name: values
model: marts.m
now: yesterday
given:
  raw.numbers:
    - { n: one, nam: x }
    - { n: 1.5, name: [a] }
expect:
  - { n: 99999999999999999999, day: 2026-02-30, dya: null }
---
name: csv
model: marts.m
given:
  raw.numbers:
    csv: |
      n, name
      1, ä
      ä, b
expect: { file: rows/m.csv }
---
name: variables
model: marts.m
vars: { column: m }
expect: []
",
        )
        .with("tests/rows/m.csv", "n,day\n1,31.01.2026\n");
    let check = project.say(&["check"]).exits(2);
    golden!("mistakes", check.err);
    assert_eq!(project.say(&["test"]).exits(2).err, check.err);
    assert_eq!(check.out, "");
    let told = project.say(&["test", "--json"]).exits(2).json();
    assert_eq!(told["diagnostics"].as_array().unwrap().len(), 11);
    // A test that is not chosen is no obstacle.
    project.write("tests/good.yml", "name: good\nmodel: marts.m\nexpect: []\n");
    project.say(&["test", "good"]).exits(0);
}

#[test]
fn names_that_mean_nothing_are_told_by_every_command() {
    for (test, code, words) in [
        ("name: a\nmodel: marts.smus\nexpect: []\n", "HW0150", "did you mean 'marts.sums'?"),
        ("name: a\nmodel: raw.numbers\nexpect: []\n", "HW0150", "is no model: it is a stream"),
        (
            "name: a\nmodel: marts.sums\ngiven: { raw.number: [] }\nexpect: []\n",
            "HW0205",
            "did you mean 'raw.numbers'?",
        ),
        ("name: a\nmodel: marts.sums\ngiven: { marts.sums: [] }\nexpect: []\n", "HW0152", "it reads raw.numbers"),
        ("name: a\nmodel: marts.sums\nexpects: []\n", "HW0110", "did you mean 'expect'?"),
    ] {
        let project = Project::numbers().with("tests/a.yml", test);
        for command in ["check", "test", "plan"] {
            let said = project.say(&[command]).exits(2);
            assert_told(&said, code, &[words, "tests/a.yml:"]);
        }
    }
}

#[test]
fn a_model_that_is_wrong_is_told_as_ever() {
    let project = Project::numbers()
        .with("models/marts/m.sql", "select nmae from raw.numbers\n")
        .with("tests/m.yml", "name: a\nmodel: marts.m\nexpect: [{ name: x }]\n");
    assert_told(&project.say(&["test"]).exits(2), "HW0504", &["nmae", "did you mean name?"]);
}
