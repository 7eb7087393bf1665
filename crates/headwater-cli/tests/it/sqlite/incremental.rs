//! Loads of what has come since.

use super::Source;
use crate::project::assert_told;

const STREAM: &str = "  - { table: raw.orders, from: orders, mode: incremental, cursor: id }\n";
const SERIES: &str = "with recursive n(n) as (select {from} union all select n + 1 from n where n < {to})";

fn rows(from: u64, to: u64) -> String {
    let series = SERIES.replace("{from}", &from.to_string()).replace("{to}", &to.to_string());
    format!("insert into orders {series} select n, 'c' || n % 7, n / 4.0 from n;")
}

fn shop() -> Source {
    let table = "create table orders (id integer primary key, customer text, amount real);";
    Source::new(&format!("{table}{}", rows(1, 20_000)), STREAM)
}

/// What the lake and the database say of the table.
#[track_caller]
fn assert_same(source: &Source) {
    let sums = "count(*), sum(id), cast(sum(amount) as int), count(distinct customer)";
    let theirs = source.ask(&format!("select {sums} from orders"));
    assert_eq!(source.query(&format!("select {sums} from raw.orders").replace("as int", "as bigint")), theirs);
}

#[test]
fn only_rows_past_the_last_one_are_read() {
    let source = shop();
    let first = source.say(&["run", "--json"]).exits(0).json();
    assert_eq!(first["assets"][0]["rows_in"], 20_000);
    assert_same(&source);
    source.run();
    source.sql(&rows(20_001, 20_010));
    let plan = source.say(&["plan"]).exits(0).out;
    assert!(plan.contains("rows with id past 20000"), "{plan}");
    let second = source.say(&["run", "--json"]).exits(0).json();
    assert_eq!(second["assets"][0]["rows_in"], 10);
    assert_same(&source);
    source.sql("update orders set amount = 0 where id = 5; delete from orders where id = 6");
    source.say(&["run", "--full-refresh"]).exits(0);
    assert_same(&source);
}

#[test]
fn a_load_that_dies_is_neither_lost_nor_doubled() {
    let source = shop();
    for round in 0..3 {
        let from = 30_000 + round * 100;
        source.sql(&rows(from, from + 99));
        for point in ["engine_after_write", "after_stage", "after_intent", "after_flip"] {
            let mut program = crate::program::headwater(source.project.path());
            program.arg("run").env("HEADWATER_CRASH_AT", point);
            let _dies = program.stdin(std::process::Stdio::null()).output().unwrap();
        }
        source.run();
        assert_same(&source);
        assert_eq!(source.ask("pragma integrity_check"), "ok");
    }
}

#[test]
fn times_and_fractions_are_cursors_too() {
    let source = Source::new(
        "create table t (at datetime not null, size real); insert into t values ('2024-01-01 10:00:00', 0.1), ('2024-01-01 10:00:00.5', 0.30000000000000004);
         create table none (id int)",
        "  - { table: raw.t, from: t, mode: incremental, cursor: at }\n  - { table: raw.s, from: t, mode: incremental, cursor: size, where: \"size <> 0.5\" }\n  - { table: raw.none, from: none, mode: incremental, cursor: id }\n",
    );
    source.run();
    source.sql("insert into t values ('2024-01-01 10:00:00.50', 0.5), ('2024-01-01 10:00:00.4', 0.30000000000000005), ('2024-01-01 10:00:01', 0.6); insert into none values (1)");
    source.run();
    assert_eq!(source.query("select count(*), max(size) from raw.t"), "4,0.6");
    let theirs = source.ask("select count(*) from t where size > 0.30000000000000004 and size <> 0.5");
    assert_eq!(source.query("select count(*) - 2 from raw.s"), theirs);
    assert_eq!(source.query("select count(*) from raw.none"), "1");
}

#[test]
fn rows_that_come_again_take_the_place_of_the_old_ones() {
    let changed = "create table t (id integer primary key, v int, changed datetime not null);";
    let stream = "  - { table: raw.t, from: t, mode: incremental, cursor: changed, key: [id], lookback: 1h }\n";
    let first = format!(
        "{changed} insert into t {} select n, n, datetime('2024-01-01', '+' || n || ' minutes') from n",
        SERIES.replace("{from}", "1").replace("{to}", "100")
    );
    let source = Source::new(&first, stream);
    source.run();
    source.sql(
        "update t set v = 1000, changed = '2024-02-01 00:00:00' where id in (5, 6); insert into t values (101, 1, '2024-02-01 00:00:00')",
    );
    let said = source.say(&["run", "--json"]).exits(0).json();
    assert_eq!(
        (&said["assets"][0]["refresh"]["added"], &said["assets"][0]["refresh"]["replaced"]),
        (&1.into(), &2.into()),
        "{said}"
    );
    let sums = "select count(*), count(distinct id), sum(v) from";
    assert_eq!(source.query(&format!("{sums} raw.t")), source.ask(&format!("{sums} t")));
    // One came late by less than the hour, the other one by more.
    source.sql("insert into t values (200, 7, '2024-01-31 23:30:00'), (201, 7, '2024-01-31 22:30:00')");
    source.run();
    assert_eq!(source.query("select id from raw.t where id >= 200"), "200");
    let said = source.say(&["run", "--json"]).exits(0).json();
    assert_eq!(said["assets"][0]["bytes_written"], 0, "{said}");
    source.streams(&stream.replace("1h", "100"));
    assert_told(&source.say(&["run"]), "HW0366", &["a text", "lookback: 2h"]);
}

#[test]
fn a_cursor_that_misses_rows_is_refused() {
    let source = Source::new(
        "create table t (id, at); insert into t values (1, 1), (2, null), (3, 'text'); create table b (x blob); insert into b values (x'01');
         create table r (x real); insert into r values (9e999)",
        "  - { table: raw.t, from: t, mode: incremental, cursor: at }\n",
    );
    assert_told(&source.say(&["run"]), "HW0366", &["'at'", "null", "coalesce"]);
    source.sql("delete from t where at is null");
    assert_told(&source.say(&["run"]), "HW0366", &["a text", "an integer", "where"]);
    source.sql("delete from t where id = 3");
    source.run();
    source.sql("insert into t values (4, 'text')");
    assert_told(&source.say(&["run"]), "HW0366", &["a text", "an integer"]);
    source.streams("  - { table: raw.b, from: b, mode: incremental, cursor: x }\n");
    assert_told(&source.say(&["run"]), "HW0366", &["x'01'"]);
    source.streams("  - { table: raw.r, from: r, mode: incremental, cursor: x }\n");
    assert_told(&source.say(&["run"]), "HW0366", &["Inf"]);
    source.streams("  - { table: raw.t2, from: t, mode: incremental, cursor: ad }\n");
    assert_told(&source.say(&["run"]), "HW0360", &["no column 'ad'", "its columns are: id, at"]);
}

/// A row that cannot be read and comes again, because loads look back, is set aside once.
#[test]
fn a_bad_row_that_is_read_again_is_set_aside_once() {
    let source = Source::new(
        "create table t (id integer primary key, v integer, changed datetime not null);
         insert into t values (1, 1, '2024-01-01 10:00:00'), (2, 'two', '2024-01-01 10:30:00'), (3, 3, '2024-01-01 11:00:00')",
        "  - { table: raw.t, from: t, mode: incremental, cursor: changed, key: [id], lookback: 1h }\n",
    );
    let rejected = "select _raw, count(*) from raw.t__rejected group by _raw order by _raw";
    source.run();
    let (one, versions) = (source.query(rejected), || {
        ["raw.t", "raw.t__rejected"]
            .map(|table| crate::program::published_versions(&source.project.lake(), table).len())
    });
    assert!(one.contains("two") && one.ends_with(",1"), "{one}");
    // A run that brings something, and finds the bad row again; then runs that bring nothing.
    source.sql("insert into t values (4, 4, '2024-01-01 11:10:00')");
    let said = source.run();
    assert!(!said.out.contains("unreadable"), "{}", said.out);
    assert_eq!((source.query(rejected), source.query("select count(*) from raw.t")), (one.clone(), "3".into()));
    let before = versions();
    for _ in 0..2 {
        let said = source.run();
        assert!(!said.out.contains("unreadable"), "{}", said.out);
        assert_eq!((source.query(rejected), versions()), (one.clone(), before));
    }
    // It is bad otherwise now, and another one is like it was but for its key: these are others.
    source.sql("update t set v = 'zwei' where id = 2; insert into t values (5, 'two', '2024-01-01 11:20:00')");
    assert!(source.run().out.contains("2 source rows unreadable"));
    assert_eq!(source.query("select count(*) from raw.t__rejected"), "3");
    // Put right, it is a row.
    source.sql("update t set v = 2 where id = 2");
    source.run();
    assert_eq!(source.query("select count(*), sum(v) from raw.t"), "4,10");
    assert_eq!(source.query("select count(*) from raw.t__rejected"), "3");
    // Made anew, the table has what cannot be read now.
    source.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(source.query("select count(*) from raw.t__rejected"), "1");
}
