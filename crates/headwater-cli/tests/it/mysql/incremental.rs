//! Loads of what has come since.

use super::Source;
use crate::project::assert_told;

const STREAM: &str = "  - { table: raw.orders, from: orders, mode: incremental, cursor: id }\n";

fn shop() -> Source {
    Source::new(
        "create table orders (id bigint primary key, customer varchar(20), amount decimal(10,2));
         insert into orders select seq, concat('c', seq % 7), seq * 1.01 from seq_1_to_1000",
        STREAM,
    )
}

/// What the lake and the database say of the table.
#[track_caller]
fn assert_same(source: &Source) {
    let sums = "count(*), sum(id), sum(amount), count(distinct customer)";
    let theirs = source.database.sql(&format!("select {sums} from orders")).replace('\t', ",");
    assert_eq!(source.query(&format!("select {sums} from raw.orders")), theirs);
}

#[test]
fn only_rows_past_the_last_one_are_read() {
    let source = shop();
    let first = source.say(&["run", "--json"]).exits(0).json();
    assert_eq!(first["assets"][0]["rows_in"], 1000);
    assert_same(&source);
    let said = source.run();
    assert!(said.out.contains("up to date"), "{}", said.out);
    source.database.sql("insert into orders select seq, 'new', 1 from seq_1001_to_1010");
    let next = source.say(&["run", "--json"]).exits(0).json();
    assert_eq!(next["assets"][0]["rows_in"], 10);
    assert_same(&source);
}

#[test]
fn cursors_of_every_kind_are_compared_as_what_they_are() {
    let kinds = [
        ("bigint unsigned", "18446744073709551610", "18446744073709551611"),
        ("decimal(38,9)", "12345678901234567890.123456788", "12345678901234567890.123456789"),
        ("double", "0.1", "0.30000000000000004"),
        ("date", "'2024-01-01'", "'2024-01-02'"),
        ("datetime(6)", "'2024-01-01 00:00:00.000001'", "'2024-01-01 00:00:00.000002'"),
        ("timestamp(6)", "'2024-01-01 00:00:00.000001'", "'2024-01-01 00:00:00.000002'"),
        ("varchar(20)", "'it''s \\\\ one'", "'it''s \\\\ two'"),
    ];
    for (kind, one, two) in kinds {
        let source = Source::new(
            &format!("create table t (id int primary key, c {kind} not null); insert into t values (1, {one})"),
            "  - { table: raw.t, from: t, mode: incremental, cursor: c }\n",
        );
        source.run();
        source.database.sql(&format!("insert into t values (2, {two})"));
        let said = source.say(&["run", "--json"]).exits(0).json();
        assert_eq!(said["assets"][0]["rows_in"], 1, "{kind}");
        assert_eq!(source.query("select count(*) from raw.t"), "2", "{kind}");
        assert!(source.run().out.contains("up to date"), "{kind}");
    }
}

#[test]
fn cursors_that_miss_rows_are_refused() {
    let source = shop();
    source.database.sql("insert into orders values (0, null, 1)");
    source.streams("  - { table: raw.orders, from: orders, mode: incremental, cursor: customer }\n");
    assert_told(&source.say(&["run"]), "HW0356", &["'customer' is null", "coalesce"]);
    source.streams("  - { table: raw.orders, from: orders, mode: incremental, cursor: costumer }\n");
    assert_told(&source.say(&["run"]).exits(2), "HW0350", &["costumer", "did you mean 'customer'?"]);
    source.database.sql("create table f (id int primary key, c float not null); insert into f values (1, 1)");
    source.streams("  - { table: raw.f, from: f, mode: incremental, cursor: c }\n");
    assert_told(&source.say(&["run"]), "HW0356", &["float", "exact number"]);
}

#[test]
fn rows_that_come_again_take_the_place_of_the_old_ones() {
    let source = Source::new(
        "create table t (id int primary key, v int, changed datetime not null);
         insert into t select seq, 0, '2024-01-01' + interval seq second from seq_1_to_100",
        "  - { table: raw.t, from: t, mode: incremental, cursor: changed, key: [id], lookback: 1h }\n",
    );
    source.run();
    source
        .database
        .sql("update t set v = 1, changed = '2024-02-01' where id <= 10; insert into t values (101, 2, '2024-02-01');");
    source.run();
    assert_eq!(source.query("select count(*), sum(v) from raw.t"), "101,12");
    // One that committed late, with a time before that of the last load.
    source.database.sql("insert into t values (102, 3, '2024-01-31 23:30:00')");
    source.run();
    assert_eq!(source.query("select count(*), sum(v) from raw.t"), "102,15");
    source.streams("  - { table: raw.t, from: t, mode: incremental, cursor: changed, key: [id], lookback: 100 }\n");
    assert_told(&source.say(&["run"]), "HW0356", &["datetime", "lookback: 2h"]);
    source.streams("  - { table: raw.n, from: t, mode: incremental, cursor: id, key: [id], lookback: 100 }\n");
    source.run();
    source.database.sql("update t set v = 9 where id = 50");
    source.run();
    assert_eq!(source.query("select v from raw.n where id = 50"), "9");
}

#[test]
fn a_key_that_is_compared_without_letter_case_is_told() {
    let source = Source::new(
        "create table t (id int, code varchar(20) collate utf8mb4_general_ci, exact varchar(20) collate utf8mb4_bin, changed datetime not null);
         insert into t values (1, 'a', 'a', now())",
        "",
    );
    let check = |keys: &str| {
        source.streams(&format!("  - {{ table: raw.t, from: t, mode: incremental, {keys} }}\n"));
        source.say(&["source", "check"]).exits(0).out
    };
    let said = check("cursor: id, key: [code]");
    assert!(said.contains("the key 'code' is compared by the collation utf8mb4_general_ci"), "{said}");
    for keys in ["cursor: id, key: [exact]", "cursor: id", "cursor: id, key: [id]"] {
        let said = check(keys);
        assert!(!said.contains("is compared by"), "{keys}: {said}");
    }
    assert!(check("cursor: changed").contains("the cursor 'changed' is a time"));
}
