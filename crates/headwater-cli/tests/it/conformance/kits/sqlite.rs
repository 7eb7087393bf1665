//! SQLite: a file that Python's own SQLite writes.

use serde_json::Value;

use super::{Discovers, Hidden, Hides, Spoils};
use crate::conformance::bench::{Kit, Notices};
use crate::conformance::python::Python;
use crate::conformance::sql::Dialect;
use crate::conformance::table::{Change, Kind, Table};
use crate::project::Project;

static PYTHON: Python = Python::of("HEADWATER_PYTHON");

const SQL: Dialect = Dialect {
    quote: '"',
    type_of: |kind| match kind {
        Kind::Integer => "integer",
        Kind::Text => "text",
        Kind::Double => "double",
        Kind::Decimal => "decimal(12,2)",
        Kind::Boolean => "boolean",
        Kind::Date => "date",
        Kind::Moment => "datetime",
    },
    escapes: false,
};

pub(crate) struct Sqlite {
    project: Project,
}

impl Sqlite {
    #[track_caller]
    fn sql(&self, sql: &str) {
        let program =
            "import sqlite3\ndb = sqlite3.connect('shop.db')\ndb.executescript(given)\ndb.commit()\ndb.close()";
        PYTHON.run(self.project.path(), program, &Value::from(sql));
    }
}

impl Kit for Sqlite {
    const NAME: &str = "sqlite";
    const NOTICES: Notices = Notices::ChangesLater;
    const MISSING: &str = "HW0360";

    fn start() -> Self {
        Self { project: Project::empty() }
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn source(&self) -> String {
        "path: shop.db".to_owned()
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

impl Spoils for Sqlite {
    fn spoil(&self, table: &Table, id: i64) {
        self.sql(&format!("update {} set price = 'dear' where id = {id}", SQL.name(&table.name)));
    }
}

impl Hides for Sqlite {
    fn hidden(&self) -> Vec<Hidden> {
        vec![Hidden { source: "path: nowhere.db".to_owned(), stream: None, environment: Vec::new(), code: "HW0361" }]
    }
}

impl Discovers for Sqlite {
    fn keys(&self) -> Vec<String> {
        vec!["path=shop.db".to_owned()]
    }

    fn found(&self, table: &Table) -> String {
        table.name.clone()
    }
}
