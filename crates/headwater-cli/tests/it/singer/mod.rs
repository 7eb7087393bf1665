//! Taps of Singer: two of other people's, on a PostgreSQL, and small ones of the tests' own.

#![expect(clippy::needless_pass_by_value, reason = "`json!` values are passed as they are made")]

mod described;
mod faults;
mod incremental;
mod large;
mod real;
mod stopped;
mod values;

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::program::{Said, headwater};
use crate::project::Project;

/// The tap of files.
pub(crate) const TAP: &str = include_str!("tap.py");

/// Where a program of a virtual environment is that `./test` makes.
pub(crate) fn installed(venv: &str, program: &str) -> PathBuf {
    let taps = std::env::var_os("HEADWATER_TAPS").unwrap_or_else(|| {
        panic!("HEADWATER_TAPS is not set: run the tests with ./test, which installs other people's taps and sets it")
    });
    let path = PathBuf::from(taps).join(venv).join("bin").join(program);
    assert!(path.is_file(), "there is no {}: run the tests with ./test", path.display());
    path
}

/// A project whose source is a tap.
struct Source {
    project: Project,
}

/// An entry of a catalogue: a stream, the schemas of its columns, and its key.
fn entry(name: &str, properties: Value, key: &[&str]) -> Value {
    json!({ "tap_stream_id": name, "stream": name, "key_properties": key, "metadata": [],
            "schema": { "type": "object", "properties": properties } })
}

/// `id`, `at` and `note`.
fn ordinary(name: &str) -> Value {
    let text = json!({ "type": ["null", "string"] });
    entry(name, json!({ "id": { "type": "integer" }, "at": { "type": "integer" }, "note": text }), &["id"])
}

impl Source {
    /// The tap of files.
    fn of_files(entries: &[Value], streams: &str) -> Self {
        let source = Self { project: Project::empty().with("tap.py", TAP) };
        source.catalogue(entries);
        source.streams(streams);
        source
    }

    /// A tap that prints messages, and then does what a line of a shell says.
    fn printing(entries: &[Value], messages: &str, then: &str, streams: &str) -> Self {
        let tap = format!("case \"$*\" in *--discover*) cat catalog.json;; *) cat messages; {then};; esac\n");
        let source = Self { project: Project::empty().with("tap.sh", tap).with("messages", messages) };
        source.catalogue(entries);
        source.write(&format!("command: [sh, tap.sh]\nstreams:\n{streams}"));
        source
    }

    fn catalogue(&self, entries: &[Value]) {
        self.project.write("catalog.json", serde_json::to_string_pretty(&json!({ "streams": entries })).unwrap());
    }

    fn write(&self, source: &str) {
        self.project.write("sources/tap.yml", format!("connector: singer\n{source}"));
    }

    fn streams(&self, streams: &str) {
        self.write(&format!(
            "command: [python3, tap.py]\nconfig: {{ token: '${{TOKEN:-none}}' }}\nstreams:\n{streams}"
        ));
    }

    fn rows(&self, stream: &str, rows: &[Value]) {
        let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
        self.project.write(&format!("rows/{stream}.jsonl"), lines);
    }

    /// What the tap was started with since this was asked last: its state and its streams.
    fn calls(&self) -> Vec<Value> {
        let path = self.project.path().join("calls.jsonl");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let _none = std::fs::remove_file(path);
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn say(&self, arguments: &[&str]) -> Said {
        headwater(self.project.path()).args(arguments).output().unwrap().into()
    }

    #[track_caller]
    fn run(&self) -> Said {
        self.say(&["run"]).exits(0)
    }

    /// The rows of a query as CSV without its header.
    #[track_caller]
    fn query(&self, sql: &str) -> String {
        crate::program::query(self.project.path(), sql)
    }
}

/// Messages, one a line.
fn lines(messages: &[Value]) -> String {
    messages.iter().map(|message| format!("{message}\n")).collect()
}

fn schema(stream: &str, properties: Value) -> Value {
    json!({ "type": "SCHEMA", "stream": stream, "schema": { "properties": properties }, "key_properties": [] })
}

fn record(stream: &str, row: Value) -> Value {
    json!({ "type": "RECORD", "stream": stream, "record": row })
}

fn state(value: Value) -> Value {
    json!({ "type": "STATE", "value": value })
}
