//! Deliveries of what has changed, by a key.

use super::{CUSTOMERS, Shop, UPSERT};

#[test]
fn only_what_has_changed_is_sent() {
    let shop = Shop::new(CUSTOMERS, UPSERT);
    let said = shop.run();
    assert_eq!(
        (&said["state"], &said["written"], &said["snapshot"]),
        (&"delivered".into(), &3.into(), &1.into()),
        "{said}"
    );
    assert_eq!(shop.there(), "1|Ada|Paris\n2|Ben|\n3|Cleo|Rome");
    let key =
        "select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'customers'::regclass and contype = 'p'";
    assert_eq!(shop.database.sql(key), "PRIMARY KEY (id)");
    // One row as it was (with other neighbours), one another, one gone, one new.
    shop.customers("id,name,city\n1,Ada,Paris\n2,Ben,Bonn\n4,Dan,Oslo\n");
    let before = shop.database.sql("select xmin from customers where id = 1");
    let said = shop.run();
    assert_eq!((&said["written"], &said["deleted"]), (&2.into(), &1.into()), "{said}");
    assert_eq!(shop.there(), "1|Ada|Paris\n2|Ben|Bonn\n4|Dan|Oslo");
    assert_eq!(
        shop.database.sql("select xmin from customers where id = 1"),
        before,
        "a row that did not change was written"
    );
    let said = shop.run();
    assert_eq!((&said["state"], &said["written"]), (&"up_to_date".into(), &0.into()), "{said}");
    // What was published meanwhile without being delivered is made up for.
    shop.customers("id,name,city\n1,Ada,Nice\n");
    let said = shop.say(&["run", "--no-deliver", "--json"]).exits(0).json();
    assert_eq!(said["deliveries"], serde_json::Value::Null);
    shop.customers("id,name,city\n1,Ada,Nice\n9,Zoe,\n");
    shop.say(&["run", "--no-deliver"]).exits(0);
    let there = shop.there();
    let said = shop.say(&["deliver", "--dry-run"]).exits(0);
    assert!(said.out.contains("to be delivered"), "{}", said.out);
    assert_eq!(shop.there(), there);
    let said = shop.say(&["deliver", "--json"]).exits(0).json()[0].clone();
    assert_eq!((&said["written"], &said["deleted"]), (&2.into(), &2.into()), "{said}");
    assert_eq!(shop.there(), "1|Ada|Nice\n9|Zoe|");
    assert!(shop.say(&["deliver"]).exits(0).out.contains("1 delivery is up to date"));
}

#[test]
fn a_rollback_is_delivered_too() {
    let shop = Shop::new(CUSTOMERS, UPSERT);
    shop.run();
    shop.customers("id,name,city\n1,Eve,Paris\n4,Dan,Oslo\n");
    shop.run();
    shop.say(&["rollback", "1"]).exits(0);
    shop.say(&["deliver"]).exits(0);
    assert_eq!(shop.there(), "1|Ada|Paris\n2|Ben|\n3|Cleo|Rome");
}

#[test]
fn a_view_is_delivered_by_its_rows() {
    let shop = Shop::new(CUSTOMERS, "  - { table: marts.cities, to: public.cities, key: city, where: 'people > 0' }\n");
    let sql = "/*---\nmaterialize: view\n---*/\nselect coalesce(city, '-') as city, count(*) as people from raw.customers group by 1\n";
    shop.project.write("models/marts/cities.sql", sql);
    shop.run();
    let cities = || shop.database.sql("select * from cities order by city");
    assert_eq!(cities(), "-|1\nParis|1\nRome|1");
    shop.customers(&format!("{CUSTOMERS}4,Dan,Rome\n"));
    let said = shop.run();
    assert_eq!(said["written"], 1, "{said}");
    assert_eq!(cities(), "-|1\nParis|1\nRome|2");
}

#[test]
fn columns_and_rows_are_chosen_and_chosen_otherwise() {
    let shop = Shop::new(
        CUSTOMERS,
        "  - { table: raw.customers, to: customers, key: id, exclude: city, where: \"city <> 'Rome'\" }\n",
    );
    shop.run();
    assert_eq!(shop.there(), "1|Ada");
    // A row that the condition holds for no longer is gone.
    shop.customers("id,name,city\n1,Ada,Rome\n2,Ben,Bonn\n");
    let said = shop.run();
    assert_eq!((&said["written"], &said["deleted"]), (&1.into(), &1.into()), "{said}");
    assert_eq!(shop.there(), "2|Ben");
    // Another choice sends all rows, and adds the column.
    shop.deliver(UPSERT);
    let said = shop.run();
    assert_eq!((&said["written"], &said["deleted"]), (&2.into(), &0.into()), "{said}");
    assert_eq!(shop.there(), "1|Ada|Rome\n2|Ben|Bonn");
    shop.deliver("  - { table: raw.customers, to: customers, key: id, on_delete: keep }\n");
    shop.customers("id,name,city\n2,Ben,Bonn\n");
    assert_eq!(shop.run()["deleted"], 0);
    assert_eq!(shop.there(), "1|Ada|Rome\n2|Ben|Bonn");
}

#[test]
fn a_table_that_is_there_keeps_what_is_not_delivered() {
    let shop = Shop::new(CUSTOMERS, UPSERT);
    // The column of another type is filled by a cast; there is no index on the key.
    shop.database.sql(
        "create type town as enum ('Paris', 'Rome', 'Bonn');
         create table customers (id int, name varchar(20), city town, rank int default 7);
         insert into customers values (1, 'Old', null, 1), (50, 'Other', null, 2)",
    );
    let said = shop.run();
    let note = said["notes"][0].as_str().unwrap_or_default();
    assert!(note.contains("create unique index"), "{said}");
    assert_eq!(shop.there(), "1|Ada|Paris|1\n2|Ben||7\n3|Cleo|Rome|7\n50|Other||2");
    shop.database.sql("create unique index on customers (id)");
    shop.customers("id,name,city\n1,Ada,Bonn\n3,Cleo,Rome\n");
    let said = shop.run();
    assert_eq!(
        (&said["written"], &said["deleted"], &said["notes"]),
        (&1.into(), &1.into(), &serde_json::json!([])),
        "{said}"
    );
    assert_eq!(shop.there(), "1|Ada|Bonn|1\n3|Cleo|Rome|7\n50|Other||2");
}

/// After any changes, with runs left out now and then, the table is the lake's.
#[test]
fn whatever_happens_the_table_is_the_lakes() {
    let shop = Shop::new("id,part,v\n", "  - { table: raw.customers, to: customers, key: [part, id] }\n");
    let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
    let mut throw = |sides: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        dice % sides
    };
    let mut rows = std::collections::BTreeMap::new();
    for round in 0..25 {
        for _ in 0..throw(8) {
            let key = (throw(3), throw(6));
            match throw(3) {
                0 => rows.remove(&key),
                _ => rows.insert(key, throw(3)),
            };
        }
        let lines: Vec<String> = rows.iter().map(|((part, id), v)| format!("{id},p{part},{v}\n")).collect();
        shop.customers(&format!("id,part,v\n{}", lines.concat()));
        if throw(4) == 0 {
            shop.say(&["run", "--no-deliver"]).exits(0);
            continue;
        }
        shop.say(&["run"]).exits(0);
        let expected: Vec<String> = rows.iter().map(|((part, id), v)| format!("{id}|p{part}|{v}")).collect();
        let there = shop.database.sql("select id, part, v from customers order by part, id");
        assert_eq!(there, expected.join("\n"), "round {round}");
    }
}
