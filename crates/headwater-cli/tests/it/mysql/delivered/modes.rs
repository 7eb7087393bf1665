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
    assert_told(&shop.say(&["run"]).exits(1), "HW0640", &["5 rows", "mode: upsert"]);
    assert_eq!(shop.there(), "1|a\n1|a\n1|a\n1|a\n2|b\n3|c");
}

#[test]
fn all_rows_are_replaced_at_once() {
    let shop = Shop::new(CUSTOMERS, REPLACE);
    shop.run();
    assert_eq!(shop.there(), "1|Ada|Paris\n2|Ben|NULL\n3|Cleo|Rome");
    shop.database.sql(
        "create index by_city on customers (city(20)); alter table customers add check (id > 0), comment 'people';
         create view names as select name from customers; insert into customers values (77, 'stray', null)",
    );
    shop.customers("id,name,city\n5,Eve,Linz\n");
    let said = shop.run();
    assert_eq!((&said["written"], &said["notes"]), (&1.into(), &serde_json::json!([])), "{said}");
    assert_eq!((shop.there().as_str(), shop.sql("select * from names").as_str()), ("5|Eve|Linz", "Eve"));
    let kept = "select (select count(*) from information_schema.statistics where table_schema = database() and index_name = 'by_city'),
        (select count(*) from information_schema.check_constraints where constraint_schema = database() and table_name = 'customers'),
        (select table_comment from information_schema.tables where table_schema = database() and table_name = 'customers'),
        (select count(*) from information_schema.tables where table_schema = database() and table_name like '%headwater\\_%\\_headwater%')";
    assert_eq!(shop.sql(kept), "1|1|people|0");
    assert_eq!(shop.sql("show tables like 'customers%'"), "customers");
    assert_eq!(shop.run()["state"], "up_to_date");
    // What would not go with a new table stays with the old one.
    shop.database.sql(
        "create table seen (n int); create trigger t after insert on customers for each row insert into seen values (new.id)",
    );
    shop.customers("id,name,city\n6,Flo,Lyon\n7,Guy,\n");
    let said = shop.run();
    assert!(said["notes"][0].as_str().unwrap_or_default().contains("triggers or foreign keys"), "{said}");
    assert_eq!((&said["written"], &said["deleted"]), (&2.into(), &1.into()), "{said}");
    assert_eq!((shop.there().as_str(), shop.sql("select n from seen").as_str()), ("6|Flo|Lyon\n7|Guy|NULL", "6\n7"));
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
                seen.insert(shop.sql("select min(name), max(name), count(*) from customers"));
            }
            seen
        });
        shop.run();
        ended.store(true, std::sync::atomic::Ordering::Relaxed);
        let seen = reader.join().unwrap();
        assert!(seen.iter().all(|seen| seen == "before|before|20000" || seen == "after|after|20000"), "{seen:?}");
    });
    assert_eq!(shop.sql("select min(name), max(name), count(*) from customers"), "after|after|20000");
}

#[test]
fn a_replacement_that_dies_has_happened_once_or_not_at_all() {
    for (point, holds) in [("before_delivery_commit", "1"), ("before_delivery_swap", "1"), ("after_delivery_swap", "2")]
    {
        let shop = Shop::new(CUSTOMERS, REPLACE);
        shop.run();
        shop.customers("id,name,city\n5,Eve,Linz\n");
        let died = shop.program(&["run"]).env("HEADWATER_CRASH_AT", point).output().unwrap();
        assert!(!died.status.success(), "{point}");
        let rows = if holds == "1" { "1|Ada|Paris\n2|Ben|NULL\n3|Cleo|Rome" } else { "5|Eve|Linz" };
        assert_eq!(shop.there(), rows, "{point}");
        let state = shop.run()["state"].clone();
        assert_eq!(state, if holds == "1" { "delivered" } else { "up_to_date" }, "{point}");
        assert_eq!(shop.there(), "5|Eve|Linz", "{point}");
        // Nothing is left of it once something else is delivered.
        shop.customers("id,name,city\n6,Flo,\n");
        shop.run();
        assert_eq!(shop.there(), "6|Flo|NULL", "{point}");
        assert_eq!(shop.sql("show tables like 'customers%'"), "customers", "{point}");
        assert_eq!(shop.sql("select json_value(mark, '$.snapshot'), pending from headwater_deliveries"), "3|NULL");
    }
}

/// What the mark tells of is gone with the table.
#[test]
fn a_table_that_was_dropped_gets_all_rows_again() {
    for mode in ["key: id", "mode: append", "mode: replace"] {
        let shop = Shop::new(CUSTOMERS, &format!("  - {{ table: raw.customers, to: customers, {mode} }}\n"));
        shop.run();
        shop.sql("drop table customers");
        let said = shop.run();
        assert_eq!((&said["state"], &said["written"]), (&"delivered".into(), &3.into()), "{mode}: {said}");
        assert_eq!(shop.there().lines().count(), 3, "{mode}");
        assert_eq!(shop.run()["state"], "up_to_date", "{mode}");
        shop.sql("drop table customers");
        shop.customers("id,name,city\n1,Ada,Paris\n2,Ben,Oslo\n3,Cleo,Rome\n");
        shop.run();
        assert_eq!(shop.there().lines().count(), 3, "{mode}");
    }
}
