//! What every promise is tried on: a system of a kit, and a project that reads a table of it.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::table::{Change, Kind, Table};
use crate::program::{Said, headwater};
use crate::project::Project;

/// Whether a load in the mode `full` is left out when nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notices {
    /// It is.
    Changes,
    /// It is, when the file has not been written to a moment ago: what is written within the same tick of the clock would not be noticed.
    ChangesLater,
    /// It is, unless something else has changed that the system cannot tell apart.
    ChangesAround,
    /// It is not: the system says nothing of changes.
    Nothing,
}

/// How a connector is tried: a system of its own kind, which holds what a test wants it to.
pub(crate) trait Kit: Sized {
    /// The value of `connector:`.
    const NAME: &'static str;
    /// What it notices in the mode `full`.
    const NOTICES: Notices;
    /// The code of what is said when there is no such table.
    const MISSING: &'static str;
    /// Whether records may leave out what is null, so that a column that none has is null, and not gone.
    const LEAVES_OUT_NULLS: bool = false;

    /// A new system, and an empty project beside it.
    fn start() -> Self;

    /// The project.
    fn project(&self) -> &Project;

    /// What the program's environment has to have.
    fn environment(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Keys of the source, each in a line.
    fn source(&self) -> String;

    /// Keys of the stream that reads a table, each in a line.
    fn stream(&self, table: &Table, mode: &str) -> String;

    /// A name of a table that takes care to be written.
    fn odd_name() -> &'static str {
        "Order \"items\", größe"
    }

    /// Whether the project has to say what a column is, because the system does not.
    fn declares(_kind: Kind) -> bool {
        false
    }

    /// Makes the system hold a table, whatever it held of this name.
    fn hold(&self, table: &Table);

    /// Makes what has happened happen there; `table` is what it is then.
    fn apply(&self, table: &Table, changes: &[Change]);

    /// Takes a table away.
    fn drop(&self, table: &Table);
}

/// A system, a project, and what the lake should say.
pub(crate) struct Bench<K> {
    pub(crate) kit: K,
    pub(crate) table: Table,
    pub(crate) mode: &'static str,
    /// Further keys of the stream, each in a line.
    pub(crate) more: String,
    /// Columns that the project declares, beside those that it has to: a name, and a type of the lake.
    pub(crate) declared: Vec<(String, &'static str)>,
}

impl<K: Kit> Bench<K> {
    /// A system that holds a table, which `raw.items` reads in full.
    pub(crate) fn new(table: Table) -> Self {
        Self::of(table, "full", "")
    }

    /// The same, in a mode, with more keys of the stream.
    pub(crate) fn of(table: Table, mode: &'static str, more: &str) -> Self {
        let bench = Self { kit: K::start(), table, mode, more: more.to_owned(), declared: Vec::new() };
        bench.kit.hold(&bench.table);
        bench.describe();
        bench
    }

    /// Writes the source.
    pub(crate) fn describe(&self) {
        self.describe_as(&self.kit.source(), &self.kit.stream(&self.table, self.mode));
    }

    /// Writes the source with other keys.
    pub(crate) fn describe_as(&self, source: &str, stream: &str) {
        let indented = |text: &str| text.lines().map(|line| format!("    {}\n", line.trim_end())).collect::<String>();
        let mut text = format!("connector: {}\n{source}\nstreams:\n  - table: raw.items\n", K::NAME);
        text += &indented(stream);
        text += &indented(&self.more);
        if self.mode != "full" {
            text += &format!("    mode: {}\n", self.mode);
        }
        let has_to = self.table.columns.iter().filter(|(_, kind)| K::declares(*kind));
        let mut columns: Vec<(&str, &str)> = has_to.map(|(name, kind)| (name.as_str(), kind.lake())).collect();
        for (name, kind) in &self.declared {
            columns.retain(|(known, _)| known != name);
            columns.push((name, kind));
        }
        if !columns.is_empty() {
            text += "    columns:\n";
        }
        for (name, kind) in columns {
            text += &format!("      {}: {{ type: \"{kind}\" }}\n", Value::from(name));
        }
        self.kit.project().write("sources/it.yml", text);
    }

    /// The program with arguments, in the project.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut program = headwater(self.kit.project().path());
        program.args(arguments).envs(self.kit.environment()).stdin(Stdio::null());
        program
    }

    pub(crate) fn say(&self, arguments: &[&str]) -> Said {
        self.command(arguments).output().unwrap().into()
    }

    /// A run that publishes or finds nothing to do; what it says of the stream.
    #[track_caller]
    pub(crate) fn run(&self) -> Value {
        let said = self.say(&["run", "--json"]).exits(0).json();
        said["assets"][0].clone()
    }

    /// What has happened, there and in what the lake should say.
    pub(crate) fn change(&mut self, changes: &[Change]) {
        self.table.apply(changes);
        self.kit.apply(&self.table, changes);
    }

    /// The rows of a query of the lake, as CSV without its header.
    #[track_caller]
    pub(crate) fn query(&self, sql: &str) -> String {
        let said = self.say(&["query", sql, "--format", "csv"]).exits(0);
        said.out.lines().skip(1).collect::<Vec<_>>().join("\n")
    }

    /// The rows of the lake's table in the order of the key.
    #[track_caller]
    pub(crate) fn rows(&self) -> Vec<Value> {
        let columns: Vec<String> = self.table.columns.iter().map(|(name, kind)| selected(name, *kind)).collect();
        let sql = format!("select {} from raw.items order by id", columns.join(", "));
        let said = self.say(&["query", &sql, "--format", "json"]).exits(0);
        said.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
    }

    /// That the lake says what the system holds.
    #[track_caller]
    pub(crate) fn assert_same(&self) {
        let (found, expected) = (self.rows(), self.table.objects());
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected);
        }
        assert_eq!(found.len(), expected.len(), "rows");
    }

    /// The columns of the lake's table with their types, in order.
    #[track_caller]
    pub(crate) fn columns(&self) -> Vec<(String, String)> {
        let shown = self.say(&["show", "raw.items", "--json"]).exits(0).json();
        let text = |column: &Value, key: &str| column[key].as_str().unwrap().to_owned();
        shown["columns"].as_array().unwrap().iter().map(|c| (text(c, "name"), text(c, "type"))).collect()
    }

    /// How many rows were set aside.
    #[track_caller]
    pub(crate) fn set_aside(&self) -> String {
        self.query("select count(*) from raw.items__rejected")
    }
}

/// A column in a query whose answer is compared as JSON: decimals as they are written.
fn selected(name: &str, kind: Kind) -> String {
    let quoted = format!("\"{}\"", name.replace('"', "\"\""));
    if kind == Kind::Decimal { format!("cast({quoted} as varchar) as {quoted}") } else { quoted }
}
