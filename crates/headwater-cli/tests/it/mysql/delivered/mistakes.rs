//! What cannot be delivered to is told with what to do.

use super::{CUSTOMERS, Shop, UPSERT};
use crate::project::assert_told;

#[test]
fn what_cannot_be_delivered_to_is_told() {
    let shop = Shop::new(CUSTOMERS, UPSERT);
    shop.say(&["run", "--no-deliver"]).exits(0);
    shop.deliver("  - { table: raw.customers, to: a.b.c, key: id }\n");
    assert_told(&shop.say(&["check"]).exits(2), "HW0122", &["database.table"]);
    shop.database.sql(
        "create view a_view as select 1 as id; create table no_transactions (id bigint primary key) engine = MyISAM;
         create table number (name bigint primary key)",
    );
    for (to, key, code, words) in [
        ("a_view", "id", "HW0381", &["is no table"] as &[&str]),
        ("no_transactions", "id", "HW0381", &["no transactions", "engine = InnoDB"]),
        ("number", "name", "HW0381", &["key column 'name'", "varchar"]),
        ("nowhere_at_all.t", "id", "HW0352", &["nowhere_at_all"]),
    ] {
        shop.deliver(&format!("  - {{ table: raw.customers, to: {to}, key: {key} }}\n"));
        for arguments in [&["deliver", "--dry-run"] as &[&str], &["deliver"]] {
            assert_told(&shop.say(arguments).exits(1), code, words);
        }
    }
}

#[test]
fn what_the_user_may_not_do_is_told_with_the_grant() {
    let shop = Shop::new(CUSTOMERS, UPSERT);
    let (database, user) = (shop.database.name().to_owned(), format!("w_{}", shop.database.name()));
    shop.database.sql(&format!(
        "create user {user}@'127.0.0.1' identified by 'w'; grant select on {database}.* to {user}@'127.0.0.1'"
    ));
    let url = shop.database.url_of(&user, "w");
    let run = |arguments: &[&str]| -> crate::program::Said {
        shop.program(arguments).env("CRM", &url).output().unwrap().into()
    };
    assert_told(&run(&["run"]).exits(1), "HW0353", &["grant select, insert, update, delete, create", &user]);
    shop.database.sql("create table customers (id bigint primary key)");
    assert_told(&run(&["deliver", "--dry-run"]).exits(1), "HW0353", &["grant select, insert", &user]);
    let rights = "select, insert, update, delete, create, alter, create temporary tables";
    shop.database.sql(&format!("grant {rights} on {database}.* to {user}@'127.0.0.1'"));
    run(&["run"]).exits(0);
    assert_eq!(shop.there(), "1|Ada|Paris\n2|Ben|NULL\n3|Cleo|Rome");
    // To replace a table takes one more.
    shop.deliver("  - { table: raw.customers, to: other, mode: replace }\n");
    assert_told(&run(&["deliver"]).exits(1), "HW0353", &["drop", &user]);
    shop.database.sql(&format!("drop user {user}@'127.0.0.1'"));
}

#[test]
fn a_database_that_is_not_there_holds_back_nothing_but_its_own() {
    let shop = Shop::new(CUSTOMERS, UPSERT);
    let refused = "mysql://nobody:wrong-secret@127.0.0.1:1/none";
    let said: crate::program::Said = shop.program(&["run"]).env("CRM", refused).output().unwrap().into();
    let said = said.exits(1);
    assert_told(&said, "HW0351", &["crm/raw.customers"]);
    assert!(said.out.contains("published snapshot 1"), "{}", said.out);
    assert!(!format!("{}{}", said.out, said.err).contains("wrong-secret"));
    shop.run();
    assert_eq!(shop.there(), "1|Ada|Paris\n2|Ben|NULL\n3|Cleo|Rome");
}
