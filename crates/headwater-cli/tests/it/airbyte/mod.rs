//! Connectors of Airbyte: one of Airbyte's own, and small ones of the tests.

#![expect(clippy::needless_pass_by_value, reason = "`json!` values are passed as they are made")]

mod faker;
mod states;

use serde_json::{Value, json};

use crate::program::{Said, headwater};
use crate::project::Project;

/// A project whose source is a connector.
struct Source {
    project: Project,
}

impl Source {
    fn new(source: &str) -> Self {
        Self { project: Project::empty().with("sources/connector.yml", format!("connector: airbyte\n{source}")) }
    }

    /// A connector that prints what is in a file for each of its commands.
    fn printing(catalogue: &[Value], read: &[Value], streams: &str) -> Self {
        let source = Self::new(&format!("command: [sh, connector.sh]\nstreams:\n{streams}"));
        source.project.write(
            "connector.sh",
            "cat \"$1\"\nif [ \"$1\" = read ]; then for a; do case \"$a\" in */state.json) cat \"$a\" >> states; echo >> states;; */catalog.json) cp \"$a\" given.json;; esac; done; test -e fail && exit 1; fi; true\n",
        );
        source.project.write(
            "check",
            lines(&[json!({ "type": "CONNECTION_STATUS", "connectionStatus": { "status": "SUCCEEDED" } })]),
        );
        source.project.write("discover", lines(&[json!({ "type": "CATALOG", "catalog": { "streams": catalogue } })]));
        source.prints(read);
        source
    }

    /// What it prints from now on.
    fn prints(&self, read: &[Value]) {
        self.project.write("read", lines(read));
    }

    /// The states that it was given since this was asked last.
    fn states(&self) -> Vec<Value> {
        let path = self.project.path().join("states");
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

    #[track_caller]
    fn query(&self, sql: &str) -> String {
        crate::program::query(self.project.path(), sql)
    }
}

fn lines(messages: &[Value]) -> String {
    messages.iter().map(|message| format!("{message}\n")).collect()
}

/// A stream with the columns `id` and `n`.
fn stream(name: &str, more: Value) -> Value {
    let mut stream = json!({ "name": name, "supported_sync_modes": ["full_refresh", "incremental"], "source_defined_cursor": true,
        "source_defined_primary_key": [["id"]], "json_schema": { "type": "object",
            "properties": { "id": { "type": "integer" }, "n": { "type": ["null", "integer"] } } } });
    for (key, value) in more.as_object().unwrap() {
        stream[key] = value.clone();
    }
    stream
}

fn record(stream: &str, data: Value) -> Value {
    json!({ "type": "RECORD", "record": { "stream": stream, "data": data, "emitted_at": 1 } })
}
