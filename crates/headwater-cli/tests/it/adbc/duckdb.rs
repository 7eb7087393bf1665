//! Files of DuckDB, which its package for Python makes, and which it is asked about beside the lake.

use super::{duckdb, installed, python, query, say};
use crate::project::{Project, assert_told};

/// A value in DuckDB's SQL, the column's type in the lake, and what the lake says of it; `None` for what DuckDB itself writes of it.
const VALUES: &[(&str, &str, Option<&str>)] = &[
    ("true", "boolean", Some("true")),
    ("(-128)::tinyint", "tinyint", Some("-128")),
    ("255::utinyint", "smallint", Some("255")),
    ("(-32768)::smallint", "smallint", Some("-32768")),
    ("65535::usmallint", "int", Some("65535")),
    ("(-2147483648)::integer", "int", Some("-2147483648")),
    ("4294967295::uinteger", "bigint", Some("4294967295")),
    ("(-9223372036854775808)::bigint", "bigint", Some("-9223372036854775808")),
    ("18446744073709551615::ubigint", "decimal(20,0)", Some("18446744073709551615")),
    (
        "(-99999999999999999999999999999999999999)::hugeint",
        "decimal(38,0)",
        Some("-99999999999999999999999999999999999999"),
    ),
    ("18446744073709551616::uhugeint", "decimal(38,0)", Some("18446744073709551616")),
    ("12345678901234567890123::bignum", "decimal(38,0)", Some("12345678901234567890123")),
    ("0.1::float", "float", Some("0.1")),
    ("-1.5e300::double", "double", Some("-1.5e300")),
    ("1.5::decimal(4,1)", "decimal(4,1)", Some("1.5")),
    (
        "12345678901234567890123456789012345.678::decimal(38,3)",
        "decimal(38,3)",
        Some("12345678901234567890123456789012345.678"),
    ),
    ("'naïve ☃'", "string", Some("naïve ☃")),
    ("date '1600-02-29'", "date", Some("1600-02-29")),
    ("date '9999-12-31'", "date", Some("9999-12-31")),
    ("time '10:00:00.123456'", "string", Some("10:00:00.123456")),
    ("'10:00:00+02'::timetz", "string", None),
    ("timestamp '1969-12-31 23:59:59.999999'", "timestamp_ntz", Some("1969-12-31T23:59:59.999999")),
    ("'2024-01-01 10:00:00'::timestamp_s", "timestamp_ntz", Some("2024-01-01T10:00:00")),
    ("'2024-01-01 10:00:00.123'::timestamp_ms", "timestamp_ntz", Some("2024-01-01T10:00:00.123")),
    ("'2024-01-01 10:00:00.123456'::timestamp_ns", "timestamp_ntz", Some("2024-01-01T10:00:00.123456")),
    ("'2024-01-01 10:00:00+05:30'::timestamptz", "timestamp", Some("2024-01-01T04:30:00Z")),
    ("interval '1 month 2 days 3 hours'", "string", None),
    ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "string", Some("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
    ("'10101'::bit", "string", None),
    ("'b'::enum('a', 'b')", "string", Some("b")),
    ("'{\"a\": [1, 2]}'::json", "string", None),
    ("[interval '1 day', null]", "string", None),
    ("{'n': 170141183460469231731687303715884105727::hugeint}", "string", None),
];

fn source(streams: &str) -> Project {
    Project::empty().with("sources/shop.yml", format!("connector: duckdb\npath: shop.duckdb\nstreams:\n{streams}"))
}

#[test]
fn values_of_every_type() {
    let project = source("  - { table: raw.t, from: t }\n  - { table: raw.q, query: select * from t }\n");
    let columns: Vec<String> = VALUES.iter().enumerate().map(|(n, value)| format!("{} as c{n}", value.0)).collect();
    let nulls: Vec<String> = VALUES.iter().map(|_| "null".to_owned()).collect();
    duckdb(
        &project,
        &format!("create table t as select {}; insert into t select {}", columns.join(", "), nulls.join(", ")),
    );
    say(&project, &["run"]).exits(0);
    for table in ["raw.t", "raw.q"] {
        let shown = say(&project, &["show", table, "--json"]).exits(0).json();
        for (n, (value, expected, read)) in VALUES.iter().enumerate() {
            assert_eq!(&shown["columns"][n]["type"], expected, "{value} in {table}");
            let theirs = match read {
                Some(read) => (*read).to_owned(),
                None => duckdb(&project, &format!("select c{n}::varchar from t where c{n} is not null")),
            };
            let ours = query(&project, &format!("select c{n} from {table} where c{n} is not null"));
            let ours = ours
                .strip_prefix('"')
                .and_then(|ours| ours.strip_suffix('"'))
                .map_or(ours.clone(), |ours| ours.replace("\"\"", "\""));
            assert_eq!(ours, theirs, "{value} in {table}");
            assert_eq!(query(&project, &format!("select count(*) - count(c{n}) from {table}")), "1", "{value}");
        }
    }
}

#[test]
fn values_within_values_stay_what_they_are() {
    let project = source("  - { table: raw.t, from: t }\n");
    duckdb(
        &project,
        "create table t as select 1 as id, [1, null, 3] as list, array_value(1.5, 2.5) as pair, {'a': 1, 'b': {'c': ['x']}} as deep,
            map {'k': 7} as keys, ['a'::enum('a')] as letters, 'x\\x00'::blob as bytes, union_value(n := 1) as either
         union all select 2, null, null, null, null, null, null, null",
    );
    say(&project, &["run"]).exits(0);
    let of = |sql: &str| query(&project, &format!("select {sql} from raw.t where id = 1"));
    assert_eq!(of("list[1], list[2], list[3]"), "1,,3");
    assert_eq!(of("pair[1] + pair[2]"), "4.0");
    assert_eq!(of("deep['a'], deep['b']['c'][1]"), "1,x");
    assert_eq!(of("keys['k']"), "7");
    assert_eq!(of("either"), "1");
    assert_eq!(of("letters[1], encode(bytes, 'hex')"), "a,7800");
    assert_eq!(query(&project, "select count(*) from raw.t where list is null and deep is null and keys is null"), "1");
}

#[test]
fn what_the_lake_cannot_hold_is_set_aside_and_counted() {
    let project = source("  - { table: raw.t, from: t }\n");
    duckdb(
        &project,
        "create table t (id integer, big hugeint, wide uhugeint, day date, moment timestamp);
         insert into t values (1, 170141183460469231731687303715884105727, 1, '2024-01-01', '2024-01-01'), (2, 2, 340282366920938463463374607431768211455, '2024-01-01', '2024-01-01'),
            (3, 3, 3, 'infinity', '2024-01-01'), (4, 4, 4, '2024-01-01', '-infinity'), (5, 5, 5, '10000-01-01', '2024-01-01'), (6, 6, 6, '2024-01-01', '2024-01-01')",
    );
    say(&project, &["run"]).exits(0);
    assert_eq!(query(&project, "select id, big, wide from raw.t"), "6,6,6");
    let reasons = query(&project, "select _line, _reason from raw.t__rejected order by _line");
    let expected = "1,\"column 'big': '170141183460469231731687303715884105727' is not a decimal(38,0)\"
2,\"column 'wide': '340282366920938463463374607431768211455' is not a decimal(38,0)\"
3,column 'day' is outside of the years 1 to 9999
4,column 'moment' is outside of the years 1 to 9999
5,column 'day' is outside of the years 1 to 9999";
    assert_eq!(reasons, expected);
}

#[test]
fn a_source_is_written_from_what_there_is_and_runs() {
    let project = Project::empty();
    duckdb(
        &project,
        "create schema sales; create table sales.orders (id integer primary key, amount decimal(10,2) not null, \"odd.name\" varchar);
         comment on column sales.orders.amount is 'in euros'; insert into sales.orders values (1, 1.5, 'a'), (2, 2.25, null);
         create view latest as select id, amount * 2 as twice from sales.orders",
    );
    let there = say(&project, &["source", "add", "duckdb", "path=shop.duckdb", "--dry-run", "--json"]).exits(0).json();
    let streams = there["streams"].as_array().unwrap();
    let names: Vec<&str> = streams.iter().map(|stream| stream["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["main.latest", "sales.orders"], "{there}");
    assert_eq!(
        (&streams[1]["key"][0], &streams[1]["columns"][1]["type"]),
        (&"id".into(), &"decimal(10,2)".into()),
        "{there}"
    );
    say(&project, &["source", "add", "duckdb", "path=shop.duckdb"]).exits(0);
    let checked = say(&project, &["source", "check"]).exits(0);
    assert!(
        checked.out.contains("shop.duckdb: duckdb v") && checked.out.contains("raw.orders: can be read"),
        "{}",
        checked.out
    );
    let shown = say(&project, &["source", "preview", "raw.orders", "--json"]).exits(0).json();
    assert_eq!(shown["rows"][1]["amount"].to_string().trim_matches('"'), "2.25", "{shown}");
    say(&project, &["run"]).exits(0);
    assert_eq!(query(&project, "select sum(twice) from raw.latest"), "7.50");
    // What has not changed is not read again.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    say(&project, &["run"]).exits(0);
    let again = say(&project, &["run", "--json"]).exits(0).json();
    assert_eq!(again["assets"][0]["state"], "up_to_date", "{again}");
}

#[test]
fn a_file_that_is_written_to_is_waited_for_and_one_that_is_read_is_not_written() {
    let project = source("  - { table: raw.t, from: t }\n");
    duckdb(&project, "create table t as select 1 as id");
    let holds = "import duckdb, subprocess, sys, os
db = duckdb.connect('shop.duckdb')
db.execute('insert into t values (2)')
out = subprocess.run(sys.argv[1:], capture_output=True, text=True)
print(out.returncode, out.stdout, out.stderr)";
    let binary = super::program(&project, &[]);
    let binary = binary.get_program().to_str().unwrap().to_owned();
    let mut command = std::process::Command::new(super::drivers());
    command.args(["-c", holds, &binary, "source", "check"]).current_dir(project.path());
    let output = command.env("HEADWATER_DUCKDB", installed("HEADWATER_DUCKDB")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.starts_with("3 ") && said.contains("another program has opened the database"), "{said}");
    let before = std::fs::read(project.path().join("shop.duckdb")).unwrap();
    say(&project, &["run"]).exits(0);
    assert_eq!(query(&project, "select count(*) from raw.t"), "2");
    assert_eq!(before, std::fs::read(project.path().join("shop.duckdb")).unwrap());
}

#[test]
fn queries_read_nothing_but_the_file() {
    let project = source("  - { table: raw.t, query: \"select * from read_csv('secret.csv')\" }\n");
    project.write("secret.csv", "a\n1\n");
    duckdb(&project, "create table t as select 1 as id");
    assert_told(&say(&project, &["run"]), "HW0389", &["raw.t"]);
    project.write(
        "sources/shop.yml",
        "connector: duckdb\npath: shop.duckdb\nallow_outside: true\nstreams:\n  - { table: raw.t, query: \"select * from read_csv('secret.csv')\" }\n",
    );
    say(&project, &["run"]).exits(0);
    assert_eq!(query(&project, "select a from raw.t"), "1");
}

#[test]
fn memory_does_not_grow_with_the_table() {
    let project = source("  - { table: raw.t, from: t }\n");
    duckdb(
        &project,
        "create table t as select i as id, 'a text of some length, number ' || i as name, random() as x from range(3000000) r(i)",
    );
    let (said, peak) = crate::program::with_peak(super::program(&project, &["run"]));
    said.exits(0);
    assert_eq!(query(&project, "select count(*), count(distinct id) from raw.t"), "3000000,3000000");
    let bytes = python(project.path(), "import os; print(os.path.getsize('shop.duckdb'))", &[]);
    assert!(peak < 1_000_000, "{peak} KiB for a file of {bytes} bytes");
}
