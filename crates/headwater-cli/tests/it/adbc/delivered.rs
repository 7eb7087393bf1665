//! Tables that are delivered through drivers.

use super::{duckdb, python, query, say, sqlite};
use crate::postgres::server::Database;
use crate::program::Said;
use crate::project::{Project, assert_told};

const CUSTOMERS: &str = "id,name,city\n1,Ada,Paris\n2,Ben,\n3,Cleo,Rome\n";
const UPSERT: &str = "{ table: raw.customers, to: customers, key: id }";
const APPEND: &str = "{ table: raw.customers, to: customers, mode: append }";

/// Where a shop delivers to.
enum To {
    Sqlite,
    DuckDb,
    Postgres(Database),
}

struct Shop {
    project: Project,
    to: To,
}

impl Shop {
    fn new(to: To, csv: &str, delivery: &str) -> Self {
        let source = "connector: files\nlocation: data\nstreams:\n  - { table: raw.customers, path: customers.csv }\n";
        let shop = Self { project: Project::empty().with("sources/files.yml", source), to };
        shop.customers(csv);
        shop.deliver(delivery, "");
        shop
    }

    fn customers(&self, csv: &str) {
        self.project.write("data/customers.csv", csv);
    }

    fn deliver(&self, delivery: &str, more: &str) {
        let keys = match &self.to {
            To::Sqlite => "connector: adbc\ndriver: sqlite\npython: \"${PYTHON}\"\nuri: shop.db\n",
            To::DuckDb => "connector: duckdb\npath: shop.duckdb\n",
            To::Postgres(_) => "connector: adbc\ndriver: postgresql\npython: \"${PYTHON}\"\nuri: \"${CRM}\"\n",
        };
        self.project.write("destinations/crm.yml", format!("{keys}{more}deliveries:\n  - {delivery}\n"));
    }

    fn program(&self, arguments: &[&str]) -> std::process::Command {
        let mut program = super::program(&self.project, arguments);
        if let To::Postgres(database) = &self.to {
            program.env("CRM", database.url());
        }
        program
    }

    fn say(&self, arguments: &[&str]) -> Said {
        self.program(arguments).output().unwrap().into()
    }

    /// The first delivery of a run.
    #[track_caller]
    fn run(&self) -> serde_json::Value {
        self.say(&["run", "--json"]).exits(0).json()["deliveries"][0].clone()
    }

    #[track_caller]
    fn ask(&self, sql: &str) -> String {
        match &self.to {
            To::Sqlite => sqlite(&self.project, sql),
            To::DuckDb => duckdb(&self.project, sql),
            To::Postgres(database) => database.sql(sql).replace('|', ","),
        }
    }

    /// The rows of the delivered table.
    #[track_caller]
    fn there(&self) -> String {
        self.ask("select id, name, city from customers order by id")
    }
}

fn all() -> [To; 3] {
    [To::Sqlite, To::DuckDb, To::Postgres(Database::new())]
}

#[test]
fn rows_come_change_and_go() {
    for to in all() {
        let shop = Shop::new(to, CUSTOMERS, UPSERT);
        let said = shop.run();
        assert_eq!((&said["state"], &said["written"]), (&"delivered".into(), &3.into()), "{said}");
        assert_eq!(shop.there(), "1,Ada,Paris\n2,Ben,\n3,Cleo,Rome");
        assert_eq!(shop.run()["state"], "up_to_date");
        shop.customers("id,name,city\n1,Ada,Lyon\n3,Cleo,Rome\n4,Dan,Oslo\n");
        let said = shop.run();
        assert_eq!((&said["written"], &said["deleted"]), (&2.into(), &1.into()), "{said}");
        assert_eq!(shop.there(), "1,Ada,Lyon\n3,Cleo,Rome\n4,Dan,Oslo");
        let mark = shop.ask("select mark from headwater_deliveries");
        assert!(mark.contains("\"snapshot\":2"), "{mark}");
        shop.deliver("{ table: raw.customers, to: customers, key: id, on_delete: keep }", "");
        shop.customers("id,name,city\n4,Dan,Bergen\n");
        shop.run();
        assert_eq!(shop.there(), "1,Ada,Lyon\n3,Cleo,Rome\n4,Dan,Bergen");
    }
}

#[test]
fn rows_are_added_or_replaced() {
    for to in all() {
        let shop = Shop::new(to, "id,name,city\n1,a,x\n", APPEND);
        shop.run();
        shop.customers("id,name,city\n1,a,x\n2,b,y\n");
        assert_eq!(shop.run()["written"], 1);
        assert_eq!(shop.there(), "1,a,x\n2,b,y");
        shop.deliver("{ table: raw.customers, to: customers, mode: replace, where: id > 1 }", "");
        let said = shop.run();
        assert_eq!((&said["written"], &said["deleted"]), (&1.into(), &2.into()), "{said}");
        assert_eq!(shop.there(), "2,b,y");
    }
}

/// What the mark tells of is gone with the table.
#[test]
fn a_table_that_was_dropped_gets_all_rows_again() {
    for to in all() {
        let shop = Shop::new(to, CUSTOMERS, UPSERT);
        shop.run();
        shop.ask("drop table customers");
        let said = shop.run();
        assert_eq!((&said["state"], &said["written"]), (&"delivered".into(), &3.into()), "{said}");
        assert_eq!(shop.run()["state"], "up_to_date");
        shop.ask("drop table customers");
        shop.customers("id,name,city\n1,Ada,Paris\n2,Ben,Oslo\n3,Cleo,Rome\n");
        assert_eq!(shop.run()["written"], 3);
        assert_eq!(shop.there(), "1,Ada,Paris\n2,Ben,Oslo\n3,Cleo,Rome");
    }
}

#[test]
fn a_delivery_that_dies_has_happened_once_or_not_at_all() {
    for to in [|| To::Sqlite, || To::DuckDb, || To::Postgres(Database::new())] {
        for point in ["before_delivery", "before_delivery_commit", "after_delivery"] {
            let shop = Shop::new(to(), "id,name,city\n1,a,x\n2,b,x\n", APPEND);
            shop.run();
            shop.customers("id,name,city\n1,a,x\n2,b,x\n3,c,x\n");
            let died = shop.program(&["run"]).env("HEADWATER_CRASH_AT", point).output().unwrap();
            assert!(!died.status.success(), "{point}");
            shop.say(&["run"]).exits(0);
            assert_eq!(shop.there(), "1,a,x\n2,b,x\n3,c,x", "{point}");
            shop.say(&["run"]).exits(0);
            assert_eq!(shop.there(), "1,a,x\n2,b,x\n3,c,x", "{point}");
        }
    }
}

#[test]
fn without_transactions_rows_may_come_twice_and_a_run_says_so() {
    let shop = Shop::new(To::Sqlite, "id,name,city\n1,a,x\n", APPEND);
    shop.deliver(APPEND, "transactions: false\n");
    let said = shop.run();
    assert!(said.to_string().contains("HW0396"), "{said}");
    shop.customers("id,name,city\n1,a,x\n2,b,y\n");
    let died = shop.program(&["run"]).env("HEADWATER_CRASH_AT", "before_delivery_mark").output().unwrap();
    assert!(!died.status.success());
    shop.run();
    assert_eq!(shop.there(), "1,a,x\n2,b,y\n2,b,y");
    // By a key they do not.
    shop.deliver("{ table: raw.customers, to: keyed, key: id }", "transactions: false\n");
    let died = shop.program(&["run"]).env("HEADWATER_CRASH_AT", "before_delivery_mark").output().unwrap();
    assert!(!died.status.success());
    shop.run();
    assert_eq!(shop.ask("select id, name from keyed order by id"), "1,a\n2,b");
}

#[test]
fn tables_that_are_there_keep_what_is_theirs() {
    for to in all() {
        let shop = Shop::new(to, CUSTOMERS, UPSERT);
        shop.ask("create table customers (city varchar(20), note varchar(20) default 'new', id integer primary key, name varchar(20)); insert into customers values ('Bonn', 'mine', 1, 'x')");
        shop.run();
        assert_eq!(
            shop.ask("select id, name, city, note from customers order by id"),
            "1,Ada,Paris,mine\n2,Ben,,new\n3,Cleo,Rome,new"
        );
        shop.customers("id,name,city,extra\n1,Ada,Paris,1\n");
        let said = shop.say(&["run", "--full-refresh"]).exits(1);
        assert_told(&said, "HW0387", &["has no column extra", "alter table"]);
        assert_eq!(shop.there(), "1,Ada,Paris\n2,Ben,\n3,Cleo,Rome");
    }
}

/// The rows of all orders, and rows that are gone, each with the database's reason.
#[test]
fn rows_that_are_refused_are_kept_and_hold_nothing_back() {
    for to in all() {
        let shop = Shop::new(to, CUSTOMERS, UPSERT);
        shop.ask("create table customers (id integer primary key, name varchar(20), city varchar(20) not null)");
        let said = shop.run();
        assert_eq!((&said["written"], &said["undelivered"]), (&2.into(), &1.into()), "{said}");
        assert_eq!(shop.there(), "1,Ada,Paris\n3,Cleo,Rome");
        let kept = shop.ask("select delivery, operation, \"row\" from headwater_undelivered");
        assert_eq!(kept, "crm/raw.customers,0,{\"id\":2,\"name\":\"Ben\"}");
        let reason = shop.ask("select reason from headwater_undelivered").to_lowercase();
        assert!(reason.contains("null") && reason.contains("city"), "{reason}");
        assert!(!reason.contains("cannot be delivered to"), "the database's own words: {reason}");
        // It comes again with a value: what was kept of it is no more.
        shop.customers("id,name,city\n1,Ada,Paris\n2,Ben,Bonn\n3,Cleo,Rome\n4,Dan,\n");
        let said = shop.run();
        assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &1.into()), "{said}");
        assert_eq!(shop.there(), "1,Ada,Paris\n2,Ben,Bonn\n3,Cleo,Rome");
        assert_eq!(shop.ask("select count(*) from headwater_undelivered where \"row\" like '%Dan%'"), "1");
        // It is gone before it was ever taken.
        shop.customers("id,name,city\n1,Ada,Paris\n3,Cleo,Rome\n");
        let said = shop.run();
        assert_eq!((&said["written"], &said["undelivered"]), (&0.into(), &0.into()), "{said}");
        assert_eq!(shop.there(), "1,Ada,Paris\n3,Cleo,Rome");
        assert_eq!(shop.ask("select count(*) from headwater_undelivered"), "0");
    }
}

#[test]
fn many_rows_that_are_refused_are_found_among_many() {
    let lines = (1..=6_000).map(|id| format!("{id},name,{}\n", if id % 500 == 7 { "" } else { "town" }));
    let csv = format!("id,name,city\n{}", lines.collect::<String>());
    for to in all() {
        let shop = Shop::new(to, &csv, "{ table: raw.customers, to: customers, key: id, most_undelivered: 12 }");
        shop.ask("create table customers (id integer primary key, name varchar(20), city varchar(20) not null)");
        let said = shop.run();
        assert_eq!((&said["written"], &said["undelivered"]), (&5_988.into(), &12.into()), "{said}");
        assert_eq!(shop.ask("select count(*), min(id), max(id) from customers"), "5988,1,6000");
        shop.deliver("{ table: raw.customers, to: customers, mode: replace, most_undelivered: 11 }", "");
        assert_told(&shop.say(&["deliver", "--anew"]).exits(1), "HW0383", &["most_undelivered"]);
        assert_eq!(shop.ask("select count(*) from customers"), "5988");
    }
}

/// Without transactions nothing can be tried.
#[test]
fn a_row_that_is_refused_fails_a_delivery_without_transactions_as_a_whole() {
    let shop = Shop::new(To::Sqlite, CUSTOMERS, UPSERT);
    shop.deliver(UPSERT, "transactions: false\n");
    shop.ask("create table customers (id integer, name varchar(20), city varchar(20) not null)");
    assert_told(&shop.say(&["run"]).exits(1), "HW0389", &["NOT NULL", "customers.city"]);
    assert_eq!(shop.there(), "");
    assert_eq!(super::query(&shop.project, "select count(*) as n from raw.customers"), "3");
}

#[test]
fn values_arrive_as_they_are() {
    let sql = "select 1 as id, true as flag, cast(2 as smallint) as small, cast(3 as int) as mid, cast(4 as bigint) as big, cast(0.5 as float) as f, 1e300 as d,
        cast(1.50 as decimal(10,2)) as amount, cast('12345678901234567890123456789012345678' as decimal(38,0)) as wide, 'it''s ☃' as name, date '1600-02-29' as day,
        timestamp '2024-01-01 10:00:00.000001' as ts, to_timestamp('2024-01-01T10:00:00Z') as moment, make_array(1, null) as list, named_struct('a', 1) as deep\nunion all select 2, null, null, null, null, null, null, null, null, null, null, null, null, null, null";
    let expected = |to: &To| match to {
        To::Sqlite => {
            "1,1,2,3,4,0.5,1e+300,1.50,12345678901234567890123456789012345678,it's ☃,1600-02-29,2024-01-01T10:00:00.000001,[1,null],{\"a\":1}"
        }
        To::DuckDb => {
            "1,True,2,3,4,0.5,1e+300,1.50,12345678901234567890123456789012345678,it's ☃,1600-02-29,2024-01-01 10:00:00.000001,[1, None],{'a': 1}"
        }
        To::Postgres(_) => {
            "1,t,2,3,4,0.5,1e+300,1.5,12345678901234567890123456789012345678,it's ☃,1600-02-29,2024-01-01 10:00:00.000001,{1,NULL},{\"a\":1}"
        }
    };
    for to in all() {
        let shop = Shop::new(to, CUSTOMERS, "{ table: marts.all, to: everything, key: id }");
        shop.project.write("models/marts/all.sql", sql);
        shop.run();
        let columns = "id, flag, small, mid, big, f, d, amount, wide, name, day, ts, list, deep";
        assert_eq!(shop.ask(&format!("select {columns} from everything where id = 1")), expected(&shop.to));
        let nulls = shop.ask(
            "select count(flag) + count(wide) + count(ts) + count(list) + count(deep) from everything where id = 2",
        );
        assert_eq!(nulls, "0");
    }
}

#[test]
fn duckdb_is_delivered_to_by_either_name_and_read_back() {
    let shop = Shop::new(To::DuckDb, CUSTOMERS, "{ table: raw.customers, to: sales.customers, key: id }");
    duckdb(&shop.project, "create schema sales");
    shop.run();
    assert_eq!(shop.ask("select count(*) from sales.customers"), "3");
    shop.project.write(
        "destinations/crm.yml",
        "connector: adbc\ndriver: \"${HEADWATER_DUCKDB}\"\noptions: { path: shop.duckdb }\ndeliveries:\n  - { table: raw.customers, to: sales.customers, key: id }\n",
    );
    shop.customers("id,name,city\n9,Zoe,Rome\n");
    assert_eq!(shop.run()["written"], 1);
    assert_eq!(shop.ask("select id from sales.customers"), "9");
    std::fs::remove_file(shop.project.path().join("destinations/crm.yml")).unwrap();
    shop.project.write(
        "sources/back.yml",
        "connector: duckdb\npath: shop.duckdb\nstreams:\n  - { table: raw.back, from: sales.customers }\n",
    );
    shop.say(&["run"]).exits(0);
    assert_eq!(query(&shop.project, "select id, name from raw.back"), "9,Zoe");
    let there = python(shop.project.path(), "import os; print(os.path.exists('shop.duckdb.wal'))", &[]);
    assert_eq!(there, "False");
    say(&shop.project, &["source", "check"]).exits(0);
}

#[test]
fn many_rows_go_in_bounded_memory() {
    let lines: Vec<String> = (1..=400_000).map(|id| format!("{id},name of {id},town\n")).collect();
    for to in all() {
        let shop = Shop::new(to, &format!("id,name,city\n{}", lines.concat()), UPSERT);
        let (said, peak) = crate::program::with_peak(shop.program(&["run"]));
        said.exits(0);
        assert_eq!(shop.ask("select count(*), count(distinct id) from customers"), "400000,400000");
        assert!(peak < 1_500_000, "{peak} KiB");
    }
}

/// By keys of one column and of two; a row in a thousand of a table that an index finds.
#[test]
fn rows_that_are_gone_are_looked_up_by_their_key() {
    let lines = |leave: usize| -> String {
        let some = (0..200_000).filter(|id| leave == 0 || id % leave != 0);
        some.map(|id| format!("{id},n{id},c{}\n", id % 7)).collect()
    };
    for key in ["id", "[id, city]"] {
        let delivery = format!("{{ table: raw.customers, to: customers, key: {key} }}");
        let shop = Shop::new(To::Sqlite, &format!("id,name,city\n{}", lines(0)), &delivery);
        shop.run();
        shop.customers(&format!("id,name,city\n{}", lines(500)));
        let said = shop.run();
        assert_eq!((&said["written"], &said["deleted"]), (&0.into(), &400.into()), "{said}");
        assert!(said["seconds"].as_f64().unwrap() < 2.0, "{said}");
        assert_eq!(shop.ask("select count(*), min(id) from customers"), "199600,1");
    }
}

#[test]
fn a_dry_run_makes_no_file() {
    for to in [To::Sqlite, To::DuckDb] {
        let shop = Shop::new(to, CUSTOMERS, UPSERT);
        let delivered = shop.project.path().join("destinations/crm.yml");
        let text = std::fs::read_to_string(&delivered).unwrap();
        std::fs::remove_file(&delivered).unwrap();
        shop.say(&["run"]).exits(0);
        std::fs::write(&delivered, text).unwrap();
        let said = shop.say(&["deliver", "--dry-run"]).exits(0);
        assert!(said.out.contains("to be delivered"), "{}", said.out);
        for file in ["shop.db", "shop.duckdb"] {
            assert!(!shop.project.path().join(file).exists(), "{file}");
        }
        shop.say(&["deliver"]).exits(0);
        assert_eq!(shop.ask("select count(*) from customers"), "3");
    }
}

/// Columns that are of another kind there are named, and the others compared.
#[test]
fn what_was_delivered_is_compared_in_every_database() {
    for to in all() {
        let shop = Shop::new(to, CUSTOMERS, "{ table: marts.all, to: customers, key: id }");
        let sql = "select id, name, city, cast(id as double) / 8 as rate, cast(id as decimal(20, 3)) as price,
            cast('2024-02-29T12:00:00.5Z' as timestamp) as at, date '2024-01-01' as day, [id] as list from raw.customers";
        shop.project.write("models/marts/all.sql", sql);
        shop.run();
        let verify = |code: i32| shop.say(&["verify", "--json"]).exits(code).json()["comparisons"][0].clone();
        let one = verify(0);
        assert_eq!((&one["state"], &one["rows_there"]), (&"equal".into(), &3.into()), "{one}");
        assert_eq!(one["notes"][0], "not compared, because of their types: list", "{one}");
        shop.ask("update customers set rate = 7 where id = 2");
        let one = verify(1);
        assert_eq!((&one["state"], &one["different"]), (&"differs".into(), &1.into()), "{one}");
    }
}

/// SQLite keeps every value as it is.
#[test]
fn values_are_the_same_there_or_their_rows_are_refused() {
    for to in [To::DuckDb, To::Postgres(Database::new())] {
        let shop = Shop::new(to, "id\n1\n2\n", "{ table: marts.m, to: m, key: id }");
        let model = |v: &str| {
            let sql = format!("select id, {v} as v, date '2024-01-01' as s from raw.customers");
            shop.project.write("models/marts/m.sql", sql);
        };
        shop.ask("create table m (id bigint, v integer, s date)");
        model("case when id = 1 then 9e0 else 9.5e0 end");
        let said = shop.run();
        assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &1.into()), "{said}");
        assert!(said["samples"][0]["reason"].as_str().unwrap().contains("'v'"), "{said}");
        assert_eq!(shop.ask("select id, v from m"), "1,9");
        shop.say(&["verify"]).exits(1);
        // It is tried again, and refused again.
        assert_eq!(shop.say(&["deliver", "--json"]).exits(0).json()[0]["undelivered"], 1);
        model("case when id = 1 then 9e0 else 8e0 end");
        assert_eq!(shop.run()["undelivered"], 0);
        assert_eq!(shop.ask("select id, v from m order by id"), "1,9\n2,8");
        shop.say(&["verify"]).exits(0);
        // A type that has changed since.
        model("cast(id as text) || 'x'");
        let words = &["'v'", "alter table", "set data type", "exclude"];
        assert_told(&shop.say(&["run"]).exits(1), "HW0381", words);
        assert_told(&shop.say(&["deliver", "--dry-run"]).exits(1), "HW0381", words);
        assert_eq!(shop.ask("select id, v from m order by id"), "1,9\n2,8");
    }
}
