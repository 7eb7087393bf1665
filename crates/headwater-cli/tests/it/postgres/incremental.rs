//! Loads of what has come since.

use super::Source;
use crate::project::assert_told;

const STREAM: &str = "  - { table: raw.orders, from: shop.orders, mode: incremental, cursor: id }\n";

fn shop() -> Source {
    Source::new(
        "create schema shop; create table shop.orders (id int8 primary key, customer text, amount numeric(10,2));
         insert into shop.orders select n, 'c' || n % 7, n * 1.01 from generate_series(1, 1000) n",
        STREAM,
    )
}

/// What the lake and the database say of the table.
#[track_caller]
fn assert_same(source: &Source) {
    let sums = "count(*), sum(id), sum(amount), count(distinct customer)";
    let theirs = source.database.sql(&format!("select {sums} from shop.orders")).replace('|', ",");
    assert_eq!(source.query(&format!("select {sums} from raw.orders")), theirs);
}

#[test]
fn only_rows_past_the_last_one_are_read() {
    let source = shop();
    let first = source.say(&["run", "--json"]).exits(0).json();
    assert_eq!(first["assets"][0]["rows_in"], 1000);
    assert_same(&source);
    let said = source.run();
    assert!(said.out.contains("up to date") || said.out.contains("nothing"), "{}", said.out);
    source.database.sql("insert into shop.orders select n, 'new', n from generate_series(1001, 1010) n");
    let plan = source.say(&["plan"]).exits(0).out;
    assert!(plan.contains("rows with id past 1000"), "{plan}");
    let second = source.say(&["run", "--json"]).exits(0).json();
    assert_eq!(second["assets"][0]["rows_in"], 10);
    assert_same(&source);
    assert_eq!(source.query("select count(*) from raw.orders for version as of 1"), "1000");
    // A full refresh reads what has changed behind the cursor, too.
    source.database.sql("update shop.orders set amount = 0 where id = 5; delete from shop.orders where id = 6");
    source.say(&["run", "--full-refresh"]).exits(0);
    assert_same(&source);
}

#[test]
fn a_load_that_dies_is_neither_lost_nor_doubled() {
    let source = shop();
    source.run();
    for round in 0..3 {
        let (from, to) = (2000 + round * 100, 2099 + round * 100);
        source.database.sql(&format!("insert into shop.orders select n, 'r', n from generate_series({from}, {to}) n"));
        for point in ["engine_after_write", "after_stage", "after_intent", "after_flip"] {
            let mut program = crate::program::headwater(source.project.path());
            program.args(["run"]).env("SHOP", source.database.url()).env("HEADWATER_CRASH_AT", point);
            let _dies = program.stdin(std::process::Stdio::null()).output().unwrap();
        }
        source.run();
        assert_same(&source);
    }
}

#[test]
fn an_empty_table_is_begun_and_goes_on() {
    let source = shop();
    source.database.sql("truncate shop.orders");
    source.run();
    assert_eq!(source.query("select count(*) from raw.orders"), "0");
    source.database.sql("insert into shop.orders values (7, 'x', 1)");
    source.run();
    assert_same(&source);
}

#[test]
fn cursors_of_other_types_are_compared_by_the_database() {
    let source = Source::new(
        "create table events (at timestamptz not null, what text);
         insert into events select '2024-01-01 00:00:00Z'::timestamptz + n * interval '1.000001 second', n from generate_series(1, 100) n",
        "  - { table: raw.events, from: events, mode: incremental, cursor: at, where: \"what <> '50'\" }\n",
    );
    source.run();
    assert_eq!(source.query("select count(*) from raw.events"), "99");
    source.database.sql("insert into events values ('2024-01-01 00:01:40.000100Z', 'same instant'), ('2024-01-01 00:01:40.000101Z', 'later')");
    source.run();
    assert_eq!(source.query("select what from raw.events order by at desc limit 1"), "later");
    assert_eq!(source.query("select count(*) from raw.events"), "100", "what is not past the cursor is not read");
}

#[test]
fn a_cursor_that_is_null_somewhere_is_refused() {
    let source = shop();
    source.database.sql(
        "alter table shop.orders add updated_at timestamptz; update shop.orders set updated_at = now() where id < 10",
    );
    source.streams("  - { table: raw.orders, from: shop.orders, mode: incremental, cursor: updated_at }\n");
    assert_told(&source.say(&["run"]), "HW0346", &["updated_at", "null", "coalesce"]);
    source.streams(
        "  - { table: raw.orders, query: \"select *, coalesce(updated_at, '-infinity') as at from shop.orders\", mode: incremental, cursor: nope }\n",
    );
    assert_told(&source.say(&["run"]), "HW0340", &["nope"]);
    source.streams("  - { table: raw.orders, from: shop.orders, mode: incremental }\n");
    let said = source.say(&["check"]).exits(2);
    assert!(said.err.contains("needs a cursor") && said.err.contains("sources/shop.yml"), "{}", said.err);
}

#[test]
fn a_cursor_that_ends_is_refused() {
    let source = Source::new(
        "create table t (id int, until timestamp, size float8); insert into t values (1, '2024-01-01', 1), (2, 'infinity', 'NaN')",
        "  - { table: raw.t, from: t, mode: incremental, cursor: until }\n",
    );
    assert_told(&source.say(&["run"]), "HW0346", &["until", "infinity", "where"]);
    source.streams("  - { table: raw.t, from: t, mode: incremental, cursor: size }\n");
    assert_told(&source.say(&["run"]), "HW0346", &["size", "NaN", "where"]);
    source.streams("  - { table: raw.t, query: \"select '{}'::jsonb as j\", mode: incremental, cursor: j }\n");
    assert_told(&source.say(&["check"]).exits(2), "HW0346", &["jsonb", "no greatest value", "only grows"]);
    source.streams("  - { table: raw.t, from: t, mode: incremental, cursor: until, where: until < 'infinity' }\n");
    source.run();
    source.database.sql("insert into t values (3, '2024-01-02', 1)");
    source.run();
    assert_eq!(source.query("select id from raw.t order by id"), "1\n3");
}

#[test]
fn rows_that_only_the_lake_has_are_not_lost_by_a_changed_definition() {
    let source = shop();
    source.run();
    source.database.sql("delete from shop.orders where id <= 500");
    let other = STREAM.replace("cursor: id", "cursor: id, exclude: [customer]");
    source.streams(&other);
    assert_told(&source.say(&["run"]).exits(1), "HW0912", &["deleted from shop.orders", "--full-refresh"]);
    assert_eq!(source.query("select count(*) from raw.orders"), "1000");
    source.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(source.query("select count(*) from raw.orders"), "500");
}

#[test]
fn a_new_column_is_taken_up_without_loading_everything_again() {
    let source = shop();
    source.run();
    source.database.sql("delete from shop.orders where id <= 500; alter table shop.orders add note text");
    source.database.sql("insert into shop.orders values (1001, 'x', 1, 'first')");
    assert_told(&source.say(&["run"]).exits(1), "HW0308", &["column 'note' (text) is new", "drift: add"]);
    source.streams(&STREAM.replace("cursor: id", "cursor: id, drift: add"));
    source.run();
    assert_eq!(source.query("select count(*), count(note), max(note) from raw.orders"), "1001,1,first");
}

#[test]
fn a_key_that_is_compared_without_letter_case_is_told() {
    let source = Source::new(
        "create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
         create extension if not exists citext;
         create table t (id int, code text collate loose, mail citext, exact text, changed timestamptz not null);
         insert into t values (1, 'a', 'a', 'a', now())",
        "",
    );
    let check = |keys: &str| {
        source.streams(&format!("  - {{ table: raw.t, from: t, mode: incremental, {keys} }}\n"));
        source.say(&["source", "check"]).exits(0).out
    };
    for (column, how) in [("code", "the collation loose"), ("mail", "the type citext")] {
        let said = check(&format!("cursor: id, key: [{column}]"));
        assert!(said.contains(&format!("the key '{column}' is compared by {how}")), "{said}");
    }
    for keys in ["cursor: id, key: [exact]", "cursor: id", "cursor: id, key: [id]"] {
        let said = check(keys);
        assert!(!said.contains("is compared by"), "{keys}: {said}");
    }
    assert!(check("cursor: changed").contains("the cursor 'changed' is a time"));
}
