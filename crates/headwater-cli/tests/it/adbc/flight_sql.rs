//! A server of Flight SQL (BenoStreamDB's, which stands on DataFusion) by the driver of Arrow's own people.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use super::installed;
use crate::held::{Held, free_port, leash, printed};
use crate::program::{Said, headwater};
use crate::project::{Project, assert_told};

const KEY: &str = "a-key-for-tests";

struct Server {
    _program: Held,
    port: u16,
    _tables: tempfile::TempDir,
}

fn python() -> String {
    installed("HEADWATER_FLIGHTSQL_PYTHON")
}

impl Server {
    fn start() -> Self {
        let tables = tempfile::tempdir().unwrap();
        let program = Path::new(&python()).with_file_name("benostreamdb-flight");
        assert!(program.is_file(), "there is no {}: run the tests with ./test", program.display());
        let (port, metrics) = (free_port(), free_port());
        let mut held = leash(&program);
        held.env("BSDB_WAREHOUSE", tables.path())
            .env("BSDB_FLIGHT_PORT", port.to_string())
            .env("BSDB_METRICS_PORT", metrics.to_string())
            .env("BSDB_API_KEY", KEY)
            .env("BSDB_AUTH_REQUIRED", "true")
            .current_dir(tables.path());
        let program = Held::start_answering(&mut held, port, String::new);
        let server = Self { _program: program, port, _tables: tables };
        server.sql(&["create database shop"]);
        server
    }

    fn uri(&self) -> String {
        format!("grpc://127.0.0.1:{}", self.port)
    }

    /// Runs statements, by the driver in Python.
    #[track_caller]
    fn sql(&self, statements: &[&str]) {
        let program = format!(
            "import adbc_driver_flightsql.dbapi as f, os, sys
c = f.connect('{}', db_kwargs={{'adbc.flight.sql.rpc.call_header.authorization': 'Bearer {KEY}'}}, autocommit=True)
for statement in sys.argv[1:]:
    with c.cursor() as cursor:
        cursor.execute(statement)
        cursor.fetchall()
c.close()",
            self.uri()
        );
        printed(Command::new(python()).args(["-c", &program]).args(statements));
    }

    fn say(&self, project: &Project, key: &str, arguments: &[&str]) -> Said {
        let mut program = headwater(project.path());
        program.args(arguments).env("PYTHON", python()).env("URI", self.uri()).env("KEY", key);
        program.output().unwrap().into()
    }

    #[track_caller]
    fn query(&self, project: &Project, sql: &str) -> String {
        let said = self.say(project, KEY, &["query", sql, "--format", "csv"]).exits(0);
        said.out.lines().skip(1).collect::<Vec<_>>().join("\n")
    }
}

/// One server for all tests; each has its own schema.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

fn source(streams: &str) -> Project {
    let opened = "connector: adbc\ndriver: flightsql\npython: \"${PYTHON}\"\nuri: \"${URI}\"\noptions:\n  \
        adbc.flight.sql.rpc.call_header.authorization: \"Bearer ${KEY}\"\n";
    Project::empty().with("sources/shop.yml", format!("{opened}streams:\n{streams}"))
}

#[test]
fn tables_and_queries_come_with_their_values_and_rows_past_the_cursor_once() {
    let server = server();
    server.sql(&[
        "create schema shop.loads",
        "create table shop.loads.t (id bigint, name varchar, d date, ts timestamp, f double, b boolean)",
        "insert into shop.loads.t values (1, 'it''s', date '2024-02-29', timestamp '2024-01-01 10:00:00.5', 1.5, true), (2, null, null, timestamp '2024-01-02 00:00:00', null, null)",
    ]);
    let project = source(
        "  - { table: raw.whole, from: shop.loads.t }\n  - { table: raw.by_id, from: shop.loads.t, mode: incremental, cursor: id }\n  \
           - { table: raw.by_ts, from: shop.loads.t, where: \"f is null or f < 2\", mode: incremental, cursor: ts }\n  \
           - { table: raw.counted, query: \"select count(*) as n from shop.loads.t\" }\n",
    );
    server.say(&project, KEY, &["run"]).exits(0);
    let rows = "select id, name, d, ts, f, b from raw.whole order by id";
    assert_eq!(
        server.query(&project, rows),
        "1,it's,2024-02-29,2024-01-01T10:00:00.500,1.5,true\n2,,,2024-01-02T00:00:00,,"
    );
    server.sql(&[
        "insert into shop.loads.t values (3, 'three', null, timestamp '2024-01-03 00:00:00', null, null), (4, 'four', null, timestamp '2024-01-04 00:00:00', 2.5, null)",
    ]);
    let report = server.say(&project, KEY, &["run", "--json"]).exits(0).json();
    let rows_in = |table: &str| {
        let assets = report["assets"].as_array().unwrap();
        assets.iter().find(|asset| asset["asset"] == table || asset["name"] == table).unwrap()["rows_in"].clone()
    };
    assert_eq!((rows_in("raw.by_id"), rows_in("raw.by_ts")), (2.into(), 1.into()), "{report}");
    assert_eq!(server.query(&project, "select sum(id) from raw.by_id"), "10");
    assert_eq!(server.query(&project, "select sum(id) from raw.by_ts"), "6");
    assert_eq!(server.query(&project, "select n from raw.counted"), "4");
}

/// The session's own catalogue is another one there, so that names without it are none.
#[test]
fn what_there_is_is_found_where_it_is() {
    let server = server();
    server.sql(&[
        "create schema shop.found",
        "create table shop.found.orders (id bigint, name varchar)",
        "insert into shop.found.orders values (7, 'seven')",
    ]);
    let project = Project::empty();
    let options = "options={\"adbc.flight.sql.rpc.call_header.authorization\": \"Bearer ${KEY}\"}";
    let add = [
        "source",
        "add",
        "adbc",
        "driver=flightsql",
        "python=${PYTHON}",
        "uri=${URI}",
        options,
        "--only",
        "shop.found.*",
    ];
    server.say(&project, KEY, &add).exits(0);
    server.say(&project, KEY, &["run"]).exits(0);
    assert_eq!(server.query(&project, "select id, name from raw.orders"), "7,seven");
    let said = server.say(&project, KEY, &["source", "check"]).exits(0);
    assert!(said.out.contains("BenoStreamDB") && said.out.contains("all rows, 2 columns"), "{}", said.out);
    let said = server.say(&project, KEY, &["source", "preview", "raw.orders"]).exits(0);
    assert!(said.out.contains("seven"), "{}", said.out);
}

#[test]
fn what_goes_wrong_is_told() {
    let server = server();
    let project = source("  - { table: raw.t, from: shop.nowhere.t }\n");
    assert_told(&server.say(&project, KEY, &["run"]), "HW0387", &["shop.nowhere.t", "No table found"]);
    let said = server.say(&project, "another-key", &["run"]);
    assert_told(&said, "HW0388", &["invalid credentials", "check the user and the password"]);
    assert!(!format!("{}{}", said.out, said.err).contains("another-key"), "{said:?}");
    let mut program = headwater(project.path());
    program.args(["run"]).env("PYTHON", python()).env("URI", "grpc://127.0.0.1:1").env("KEY", KEY);
    let said: Said = program.output().unwrap().into();
    assert_told(&said, "HW0388", &["connection refused", "check `uri`"]);
}
