//! What a comparison says, and what it tells to do.

use super::{CUSTOMERS, Shop, UPSERT};
use crate::project::assert_told;

#[test]
fn a_table_that_was_dropped_is_gone() {
    let shop = Shop::new(CUSTOMERS, UPSERT);
    shop.say(&["run", "--no-deliver"]).exits(0);
    assert!(shop.say(&["verify"]).exits(0).out.contains("nothing yet"));
    shop.run();
    shop.database.sql("drop table customers");
    let said = shop.say(&["verify"]).exits(1);
    assert_told(&said, "HW0995", &["gone", "headwater deliver crm/raw.customers"]);
    shop.say(&["deliver", "crm/raw.customers"]).exits(0);
    assert!(shop.say(&["verify"]).exits(0).out.contains("equal"));
}

/// A column that was there in another type is read as the lake's.
#[test]
fn columns_of_another_type_are_compared_as_the_lakes() {
    let shop = Shop::new("id,name,rate\n1,a,1.5\n2,b,2.5\n", UPSERT);
    shop.database.sql("create table customers (id int primary key, name varchar(10), rate numeric(6,1))");
    shop.run();
    let verify = |code: i32| shop.say(&["verify", "--json"]).exits(code).json()["comparisons"][0].clone();
    let one = verify(0);
    assert_eq!((&one["state"], &one["not_compared"]), (&"equal".into(), &serde_json::json!([])), "{one}");
    shop.database.sql("update customers set rate = 9 where id = 1");
    let one = verify(1);
    assert_eq!((&one["different"], &one["samples"][0]["what"]), (&1.into(), &"rate: 9.0 and not 1.5".into()), "{one}");
}

#[test]
fn rows_that_are_kept_are_no_difference() {
    let shop = Shop::new(CUSTOMERS, "  - { table: raw.customers, to: customers, key: id, on_delete: keep }\n");
    shop.run();
    shop.customers("id,name,city\n2,Ben,\n");
    shop.run();
    assert_eq!(shop.there(), "1|Ada|Paris\n2|Ben|\n3|Cleo|Rome");
    let verify = |code: i32| shop.say(&["verify", "--json"]).exits(code).json()["comparisons"][0].clone();
    let one = verify(0);
    assert_eq!((&one["state"], &one["extra"], &one["samples"]), (&"equal".into(), &0.into(), &serde_json::json!([])));
    assert!(one["notes"].to_string().contains("kept there (`on_delete: keep`): 2"), "{one}");
    shop.database.sql("update customers set name = 'other' where id = 2");
    let one = verify(1);
    assert_eq!((&one["different"], &one["extra"]), (&1.into(), &2.into()), "{one}");
}

#[test]
fn what_could_not_be_compared_is_told_with_the_result() {
    let shop = Shop::new("id\n1\n", "  - { table: marts.m, to: m, key: id }\n");
    shop.project.write("models/marts/m.sql", "select id, named_struct('a', 1) as s from raw.customers");
    shop.run();
    let said = shop.say(&["verify"]).exits(0);
    assert!(said.out.contains("equal, but for 1 column not compared"), "{}", said.out);
}

#[test]
fn the_advice_is_one_that_helps() {
    let shop = Shop::new(CUSTOMERS, UPSERT);
    shop.run();
    shop.database.sql("insert into customers values (77, 'stray')");
    let said = shop.say(&["verify"]).exits(1);
    assert!(said.out.contains("delete them there") && !said.out.contains("--anew"), "{}", said.out);
    shop.database.sql("drop table customers");
    shop.say(&["deliver", "crm/raw.customers"]).exits(0);
    shop.say(&["verify"]).exits(0);
    shop.database.sql("delete from customers where id = 1");
    let said = shop.say(&["verify"]).exits(1);
    assert!(said.out.contains("--anew crm/raw.customers"), "{}", said.out);
    shop.say(&["deliver", "--anew", "crm/raw.customers"]).exits(0);
    shop.say(&["verify"]).exits(0);
}

/// The first delivery waits; the others do not.
#[test]
fn a_server_that_is_down_is_waited_for_once() {
    let deliveries: String =
        (1..=8).map(|n| format!("  - {{ table: raw.customers, to: c{n}, key: id, name: n{n} }}\n")).collect();
    let shop = Shop::new(CUSTOMERS, &deliveries);
    let url = "postgres://nobody:wrong-secret@127.0.0.1:1/none";
    let said: crate::program::Said = shop.program(&["run", "--json"]).env("CRM", url).output().unwrap().into();
    let said = said.exits(1).json();
    let codes: Vec<&str> =
        said["deliveries"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["HW0341", "HW0996", "HW0996", "HW0996", "HW0996", "HW0996", "HW0996", "HW0996"]);
    assert!(said["deliveries"][1]["message"].as_str().unwrap().contains("not tried: crm was out of reach"), "{said}");
    shop.run();
    assert_eq!(shop.database.sql("select count(*) from c8"), "3");
}
