//! MariaDB: a database of the server that the tests of `mysql` share.

use serde_json::Value;

use super::{Discovers, Hidden, Hides, KeepsSecrets, SECRET, Spoils};
use crate::conformance::bench::{Kit, Notices};
use crate::conformance::sql::Dialect;
use crate::conformance::table::{Change, Kind, Table};
use crate::mysql::server::{Database, OWNER};
use crate::project::Project;

const SQL: Dialect = Dialect {
    quote: '`',
    type_of: |kind| match kind {
        Kind::Integer => "bigint",
        Kind::Text => "text",
        Kind::Double => "double",
        Kind::Decimal => "decimal(12,2)",
        Kind::Boolean => "boolean",
        Kind::Date => "date",
        Kind::Moment => "datetime(6)",
    },
    escapes: true,
};

pub(crate) struct MySql {
    project: Project,
    database: Database,
}

impl Kit for MySql {
    const NAME: &str = "mysql";
    const NOTICES: Notices = Notices::ChangesAround;
    const MISSING: &str = "HW0350";

    fn start() -> Self {
        Self { project: Project::empty(), database: Database::new() }
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![("SHOP", self.database.url())]
    }

    fn source(&self) -> String {
        "connection: \"${SHOP}\"".to_owned()
    }

    fn stream(&self, table: &Table, mode: &str) -> String {
        let cursor = if mode == "incremental" { "\ncursor: changed" } else { "" };
        format!("from: {}{cursor}", Value::from(SQL.name(&table.name)))
    }

    fn declares(kind: Kind) -> bool {
        // The server's booleans are numbers.
        kind == Kind::Boolean
    }

    fn hold(&self, table: &Table) {
        self.database.sql(&SQL.hold(table));
    }

    fn apply(&self, table: &Table, changes: &[Change]) {
        self.database.sql(&SQL.apply(table, changes));
    }

    fn drop(&self, table: &Table) {
        self.database.sql(&SQL.drop(table));
    }
}

impl Spoils for MySql {
    fn spoilable(rows: i64) -> Table {
        super::postgres::with_days(rows)
    }

    fn spoil(&self, table: &Table, id: i64) {
        self.database.sql(&format!(
            "set sql_mode = 'ALLOW_INVALID_DATES'; update {} set day = '2024-02-31' where id = {id}",
            SQL.name(&table.name)
        ));
    }
}

impl Hides for MySql {
    fn hidden(&self) -> Vec<Hidden> {
        let source = "connection: \"${SHOP}\"".to_owned();
        let with =
            |url: String, code| Hidden { source: source.clone(), stream: None, environment: vec![("SHOP", url)], code };
        vec![
            with(self.database.url_of(OWNER.0, SECRET), "HW0352"),
            with(format!("mysql://nobody:{SECRET}@127.0.0.1:1/none"), "HW0351"),
        ]
    }
}

impl KeepsSecrets for MySql {
    fn with_secret(&self) -> String {
        let (name, user) = (self.database.name(), format!("r_{}", self.database.name()));
        self.database.sql(&format!(
            "create user {user}@'127.0.0.1' identified by '{SECRET}'; grant select on {name}.* to {user}@'127.0.0.1'"
        ));
        format!("connection: \"{}\"", self.database.url_of(&user, "${SHOP_SECRET}"))
    }
}

impl Discovers for MySql {
    fn keys(&self) -> Vec<String> {
        vec!["connection=${SHOP}".to_owned()]
    }

    fn found(&self, table: &Table) -> String {
        format!("{}.{}", self.database.name(), table.name)
    }
}
