//! Programs: one that prints what a file has, and keeps how far it was.

use super::{KeepsSecrets, Spoils, interpreter, json_lines};
use crate::conformance::bench::{Kit, Notices};
use crate::conformance::table::{Change, Kind, Table};
use crate::project::Project;

/// Prints the lines of `rows/<name>.jsonl` that are past its state.
const PROGRAM: &str = r#"import json, os, sys
old, new = os.environ.get("HEADWATER_STATE"), os.environ.get("HEADWATER_NEW_STATE")
last = int(open(old).read()) if old and os.path.exists(old) else None
rows = [json.loads(line) for line in open(f"rows/{sys.argv[1]}.jsonl")]
rows = [row for row in rows if last is None or row["changed"] > last]
for row in rows:
    print(json.dumps(row))
if new:
    open(new, "w").write(str(max([last or 0, *(row.get("changed") or 0 for row in rows)])))
"#;

pub(crate) struct Program {
    project: Project,
}

impl Kit for Program {
    const NAME: &str = "program";
    const NOTICES: Notices = Notices::Nothing;
    const MISSING: &str = "HW0323";

    fn start() -> Self {
        Self { project: Project::empty().with("rows.py", PROGRAM) }
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn source(&self) -> String {
        format!("command: [{}, \"rows.py\"]\nformat: jsonl", interpreter())
    }

    fn stream(&self, table: &Table, _: &str) -> String {
        format!("args: [{}]", serde_json::Value::from(table.name.as_str()))
    }

    fn declares(_: Kind) -> bool {
        // Nothing is started to find out what a program prints.
        true
    }

    fn hold(&self, table: &Table) {
        self.project.write(&format!("rows/{}.jsonl", table.name), json_lines(table));
    }

    fn apply(&self, table: &Table, _: &[Change]) {
        self.hold(table);
    }

    fn drop(&self, table: &Table) {
        std::fs::remove_file(self.project.path().join(format!("rows/{}.jsonl", table.name))).unwrap();
    }
}

impl Spoils for Program {
    fn spoil(&self, table: &Table, id: i64) {
        let mut table = table.clone();
        table.rows.iter_mut().find(|row| row[0] == id).unwrap()[2] = "dear".into();
        self.hold(&table);
    }
}

impl KeepsSecrets for Program {
    fn with_secret(&self) -> String {
        format!("{}\nenv: {{ TOKEN: \"${{SHOP_SECRET}}\" }}", self.source())
    }
}
