//! A test means what a run does.

use crate::project::Project;

/// A model on `raw.numbers(n, name)`, with a test of it.
fn model(sql: &str, test: &str) -> Project {
    Project::numbers()
        .with("models/marts/m.sql", format!("{sql}\n"))
        .with("tests/m.yml", format!("name: t\nmodel: marts.m\n{test}\n"))
}

#[track_caller]
fn passes(sql: &str, test: &str) {
    model(sql, test).say(&["test"]).exits(0);
}

#[track_caller]
fn fails(sql: &str, test: &str, words: &str) {
    let said = model(sql, test).say(&["test"]).exits(1);
    assert!(said.out.contains(words), "no '{words}' in\n{}", said.out);
}

#[test]
fn integers_that_overflow_are_an_error() {
    let given = "given: { raw.numbers: [{ n: 9223372036854775807 }] }\n";
    passes("select n + 1 as m from raw.numbers", &format!("{given}expect: {{ error: Overflow }}"));
    passes("select n + 1 as m from raw.numbers", &format!("{given}expect: {{ error: HW0555 }}"));
    fails(
        "select n + 1 as m from raw.numbers",
        &format!("{given}expect: {{ error: by zero }}"),
        "got an error: [HW0555]",
    );
    fails("select n + 1 as m from raw.numbers", &format!("{given}expect: []"), "expected rows, got an error: [HW0555]");
    fails("select n as m from raw.numbers", &format!("{given}expect: {{ error: overflow }}"), "got 1 row");
}

#[test]
fn the_time_can_be_fixed() {
    passes(
        "select current_date as today, now() as time, date_trunc('hour', now()) as hour, cast(now() as date) = current_date as same",
        "now: 2026-01-31T23:30:15.5+01:00\nexpect: [{ today: 2026-01-31, time: 2026-01-31T22:30:15.5Z, hour: 2026-01-31T22:00:00Z, same: true }]",
    );
    // In views, too, and without a fixed time it goes on.
    let project = Project::numbers()
        .with("models/staging/v.sql", "/*---\nmaterialize: view\n---*/\nselect n, current_date as today from raw.numbers\n")
        .with("models/marts/m.sql", "select n, today from staging.v\n")
        .with(
            "tests/m.yml",
            "- { name: fixed, model: marts.m, now: 1999-12-31, given: { raw.numbers: [{ n: 1 }] }, expect: [{ today: 1999-12-31 }] }\n\
             - { name: free, model: marts.m, given: { raw.numbers: [{ n: 1 }] }, expect: [{ today: 1999-12-31 }] }\n",
        );
    let said = project.say(&["test"]).exits(1);
    assert!(said.out.contains("1 passed, 1 failed"), "{}", said.out);
}

#[test]
fn types_are_those_of_the_lake() {
    passes(
        "select cast('9999-12-31' as timestamp) as last, cast(n as smallint) as small, name || '!' as loud, \
         cast(1.5 as decimal(10, 2)) as price, [n, 2] as list, named_struct('a', n, 'b', name) as pair from raw.numbers",
        "given: { raw.numbers: [{ n: 7, name: x }] }\n\
         expect: [{ last: 9999-12-31T00:00:00, small: 7, loud: x!, price: 1.5, list: [7, 2], pair: { a: 7, b: x } }]",
    );
    passes("select sum(x) as x from (values (0.1), (0.2)) as t(x)", "expect: [{ x: 0.3 }]");
}

#[test]
fn views_are_expanded_and_what_is_not_given_is_empty() {
    let project = Project::numbers()
        .with("models/staging/even.sql", "/*---\nmaterialize: view\n---*/\nselect n, name from raw.numbers where n % 2 = 0\n")
        .with("models/staging/named.sql", "/*---\nmaterialize: view\n---*/\nselect n from staging.even where name is not null\n")
        .with("models/marts/m.sql", "select named.n, sums.total from staging.named left join marts.sums on true\n")
        .with(
            "tests/m.yml",
            "- { name: from_the_source, model: marts.m, given: { raw.numbers: [{ n: 1, name: a }, { n: 2, name: b }, { n: 4 }] }, expect: [{ n: 2, total: null }] }\n\
             - { name: from_a_view, model: marts.m, given: { staging.even: [{ n: 3, name: a }], marts.sums: [{ total: 9 }] }, expect: [{ n: 3, total: 9 }] }\n\
             - { name: nothing, model: marts.m, expect: [] }\n\
             - { name: a_view_itself, model: staging.named, given: { raw.numbers: [{ n: 2, name: b }] }, expect: [{ n: 2 }] }\n",
        );
    let said = project.say(&["test"]).exits(0);
    assert!(said.out.contains("4 passed"), "{}", said.out);
}

#[test]
fn rows_that_were_set_aside_can_be_given() {
    let project = Project::numbers()
        .with("models/marts/bad.sql", "select count(*) as bad, max(_reason) as why from raw.numbers__rejected\n")
        .with(
            "tests/bad.yml",
            "{ name: counted, model: marts.bad, given: { raw.numbers__rejected: [{ _reason: no number }, {}] }, expect: [{ bad: 2, why: no number }] }\n",
        );
    project.say(&["test"]).exits(0);
}

#[test]
fn variables_of_a_test_reach_macros_views_and_columns() {
    let project = Project::numbers()
        .with("headwater.yml", "name: small\nvars: { least: 100, extra: [] }\n")
        .with("macros/at_least.sql", "{% macro at_least(column) %}{{ column }} >= {{ var('least') }}{% endmacro %}\n")
        .with("models/staging/big.sql", "/*---\nmaterialize: view\n---*/\nselect n from raw.numbers where {{ at_least('n') }}\n")
        .with(
            "models/marts/m.sql",
            "select n{% for factor in var('extra') %}, n * {{ factor }} as times_{{ factor }}{% endfor %} from staging.big\n",
        )
        .with(
            "tests/m.yml",
            "name: lenient\nmodel: marts.m\nvars: { least: 2, extra: [10] }\ngiven: { raw.numbers: [{ n: 1 }, { n: 2 }] }\nexpect: [{ n: 2, times_10: 20 }]\n\
             ---\nname: strict\nmodel: marts.m\ngiven: { raw.numbers: [{ n: 1 }, { n: 200 }] }\nexpect: [{ n: 200 }]\n",
        );
    project.say(&["test"]).exits(0);
    project.say(&["test", "strict", "--var", "least=1"]).exits(1);
    project.say(&["test", "lenient", "--var", "least=1000"]).exits(0);
}

#[test]
fn order_counts_when_it_is_asked_for() {
    let given = "given: { raw.numbers: [{ n: 2 }, { n: 3 }, { n: 1 }] }\n";
    let sorted = "select n from raw.numbers order by n desc";
    passes(sorted, &format!("{given}expect: [{{ n: 1 }}, {{ n: 2 }}, {{ n: 3 }}]"));
    passes(sorted, &format!("{given}ordered: true\nexpect: [{{ n: 3 }}, {{ n: 2 }}, {{ n: 1 }}]"));
    fails(sorted, &format!("{given}ordered: true\nexpect: [{{ n: 3 }}, {{ n: 1 }}, {{ n: 2 }}]"), "row 2  1 → 2");
}

#[test]
fn checks_can_be_expected_to_find_what_is_wrong() {
    let project = Project::numbers()
        .with("models/marts/days.sql", "select cast(null as date) as day from raw.numbers\n")
        .with(
            "models/marts/m.sql",
            "/*---\nchecks:\n  - not_null: n\n  - unique: n\n  - range: { name: n_is_small, column: n, max: 9, severity: quarantine }\n  \
             - relationships: { name: day_is_known, column: day, to: marts.days.day, severity: warn }\n  \
             - sql: { name: no_name_twice, query: select name from marts.m group by name having count(*) > 1 }\n---*/\n\
             select n, name, cast(name as date) as day from raw.numbers\n",
        )
        .with(
            "tests/m.yml",
            "\
name: bad
model: marts.m
given:
  raw.numbers: [{ n: 1, name: 2026-01-31 }, { n: 1, name: 2026-01-31 }, { n: 10 }, {}]
expect_checks:
  not_null(n): failed
  unique(n): failed
  n_is_small: quarantined
  day_is_known: warned
  no_name_twice: failed
---
name: good
model: marts.m
given:
  raw.numbers: [{ n: 1, name: 2026-01-31 }]
  marts.days: [{ day: 2026-01-31 }]
expect: [{ n: 1 }]
expect_checks: { not_null(n): passed, unique(n): passed, n_is_small: passed, day_is_known: passed, no_name_twice: passed }
",
        );
    project.say(&["test"]).exits(0);
}
