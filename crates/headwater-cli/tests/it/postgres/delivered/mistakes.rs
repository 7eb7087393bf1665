//! Deliveries with mistakes are told before anything runs.

use super::{CUSTOMERS, Shop, UPSERT};
use crate::project::assert_told;

#[test]
fn mistakes_are_told_where_they_are() {
    let shop = Shop::new(CUSTOMERS, UPSERT);
    shop.run();
    for (delivery, code, words) in [
        ("{ table: raw.custmers, to: c, key: id }", "HW0205", &["raw.customers"] as &[&str]),
        ("{ table: raw.customers, to: c }", "HW0112", &["mode: replace"]),
        ("{ table: raw.customers, to: c, mode: upsert }", "HW0112", &["key"]),
        ("{ table: raw.customers, to: c, mode: append, key: id }", "HW0135", &["only an upsert"]),
        ("{ table: raw.customers, to: c, key: idd }", "HW0984", &["'idd'", "did you mean 'id'"]),
        ("{ table: raw.customers, to: c, key: id, exclude: [nme] }", "HW0984", &["'nme'", "did you mean 'name'"]),
        ("{ table: raw.customers, to: c, key: id, exclude: [id] }", "HW0984", &["not among those"]),
        ("{ table: raw.customers, to: c, key: id, columns: [name] }", "HW0984", &["not among those"]),
        ("{ table: raw.customers, to: c, key: id, columns: [id], exclude: [name] }", "HW0135", &["columns"]),
        ("{ table: raw.customers, to: c, key: id, where: ctiy = 'x' }", "HW0504", &["`where` of crm/raw.customers"]),
        ("{ table: raw.customers, to: c, key: id, where: random() > 0.5 }", "HW0984", &["random"]),
        ("{ table: raw.customers, to: a.b.c, key: id }", "HW0122", &["schema.table"]),
        ("{ table: raw.customers, to: c, key: id, colour: red }", "HW0110", &["colour"]),
    ] {
        shop.deliver(&format!("  - {delivery}\n"));
        let said = shop.say(&["check"]).exits(2);
        assert_told(&said, code, words);
        assert!(said.err.contains("destinations/crm.yml:4"), "{delivery}: {}", said.err);
        assert_eq!(said.err.matches("error[").count(), 1, "told once: {}", said.err);
    }
    shop.deliver(&format!("{UPSERT}{UPSERT}"));
    assert_told(&shop.say(&["check"]).exits(2), "HW0135", &["two deliveries crm/raw.customers", "name"]);
    shop.project.write("destinations/crm.yml", "connector: postgre\ndeliveries: []\n");
    assert_told(&shop.say(&["check"]).exits(2), "HW0120", &["did you mean 'postgres'"]);
    shop.deliver(UPSERT);
    assert_told(&shop.say(&["deliver", "crn"]).exits(2), "HW0980", &["crm/raw.customers"]);
}

#[test]
fn a_key_is_checked_before_anything_is_published() {
    let shop = Shop::new("id,name\n1,a\n1,b\n", UPSERT);
    let said = shop.say(&["run"]).exits(1);
    assert!(said.out.contains("unique(id)"), "{}", said.out);
    shop.customers("id,name\n1,a\n,b\n");
    let said = shop.say(&["run"]).exits(1);
    assert!(said.out.contains("not_null(id)"), "{}", said.out);
    assert_eq!(shop.database.sql("select to_regclass('customers')"), "");
}

#[test]
fn what_the_role_may_not_do_is_told_with_the_grant() {
    let shop = Shop::new(CUSTOMERS, UPSERT);
    let role = format!("writer_{}", shop.database.name());
    shop.database.sql(&format!("create role {role} login password 'w'; revoke create on schema public from public"));
    let url = shop.database.url_of(&role, "w");
    shop.say(&["run", "--no-deliver"]).exits(0);
    let said: crate::program::Said = shop.program(&["deliver", "--dry-run"]).env("CRM", &url).output().unwrap().into();
    assert_told(&said.exits(1), "HW0343", &["grant usage, create on schema public", &role]);
    let said: crate::program::Said = shop.program(&["run"]).env("CRM", &url).output().unwrap().into();
    assert_told(&said.exits(1), "HW0343", &["grant usage, create on schema public", &role]);
    shop.database.sql(&format!("grant create, usage on schema public to {role}"));
    let said: crate::program::Said = shop.program(&["run"]).env("CRM", &url).output().unwrap().into();
    said.exits(0);
    assert_eq!(shop.there(), "1|Ada|Paris\n2|Ben|\n3|Cleo|Rome");
    shop.database.sql(&format!("drop owned by {role}; drop role {role}"));
}

#[test]
fn another_environment_delivers_nothing_where_it_should_not() {
    let shop = Shop::new(CUSTOMERS, UPSERT);
    shop.project.write(
        "headwater.yml",
        "name: small\nenvironments:\n  dev: { default: true, lake: ./dev }\n  prod: { lake: ./prod }\n",
    );
    let text = "connector: postgres\nconnection: \"${CRM}\"\nenvironments: [prod]\ndeliveries:\n";
    shop.project.write("destinations/crm.yml", format!("{text}{UPSERT}"));
    let said = shop.say(&["run", "--json"]).exits(0).json();
    assert_eq!(said["deliveries"], serde_json::Value::Null);
    assert!(shop.say(&["deliver"]).exits(0).out.contains("delivers nothing in this environment"));
    let said = shop.say(&["run", "--env", "prod", "--json"]).exits(0).json();
    assert_eq!(said["deliveries"][0]["written"], 3, "{said}");
}
