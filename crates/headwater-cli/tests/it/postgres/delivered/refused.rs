//! Rows that the database refuses.

use super::{CUSTOMERS, Shop, UPSERT};
use crate::project::assert_told;

#[test]
fn refused_rows_are_kept_told_and_tried_again() {
    let shop = Shop::new(CUSTOMERS, UPSERT);
    shop.database.sql("create table customers (id bigint primary key, name text, city text check (city <> 'Rome'))");
    let said = shop.say(&["run"]).exits(0);
    assert!(said.out.contains("1 row refused") && said.out.contains("violates check constraint"), "{}", said.out);
    assert_eq!(shop.there(), "1|Ada|Paris\n2|Ben|");
    let kept = || {
        shop.database
            .sql("select delivery, operation, \"row\", reason like '%customers_city_check%' from headwater_undelivered")
    };
    assert_eq!(kept(), r#"crm/raw.customers|0|{"id": 3, "city": "Rome", "name": "Cleo"}|t"#);
    // It is tried again with the next change, refused again, and kept once.
    shop.customers(&format!("{CUSTOMERS}4,Dan,Oslo\n"));
    let said = shop.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &1.into()), "{said}");
    assert_eq!(kept(), r#"crm/raw.customers|0|{"id": 3, "city": "Rome", "name": "Cleo"}|t"#);
    // What has changed takes the place of what was refused.
    shop.customers("id,name,city\n1,Ada,Paris\n2,Ben,\n3,Cleo,Bari\n4,Dan,Oslo\n");
    let said = shop.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &0.into()), "{said}");
    assert_eq!((kept().as_str(), shop.there().as_str()), ("", "1|Ada|Paris\n2|Ben|\n3|Cleo|Bari\n4|Dan|Oslo"));
    // And what the database takes after all is there with the next delivery.
    shop.customers("id,name,city\n1,Ada,Rome\n2,Ben,\n3,Cleo,Bari\n4,Dan,Oslo\n");
    assert_eq!(shop.run()["undelivered"], 1);
    shop.database.sql("alter table customers drop constraint customers_city_check");
    shop.customers("id,name,city\n1,Ada,Rome\n2,Ben,\n3,Cleo,Bari\n");
    let said = shop.run();
    assert_eq!((&said["written"], &said["deleted"], &said["undelivered"]), (&1.into(), &1.into(), &0.into()), "{said}");
    assert_eq!((kept().as_str(), shop.there().as_str()), ("", "1|Ada|Rome\n2|Ben|\n3|Cleo|Bari"));
}

#[test]
fn many_refused_rows_are_found_among_many_and_too_many_fail() {
    let lines: Vec<String> = (1..=5000).map(|id| format!("{id},n{id}\n")).collect();
    let csv = format!("id,name\n{}", lines.concat());
    let shop = Shop::new(&csv, "  - { table: raw.customers, to: customers, key: id, most_undelivered: 7 }\n");
    shop.database.sql("create table customers (id bigint primary key check (id % 700 <> 0), name text)");
    let said = shop.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&4993.into(), &7.into()), "{said}");
    assert_eq!(
        shop.database.sql("select count(*), sum(id) from customers"),
        format!("4993|{}", 5000 * 5001 / 2 - 700 * 28)
    );
    shop.customers(&format!("{csv}5600,x\n5001,y\n"));
    assert_told(
        &shop.say(&["run"]).exits(1),
        "HW0383",
        &["more than 7 rows", "customers_id_check", "most_undelivered"],
    );
    assert_eq!(
        shop.database.sql("select count(*) from customers"),
        "4993",
        "nothing of a delivery that fails is there"
    );
    assert_eq!(shop.database.sql("select mark->>'snapshot' from headwater_deliveries"), "1");
}

#[test]
fn rows_wait_for_those_that_they_refer_to() {
    let shop = Shop::new("id,boss\n1,2\n2,3\n3,\n", "  - { table: raw.customers, to: customers, key: id }\n");
    shop.database.sql("create table customers (id bigint primary key, boss bigint references customers)");
    let said = shop.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&3.into(), &0.into()), "{said}");
    assert_eq!(shop.there(), "1|2\n2|3\n3|");
}

#[test]
fn a_text_that_postgres_cannot_hold_is_a_refused_row() {
    let shop = Shop::new("id,name\n1,a\n2,b\n", UPSERT);
    shop.project.write("data/customers.csv", b"id,name\n1,a\n2,b\0c\n".as_slice());
    let said = shop.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &1.into()), "{said}");
    assert!(said["samples"][0]["reason"].as_str().unwrap().contains("U+0000"), "{said}");
    shop.customers("id,name\n1,a\n2,bc\n");
    assert_eq!(shop.run()["undelivered"], 0);
    assert_eq!(
        (shop.there().as_str(), shop.database.sql("select count(*) from headwater_undelivered").as_str()),
        ("1|a\n2|bc", "0")
    );
}

/// All rows that are added anew have those among them that were refused before.
#[test]
fn refused_rows_come_once_when_all_rows_are_added_anew() {
    let shop = Shop::new(CUSTOMERS, "  - { table: raw.customers, to: customers, mode: append }\n");
    shop.database.sql("create table customers (id bigint, name text, city text check (city <> 'Rome'))");
    assert_eq!(shop.run()["undelivered"], 1);
    shop.database.sql("truncate customers");
    shop.say(&["deliver", "--anew"]).exits(0);
    assert_eq!(shop.database.sql("select count(*) from headwater_undelivered"), "1", "it is kept once");
    shop.database.sql("truncate customers; alter table customers drop constraint customers_city_check");
    shop.say(&["deliver", "--anew"]).exits(0);
    assert_eq!(shop.there(), "1|Ada|Paris\n2|Ben|\n3|Cleo|Rome");
    assert_eq!(shop.database.sql("select count(*) from headwater_undelivered"), "0");
}

/// A trigger may leave a row out, and the database says nothing of it.
#[test]
fn rows_that_a_trigger_leaves_out_are_told() {
    let shop = Shop::new(CUSTOMERS, UPSERT);
    shop.database.sql(
        "create table customers (id bigint primary key, name text, city text);
         create function all_but_two() returns trigger language plpgsql as $$ begin if new.id = 2 then return null; end if; return new; end $$;
         create trigger all_but_two before insert or update on customers for each row execute function all_but_two()",
    );
    let told = shop.run();
    assert_eq!((&told["written"], &told["undelivered"]), (&2.into(), &0.into()), "{told}");
    assert!(told["notes"].to_string().contains("has left out 1"), "{told}");
}
