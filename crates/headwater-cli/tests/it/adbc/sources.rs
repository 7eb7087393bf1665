//! Sources behind drivers that pip installs.

use super::{drivers, query, say, sqlite};
use crate::postgres::server::Database;
use crate::project::Project;

fn with_sqlite(streams: &str) -> Project {
    Project::empty().with(
        "sources/shop.yml",
        format!("connector: adbc\ndriver: sqlite\npython: \"${{PYTHON}}\"\nuri: shop.db\nstreams:\n{streams}"),
    )
}

fn with_postgres(streams: &str) -> Project {
    Project::empty().with(
        "sources/shop.yml",
        format!(
            "connector: adbc\ndriver: postgresql\npython: \"${{PYTHON}}\"\nuri: \"${{SHOP}}\"\nstreams:\n{streams}"
        ),
    )
}

fn say_to(project: &Project, database: &Database, arguments: &[&str]) -> crate::program::Said {
    super::program(project, arguments).env("SHOP", database.url()).output().unwrap().into()
}

#[test]
fn tables_of_sqlite_are_read_by_its_driver() {
    let project = with_sqlite(
        "  - { table: raw.orders, from: orders, where: id < 4, exclude: [secret] }\n  - { table: raw.sums, query: 'select count(*) as n, sum(amount) as total from orders' }\n",
    );
    sqlite(
        &project,
        "create table orders (id integer primary key, name text, amount real, data blob, secret text);
         insert into orders values (1, 'naïve ☃', 1.5, x'00ff', 's'), (2, null, null, null, 's'), (3, '', -1e300, x'', 's'), (4, 'd', 1, null, 's')",
    );
    say(&project, &["run"]).exits(0);
    assert_eq!(
        query(&project, "select id, name, amount, encode(data, 'hex') from raw.orders order by id"),
        "1,naïve ☃,1.5,00ff\n2,,,\n3,\"\",-1e300,\"\""
    );
    assert_eq!(query(&project, "select n, total from raw.sums"), "4,-1e300");
    let shown = say(&project, &["show", "raw.orders", "--json"]).exits(0).json();
    let types: Vec<&str> = (0..4).map(|n| shown["columns"][n]["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["bigint", "string", "double", "binary"]);
}

#[test]
fn texts_that_are_none_are_set_aside() {
    let project = with_sqlite("  - { table: raw.t, from: t }\n");
    sqlite(
        &project,
        "create table t (id integer, name text); insert into t values (1, 'good'), (2, cast(x'41ff42' as text)), (3, 'ä')",
    );
    say(&project, &["run"]).exits(0);
    assert_eq!(query(&project, "select id, name from raw.t order by id"), "1,good\n3,ä");
    let said = query(&project, "select _line, _reason from raw.t__rejected");
    assert_eq!(said, "2,column 'name' holds bytes that are not UTF-8");
}

#[test]
fn the_active_environment_and_paths_of_libraries_are_looked_at() {
    let project = with_sqlite("  - { table: raw.t, from: t }\n");
    sqlite(&project, "create table t (id integer); insert into t values (7)");
    let find = "import adbc_driver_sqlite; print(adbc_driver_sqlite._driver_path())";
    let library = super::python(project.path(), find, &[]);
    let source = |driver: &str| {
        format!("connector: adbc\ndriver: {driver}\nuri: shop.db\nstreams:\n  - {{ table: raw.t, from: t }}\n")
    };
    project.write("sources/shop.yml", source(&library));
    say(&project, &["run"]).exits(0);
    // A manifest, as driver managers write them.
    project.write("drivers/mine.toml", format!("manifest_version = 1\n[Driver]\nshared = \"{library}\"\n"));
    project.write("sources/shop.yml", source("drivers/mine.toml"));
    say(&project, &["run", "--full-refresh"]).exits(0);
    project.write("sources/shop.yml", source("mine"));
    let mut program = super::program(&project, &["source", "check"]);
    let said: crate::program::Said =
        program.env("ADBC_DRIVER_PATH", project.path().join("drivers")).output().unwrap().into();
    said.exits(0);
    project.write("sources/shop.yml", source("adbc_driver_sqlite"));
    let environment = std::path::PathBuf::from(drivers()).ancestors().nth(2).unwrap().to_owned();
    let said: crate::program::Said =
        super::program(&project, &["source", "check"]).env("VIRTUAL_ENV", environment).output().unwrap().into();
    said.exits(0);
}

#[test]
fn tables_of_postgresql_are_read_by_its_driver() {
    let project = with_postgres("  - { table: raw.t, from: shop.t }\n");
    let database = Database::new();
    database.sql(
        "create schema shop; create type mood as enum ('sad', 'glad');
         create table shop.t (id int primary key, flag boolean, amount numeric(10,2), free numeric, at timestamptz, local timestamp, day date, clock time,
            token uuid, doc jsonb, address inet, span interval, feeling mood, tags text[], bits bit(3), bytes bytea);
         insert into shop.t values (1, true, 1.50, 0.000000001, '2024-01-01 10:00+02', '2024-01-01 10:00:00.5', '1600-02-29', '10:00', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
            '{\"a\": 1}', '10.0.0.1', '1 mon 2 days', 'glad', '{a,null}', '101', 'x');
         insert into shop.t (id) values (2); insert into shop.t (id, free) values (3, 'NaN'); insert into shop.t (id, at) values (4, 'infinity')",
    );
    say_to(&project, &database, &["run"]).exits(0);
    let ask = |sql: &str| {
        let said = say_to(&project, &database, &["query", sql, "--format", "csv"]).exits(0);
        said.out.lines().skip(1).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(
        ask("select flag, amount, free, at, local, day, clock from raw.t where id = 1"),
        "true,1.50,0.000000001,2024-01-01T08:00:00Z,2024-01-01T10:00:00.500,1600-02-29,10:00:00"
    );
    assert_eq!(
        ask("select token, address, span, feeling, tags[1], bits, encode(bytes, 'hex') from raw.t where id = 1"),
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,10.0.0.1/32,1 mon 2 days,glad,a,101,78"
    );
    assert_eq!(ask("select doc from raw.t where id = 1"), "\"{\"\"a\"\": 1}\"");
    assert_eq!(ask("select count(*) from raw.t"), "2");
    assert_eq!(
        ask("select _line, _reason from raw.t__rejected order by _line"),
        "3,\"column 'free': 'nan' is not a decimal(38,9)\"\n4,column 'at' is outside of the years 1 to 9999"
    );
}

#[test]
fn sources_of_drivers_are_written_from_what_there_is() {
    let project = Project::empty();
    let database = Database::new();
    database.sql(
        "create schema shop; create table shop.orders (id int primary key, amount numeric(10,2) not null); insert into shop.orders values (1, 2.5);
         comment on column shop.orders.amount is 'in euros'; create view shop.latest as select id from shop.orders",
    );
    let add = ["source", "add", "adbc", "driver=postgresql", "python=${PYTHON}", "uri=${SHOP}"];
    let said = say_to(&project, &database, &[&add[..], &["--dry-run", "--json"]].concat()).exits(0).json();
    let mut names: Vec<&str> =
        said["streams"].as_array().unwrap().iter().map(|stream| stream["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["shop.latest", "shop.orders"], "{said}");
    say_to(&project, &database, &add).exits(0);
    let written = std::fs::read_to_string(project.path().join("sources/adbc.yml")).unwrap();
    assert!(
        written.contains("in euros") && written.contains("${SHOP}") && !written.contains(&database.url()),
        "{written}"
    );
    say_to(&project, &database, &["run"]).exits(0);
    let said = say_to(&project, &database, &["query", "select amount from raw.orders", "--format", "csv"]).exits(0);
    assert_eq!(said.out, "amount\n2.50\n");
}
