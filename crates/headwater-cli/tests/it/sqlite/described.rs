//! `headwater source`: what a database has becomes a source, which is tried out and looked at before anything is loaded.

use super::Source;
use crate::project::assert_told;

const TABLES: &str = "create table orders (id integer primary key, amount decimal(10,2) not null, note text);
    insert into orders values (1, 10, 'a'), (2, 20, 'b'), (3, 30.25, null);
    create table lines (order_id int, number int, data json, primary key (number, order_id)) without rowid;
    insert into lines values (1, 1, 'bad'); insert into lines values ('x', 2, null);
    create view latest as select *, amount * 2 as twice from orders; create table \"My.Table\" (\"a b\" int); insert into \"My.Table\" values (7);
    create virtual table words using fts5(text); insert into words values ('hello'); create table short (id int); create view broken as select * from short; drop table short";

fn source() -> Source {
    let source = Source::new(TABLES, "");
    std::fs::remove_file(source.project.path().join("sources/shop.yml")).unwrap();
    source
}

#[test]
fn a_source_is_written_from_what_there_is_and_runs() {
    let source = source();
    let add = ["source", "add", "sqlite", "path=shop.db"];
    let there = source.say(&[&add[..], &["--dry-run", "--json"]].concat()).exits(0).json();
    let streams = there["streams"].as_array().unwrap();
    let names: Vec<&str> = streams.iter().map(|stream| stream["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["\"My.Table\"", "latest", "lines", "orders", "words"]);
    assert_eq!(streams[3]["columns"][1]["type"], "decimal(10,2)");
    assert_eq!(streams[1]["columns"][3]["type"], "double", "{there}");
    let broken = there["left_out"][0].as_str().unwrap();
    assert!(broken.starts_with("broken: ") && broken.contains("no such table: main.short"), "{broken}");
    let said = source.say(&add).exits(0);
    assert!(said.err.contains("left out: broken: ") && said.err.contains("short"), "{}", said.err);
    source.run();
    let again = source.say(&[&add[..], &["--name", "again"]].concat()).exits(2);
    assert_told(&again, "HW0823", &["raw.orders by sources/sqlite.yml", "--schema"]);
    source.say(&[&add[..], &["--name", "again", "--schema", "other"]].concat()).exits(0);
    std::fs::remove_file(source.project.path().join("sources/again.yml")).unwrap();
    assert_eq!(source.query("select count(*), sum(amount) from raw.orders"), "3,60.25");
    assert_eq!(source.query("select twice from raw.latest order by id desc limit 1"), "60.5");
    assert_eq!(source.query("select text from raw.words"), "hello");
    assert_eq!(source.query("select number, data from raw.lines"), "1,bad");
    // Its primary key has no rowid beside it: rows are counted.
    assert_eq!(source.query("select _line, _reason from raw.lines__rejected"), "2,column 'order_id': 'x' is no bigint");
    let written = std::fs::read_to_string(source.project.path().join("sources/sqlite.yml")).unwrap();
    assert!(written.contains("path: shop.db"), "{written}");
}

#[test]
fn sources_are_tried_out_without_loading_anything() {
    let source = source();
    source.streams("  - { table: raw.orders, from: ORDERS, where: id < 3 }\n  - { table: raw.gone, from: gone }\n");
    let said = source.say(&["source", "check"]).exits(3);
    for words in [
        "shop.db: 0.0 MB, journal mode delete",
        "SQLite 3.",
        "waits while a load reads",
        "is whole",
        "raw.orders: can be read",
        "no such table: gone",
    ] {
        assert!(said.out.contains(words), "no {words} in {}", said.out);
    }
    let shown = source.say(&["source", "preview", "raw.orders", "--json"]).exits(0).json();
    assert_eq!((shown["rows"].as_array().unwrap().len(), &shown["rows"][1]["note"]), (2, &"b".into()), "{shown}");
    std::fs::remove_file(source.project.path().join("shop.db")).unwrap();
    assert_told(
        &source.say(&["source", "add", "sqlite", "path=shop.db", "--name", "x"]).exits(3),
        "HW0361",
        &["shop.db"],
    );
}

#[test]
fn what_may_be_missed_or_doubled_is_told() {
    let source = Source::new(
        "create table t (id integer primary key, code text collate nocase, name text, changed datetime not null);
         insert into t values (1, 'a', 'a', '2024-01-01 10:00:00')",
        "",
    );
    let check = |keys: &str| {
        source.streams(&format!("  - {{ table: raw.t, from: t, mode: incremental, {keys} }}\n"));
        source.say(&["source", "check"]).exits(0).out
    };
    let time = "the cursor 'changed' is a time: a row that is committed after a load";
    let (none, key) = (check("cursor: changed"), check("cursor: changed, key: [id]"));
    assert!(none.contains(time) && none.contains("`key: [id]`") && none.contains("lookback: 1h"), "{none}");
    assert!(key.contains(time) && !key.contains("`key: [id]`"), "{key}");
    for keys in ["cursor: id", "cursor: changed, key: [id], lookback: 1h", "cursor: id, key: [name]"] {
        let said = check(keys);
        assert!(!said.contains("is a time") && !said.contains("is compared by"), "{keys}: {said}");
    }
    let loose = check("cursor: id, key: [code]");
    assert!(loose.contains("the key 'code' is compared by its collation (NOCASE)"), "{loose}");
}
