//! Airbyte: a connector of the suite's own, which speaks the protocol.

use serde_json::{Value, json};

use super::singer::schema;
use super::{Discovers, KeepsSecrets, Spoils, interpreter, json_lines};
use crate::conformance::bench::{Kit, Notices};
use crate::conformance::table::{Change, Kind, Table};
use crate::project::Project;

pub(crate) struct Airbyte {
    project: Project,
}

impl Kit for Airbyte {
    const NAME: &str = "airbyte";
    const NOTICES: Notices = Notices::Nothing;
    const MISSING: &str = "HW0370";

    fn start() -> Self {
        Self { project: Project::empty().with("connector.py", include_str!("connector.py")) }
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn source(&self) -> String {
        format!("command: [{}, connector.py]", interpreter())
    }

    fn stream(&self, table: &Table, _: &str) -> String {
        format!("stream: {}", Value::from(table.name.as_str()))
    }

    fn declares(kind: Kind) -> bool {
        matches!(kind, Kind::Decimal | Kind::Moment)
    }

    fn hold(&self, table: &Table) {
        let stream = json!({
            "name": table.name, "supported_sync_modes": ["full_refresh", "incremental"], "source_defined_cursor": true,
            "default_cursor_field": ["changed"], "source_defined_primary_key": [["id"]], "json_schema": schema(table),
        });
        self.project.write("catalog.json", json!({ "streams": [stream] }).to_string());
        self.project.write(&format!("rows/{}.jsonl", table.name), json_lines(table));
    }

    fn apply(&self, table: &Table, _: &[Change]) {
        self.hold(table);
    }

    fn drop(&self, _: &Table) {
        self.project.write("catalog.json", json!({ "streams": [] }).to_string());
    }
}

impl Spoils for Airbyte {
    fn spoil(&self, table: &Table, id: i64) {
        let mut table = table.clone();
        table.rows.iter_mut().find(|row| row[0] == id).unwrap()[2] = json!("dear");
        self.hold(&table);
    }
}

impl KeepsSecrets for Airbyte {
    fn with_secret(&self) -> String {
        format!("command: [{}, connector.py]\nconfig: {{ token: \"${{SHOP_SECRET}}\" }}", interpreter())
    }
}

impl Discovers for Airbyte {
    fn keys(&self) -> Vec<String> {
        vec![format!("command=[{}, \"connector.py\"]", interpreter())]
    }

    fn found(&self, table: &Table) -> String {
        table.name.clone()
    }
}
