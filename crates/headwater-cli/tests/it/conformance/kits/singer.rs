//! Singer: the tap of files that the tests of `singer` have.

use serde_json::{Map, Value, json};

use super::{Discovers, KeepsSecrets, Spoils, interpreter, json_lines};
use crate::conformance::bench::{Kit, Notices};
use crate::conformance::table::{Change, Kind, Table};
use crate::project::Project;
use crate::singer::TAP;

pub(crate) struct Singer {
    project: Project,
}

/// A column's JSON Schema.
pub(super) fn property(kind: Kind) -> Value {
    match kind {
        Kind::Integer => json!({ "type": ["null", "integer"] }),
        Kind::Double => json!({ "type": ["null", "number"] }),
        Kind::Boolean => json!({ "type": ["null", "boolean"] }),
        Kind::Date => json!({ "type": ["null", "string"], "format": "date" }),
        Kind::Text | Kind::Decimal | Kind::Moment => json!({ "type": ["null", "string"] }),
    }
}

/// The JSON Schema of a table's rows.
pub(super) fn schema(table: &Table) -> Value {
    let properties: Map<String, Value> =
        table.columns.iter().map(|(name, kind)| (name.clone(), property(*kind))).collect();
    json!({ "type": "object", "properties": properties })
}

impl Kit for Singer {
    const NAME: &str = "singer";
    const NOTICES: Notices = Notices::Nothing;
    const MISSING: &str = "HW0370";

    fn start() -> Self {
        Self { project: Project::empty().with("tap.py", TAP) }
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn source(&self) -> String {
        format!("command: [{}, tap.py]\nconfig: {{ token: none }}", interpreter())
    }

    fn stream(&self, table: &Table, mode: &str) -> String {
        let cursor = if mode == "incremental" { "\ncursor: changed" } else { "" };
        format!("stream: {}{cursor}", Value::from(table.name.as_str()))
    }

    fn declares(kind: Kind) -> bool {
        // Of JSON Schema only times with a zone are times.
        matches!(kind, Kind::Decimal | Kind::Moment)
    }

    fn hold(&self, table: &Table) {
        let entry = json!({ "tap_stream_id": table.name, "stream": table.name, "key_properties": ["id"], "metadata": [],
                            "schema": schema(table) });
        self.project.write("catalog.json", json!({ "streams": [entry] }).to_string());
        self.project.write(&format!("rows/{}.jsonl", table.name), json_lines(table));
    }

    fn apply(&self, table: &Table, _: &[Change]) {
        self.hold(table);
    }

    fn drop(&self, _: &Table) {
        self.project.write("catalog.json", json!({ "streams": [] }).to_string());
    }
}

impl Spoils for Singer {
    fn spoil(&self, table: &Table, id: i64) {
        let mut table = table.clone();
        table.rows.iter_mut().find(|row| row[0] == id).unwrap()[2] = json!("dear");
        self.hold(&table);
    }
}

impl KeepsSecrets for Singer {
    fn with_secret(&self) -> String {
        format!("command: [{}, tap.py]\nconfig: {{ token: \"${{SHOP_SECRET}}\" }}", interpreter())
    }
}

impl Discovers for Singer {
    fn keys(&self) -> Vec<String> {
        vec![format!("command=[{}, \"tap.py\"]", interpreter()), r#"config={"token": "none"}"#.to_owned()]
    }

    fn found(&self, table: &Table) -> String {
        table.name.clone()
    }
}
