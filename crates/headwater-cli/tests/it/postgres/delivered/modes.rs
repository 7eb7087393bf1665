//! Deliveries that add rows, and those that replace all of them.

use super::{CUSTOMERS, Shop};
use crate::project::assert_told;

const APPEND: &str = "  - { table: raw.customers, to: customers, mode: append }\n";
const REPLACE: &str = "  - { table: raw.customers, to: customers, mode: replace }\n";

#[test]
fn new_rows_are_added_as_often_as_they_came() {
    let shop = Shop::new("id,name\n1,a\n1,a\n2,b\n", APPEND);
    assert_eq!(shop.run()["written"], 3);
    shop.customers("id,name\n1,a\n1,a\n1,a\n1,a\n2,b\n3,c\n");
    let said = shop.run();
    assert_eq!(said["written"], 3, "{said}");
    assert_eq!(shop.there(), "1|a\n1|a\n1|a\n1|a\n2|b\n3|c");
    // Rows that are gone cannot be taken back by adding.
    shop.customers("id,name\n1,a\n");
    let said = shop.say(&["run"]).exits(1);
    assert_told(&said, "HW0640", &["5 rows", "mode: upsert"]);
    assert_eq!(shop.there(), "1|a\n1|a\n1|a\n1|a\n2|b\n3|c");
    shop.deliver("  - { table: raw.customers, to: customers, mode: append, columns: id }\n");
    assert_told(&shop.say(&["deliver"]).exits(1), "HW0983", &["columns"]);
}

#[test]
fn a_column_that_comes_later_is_added_to() {
    let shop = Shop::new("id,name\n1,a\n", APPEND);
    shop.run();
    let source =
        "connector: files\nlocation: data\nstreams:\n  - { table: raw.customers, path: customers.csv, drift: add }\n";
    shop.project.write("sources/files.yml", source);
    // The row of before has no value in it: it is the same.
    shop.customers("id,name,city\n1,a,\n2,b,Oslo\n");
    let said = shop.run();
    assert_eq!(said["written"], 1, "{said}");
    assert_eq!(shop.there(), "1|a|\n2|b|Oslo");
}

#[test]
fn all_rows_are_replaced_at_once() {
    let shop = Shop::new(CUSTOMERS, REPLACE);
    shop.run();
    assert_eq!(shop.there(), "1|Ada|Paris\n2|Ben|\n3|Cleo|Rome");
    shop.database.sql(
        "create role reader_of_crm; grant select on customers to reader_of_crm with grant option;
         create index by_city on customers (city); alter table customers add check (id > 0);
         comment on table customers is 'people'; insert into customers values (77, 'stray')",
    );
    shop.customers("id,name,city\n5,Eve,Linz\n");
    let said = shop.run();
    assert_eq!((&said["written"], &said["notes"]), (&1.into(), &serde_json::json!([])), "{said}");
    assert_eq!(shop.there(), "5|Eve|Linz");
    let kept = "select (select count(*) from pg_indexes where tablename = 'customers'),
        (select count(*) from pg_constraint where conrelid = 'customers'::regclass and contype = 'c'),
        has_table_privilege('reader_of_crm', 'customers', 'select with grant option'),
        to_regclass('customers__headwater_new')";
    assert_eq!(shop.database.sql(kept), "1|1|t|");
    assert_eq!(shop.run()["state"], "up_to_date");
    shop.database.sql("drop owned by reader_of_crm; drop role reader_of_crm");
}

#[test]
fn what_holds_on_to_a_table_still_does_afterwards() {
    let shop = Shop::new(CUSTOMERS, REPLACE);
    shop.run();
    shop.database.sql("create view names as select name from customers");
    shop.customers("id,name,city\n5,Eve,Linz\n");
    let said = shop.run();
    assert!(said["notes"][0].as_str().unwrap().contains("held on to"), "{said}");
    assert_eq!(shop.database.sql("select * from names"), "Eve");
}

#[test]
fn readers_see_all_of_a_replacement_or_nothing() {
    let rows = |name: &str| -> String {
        let lines: Vec<String> = (0..20_000).map(|id| format!("{id},{name}\n")).collect();
        format!("id,name\n{}", lines.concat())
    };
    let shop = Shop::new(&rows("before"), REPLACE);
    shop.run();
    shop.customers(&rows("after"));
    let ended = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = std::collections::BTreeSet::new();
            while !ended.load(std::sync::atomic::Ordering::Relaxed) {
                seen.insert(shop.database.sql("select min(name), max(name), count(*) from customers"));
            }
            seen
        });
        shop.run();
        ended.store(true, std::sync::atomic::Ordering::Relaxed);
        let seen = reader.join().unwrap();
        assert!(seen.iter().all(|seen| seen == "before|before|20000" || seen == "after|after|20000"), "{seen:?}");
    });
    assert_eq!(shop.database.sql("select min(name), max(name), count(*) from customers"), "after|after|20000");
}

/// What the mark tells of is gone with the table.
#[test]
fn a_table_that_was_dropped_gets_all_rows_again() {
    for mode in ["key: id", "mode: append", "mode: replace"] {
        let shop = Shop::new(CUSTOMERS, &format!("  - {{ table: raw.customers, to: customers, {mode} }}\n"));
        shop.run();
        shop.database.sql("drop table customers");
        let said = shop.run();
        assert_eq!((&said["state"], &said["written"]), (&"delivered".into(), &3.into()), "{mode}: {said}");
        assert_eq!(shop.there().lines().count(), 3, "{mode}");
        assert_eq!(shop.run()["state"], "up_to_date", "{mode}");
        shop.database.sql("drop table customers");
        shop.customers("id,name,city\n1,Ada,Paris\n2,Ben,Oslo\n3,Cleo,Rome\n");
        shop.run();
        assert_eq!(shop.there().lines().count(), 3, "{mode}");
    }
}
