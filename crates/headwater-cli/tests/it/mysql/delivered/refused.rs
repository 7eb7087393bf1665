//! Rows that the database refuses.

use super::{CUSTOMERS, Shop, UPSERT};
use crate::project::assert_told;

#[test]
fn refused_rows_are_kept_told_and_tried_again() {
    let shop = Shop::new(CUSTOMERS, UPSERT);
    shop.database.sql(
        "create table customers (id bigint primary key, name text, city varchar(50), constraint no_rome check (city <> 'Rome'))",
    );
    let said = shop.say(&["run"]).exits(0);
    assert!(said.out.contains("1 row refused") && said.out.contains("no_rome"), "{}", said.out);
    assert_eq!(shop.there(), "1|Ada|Paris\n2|Ben|NULL");
    let kept = || {
        shop.sql("select delivery, operation, `row`, reason like '%no_rome%' from headwater_undelivered order by id")
    };
    assert_eq!(kept(), r#"crm/raw.customers|0|{"id":3,"name":"Cleo","city":"Rome"}|1"#);
    let since = shop.sql("select since from headwater_undelivered");
    // It is tried again with the next change, refused again, and kept once, since when it was.
    shop.customers(&format!("{CUSTOMERS}4,Dan,Oslo\n"));
    let said = shop.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &1.into()), "{said}");
    assert_eq!(kept(), r#"crm/raw.customers|0|{"id":3,"name":"Cleo","city":"Rome"}|1"#);
    assert_eq!(shop.sql("select since from headwater_undelivered"), since);
    // What has changed takes the place of what was refused.
    shop.customers("id,name,city\n1,Ada,Paris\n2,Ben,\n3,Cleo,Bari\n4,Dan,Oslo\n");
    let said = shop.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &0.into()), "{said}");
    assert_eq!((kept().as_str(), shop.there().as_str()), ("", "1|Ada|Paris\n2|Ben|NULL\n3|Cleo|Bari\n4|Dan|Oslo"));
    // And what the database takes after all is there with the next delivery.
    shop.customers("id,name,city\n1,Ada,Rome\n2,Ben,\n3,Cleo,Bari\n4,Dan,Oslo\n");
    assert_eq!(shop.run()["undelivered"], 1);
    shop.database.sql("alter table customers drop constraint no_rome");
    shop.customers("id,name,city\n1,Ada,Rome\n2,Ben,\n3,Cleo,Bari\n");
    let said = shop.run();
    assert_eq!((&said["written"], &said["deleted"], &said["undelivered"]), (&1.into(), &1.into(), &0.into()), "{said}");
    assert_eq!((kept().as_str(), shop.there().as_str()), ("", "1|Ada|Rome\n2|Ben|NULL\n3|Cleo|Bari"));
}

#[test]
fn many_refused_rows_are_found_among_many_and_too_many_fail() {
    let lines: Vec<String> = (1..=5000).map(|id| format!("{id},n{id}\n")).collect();
    let csv = format!("id,name\n{}", lines.concat());
    let shop = Shop::new(&csv, "  - { table: raw.customers, to: customers, key: id, most_undelivered: 7 }\n");
    shop.database.sql("create table customers (id bigint primary key check (id % 700 <> 0), name text)");
    let said = shop.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&4993.into(), &7.into()), "{said}");
    assert_eq!(shop.sql("select count(*), sum(id) from customers"), format!("4993|{}", 5000 * 5001 / 2 - 700 * 28));
    shop.customers(&format!("{csv}5600,x\n5001,y\n"));
    assert_told(&shop.say(&["run"]).exits(1), "HW0383", &["more than 7 rows", "most_undelivered"]);
    assert_eq!(shop.sql("select count(*) from customers"), "4993", "nothing of a delivery that fails is there");
    assert_eq!(shop.sql("select json_value(mark, '$.snapshot') from headwater_deliveries"), "1");
}

#[test]
fn rows_wait_for_those_that_they_refer_to() {
    let shop = Shop::new("id,boss\n1,2\n2,3\n3,\n", "  - { table: raw.customers, to: customers, key: id }\n");
    shop.database.sql(
        "create table customers (id bigint primary key, boss bigint, foreign key (boss) references customers (id))",
    );
    let said = shop.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&3.into(), &0.into()), "{said}");
    assert_eq!(shop.there(), "1|2\n2|3\n3|NULL");
}

#[test]
fn what_the_database_has_no_value_for_is_a_refused_row() {
    let shop = Shop::new("id,name\n1,a\n2,b\n", "  - { table: marts.m, to: m, key: id }\n");
    let model = |second: &str| {
        let sql = format!("select id, case when id = 2 then {second} else 1e0 end as x from raw.customers");
        shop.project.write("models/marts/m.sql", sql);
    };
    model("cast('NaN' as double)");
    let said = shop.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &1.into()), "{said}");
    assert!(said["samples"][0]["reason"].as_str().unwrap().contains("no NaN"), "{said}");
    assert_eq!(shop.sql("select operation from headwater_undelivered"), "-1");
    // It stays until it has changed: as the null that JSON has for it, it is not sent.
    shop.customers("id,name\n1,a\n2,b\n3,c\n");
    let said = shop.run();
    assert_eq!(&said["written"], 1, "{said}");
    assert_eq!(shop.sql("select id, x from m order by id"), "1|1\n3|1");
    assert_eq!(shop.sql("select operation, `row` from headwater_undelivered"), r#"-1|{"id":2,"x":null}"#);
    model("2.5e0");
    assert_eq!(shop.run()["undelivered"], 0);
    assert_eq!(shop.sql("select id, x from m order by id"), "1|1\n2|2.5\n3|1");
    assert_eq!(shop.sql("select count(*) from headwater_undelivered"), "0");
}

#[test]
fn a_text_that_is_too_long_for_its_column_is_not_cut() {
    let shop = Shop::new("id,name\n1,short\n2,much longer\n", UPSERT);
    shop.database.sql("create table customers (id int auto_increment primary key, name varchar(6))");
    let said = shop.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &1.into()), "{said}");
    assert!(said["samples"][0]["reason"].as_str().unwrap().contains("varchar(6) cannot hold"), "{said}");
    assert_eq!(shop.there(), "1|short");
    // A 0 is a 0 in a column that counts by itself.
    shop.customers("id,name\n0,zero\n");
    shop.run();
    assert_eq!(shop.there(), "0|zero");
}
