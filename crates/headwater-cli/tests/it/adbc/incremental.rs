//! Rows past a cursor, by every kind of value that one can be.

use super::{duckdb, query, say, sqlite};
use crate::project::{Project, assert_told};

fn source(streams: &str) -> Project {
    Project::empty().with("sources/shop.yml", format!("connector: duckdb\npath: shop.duckdb\nstreams:\n{streams}"))
}

/// A type, and three values of it in their order.
const CURSORS: &[(&str, [&str; 3])] = &[
    ("bigint", ["-5", "7", "8"]),
    ("hugeint", ["-5", "9223372036854775808", "9223372036854775809"]),
    ("decimal(10,2)", ["-0.05", "1.50", "1.51"]),
    ("double", ["0.1", "0.2", "1e300"]),
    ("varchar", ["'it''s'", "'naïve'", "'ä'"]),
    ("date", ["'2024-01-01'", "'2024-02-29'", "'2024-03-01'"]),
    ("timestamp", ["'2024-01-01 00:00:00.000001'", "'2024-01-01 00:00:00.000002'", "'2024-03-01'"]),
    ("timestamp_ns", ["'2024-01-01 00:00:00.000000001'", "'2024-01-01 00:00:00.000000002'", "'2024-03-01'"]),
    ("timestamptz", ["'2024-01-01 00:00:00+02'", "'2024-01-01 00:00:00+01'", "'2024-01-01 00:00:00+00'"]),
];

#[test]
fn rows_past_the_cursor_come_once_whatever_it_is() {
    let tables: Vec<String> = (0..CURSORS.len())
        .map(|n| format!("  - {{ table: raw.t{n}, from: t{n}, mode: incremental, cursor: ts }}\n"))
        .collect();
    let project = source(&tables.concat());
    let sql = |what: &dyn Fn(usize, &str, &[&str; 3]) -> String| {
        let statements: Vec<String> = CURSORS.iter().enumerate().map(|(n, (t, values))| what(n, t, values)).collect();
        duckdb(&project, &statements.join("; "));
    };
    sql(&|n, t, values| format!("create table t{n} (id integer, ts {t}); insert into t{n} values (1, {})", values[0]));
    say(&project, &["run"]).exits(0);
    sql(&|n, _, values| format!("insert into t{n} values (2, {}), (3, {})", values[1], values[2]));
    say(&project, &["run"]).exits(0);
    say(&project, &["run"]).exits(0);
    for (n, (t, _)) in CURSORS.iter().enumerate() {
        assert_eq!(query(&project, &format!("select id from raw.t{n} order by id")), "1\n2\n3", "{t}");
    }
}

#[test]
fn rows_that_changed_take_the_place_of_old_ones_and_late_ones_are_found() {
    let project = source("  - { table: raw.t, from: t, mode: incremental, cursor: ts, key: [id], lookback: 1h }\n");
    duckdb(
        &project,
        "create table t (id integer, name varchar, ts timestamptz); insert into t values (1, 'a', '2024-01-01 10:00:00+00'), (2, 'b', '2024-01-01 11:00:00+00')",
    );
    say(&project, &["run"]).exits(0);
    duckdb(
        &project,
        "update t set name = 'a2', ts = '2024-01-01 12:00:00+00' where id = 1; insert into t values (3, 'late', '2024-01-01 10:30:00+00'), (4, 'too late', '2024-01-01 09:00:00+00')",
    );
    say(&project, &["run"]).exits(0);
    assert_eq!(query(&project, "select id, name from raw.t order by id"), "1,a2\n2,b\n3,late");
}

#[test]
fn cursors_that_miss_rows_are_refused() {
    let project = source("  - { table: raw.t, from: t, mode: incremental, cursor: ts }\n");
    duckdb(&project, "create table t (id integer, ts timestamp); insert into t values (1, null)");
    assert_told(&say(&project, &["run"]).exits(2), "HW0397", &["raw.t", "'ts'", "null in some rows"]);
    duckdb(&project, "delete from t; insert into t values (1, 'infinity')");
    assert_told(&say(&project, &["run"]).exits(2), "HW0397", &["nothing is known to be past it"]);
    project.write("sources/shop.yml", "connector: duckdb\npath: shop.duckdb\nstreams:\n  - { table: raw.t, from: t, mode: incremental, cursor: tss }\n");
    assert_told(&say(&project, &["run"]), "HW0387", &["has no column 'tss'", "did you mean 'ts'?"]);
}

#[test]
fn other_drivers_compare_by_themselves() {
    let source = "connector: adbc\ndriver: sqlite\npython: \"${PYTHON}\"\nuri: shop.db\nstreams:
  - { table: raw.t, from: t, mode: incremental, cursor: id }\n  - { table: raw.u, from: t, mode: incremental, cursor: ts, where: id > 1 }\n";
    let project = Project::empty().with("sources/shop.yml", source);
    sqlite(
        &project,
        "create table t (id integer primary key, ts text); insert into t values (1, '2024-01-01'), (2, 'it''s')",
    );
    say(&project, &["run"]).exits(0);
    sqlite(&project, "insert into t values (3, 'z'), (4, 'zz')");
    say(&project, &["run"]).exits(0);
    assert_eq!(query(&project, "select id from raw.t order by id"), "1\n2\n3\n4");
    assert_eq!(query(&project, "select id from raw.u order by id"), "2\n3\n4");
}
