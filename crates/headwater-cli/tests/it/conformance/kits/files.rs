//! Files: CSV in a folder of the project, which new rows come to in files of their own.

use serde_json::Value;

use super::{Discovers, Hidden, Hides, SECRET, Spoils};
use crate::conformance::bench::{Kit, Notices};
use crate::conformance::table::{Change, Kind, Row, Table};
use crate::project::Project;
use crate::rest::server::{Reply, Server};

pub(crate) struct Files {
    project: Project,
    /// A web server that lets nobody in.
    refusing: Server,
}

impl Files {
    fn folder(&self, table: &Table) -> std::path::PathBuf {
        self.project.path().join("data").join(&table.name)
    }

    /// Writes rows to the file of a number.
    fn write(&self, table: &Table, rows: &[Row], number: usize) {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let header: Vec<String> = table.columns.iter().map(|(name, _)| quoted(name)).collect();
        let field = |value: &Value| match value {
            Value::Null => String::new(),
            Value::String(text) => quoted(text),
            Value::Number(number) if number.is_f64() => format!("{:?}", number.as_f64().unwrap()),
            other => other.to_string(),
        };
        let line = |row: &Row| format!("{}\n", row.iter().map(field).collect::<Vec<_>>().join(","));
        let text = format!("{}\n{}", header.join(","), rows.iter().map(line).collect::<String>());
        self.project.write(&format!("data/{}/{number}.csv", table.name), text);
    }
}

impl Kit for Files {
    const NAME: &str = "files";
    const NOTICES: Notices = Notices::Changes;
    const MISSING: &str = "HW0303";

    fn start() -> Self {
        Self { project: Project::empty(), refusing: Server::start(|_| Reply::status(401)) }
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn source(&self) -> String {
        "location: data".to_owned()
    }

    fn stream(&self, table: &Table, _: &str) -> String {
        // What stands for others in a glob stands for itself in brackets.
        let path = format!("{}/*.csv", table.name.replace('[', "[[]").replace('*', "[*]").replace('?', "[?]"));
        format!("path: {}", Value::from(path))
    }

    fn declares(kind: Kind) -> bool {
        // Texts say nothing of digits, and a quoted field is no number.
        matches!(kind, Kind::Decimal | Kind::Moment)
    }

    fn hold(&self, table: &Table) {
        let _none = std::fs::remove_dir_all(self.folder(table));
        self.write(table, &table.rows, 0);
    }

    fn apply(&self, table: &Table, changes: &[Change]) {
        let new: Option<Vec<Row>> = changes
            .iter()
            .map(|change| match change {
                Change::Insert(row) => Some(row.clone()),
                Change::Update(_) | Change::Delete(_) => None,
            })
            .collect();
        match new {
            Some(rows) => self.write(table, &rows, std::fs::read_dir(self.folder(table)).unwrap().count()),
            None => self.hold(table),
        }
    }

    fn drop(&self, table: &Table) {
        std::fs::remove_dir_all(self.folder(table)).unwrap();
    }
}

impl Discovers for Files {
    fn keys(&self) -> Vec<String> {
        vec!["data".to_owned()]
    }

    fn found(&self, table: &Table) -> String {
        format!("{}/0.csv", table.name)
    }
}

impl Spoils for Files {
    fn spoil(&self, table: &Table, id: i64) {
        let mut table = table.clone();
        table.rows.iter_mut().find(|row| row[0] == id).unwrap()[2] = "dear".into();
        self.hold(&table);
    }
}

impl Hides for Files {
    fn hidden(&self) -> Vec<Hidden> {
        // A folder that is not there is a mistake in the project; a web server can be out of reach, or refuse.
        let source = format!(
            "location: http://127.0.0.1:{}/data\nheaders: {{ authorization: \"Bearer ${{SHOP}}\" }}",
            self.refusing.port
        );
        let stream = Some("path: items/0.csv".to_owned());
        vec![Hidden { source, stream, environment: vec![("SHOP", SECRET.to_owned())], code: "HW0301" }]
    }
}
