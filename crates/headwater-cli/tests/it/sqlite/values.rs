//! Values of every type and class: what is read is what was written, or a bad row.

use super::Source;
use crate::project::assert_told;

/// A column: how it is declared, what it is in the lake, a value in SQL, and what the lake says of it.
const COLUMNS: &[(&str, &str, &str, &str)] = &[
    ("INT", "bigint", "-9223372036854775808", "-9223372036854775808"),
    ("UNSIGNED BIG INT", "bigint", "9223372036854775807", "9223372036854775807"),
    ("BOOLEAN", "boolean", "1", "true"),
    ("bool", "boolean", "'FALSE'", "false"),
    ("REAL", "double", "0.1", "0.1"),
    ("DOUBLE PRECISION", "double", "3", "3.0"),
    ("FLOAT", "double", "-1.5e300", "-1.5e300"),
    ("VARCHAR(5)", "string", "'naïve ☃ longer than five'", "naïve ☃ longer than five"),
    ("TEXT", "string", "7", "7"),
    ("CLOB", "string", "''", "\"\""),
    ("BLOB", "binary", "x'00ff10'", "00ff10"),
    ("DATE", "date", "'2024-02-29'", "2024-02-29"),
    ("DATE", "date", "'1600-01-01 00:00:00'", "1600-01-01"),
    ("DATETIME", "timestamp_ntz", "'2024-02-29 23:59:59.999999'", "2024-02-29T23:59:59.999999"),
    ("TIMESTAMP", "timestamp_ntz", "'1969-12-31T23:59:59'", "1969-12-31T23:59:59"),
    ("TIMESTAMP WITH TIME ZONE", "timestamp", "'2024-02-29 23:59:59+05:30'", "2024-02-29T18:29:59Z"),
    ("DECIMAL(10,2)", "decimal(10,2)", "12345678.9", "12345678.90"),
    ("DECIMAL(10, 2)", "decimal(10,2)", "-7", "-7.00"),
    ("NUMERIC(5)", "decimal(5,0)", "99999", "99999"),
    ("NUMERIC", "double", "1.25", "1.25"),
    ("JSON", "string", "'{\"a\": [1, 2]}'", "\"{\"\"a\"\": [1, 2]}\""),
    ("UUID", "string", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ("UUID", "binary", "x'a0eebc99'", "a0eebc99"),
    ("TIME", "string", "'23:59:59'", "23:59:59"),
    ("", "bigint", "42", "42"),
    ("POINT", "double", "0.5", "0.5"),
];

#[test]
fn values_of_every_type() {
    let columns: Vec<String> = COLUMNS.iter().enumerate().map(|(n, column)| format!("c{n} {}", column.0)).collect();
    let values: Vec<&str> = COLUMNS.iter().map(|column| column.2).collect();
    let nulls = vec!["null"; COLUMNS.len()].join(", ");
    let source = Source::new(
        &format!(
            "create table t ({}); insert into t values ({}), ({nulls}); create view v as select * from t",
            columns.join(", "),
            values.join(", ")
        ),
        "  - { table: raw.t, from: t }\n  - { table: raw.v, from: v }\n  - { table: raw.q, query: \"select * from (select * from t)\" }\n",
    );
    source.run();
    for table in ["raw.t", "raw.v", "raw.q"] {
        let shown = source.say(&["show", table, "--json"]).exits(0).json();
        for (n, (declared, expected, value, read)) in COLUMNS.iter().enumerate() {
            assert_eq!(&shown["columns"][n]["type"], expected, "{declared} in {table}");
            let as_text = if *expected == "binary" { format!("encode(c{n}, 'hex')") } else { format!("c{n}") };
            let said = source.query(&format!("select {as_text} from {table} where c{n} is not null"));
            assert_eq!(&said, read, "{declared} {value} in {table}");
            assert_eq!(source.query(&format!("select count(*) - count(c{n}) from {table}")), "1", "{declared}");
        }
    }
}

#[test]
fn what_does_not_fit_makes_a_bad_row_and_is_never_changed() {
    let source = Source::new(
        "create table t (id integer primary key, i int, b boolean, r real, s text, x blob, d date, at datetime, m decimal(6,2));
         insert into t (id) values (1);
         insert into t (id, i) values (10, 'abc'), (11, 1.5), (12, 9e18);
         insert into t (id, b) values (20, 2);
         insert into t (id, r) values (30, 'fast');
         insert into t (id, s) values (40, x'00ff'), (41, cast(x'61ff' as text));
         insert into t (id, x) values (50, 'text');
         insert into t (id, d) values (60, '2023-02-29'), (61, 20240101), (62, '2024-01-01 10:00:00');
         insert into t (id, at) values (70, '2024-01-01 00:00:00Z'), (71, 1704067200), (72, '2024-01-01 00:00:00.1234567');
         insert into t (id, m) values (80, 1.005), (81, 10000), (82, 'many');
         insert into t (id, i) values (-5, 'negative'), (99, 7)",
        "  - { table: raw.t, from: t }\n",
    );
    let run = source.say(&["run", "--json"]).exits(0).json();
    assert_eq!(source.query("select id from raw.t order by id"), "1\n12\n99", "{run}");
    let bad = source.query("select _line, _reason from raw.t__rejected order by _line");
    for (line, words) in [
        (10, "column 'i': 'abc' is no bigint"),
        (11, "1.5 is no bigint"),
        (20, "column 'b': 2 is no boolean"),
        (30, "'fast' is no double"),
        (40, "x'00ff' is no string"),
        (41, "no valid UTF-8"),
        (50, "'text' is no binary"),
        (60, "'2023-02-29' is no date"),
        (61, "does not say what it counts"),
        (62, "time of day"),
        (70, "has a time zone: declare the column as timestamp"),
        (71, "does not say what it counts"),
        (72, "more digits than microseconds"),
        (80, "1.005 is no decimal(6,2)"),
        (81, "10000 is no decimal(6,2)"),
        (82, "'many' is no decimal(6,2)"),
    ] {
        let line = format!("{line},");
        let told = bad.lines().find(|told| told.starts_with(&line)).unwrap_or_else(|| panic!("no {line} in {bad}"));
        assert!(told.contains(words), "{told}: no {words}");
    }
    assert!(bad.contains("rowid -5"), "{bad}");
    // What is 9e18 is a whole number, and SQLite stores it as one.
    assert_eq!(source.ask("select typeof(i) from t where id = 12"), "integer");
    source.streams("  - { table: raw.t, from: t, on_bad_row: fail }\n");
    assert_told(&source.say(&["run"]).exits(1), "HW0309", &["row 1: rowid -5", "on_bad_row: reject"]);
}

#[test]
fn declared_types_take_what_loses_nothing() {
    let source = Source::new(
        "create table t (id integer primary key, code text, at datetime, z datetime, price text, small int, any blob);
         insert into t values (1, '17', 1704067200, '2024-01-01 00:00:00+02:00', '1.10', 7, 'a'), (2, '017', 1, '2024-01-01', '1e2', 70000, 'b')",
        "  - table: raw.t\n    from: t\n    columns: { code: { type: bigint }, at: { type: bigint }, z: { type: timestamp }, price: { type: \"decimal(6,2)\" }, small: { type: smallint }, any: { type: string } }\n",
    );
    source.run();
    assert_eq!(
        source.query("select code, at, z, price, small, \"any\" from raw.t"),
        "17,1704067200,2023-12-31T22:00:00Z,1.10,7,a"
    );
    assert!(source.query("select _reason from raw.t__rejected").contains("'017' is no bigint"));
    source.streams("  - { table: raw.t, from: t, columns: { cod: { type: bigint } } }\n");
    assert_told(&source.say(&["run"]), "HW0360", &["no column 'cod'", "did you mean 'code'?"]);
}

#[test]
fn columns_that_change_are_judged_by_the_policy() {
    let source = Source::new(
        "create table t (id integer primary key, any); insert into t values (1, 5)",
        "  - { table: raw.t, from: t }\n",
    );
    source.run();
    source.sql("alter table t add column note text; insert into t values (2, 6, 'n')");
    assert_told(&source.say(&["run"]).exits(1), "HW0308", &["column 'note' (TEXT) is new", "drift: add"]);
    source.streams("  - { table: raw.t, from: t, drift: add }\n");
    source.run();
    assert_eq!(source.query("select id, \"any\", note from raw.t order by id"), "1,5,\n2,6,n");
    // What was bigint by its first rows becomes another type only by the policy, and an empty table keeps it.
    source.streams("  - { table: raw.t, from: t }\n");
    source.sql("update t set \"any\" = 'five' where id = 1");
    assert_told(&source.say(&["run"]).exits(1), "HW0308", &["column 'any' was bigint and is string"]);
    source.sql("delete from t");
    source.run();
    assert_eq!(source.say(&["show", "raw.t", "--json"]).exits(0).json()["columns"][1]["type"], "bigint");
}
