//! Streams that are larger than the memory that they take.

use super::{Source, entry};
use crate::program::{headwater, with_peak};
use serde_json::json;

/// About 450 MB of messages in two streams.
const ROWS: u64 = 500_000;
/// The most memory that a run may take, in KiB: less than one of the streams.
const MEMORY_KIB: u64 = 220 * 1024;

/// Prints the rows of both streams in turn.
const TAP: &str = r#"
import sys
if "--discover" in sys.argv:
    sys.stdout.write(open("catalog.json").read())
else:
    for name in "a", "b":
        print('{"type": "SCHEMA", "stream": "%s", "schema": {"properties": {"id": {"type": "integer"}, "text": {"type": "string"}}}, "key_properties": ["id"]}' % name)
    for n in range(ROWS):
        for name in "a", "b":
            sys.stdout.write('{"type": "RECORD", "stream": "%s", "record": {"id": %d, "text": "%0400d"}}\n' % (name, n, n))
    print('{"type": "STATE", "value": {"to": %d}}' % ROWS)
"#;

#[test]
fn memory_does_not_grow_with_what_comes() {
    let properties = json!({ "id": { "type": "integer" }, "text": { "type": "string" } });
    let entries = [entry("a", properties.clone(), &["id"]), entry("b", properties, &["id"])];
    let source = Source::of_files(&entries, "");
    source.project.write("tap.py", TAP.replace("ROWS", &ROWS.to_string()));
    let streams = "  - { table: raw.a, stream: a }\n  - { table: raw.b, stream: b }\n";
    source.write(&format!("command: [python3, tap.py]\nstreams:\n{streams}"));
    let mut program = headwater(source.project.path());
    // The second stream waits until the first is done.
    program.args(["run", "--jobs", "1"]);
    let (said, peak) = with_peak(program);
    said.exits(0);
    for table in ["raw.a", "raw.b"] {
        let counted = source.query(&format!("select count(*), count(distinct id), sum(id) from {table}"));
        assert_eq!(counted, format!("{ROWS},{ROWS},{}", ROWS * (ROWS - 1) / 2));
    }
    assert!(peak < MEMORY_KIB, "{peak} KiB");
}
