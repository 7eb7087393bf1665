//! JSON documents: files that are one list of records, or have one in them.

use crate::program::{gzip, query};
use crate::project::{Project, assert_told};

fn project(format: &str) -> Project {
    let text = format!(
        "connector: files\nlocation: data\nstreams:\n  - {{ table: raw.orders, path: '*.json*', mode: new_files{format} }}\n"
    );
    Project::empty().with("sources/orders.yml", text)
}

const ROWS: &str = "select id, who.name from raw.orders order by id";

#[test]
fn lists_of_records_are_read_whatever_their_layout() {
    let project = project("")
        .with("data/a.json", "[{\"id\":1,\"who\":{\"name\":\"a\"}},{\"id\":2,\"who\":null}]")
        .with("data/b.json", "\u{feff}\n[\n  {\n    \"id\": 3,\n    \"who\": { \"name\": \"[c]\" }\n  }\n]\n")
        .with("data/c.json.gz", gzip("[ {\"id\": 4} ]"))
        .with("data/d.jsonl", "{\"id\":5}\n{\"id\":6}\n")
        .with("data/e.json", "[]");
    project.run();
    assert_eq!(query(project.path(), ROWS), "1,a\n2,\n3,[c]\n4,\n5,\n6,");
    project.write("data/f.json", "[\n{\"id\":7},\n{\"id\":\"x\"},\n8,\n{\"id\":9}]");
    project.run();
    assert_eq!(query(project.path(), "select count(*), max(id) from raw.orders"), "8,9");
    let rejected = query(project.path(), "select _file, _line from raw.orders__rejected order by _line");
    assert_eq!(rejected, "data/f.json,3\ndata/f.json,4");
    project.write("data/g.json", "[{\"id\":10},{\"id\":");
    assert_told(&project.say(&["run"]).exits(1), "HW0305", &["data/g.json, line 1", "ends within its JSON", "cut off"]);
}

#[test]
fn records_are_found_within_documents() {
    let project = project(", format: { records: data.orders }, columns: { id: { type: bigint } }")
        .with("data/a.json", "{\n \"at\": [1],\n \"data\": {\n  \"orders\": [\n   {\"id\": 1},\n   {\"id\": \"x\"},\n   {\"id\": 2, \"who\": {\"name\": \"b\"}}\n  ]\n }\n}\n")
        .with("data/b.json", "{\"data\":{\"orders\":[]}}");
    project.run();
    assert_eq!(query(project.path(), ROWS), "1,\n2,b");
    assert_eq!(query(project.path(), "select _line from raw.orders__rejected"), "6");
    project.write("data/c.json", "{\"data\":{\"order\":[]}}");
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0305", &["data/c.json, line 1", "no key 'orders'", "records: $"]);
    for (records, words) in [("data..x", "is no path"), ("''", "is no path")] {
        project.write("sources/orders.yml", format!("connector: files\nlocation: data\nstreams:\n  - {{ table: raw.orders, path: '*.json', format: {{ records: {records} }} }}\n"));
        assert_told(&project.say(&["check"]).exits(2), "HW0122", &["`records`", words]);
    }
}

#[test]
fn objects_may_stand_one_behind_the_other() {
    let project = project(", format: { records: $ }")
        .with("data/a.json", "{\n  \"id\": 1\n}\n{\n  \"id\": 2,\n  \"who\": { \"name\": \"b\" }\n}\n");
    project.run();
    assert_eq!(query(project.path(), ROWS), "1,\n2,b");
}
