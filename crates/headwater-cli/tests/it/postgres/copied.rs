//! A database that is copied to another, kept in step, and compared.

use super::server::Database;
use crate::program::{Said, headwater};
use crate::project::{Project, assert_told};

const TABLES: &str = "create table orders (id int8 primary key, customer text, amount numeric(10,2), at timestamptz, tags int[]);
    create table stock (shop int, product text, pieces int, primary key (shop, product));
    create table log (line text, n double precision);
    insert into orders select n, 'c' || n % 7, n * 1.01, '2024-01-01Z'::timestamptz + n * interval '1 min', array[n, null]
        from generate_series(1, 3000) n;
    insert into stock select n % 3, 'p' || n, n from generate_series(1, 60) n;
    insert into log select 'line ' || n % 5, n / 7.0 from generate_series(1, 200) n; insert into log values ('twice', 1), ('twice', 1);
    create publication shop for table orders, stock";
const STREAMS: &str = "  - { table: raw.orders, from: public.orders, mode: cdc, key: [id] }
  - { table: raw.stock, from: stock, mode: cdc, key: [shop, product] }
  - { table: raw.log, from: log }
";

/// Two databases, and a project that copies the one to the other.
struct Copied {
    project: Project,
    shop: Database,
    copy: Database,
}

impl Copied {
    fn new() -> Self {
        let (project, shop, copy) = (Project::empty(), Database::new(), Database::new());
        shop.sql(TABLES);
        copy.sql("create schema raw");
        let copied = Self { project, shop, copy };
        copied.streams(STREAMS);
        copied.project.write(
            "destinations/copy.yml",
            "connector: postgres\nconnection: \"${COPY}\"\ndeliveries:\n  - { source: shop, to: \"{schema}.{table}\" }\n",
        );
        copied
    }

    fn streams(&self, streams: &str) {
        let slot = self.shop.name();
        let source = format!(
            "connector: postgres\nconnection: \"${{SHOP}}\"\nslot: {slot}\npublication: shop\nstreams:\n{streams}"
        );
        self.project.write("sources/shop.yml", source);
    }

    fn say(&self, arguments: &[&str]) -> Said {
        let mut program = headwater(self.project.path());
        program.args(arguments).env("SHOP", self.shop.url()).env("COPY", self.copy.url()).output().unwrap().into()
    }

    /// Every table, row by row, as either database tells it itself.
    #[track_caller]
    fn assert_same(&self) {
        for (table, rows) in [
            ("orders", "select id, customer, amount, extract(epoch from at), tags from $.orders order by id"),
            ("stock", "select * from $.stock order by shop, product"),
            ("log", "select * from $.log order by line, n"),
        ] {
            let (theirs, ours) =
                (self.shop.sql(&rows.replace('$', "public")), self.copy.sql(&rows.replace('$', "raw")));
            assert_eq!(theirs, ours, "{table}");
        }
    }
}

/// What a comparison says of a table and a place.
#[track_caller]
fn of<'a>(said: &'a serde_json::Value, table: &str, place: &str) -> &'a serde_json::Value {
    let all = said["comparisons"].as_array().unwrap();
    all.iter()
        .find(|one| one["table"] == table && one["place"] == place)
        .unwrap_or_else(|| panic!("{table}, {place}: {said}"))
}

#[test]
fn a_database_is_copied_kept_in_step_and_compared() {
    let copied = Copied::new();
    let said = copied.say(&["sync", "shop", "copy", "--json"]).exits(0).json();
    copied.assert_same();
    assert_eq!(said["comparisons"].as_array().unwrap().len(), 6, "{said}");
    for (table, rows) in [("raw.orders", 3000), ("raw.stock", 60), ("raw.log", 202)] {
        for place in ["source", "destination"] {
            let one = of(&said, table, place);
            assert_eq!(
                (&one["state"], &one["rows"], &one["rows_there"]),
                (&"equal".into(), &rows.into(), &rows.into()),
                "{one}"
            );
        }
    }
    copied.shop.sql(
        "update orders set amount = amount + 1 where id % 5 = 0; delete from orders where id between 100 and 110;
        insert into stock values (9, 'new', null); truncate log; insert into log values (null, 'NaN'), ('x', null)",
    );
    copied.say(&["sync", "shop", "copy"]).exits(0);
    copied.assert_same();
    // A run alone keeps it in step, too, and a table that comes later is copied without another word.
    copied.shop.sql("create table later (a int primary key, b text); insert into later values (1, 'one'); delete from stock where shop = 1");
    copied.streams(&format!("{STREAMS}  - {{ table: raw.later, from: later }}\n"));
    copied.say(&["run"]).exits(0);
    copied.assert_same();
    assert_eq!(copied.copy.sql("select * from raw.later"), "1|one");
}

#[test]
fn what_comes_by_a_cursor_is_compared_with_all_that_its_source_has() {
    let copied = Copied::new();
    copied.streams("  - { table: raw.orders, from: orders, mode: incremental, cursor: id, key: [id], lookback: 10 }\n");
    copied.say(&["run"]).exits(0);
    let compared = |code| {
        let said = copied.say(&["verify", "raw.orders", "--sources", "--json"]).exits(code).json();
        of(&said, "raw.orders", "source").clone()
    };
    assert_eq!(compared(0)["rows_there"], 3000);
    // Behind the cursor, and not seen.
    copied.shop.sql("update orders set amount = 0 where id = 5; insert into orders (id) values (-1)");
    copied.say(&["run"]).exits(0);
    let one = compared(1);
    assert_eq!((&one["extra"], &one["different"]), (&1.into(), &1.into()), "{one}");
}

/// A column that went from the source stays in the table, with the values that it had: it is told, and the others are compared.
#[test]
fn columns_that_the_source_has_no_more_are_not_compared() {
    let copied = Copied::new();
    copied.streams("  - { table: raw.orders, from: public.orders, mode: cdc, key: [id], drift: add }\n");
    copied.say(&["run"]).exits(0);
    copied.shop.sql("alter table orders drop column customer; update orders set amount = 0 where id = 7");
    copied.say(&["run"]).exits(0);
    let compared = |code| {
        let said = copied.say(&["verify", "raw.orders", "--sources", "--json"]).exits(code).json();
        of(&said, "raw.orders", "source").clone()
    };
    let one = compared(0);
    assert_eq!((&one["state"], &one["rows"]), (&"equal".into(), &3000.into()), "{one}");
    assert!(one["notes"].to_string().contains("has them no more: customer"), "{one}");
    copied.shop.sql("update orders set amount = 1 where id = 8");
    assert_eq!(compared(1)["different"], 1);
}

#[test]
fn tables_are_not_equal_while_rows_there_cannot_be_read() {
    let copied = Copied::new();
    copied.streams("  - { table: raw.orders, from: orders, on_bad_row: reject }\n");
    copied.shop.sql("insert into orders (id, amount) values (-1, 'NaN')");
    copied.say(&["run"]).exits(0);
    let said = copied.say(&["verify", "raw.orders", "--sources", "--json"]).exits(1).json();
    let one = of(&said, "raw.orders", "source");
    assert_eq!((&one["state"], &one["rows"], &one["rows_there"]), (&"differs".into(), &3000.into(), &3001.into()));
    assert!(one["notes"].to_string().contains("1 rows there cannot be read"), "{one}");
    copied.shop.sql("delete from orders where id = -1");
    copied.say(&["run"]).exits(0);
    copied.say(&["verify", "raw.orders", "--sources"]).exits(0);
}

#[test]
fn what_differs_is_found_and_named() {
    let copied = Copied::new();
    copied.say(&["sync", "shop", "copy"]).exits(0);
    let said = copied.say(&["verify", "--json"]).exits(0).json();
    assert_eq!(said["comparisons"].as_array().unwrap().len(), 3, "deliveries alone: {said}");
    copied.copy.sql("update raw.orders set amount = 99.5, customer = null where id = 500; delete from raw.orders where id in (7, 8);
        insert into raw.orders (id, amount) values (-1, 1); update raw.log set n = 0 where ctid = (select min(ctid) from raw.log where line = 'twice')");
    let said = copied.say(&["verify", "copy", "--json"]).exits(1).json();
    let orders = of(&said, "raw.orders", "destination");
    assert_eq!(
        (&orders["state"], &orders["rows"], &orders["rows_there"]),
        (&"differs".into(), &3000.into(), &2999.into())
    );
    assert_eq!(
        (&orders["missing"], &orders["extra"], &orders["different"]),
        (&2.into(), &1.into(), &1.into()),
        "{orders}"
    );
    let samples: Vec<String> = orders["samples"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sample| format!("{}: {}", sample["row"].as_str().unwrap(), sample["what"].as_str().unwrap()))
        .collect();
    assert_eq!(
        samples,
        [
            "id = -1: is not in the lake",
            "id = 500: customer: null and not c3, amount: 99.50 and not 505.00",
            "id = 7: is not there",
            "id = 8: is not there"
        ]
    );
    let log = of(&said, "raw.log", "destination");
    assert_eq!((&log["missing"], &log["extra"], &log["different"]), (&1.into(), &1.into(), &0.into()), "no key: {log}");
    assert_eq!(of(&said, "raw.stock", "destination")["state"], "equal");
    // The source moves on, and nobody has run.
    copied.shop.sql("update stock set pieces = 0 where product = 'p3'");
    let said = copied.say(&["verify", "shop", "--json"]).exits(1).json();
    assert_eq!(of(&said, "raw.stock", "source")["different"], 1, "{said}");
    assert_eq!(of(&said, "raw.orders", "source")["state"], "equal", "{said}");
    let shown = copied.say(&["verify", "raw.stock"]).exits(1);
    for text in ["raw.stock", "differs", "shop = 0, product = p3: pieces: 0 and not 3", "equal"] {
        assert!(shown.out.contains(text), "{text}: {}", shown.out);
    }
    // What the source has changed since arrives; what somebody has changed at the destination does not go away by itself.
    let said = copied.say(&["sync", "shop", "copy", "--attempts", "2", "--json"]).exits(1).json();
    assert_eq!(said["attempts"], 1, "another attempt would change nothing");
    assert_eq!(of(&said, "raw.stock", "destination")["state"], "equal", "{said}");
    assert_eq!(of(&said, "raw.orders", "destination")["state"], "differs", "{said}");
}

#[test]
fn a_copy_is_compared_with_what_it_was_given() {
    let copied = Copied::new();
    copied.say(&["sync", "shop", "copy"]).exits(0);
    // The source has moved on, and what it has was loaded and not delivered.
    copied.shop.sql("update orders set amount = 0 where id = 1");
    copied.say(&["run", "--no-deliver"]).exits(0);
    let said = copied.say(&["verify", "shop", "copy", "--json"]).exits(0).json();
    assert_eq!(of(&said, "raw.orders", "source")["state"], "equal");
    let behind = of(&said, "raw.orders", "destination");
    assert_eq!(behind["state"], "equal", "the copy is what the lake was");
    let note = behind["notes"][0].as_str().unwrap();
    assert!(note.contains("snapshot 1, as it was delivered; main has another one since (2)"), "{note}");
    assert!(note.contains("headwater deliver"), "{note}");
    let said = copied.say(&["sync", "shop", "copy", "--json"]).exits(0).json();
    assert_eq!(said["attempts"], 1);
}

#[test]
fn mistakes_in_copies_say_what_to_do() {
    let copied = Copied::new();
    let said = copied.say(&["sync", "shops", "copy"]).exits(2);
    assert_told(&said, "HW0985", &["'shops'", "did you mean 'shop'?"]);
    let said = copied.say(&["sync", "shop", "warehouse"]).exits(2);
    assert_told(&said, "HW0985", &["destinations/warehouse.yml", "source: shop"]);
    assert_told(&copied.say(&["verify", "raw.ordres"]).exits(2), "HW0989", &["did you mean 'raw.orders'?"]);
    // Nothing is there yet.
    let said = copied.say(&["verify", "--sources", "copy", "--json"]).exits(0).json();
    assert!(said["comparisons"].as_array().unwrap().iter().all(|one| one["state"] == "nothing"), "{said}");
    let wrong = |delivery: &str, code: &str, told: &[&str]| {
        let text = format!("connector: postgres\nconnection: \"${{COPY}}\"\ndeliveries:\n  - {delivery}\n");
        copied.project.write("destinations/copy.yml", text);
        assert_told(&copied.say(&["check"]).exits(2), code, told);
    };
    wrong("{ source: shpo, to: \"a.{table}\" }", "HW0205", &["there is no source 'shpo'", "did you mean 'shop'?"]);
    wrong("{ source: shop, only: nothing, to: \"a.{table}\" }", "HW0205", &["none of the tables of 'shop'"]);
    wrong("{ source: shop, table: raw.log, to: a }", "HW0135", &["'table'", "`source`"]);
    wrong("{ to: a }", "HW0112", &["a delivery has no 'table'"]);
}
