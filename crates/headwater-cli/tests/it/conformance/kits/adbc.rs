//! ADBC: PostgreSQL by the driver that its own people ship.

use serde_json::Value;

use super::postgres::SQL;
use super::{Discovers, Hidden, Hides, KeepsSecrets, SECRET, Spoils};
use crate::adbc::drivers;
use crate::conformance::bench::{Kit, Notices};
use crate::conformance::table::{Change, Table};
use crate::postgres::server::Database;
use crate::project::Project;

const SOURCE: &str = "driver: postgresql\npython: \"${PYTHON}\"\n";

pub(crate) struct Adbc {
    project: Project,
    database: Database,
}

impl Kit for Adbc {
    const NAME: &str = "adbc";
    const NOTICES: Notices = Notices::Nothing;
    const MISSING: &str = "HW0387";

    fn start() -> Self {
        Self { project: Project::empty(), database: Database::new() }
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![("SHOP", self.database.url()), ("PYTHON", drivers())]
    }

    fn source(&self) -> String {
        format!("{SOURCE}uri: \"${{SHOP}}\"")
    }

    fn stream(&self, table: &Table, mode: &str) -> String {
        let cursor = if mode == "incremental" { "\ncursor: changed" } else { "" };
        format!("from: {}{cursor}", Value::from(SQL.name(&table.name)))
    }

    fn hold(&self, table: &Table) {
        self.database.sql(&format!("set client_min_messages = error;\n{}", SQL.hold(table)));
    }

    fn apply(&self, table: &Table, changes: &[Change]) {
        self.database.sql(&SQL.apply(table, changes));
    }

    fn drop(&self, table: &Table) {
        self.database.sql(&SQL.drop(table));
    }
}

impl Spoils for Adbc {
    fn spoilable(rows: i64) -> Table {
        super::postgres::with_days(rows)
    }

    fn spoil(&self, table: &Table, id: i64) {
        self.database.sql(&super::postgres::infinite(table, id));
    }
}

impl Hides for Adbc {
    fn hidden(&self) -> Vec<Hidden> {
        let with = |url: String| Hidden {
            source: self.source(),
            stream: None,
            environment: vec![("SHOP", url), ("PYTHON", drivers())],
            code: "HW0388",
        };
        vec![
            with(self.database.url_of("postgres", SECRET)),
            with(format!("postgresql://nobody:{SECRET}@127.0.0.1:1/none")),
        ]
    }
}

impl KeepsSecrets for Adbc {
    fn with_secret(&self) -> String {
        let role = format!("reader_of_{}", self.database.name());
        self.database.sql(&format!(
            "create role {role} login password '{SECRET}'; grant select on all tables in schema public to {role}"
        ));
        format!("{SOURCE}uri: \"{}\"", self.database.url_of(&role, "${SHOP_SECRET}"))
    }
}

impl Discovers for Adbc {
    fn keys(&self) -> Vec<String> {
        ["driver=postgresql", "python=${PYTHON}", "uri=${SHOP}"].map(str::to_owned).to_vec()
    }

    fn found(&self, table: &Table) -> String {
        format!("public.{}", table.name)
    }
}
