//! Snowflake, by the driver that its own people ship, against an emulator of it.

mod server;

use std::process::Command;
use std::sync::OnceLock;

use server::{Server, python};

use crate::program::{Said, headwater};
use crate::project::{Project, assert_told};

const PASSWORD: &str = "never-to-be-seen";

/// One server for all tests; each has its own database.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

/// A project beside a database.
struct Shop {
    project: Project,
    database: &'static str,
}

impl Shop {
    fn reading(database: &'static str, streams: &str) -> Self {
        let source = format!(
            "connector: adbc\ndriver: snowflake\npython: \"${{PYTHON}}\"\nuri: \"${{SNOWFLAKE}}\"\nstreams:\n{streams}"
        );
        Self { project: Project::empty().with("sources/shop.yml", source), database }
    }

    fn delivering(database: &'static str, customers: &str, delivery: &str) -> Self {
        let source = "connector: files\nlocation: data\nstreams:\n  - { table: raw.customers, path: customers.csv }\n";
        let shop = Self { project: Project::empty().with("sources/files.yml", source), database };
        shop.customers(customers);
        shop.project.write(
            "destinations/crm.yml",
            format!("connector: adbc\ndriver: snowflake\npython: \"${{PYTHON}}\"\nuri: \"${{SNOWFLAKE}}\"\ndeliveries:\n  - {delivery}\n"),
        );
        shop
    }

    fn customers(&self, csv: &str) {
        self.project.write("data/customers.csv", csv);
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut program = headwater(self.project.path());
        let uri = server().uri(self.database, PASSWORD);
        program.args(arguments).env("PYTHON", python()).env("SNOWFLAKE", uri);
        program
    }

    #[track_caller]
    fn say(&self, arguments: &[&str]) -> Said {
        let said: Said = self.program(arguments).output().unwrap().into();
        assert!(!format!("{}{}", said.out, said.err).contains(PASSWORD), "{said:?}");
        said
    }

    /// The first delivery of a run.
    #[track_caller]
    fn run(&self) -> serde_json::Value {
        self.say(&["run", "--json"]).exits(0).json()["deliveries"][0].clone()
    }

    #[track_caller]
    fn query(&self, sql: &str) -> String {
        let said = self.say(&["query", sql, "--format", "csv"]).exits(0);
        said.out.lines().skip(1).collect::<Vec<_>>().join("\n")
    }

    #[track_caller]
    fn ask(&self, statements: &[&str]) -> String {
        server().ask(self.database, statements)
    }

    #[track_caller]
    fn there(&self) -> String {
        self.ask(&["select \"id\", \"name\" from \"customers\" order by \"id\""])
    }
}

#[test]
fn tables_are_read_with_their_types_and_from_where_they_were_read_to() {
    let shop = Shop::reading(
        "READ",
        "  - { table: raw.orders, from: ORDERS, mode: incremental, cursor: ID }\n  - { table: raw.sums, query: 'select count(*) as N from ORDERS' }\n",
    );
    shop.ask(&[
        "create table ORDERS (ID bigint, AMOUNT number(10, 2), NAME varchar, PLACED timestamp_ntz, SEEN timestamp_tz, DAY date, IS_GIFT boolean, WEIGHT double)",
        "insert into ORDERS values (1, 1.50, 'naïve ☃', '2024-01-01 10:00:00.123456', '2024-01-01 10:00:00+00', '2024-02-29', true, 0.5), (2, null, null, '2024-01-02 00:00:00', '2024-01-02 00:00:00+00', null, null, null)",
    ]);
    shop.say(&["run"]).exits(0);
    assert_eq!(
        shop.query("select \"ID\", \"AMOUNT\", \"NAME\", \"PLACED\", \"SEEN\", \"DAY\", \"IS_GIFT\", \"WEIGHT\" from raw.orders where \"ID\" = 1"),
        "1,1.50,naïve ☃,2024-01-01T10:00:00.123456,2024-01-01T10:00:00Z,2024-02-29,true,0.5"
    );
    assert_eq!(
        shop.query("select count(*), count(\"AMOUNT\"), count(\"NAME\"), count(\"DAY\") from raw.orders"),
        "2,1,1,1"
    );
    shop.ask(&["insert into ORDERS (ID, NAME) values (3, 'c')"]);
    let report = shop.say(&["run", "--json"]).exits(0).json();
    let orders = report["assets"].as_array().unwrap().iter().find(|asset| asset["asset"] == "raw.orders").unwrap();
    assert_eq!(orders["rows_in"], 1, "{orders}");
    assert_eq!(shop.query("select count(*) from raw.orders"), "3");
    shop.say(&["source", "check"]).exits(0);
}

#[test]
fn rows_come_change_and_go() {
    let shop =
        Shop::delivering("CHANGES", "id,name\n1,Ada\n2,Ben\n", "{ table: raw.customers, to: customers, key: id }");
    let said = shop.run();
    assert_eq!((&said["state"], &said["written"]), (&"delivered".into(), &2.into()), "{said}");
    assert!(!said.to_string().contains("HW0396"), "{said}");
    assert_eq!(shop.there(), "1,Ada\n2,Ben");
    assert_eq!(shop.run()["state"], "up_to_date");
    shop.customers("id,name\n1,Adam\n3,Cleo\n");
    let said = shop.run();
    assert_eq!((&said["written"], &said["deleted"]), (&2.into(), &1.into()), "{said}");
    assert_eq!(shop.there(), "1,Adam\n3,Cleo");
    assert_eq!(shop.ask(&["select count(*) from HEADWATER_DELIVERIES"]), "1");
}

/// The emulator does not end the transaction of a client that is gone, as Snowflake does after some minutes: it is started anew.
#[test]
fn rows_are_added_or_replaced_once_only_whenever_a_delivery_dies() {
    let mut server = Server::start();
    let points = ["before_delivery", "before_delivery_mark", "before_delivery_commit", "after_delivery"];
    for (mode, database, points) in [("append", "ADDS", &points[..]), ("replace", "REPLACES", &points[2..])] {
        let delivery = format!("{{ table: raw.customers, to: customers, mode: {mode} }}");
        let shop = Shop::delivering(database, "id,name\n1,a\n", &delivery);
        let headwater = |server: &Server, point: Option<&str>| {
            let mut run = shop.program(&["run"]);
            run.env("SNOWFLAKE", server.uri(database, PASSWORD)).envs(point.map(|point| ("HEADWATER_CRASH_AT", point)));
            run.output().unwrap()
        };
        assert!(headwater(&server, None).status.success());
        let mut rows = "1,a".to_owned();
        for (round, point) in points.iter().enumerate() {
            rows.push_str(&format!("\n{},b", round + 2));
            shop.customers(&format!("id,name\n{rows}\n"));
            let died = headwater(&server, Some(point));
            assert_eq!(died.status.code(), None, "{point}: {}", String::from_utf8_lossy(&died.stderr));
            server.restart();
            let said: Said = headwater(&server, None).into();
            said.exits(0);
            let there = server.ask(database, &["select \"id\", \"name\" from \"customers\" order by \"id\""]);
            assert_eq!(there, rows, "{mode} {point}");
        }
    }
}

#[test]
fn values_arrive_as_they_are() {
    let shop = Shop::delivering("VALUES_DB", "id,name\n1,a\n", "{ table: marts.all, to: everything, key: id }");
    shop.project.write(
        "models/marts/all.sql",
        "select 1 as id, true as flag, cast(4 as bigint) as big, 0.5e0 as real, cast(1.50 as decimal(10, 2)) as amount, 'it''s \\ ☃' as name, date '1600-02-29' as day,
        timestamp '2024-01-01 10:00:00.000001' as ts, to_timestamp('2024-01-01T10:00:00Z') as moment, make_array(1, null) as list, arrow_cast(x'00ff', 'Binary') as data\n",
    );
    shop.run();
    assert_eq!(
        shop.ask(&["select \"id\", \"flag\", \"big\", \"real\", \"amount\", \"name\", \"day\", \"ts\", \"moment\", \"list\", hex_encode(\"data\") from \"everything\""]),
        "1,True,4,0.5,1.50,it's \\ ☃,1600-02-29,2024-01-01 10:00:00.000001,2024-01-01 10:00:00+00:00,[1,null],00FF"
    );
}

#[test]
fn rows_that_are_refused_are_kept_and_tried_again() {
    let shop =
        Shop::delivering("REFUSES", "id,name\n1,Ada\n2,\n3,Cleo\n", "{ table: raw.customers, to: customers, key: id }");
    shop.ask(&["create table \"customers\" (\"id\" bigint, \"name\" varchar not null)"]);
    let said = shop.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&2.into(), &1.into()), "{said}");
    assert_eq!(shop.there(), "1,Ada\n3,Cleo");
    let kept = shop.ask(&["select operation, \"row\" from HEADWATER_UNDELIVERED"]);
    assert_eq!(kept, "0,{\"id\":2}");
    shop.ask(&["alter table \"customers\" alter column \"name\" drop not null"]);
    shop.customers("id,name\n1,Ada\n2,\n3,Cleo\n4,Dan\n");
    let said = shop.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&2.into(), &0.into()), "{said}");
    assert_eq!(shop.there(), "1,Ada\n2,\n3,Cleo\n4,Dan");
    assert_eq!(shop.ask(&["select count(*) from HEADWATER_UNDELIVERED"]), "0");
}

#[test]
fn a_table_that_is_not_there_is_told() {
    let shop = Shop::reading("LACKS", "  - { table: raw.none, from: NONE_SUCH }\n");
    let said = shop.say(&["run"]).exits(2);
    assert_told(&said, "HW0387", &["NONE_SUCH", "sources/shop.yml:6"]);
}
