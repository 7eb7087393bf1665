//! What cannot be read: told with a code, a place and a way out, and never half.

use super::Source;
use crate::project::assert_told;

const TABLE: &str = "create table orders (id integer primary key, status text); insert into orders values (1, 'paid');";
const STREAM: &str = "  - { table: raw.orders, from: orders }\n";

#[test]
fn names_that_are_not_there() {
    let source = Source::new(
        &format!("{TABLE} create view latest as select * from orders;"),
        "  - { table: raw.o, from: orderz }\n",
    );
    assert_told(&source.say(&["run"]), "HW0360", &["orderz", "did you mean 'orders'?", "latest"]);
    for (stream, words) in [
        ("from: orders, where: \"statuz = 'paid'\"", &["no column 'statuz'", "did you mean 'status'?"][..]),
        ("from: orders, where: 'status = \"paid\"'", &["no column 'paid'", "its columns are: id, status"]),
        ("from: orders, exclude: [ident]", &["no column 'ident'"]),
        ("from: orders, where: \"status = ?\"", &["parameters"]),
        ("from: orders, where: \"status =\"", &["syntax", "single quotes"]),
        ("query: select nope from orders", &["no such column: nope"]),
        ("query: select * from ordrs", &["no such table: ordrs", "did you mean 'orders'?"]),
        ("from: other.orders", &["no such table: other.orders"]),
    ] {
        source.streams(&format!("  - {{ table: raw.o, {stream} }}\n"));
        assert_told(&source.say(&["run"]).exits(2), "HW0360", words);
    }
    for (stream, words) in [
        ("from: orders, query: select 1", &["a table or a query"][..]),
        ("mode: full", &["does not say what it reads"]),
        ("query: select 1, where: id > 1", &["`where` goes with `from`"]),
        ("from: orders, mode: incremental", &["needs a cursor"]),
    ] {
        source.streams(&format!("  - {{ table: raw.o, {stream} }}\n"));
        let said = source.say(&["check"]).exits(2);
        assert!(
            words.iter().all(|word| said.err.contains(word)) && said.err.contains("sources/shop.yml"),
            "{}",
            said.err
        );
    }
}

#[test]
fn a_query_only_reads() {
    let source = Source::new(TABLE, "");
    let other = source.project.path().join("other.db");
    for query in [
        "delete from orders returning id",
        "insert into orders values (2, 'x')",
        "select 1; delete from orders",
        "attach 'other.db' as other",
        "vacuum into 'other.db'",
        "",
    ] {
        source.streams(&format!("  - {{ table: raw.o, query: \"{query}\" }}\n"));
        assert_told(&source.say(&["run"]).exits(2), "HW0367", &["the query of raw.o"]);
    }
    source.streams("  - { table: raw.o, query: \"pragma journal_mode = wal\" }\n");
    source.say(&["run"]).exits(2);
    assert_eq!(source.ask("select count(*) from orders"), "1");
    assert_eq!(source.ask("pragma journal_mode"), "delete");
    assert!(!other.exists());
    source.streams(
        "  - { table: raw.o, query: \"with o as (select * from orders) select o.*, id + 1 as next from o -- all;\" }\n",
    );
    source.run();
    assert_eq!(source.query("select * from raw.o"), "1,paid,2");
}

#[test]
fn files_that_are_no_database() {
    let source = Source::new(TABLE, STREAM);
    let path = source.project.path().join("shop.db");
    let good = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_told(&source.say(&["run"]).exits(3), "HW0361", &["shop.db", "correct `path`"]);
    std::fs::create_dir(&path).unwrap();
    assert_told(&source.say(&["run"]).exits(3), "HW0361", &["shop.db", "is no file"]);
    std::fs::remove_dir(&path).unwrap();
    std::fs::write(&path, "id,status\n1,paid\n".repeat(400)).unwrap();
    assert_told(&source.say(&["run"]).exits(2), "HW0362", &["shop.db", "encrypted"]);
    std::fs::write(&path, &good[..good.len() / 2]).unwrap();
    assert_told(&source.say(&["run"]).exits(2), "HW0363", &["shop.db", "integrity_check"]);
    std::fs::write(&path, "").unwrap();
    assert_told(&source.say(&["run"]).exits(2), "HW0360", &["no such table: orders", "has no table"]);
    std::fs::write(&path, &good).unwrap();
    source.run();
}

#[test]
fn a_damaged_page_ends_the_load_and_keeps_nothing() {
    let series = "with recursive n(n) as (select 1 union all select n + 1 from n where n < 50000)";
    let source =
        Source::new(&format!("{TABLE} insert into orders {series} select n + 1, printf('%0100d', n) from n"), STREAM);
    let path = source.project.path().join("shop.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    assert_told(&source.say(&["run"]).exits(1), "HW0363", &["orders cannot be read", ".recover"]);
    assert!(!source.say(&["query", "select count(*) from raw.orders"]).out.contains("50"), "nothing is published");
    let said = source.say(&["source", "check"]).exits(3);
    assert!(said.out.contains("damaged"), "{}", said.out);
}

#[test]
fn a_locked_file_is_waited_for_and_then_told() {
    let source = Source::new(TABLE, STREAM);
    let mut writer = source.beside("db.execute('begin exclusive'); print('locked', flush=True); sys.stdin.read()");
    let begun = std::time::Instant::now();
    assert_told(&source.say(&["run"]).exits(3), "HW0364", &["shop.db", "locked"]);
    assert!(begun.elapsed().as_secs() >= 5);
    drop(writer.stdin.take());
    assert!(writer.wait().unwrap().success());
    source.run();
}

#[test]
fn a_transaction_that_was_cut_off_is_told() {
    let series = "with recursive n(n) as (select 2 union all select n + 1 from n where n < 20000)";
    let source =
        Source::new(&format!("{TABLE} insert into orders {series} select n, printf('%0100d', n) from n"), STREAM);
    // Pages that do not fit into the cache are written before the commit, which never comes.
    let mut writer = source.beside(
        "import os; db.execute('pragma cache_size = 5'); db.execute(\"update orders set status = status || 'x'\"); print('half', flush=True); os._exit(0)",
    );
    writer.wait().unwrap();
    assert!(source.project.path().join("shop.db-journal").exists());
    assert_told(&source.say(&["run"]).exits(3), "HW0364", &["shop.db", "died while it wrote"]);
    assert!(source.project.path().join("shop.db-journal").exists(), "it is left to who may write");
    assert_eq!(source.ask("select count(*), max(length(status)) from orders"), "20000,100");
    source.run();
    assert_eq!(source.query("select count(*), max(length(status)) from raw.orders"), "20000,100");
}

#[test]
fn a_database_outside_of_the_project_takes_a_word() {
    let outside = Source::new(TABLE, STREAM);
    let source = Source::new(TABLE, STREAM);
    let there = outside.project.path().join("shop.db");
    let path = there.display();
    let stream = "streams:\n  - { table: raw.orders, from: orders }\n";
    source.project.write("sources/shop.yml", format!("connector: sqlite\npath: {path}\n{stream}"));
    let said = source.say(&["check"]).exits(2);
    assert!(said.err.contains("outside the project's folder") && said.err.contains("allow_outside"), "{}", said.err);
    source.project.write("sources/shop.yml", format!("connector: sqlite\npath: link.db\n{stream}"));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&there, source.project.path().join("link.db")).unwrap();
        assert_told(&source.say(&["run"]).exits(2), "HW0302", &["link.db", "allow_outside: true"]);
    }
    source.project.write("sources/shop.yml", format!("connector: sqlite\npath: {path}\nallow_outside: true\n{stream}"));
    source.run();
}
