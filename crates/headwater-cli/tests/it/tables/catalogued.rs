//! A project whose source is a REST catalogue of Iceberg tables, and the catalogue.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::python;
use crate::held::{Held, free_port, leash};
use crate::program::{Said, headwater};
use crate::project::Project;

/// What tests of tables begin with.
const BEGIN: &str = include_str!("iceberg_tables.py");

/// A project and the catalogue in its folder.
pub(super) struct Catalogued {
    pub(super) project: Project,
    _server: Held,
    port: u16,
}

/// A stream of the table `db.t`, but for its end.
const STREAM: &str = "  - { table: raw.t, from: db.t";
/// What it has brought.
pub(super) const ROWS: &str = "select id, name from raw.t order by id";

/// The stream, with more keys.
pub(super) fn stream(more: &str) -> String {
    format!("{STREAM}{more} }}")
}

/// What nobody may see.
pub(super) const TOKEN: &str = "hunter2-token";

impl Catalogued {
    /// A catalogue that behaves as is said in `settings`; it takes [`TOKEN`] where nothing else is said.
    #[track_caller]
    pub(super) fn new(settings: Value, streams: &str) -> Self {
        let project = Project::empty().with("data/.keep", "").with("server.py", include_str!("iceberg_catalog.py"));
        let port = free_port();
        let log = project.path().join("server.log");
        let mut command = leash(tables_python());
        command.args(["server.py", &port.to_string()]).current_dir(project.path());
        command.stderr(std::fs::File::create(&log).unwrap());
        let read = || std::fs::read_to_string(&log).unwrap_or_default();
        let server = Held::start_answering(&mut command, port, read);
        let catalogued = Self { project, _server: server, port };
        catalogued.behave(settings);
        catalogued.source("token: \"${TOKEN}\"", streams);
        catalogued
    }

    /// Says how the catalogue behaves from now on.
    pub(super) fn behave(&self, mut settings: Value) {
        let usual = json!({ "prefix": "main/sales", "token": TOKEN });
        for (key, value) in usual.as_object().unwrap() {
            settings.as_object_mut().unwrap().entry(key.clone()).or_insert_with(|| value.clone());
        }
        self.project.write("catalog.json", settings.to_string());
    }

    /// Where the catalogue is.
    pub(super) fn uri(&self) -> String {
        format!("http://127.0.0.1:{}/api", self.port)
    }

    /// Writes the source, with keys of the catalogue beside `uri` and `warehouse`.
    pub(super) fn source(&self, keys: &str, streams: &str) {
        self.source_of(&format!("  uri: {}\n  warehouse: sales\n  {keys}\n", self.uri()), streams);
    }

    /// Writes the source with all keys of the catalogue.
    pub(super) fn source_of(&self, catalog: &str, streams: &str) {
        let text = format!("connector: iceberg\ncatalog:\n{catalog}streams:\n{streams}\n");
        self.project.write("sources/t.yml", text);
    }

    pub(super) fn say(&self, arguments: &[&str]) -> Said {
        self.say_with(&[], arguments)
    }

    /// Runs the program with more in its environment.
    pub(super) fn say_with(&self, more: &[(&str, &str)], arguments: &[&str]) -> Said {
        let mut program = headwater(self.project.path());
        program.envs(more.iter().copied());
        program.env("TOKEN", TOKEN).env("CLIENT_ID", "ada").env("CLIENT_SECRET", SECRET);
        let said: Said = program.args(arguments).output().unwrap().into();
        for text in [&said.out, &said.err] {
            assert!(!text.contains("hunter2"), "{arguments:?}: {text}");
        }
        said
    }

    #[track_caller]
    pub(super) fn run(&self) -> Said {
        self.say(&["run"]).exits(0)
    }

    #[track_caller]
    pub(super) fn query(&self, sql: &str) -> String {
        let said = self.say(&["query", sql, "--format", "csv"]).exits(0);
        said.out.lines().skip(1).collect::<Vec<_>>().join("\n")
    }

    /// Runs a program of Python on the tables.
    #[track_caller]
    pub(super) fn make(&self, program: &str) -> String {
        python(self.project.path(), &format!("{BEGIN}\n{BATCH}\n{program}"))
    }

    /// What PyIceberg's own client of such catalogues reads of a table: `id,name` in the order of `id`.
    #[track_caller]
    pub(super) fn expected(&self, table: &str, more: &str) -> String {
        let program = format!(
            "from pyiceberg.catalog.rest import RestCatalog
c = RestCatalog('r', uri='{}', warehouse='sales', token='{TOKEN}')
for row in sorted(c.load_table({table}).scan({more}).to_arrow().to_pylist(), key=lambda row: row['id']): print(row['id'], row['name'], sep=',')",
            self.uri()
        );
        python(self.project.path(), &program)
    }

    /// The requests so far, of which the list then begins anew.
    pub(super) fn requests(&self) -> String {
        let log = self.project.path().join("requests.log");
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let _none = std::fs::remove_file(&log);
        text
    }
}

pub(super) const SECRET: &str = "hunter2 of:ada";

const BATCH: &str = "
def batch(a, b, name): return pa.table({'id': list(range(a, b)), 'name': [f'{name} {n}' for n in range(a, b)]})
def files(t): return [task.file.file_path for task in t.scan().plan_files()]
";

fn tables_python() -> std::ffi::OsString {
    std::env::var_os("HEADWATER_TABLES_PYTHON").expect("run the tests with ./test, which sets HEADWATER_TABLES_PYTHON")
}

/// The files below a folder that have a secret in them.
pub(super) fn texts_below(folder: &Path) -> String {
    let found = Command::new("grep").args(["-rlaF", "hunter2"]).arg(folder).output().unwrap();
    String::from_utf8(found.stdout).unwrap()
}
