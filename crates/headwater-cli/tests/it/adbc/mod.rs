//! Databases behind ADBC drivers: the libraries of SQLite, PostgreSQL and DuckDB as their own people ship them.

mod bigquery;
mod delivered;
mod duckdb;
mod flight_sql;
mod incremental;
mod refusals;
mod snowflake;
mod sources;

use std::path::Path;
use std::process::Command;

use crate::held::printed;
use crate::program::{Said, headwater};
use crate::project::Project;

/// A file that `./test` has put there.
pub(crate) fn installed(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run the tests with ./test, which installs what they need and sets it")
    })
}

/// A Python with the drivers of SQLite and PostgreSQL, and with DuckDB.
pub(crate) fn drivers() -> String {
    installed("HEADWATER_ADBC_PYTHON")
}

/// Runs the program, which finds DuckDB's library.
fn say(project: &Project, arguments: &[&str]) -> Said {
    program(project, arguments).output().unwrap().into()
}

fn program(project: &Project, arguments: &[&str]) -> Command {
    let mut program = headwater(project.path());
    program.args(arguments).env("HEADWATER_DUCKDB", installed("HEADWATER_DUCKDB")).env("PYTHON", drivers());
    program
}

/// The rows of a query of the lake as CSV without its header.
#[track_caller]
fn query(project: &Project, sql: &str) -> String {
    let said = say(project, &["query", sql, "--format", "csv"]).exits(0);
    said.out.lines().skip(1).collect::<Vec<_>>().join("\n")
}

/// Runs a program in Python beside the database's own package; what it prints.
#[track_caller]
fn python(folder: &Path, program: &str, arguments: &[&str]) -> String {
    printed(Command::new(drivers()).args(["-c", program]).args(arguments).current_dir(folder))
}

/// Statements for a file of DuckDB; the rows of the last one as CSV.
#[track_caller]
fn duckdb(project: &Project, sql: &str) -> String {
    let program = "import duckdb, sys
db = duckdb.connect('shop.duckdb')
rows = db.execute(sys.argv[1]).fetchall()
print('\\n'.join(','.join('' if value is None else str(value) for value in row) for row in rows))";
    python(project.path(), program, &[sql])
}

/// Statements for a file of SQLite; the rows of a single one as CSV.
#[track_caller]
fn sqlite(project: &Project, sql: &str) -> String {
    let program = "import sqlite3, sys
db = sqlite3.connect('shop.db')
sql = sys.argv[1]
if sql.lower().startswith('select'):
    [print(*['' if value is None else value for value in row], sep=',') for row in db.execute(sql)]
else:
    db.executescript(sql)
    db.commit()";
    python(project.path(), program, &[sql])
}
