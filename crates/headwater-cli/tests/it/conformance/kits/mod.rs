//! How each connector is tried: on a system that is really there, as the tests of that connector start it.

pub(super) mod adbc;
pub(super) mod airbyte;
pub(super) mod delta;
pub(super) mod duckdb;
pub(super) mod files;
pub(super) mod iceberg;
pub(super) mod mysql;
pub(super) mod postgres;
pub(super) mod program;
pub(super) mod rest;
pub(super) mod singer;
pub(super) mod sqlite;

use super::bench::Kit;
use super::table::{Row, Table};

/// A kit whose system has values that the lake cannot hold, or the project declares otherwise.
pub(crate) trait Spoils: Kit {
    /// A table with a column whose values can be spoilt.
    fn spoilable(rows: i64) -> Table {
        Table::items(rows)
    }

    /// Makes the value of a column of the row, which is there, one that cannot be read.
    fn spoil(&self, table: &Table, id: i64);
}

/// A kit whose system can be out of reach.
pub(crate) trait Hides: Kit {
    /// Sources that reach nothing, with what the environment has to have then. A secret in them is [`SECRET`].
    fn hidden(&self) -> Vec<Hidden>;
}

/// A source that reaches nothing.
pub(crate) struct Hidden {
    /// Keys of the source, each in a line.
    pub(crate) source: String,
    /// Keys of the stream, where they are others than usual.
    pub(crate) stream: Option<String>,
    pub(crate) environment: Vec<(&'static str, String)>,
    /// The code of the error.
    pub(crate) code: &'static str,
}

/// Nobody may see this.
pub(crate) const SECRET: &str = "hunter2-of-the-tests";

/// A kit whose sources take a secret, which the program finds under `SHOP_SECRET`.
pub(crate) trait KeepsSecrets: Kit {
    /// Keys of the source, which take [`SECRET`] from `${SHOP_SECRET}`, and reach the system.
    fn with_secret(&self) -> String;
}

/// A kit whose systems say what they have.
pub(crate) trait Discovers: Kit {
    /// What `headwater source add` is given after the connector's name.
    fn keys(&self) -> Vec<String>;

    /// What the system calls a table.
    fn found(&self, table: &Table) -> String;
}

/// The rows of a table as JSON objects, one a line.
fn json_lines(table: &Table) -> String {
    let object = |row: &Row| format!("{}\n", serde_json::Value::Object(table.object(row)));
    table.rows.iter().map(object).collect()
}

/// The interpreter of Python that programs are run by: itself, and nothing on the `PATH` that looks for it first. It leaves out what they do not need.
fn interpreter() -> String {
    let python = std::env::var("HEADWATER_PYTHON");
    let python = python.expect("HEADWATER_PYTHON is not set: run the tests with ./test");
    format!("{python:?}, \"-SE\"")
}
