//! PostgreSQL: a database of the server that its own tests share.

use serde_json::Value;

use super::{Discovers, Hidden, Hides, KeepsSecrets, SECRET, Spoils};
use crate::conformance::bench::{Kit, Notices};
use crate::conformance::sql::Dialect;
use crate::conformance::table::{Change, Kind, Table};
use crate::postgres::server::Database;
use crate::project::Project;

pub(super) const SQL: Dialect = Dialect {
    quote: '"',
    type_of: |kind| match kind {
        Kind::Integer => "bigint",
        Kind::Text => "text",
        Kind::Double => "double precision",
        Kind::Decimal => "numeric(12,2)",
        Kind::Boolean => "boolean",
        Kind::Date => "date",
        Kind::Moment => "timestamp",
    },
    escapes: false,
};

pub(crate) struct Postgres {
    project: Project,
    database: Database,
}

/// `items` with a day, which may be infinite.
pub(super) fn with_days(rows: i64) -> Table {
    Table::items(rows).with("day", Kind::Date, |_| "2024-02-29".into())
}

/// Makes it so.
pub(super) fn infinite(table: &Table, id: i64) -> String {
    format!("update {} set day = 'infinity' where id = {id}", SQL.name(&table.name))
}

impl Kit for Postgres {
    const NAME: &str = "postgres";
    const NOTICES: Notices = Notices::ChangesAround;
    const MISSING: &str = "HW0340";

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
        format!("connection: \"${{SHOP}}\"\nslot: {}\npublication: shop", self.database.name())
    }

    fn stream(&self, table: &Table, mode: &str) -> String {
        let cursor = if mode == "incremental" { "\ncursor: changed" } else { "" };
        format!("from: {}{cursor}", Value::from(SQL.name(&table.name)))
    }

    fn hold(&self, table: &Table) {
        let name = SQL.name(&table.name);
        self.database.sql(&format!(
            "set client_min_messages = error;\n{}drop publication if exists shop;\ncreate publication shop for table {name};",
            SQL.hold(table)
        ));
    }

    fn apply(&self, table: &Table, changes: &[Change]) {
        self.database.sql(&SQL.apply(table, changes));
    }

    fn drop(&self, table: &Table) {
        self.database.sql(&SQL.drop(table));
    }
}

impl Spoils for Postgres {
    fn spoilable(rows: i64) -> Table {
        with_days(rows)
    }

    fn spoil(&self, table: &Table, id: i64) {
        self.database.sql(&infinite(table, id));
    }
}

impl Hides for Postgres {
    fn hidden(&self) -> Vec<Hidden> {
        let source = "connection: \"${SHOP}\"".to_owned();
        let with =
            |url: String, code| Hidden { source: source.clone(), stream: None, environment: vec![("SHOP", url)], code };
        vec![
            with(self.database.url_of("postgres", SECRET), "HW0342"),
            with(format!("postgres://nobody:{SECRET}@127.0.0.1:1/none"), "HW0341"),
        ]
    }
}

impl KeepsSecrets for Postgres {
    fn with_secret(&self) -> String {
        let role = format!("reader_of_{}", self.database.name());
        self.database.sql(&format!(
            "create role {role} login password '{SECRET}'; grant select on all tables in schema public to {role}"
        ));
        let url = self.database.url_of(&role, "${SHOP_SECRET}");
        format!("connection: \"{url}\"")
    }
}

impl Discovers for Postgres {
    fn keys(&self) -> Vec<String> {
        vec!["connection=${SHOP}".to_owned()]
    }

    fn found(&self, table: &Table) -> String {
        format!("public.{}", table.name)
    }
}
