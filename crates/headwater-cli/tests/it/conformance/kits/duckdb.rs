//! DuckDB: a file that its package for Python writes.

use serde_json::Value;

use super::{Discovers, Hidden, Hides, Spoils};
use crate::adbc::installed;
use crate::conformance::bench::{Kit, Notices};
use crate::conformance::python::Python;
use crate::conformance::sql::Dialect;
use crate::conformance::table::{Change, Kind, Table};
use crate::project::Project;

pub(crate) static PYTHON: Python = Python::of("HEADWATER_ADBC_PYTHON");

const SQL: Dialect = Dialect {
    quote: '"',
    type_of: |kind| match kind {
        Kind::Integer => "bigint",
        Kind::Text => "varchar",
        Kind::Double => "double",
        Kind::Decimal => "decimal(12,2)",
        Kind::Boolean => "boolean",
        Kind::Date => "date",
        Kind::Moment => "timestamp",
    },
    escapes: false,
};

pub(crate) struct DuckDb {
    project: Project,
}

impl DuckDb {
    #[track_caller]
    fn sql(&self, sql: &str) {
        let program = "import duckdb\ndb = duckdb.connect('shop.duckdb')\ndb.execute(given)\ndb.close()";
        PYTHON.run(self.project.path(), program, &Value::from(sql));
    }
}

impl Kit for DuckDb {
    const NAME: &str = "duckdb";
    const NOTICES: Notices = Notices::ChangesLater;
    const MISSING: &str = "HW0387";

    fn start() -> Self {
        Self { project: Project::empty() }
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![("HEADWATER_DUCKDB", installed("HEADWATER_DUCKDB"))]
    }

    fn source(&self) -> String {
        "path: shop.duckdb".to_owned()
    }

    fn stream(&self, table: &Table, mode: &str) -> String {
        let cursor = if mode == "incremental" { "\ncursor: changed" } else { "" };
        format!("from: {}{cursor}", Value::from(SQL.name(&table.name)))
    }

    fn hold(&self, table: &Table) {
        self.sql(&SQL.hold(table));
    }

    fn apply(&self, table: &Table, changes: &[Change]) {
        self.sql(&SQL.apply(table, changes));
    }

    fn drop(&self, table: &Table) {
        self.sql(&SQL.drop(table));
    }
}

impl Spoils for DuckDb {
    fn spoilable(rows: i64) -> Table {
        super::postgres::with_days(rows)
    }

    fn spoil(&self, table: &Table, id: i64) {
        self.sql(&super::postgres::infinite(table, id));
    }
}

impl Hides for DuckDb {
    fn hidden(&self) -> Vec<Hidden> {
        vec![Hidden {
            source: "path: nowhere.duckdb".to_owned(),
            stream: None,
            environment: self.environment(),
            code: "HW0388",
        }]
    }
}

impl Discovers for DuckDb {
    fn keys(&self) -> Vec<String> {
        vec!["path=shop.duckdb".to_owned()]
    }

    fn found(&self, table: &Table) -> String {
        format!("main.{}", table.name)
    }
}
