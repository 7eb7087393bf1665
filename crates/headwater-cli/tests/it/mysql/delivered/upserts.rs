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
    assert_eq!(shop.there(), "1|Ada|Paris\n2|Ben|NULL\n3|Cleo|Rome");
    let key = "select group_concat(column_name) from information_schema.statistics
        where table_schema = database() and table_name = 'customers' and index_name = 'PRIMARY'";
    assert_eq!(shop.sql(key), "id");
    // One row as it was, one another, one gone, one new; the trigger sees what is written.
    shop.database.sql(
        "create table writes (what text);
         create trigger u after update on customers for each row insert into writes values (concat('u', new.id));
         create trigger i after insert on customers for each row insert into writes values (concat('i', new.id));
         create trigger d after delete on customers for each row insert into writes values (concat('d', old.id))",
    );
    shop.customers("id,name,city\n1,Ada,Paris\n2,Ben,Bonn\n4,Dan,Oslo\n");
    let said = shop.run();
    assert_eq!((&said["written"], &said["deleted"]), (&2.into(), &1.into()), "{said}");
    assert_eq!(shop.there(), "1|Ada|Paris\n2|Ben|Bonn\n4|Dan|Oslo");
    assert_eq!(shop.sql("select what from writes order by what"), "d3\ni4\nu2");
    let said = shop.run();
    assert_eq!((&said["state"], &said["written"]), (&"up_to_date".into(), &0.into()), "{said}");
    // What was published meanwhile without being delivered is made up for.
    shop.customers("id,name,city\n1,Ada,Nice\n");
    shop.say(&["run", "--no-deliver"]).exits(0);
    shop.customers("id,name,city\n1,Ada,Nice\n9,Zoe,\n");
    shop.say(&["run", "--no-deliver"]).exits(0);
    let there = shop.there();
    let said = shop.say(&["deliver", "--dry-run"]).exits(0);
    assert!(said.out.contains("to be delivered"), "{}", said.out);
    assert_eq!(shop.there(), there);
    let said = shop.say(&["deliver", "--json"]).exits(0).json()[0].clone();
    assert_eq!((&said["written"], &said["deleted"]), (&2.into(), &2.into()), "{said}");
    assert_eq!(shop.there(), "1|Ada|Nice\n9|Zoe|NULL");
}

#[test]
fn a_table_that_is_there_keeps_what_is_not_delivered() {
    let shop = Shop::new(CUSTOMERS, UPSERT);
    // The column of another type is filled by a conversion; there is no index on the key.
    shop.database.sql(
        "create table customers (id int, name varchar(20), city enum ('Paris', 'Rome', 'Bonn'), `rank` int default 7);
         insert into customers values (1, 'Old', null, 1), (50, 'Other', null, 2)",
    );
    let said = shop.run();
    let note = said["notes"][0].as_str().unwrap_or_default();
    assert!(note.contains("add unique (`id`)"), "{said}");
    assert_eq!(shop.there(), "1|Ada|Paris|1\n2|Ben|NULL|7\n3|Cleo|Rome|7\n50|Other|NULL|2");
    shop.database.sql("alter table customers add unique (id)");
    shop.customers("id,name,city\n1,Ada,Bonn\n3,Cleo,Rome\n");
    let said = shop.run();
    assert_eq!(
        (&said["written"], &said["deleted"], &said["notes"]),
        (&1.into(), &1.into(), &serde_json::json!([])),
        "{said}"
    );
    assert_eq!(shop.there(), "1|Ada|Bonn|1\n3|Cleo|Rome|7\n50|Other|NULL|2");
    // Another choice of columns sends all rows, and adds the column.
    shop.customers("id,name,city,age\n1,Ada,Bonn,30\n3,Cleo,Rome,40\n");
    let said = shop.say(&["run", "--json"]);
    let said = if said.code == Some(0) { said } else { shop.say(&["run", "--full-refresh", "--json"]) };
    let said = said.exits(0).json()["deliveries"][0].clone();
    assert_eq!((&said["written"], &said["deleted"]), (&2.into(), &0.into()), "{said}");
    assert_eq!(shop.there(), "1|Ada|Bonn|1|30\n3|Cleo|Rome|7|40\n50|Other|NULL|2|NULL");
}

#[test]
fn keys_that_are_the_same_to_a_collation_alone_are_not_the_same_row() {
    let shop = Shop::new("id,v\na,1\nA,2\n\u{e4},3\na ,4\n", UPSERT);
    // A table of the delivery's own tells them apart.
    let said = shop.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&4.into(), &0.into()), "{said}");
    assert_eq!(shop.sql("select hex(id), v from customers order by v"), "61|1\n41|2\nC3A4|3\n6120|4");
    shop.customers("id,v\na,1\nA,5\n");
    let said = shop.run();
    assert_eq!((&said["written"], &said["deleted"]), (&1.into(), &2.into()), "{said}");
    assert_eq!(shop.sql("select hex(id), v from customers order by v"), "61|1\n41|5");
    // One whose collation takes them for the same refuses the second, and overwrites nothing.
    shop.database
        .sql("create table folded (id varchar(20) character set latin1 collate latin1_general_ci primary key, v int)");
    shop.deliver("  - { table: raw.customers, to: folded, key: id, name: folded }\n");
    let said = shop.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &1.into()), "{said}");
    let there = shop.sql("select id, v from folded");
    assert!(["a|1", "A|5"].contains(&there.as_str()), "{there}");
    // The one that is there goes, and the other one takes its place.
    let other = if there == "a|1" { "id,v\nA,5\n" } else { "id,v\na,1\n" };
    shop.customers(other);
    let said = shop.run();
    assert_eq!((&said["written"], &said["deleted"], &said["undelivered"]), (&1.into(), &1.into(), &0.into()), "{said}");
    assert_eq!(shop.sql("select id, v from folded"), other.lines().nth(1).unwrap().replace(',', "|"));
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
        let there = shop.sql("select id, part, v from customers order by part, id");
        assert_eq!(there, expected.join("\n"), "round {round}");
    }
}
