//! What goes wrong is told: what, where, and what to do.

use super::{duckdb, say, sqlite};
use crate::program::{Said, headwater};
use crate::project::{Project, assert_told};

fn adbc(keys: &str) -> Project {
    Project::empty()
        .with("sources/shop.yml", format!("connector: adbc\n{keys}streams:\n  - {{ table: raw.t, from: t }}\n"))
}

#[test]
fn a_driver_that_is_not_there_says_how_to_install_it() {
    let said = say(&adbc("driver: snowflake\npython: \"${PYTHON}\"\n"), &["run"]);
    assert_told(
        &said,
        "HW0386",
        &["'snowflake'", "pip install adbc-driver-snowflake", "the packages of", "ADBC_DRIVER_PATH"],
    );
    let said = say(&adbc("driver: drivers/none.so\n"), &["run"]);
    assert_told(&said, "HW0386", &["there is no file", "drivers/none.so"]);
    let project = adbc("driver: drivers/text.so\n").with("drivers/text.so", "no library");
    assert_told(&say(&project, &["run"]), "HW0386", &["cannot be loaded"]);
    let libc = "/lib/x86_64-linux-gnu/libm.so.6";
    if std::path::Path::new(libc).exists() {
        let said = say(&adbc(&format!("driver: {libc}\n")), &["run"]);
        assert_told(&said, "HW0386", &["AdbcDriverInit"]);
    }
}

#[test]
fn duckdb_that_is_not_there_says_how_to_install_it() {
    let project = Project::empty()
        .with("sources/shop.yml", "connector: duckdb\npath: shop.duckdb\nstreams:\n  - { table: raw.t, from: t }\n");
    duckdb(&project, "create table t as select 1 as id");
    let said: Said = headwater(project.path()).args(["run"]).env("LD_LIBRARY_PATH", "").output().unwrap().into();
    assert_told(
        &said,
        "HW0386",
        &["duckdb", "HEADWATER_DUCKDB", "github.com/duckdb/duckdb/releases", "within Python only"],
    );
}

#[test]
fn what_is_not_in_the_database_is_told() {
    let project = Project::empty().with(
        "sources/shop.yml",
        "connector: duckdb\npath: shop.duckdb\nstreams:\n  - { table: raw.t, from: ordrs }\n",
    );
    assert_told(&say(&project, &["run"]), "HW0388", &["there is no file shop.duckdb"]);
    duckdb(&project, "create table orders as select 1 as id");
    assert_told(&say(&project, &["run"]), "HW0387", &["ordrs", "Did you mean \"orders\"?"]);
    project.write(
        "sources/shop.yml",
        "connector: duckdb\npath: shop.duckdb\nstreams:\n  - { table: raw.t, from: orders, where: idd > 1 }\n",
    );
    assert_told(&say(&project, &["run"]), "HW0387", &["idd"]);
    project.write(
        "sources/shop.yml",
        "connector: duckdb\npath: ../shop.duckdb\nstreams:\n  - { table: raw.t, from: orders }\n",
    );
    let said = say(&project, &["check"]).exits(2);
    assert!(said.err.contains("outside the project's folder") && said.err.contains("allow_outside"), "{}", said.err);
    let project = Project::empty()
        .with("sources/shop.yml", "connector: duckdb\npath: shop.duckdb\nstreams:\n  - { table: raw.t, from: t }\n");
    project.write("shop.duckdb", "this is no database but a text of some length");
    assert_told(&say(&project, &["run"]), "HW0389", &["shop.duckdb"]);
}

#[test]
fn nothing_is_written_to_a_source() {
    let source = "connector: adbc\ndriver: sqlite\npython: \"${PYTHON}\"\nuri: shop.db\nstreams:\n  - { table: raw.t, query: delete from t returning id }\n";
    let project = Project::empty().with("sources/shop.yml", source);
    sqlite(&project, "create table t (id integer); insert into t values (1)");
    assert_told(&say(&project, &["run"]), "HW0387", &["raw.t"]);
    assert_eq!(sqlite(&project, "select count(*) from t"), "1");
}

#[test]
fn secrets_stay_out_of_messages() {
    let keys = "driver: postgresql\npython: \"${PYTHON}\"\nuri: \"${SHOP}\"\n";
    let project = adbc(keys);
    let url = "postgresql://nobody:hunter2-secret@127.0.0.1:1/none";
    let said: Said = super::program(&project, &["run"]).env("SHOP", url).output().unwrap().into();
    assert_told(&said, "HW0388", &["the driver postgresql"]);
    assert!(!format!("{}{}", said.out, said.err).contains("hunter2-secret"), "{}{}", said.out, said.err);
    let plain =
        adbc("driver: postgresql\npython: \"${PYTHON}\"\nuri: postgresql://nobody:hunter2-secret@127.0.0.1:1/none\n");
    let said = say(&plain, &["run"]);
    assert!(!format!("{}{}", said.out, said.err).contains("hunter2-secret"), "{}{}", said.out, said.err);
}

#[test]
fn options_that_a_driver_does_not_know_are_told() {
    let project = adbc("driver: sqlite\npython: \"${PYTHON}\"\nuri: shop.db\noptions: { nonsense: 1 }\n");
    assert_told(&say(&project, &["run"]), "HW0387", &["nonsense"]);
    let project = adbc("driver: sqlite\nurl: shop.db\n");
    let said = say(&project, &["check"]).exits(2);
    assert!(said.err.contains("'url'") && said.err.contains("uri"), "{}", said.err);
}
