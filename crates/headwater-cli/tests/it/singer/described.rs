//! `headwater source`: what a tap has becomes a source, which is looked at before anything is loaded.

use serde_json::json;

use super::{Source, ordinary};

#[test]
fn a_source_is_written_from_what_a_tap_has_and_runs() {
    let source = Source::of_files(&[ordinary("orders"), ordinary("lines")], "");
    std::fs::remove_file(source.project.path().join("sources/tap.yml")).unwrap();
    source.rows("orders", &[json!({ "id": 1, "at": 2, "note": "x" })]);
    source.rows("lines", &[]);
    let command = "command=[\"python3\", \"tap.py\"]";
    let there = source.say(&["source", "add", "singer", command, "--dry-run", "--json"]).exits(0).json();
    assert_eq!(there["streams"][0]["name"], "orders", "{there}");
    assert_eq!(there["streams"][0]["columns"][0]["type"], "bigint");
    source.say(&["source", "add", "singer", command, "config={\"a\": 1}", "--name", "shop"]).exits(0);
    source.run();
    assert_eq!(source.query("select id, at, note from raw.orders"), "1,2,x");
    let said = source.say(&["source", "check"]).exits(0);
    for words in ["`python3 tap.py` answers: it has 2 streams", "raw.orders: can be read: all of it, 3 columns"] {
        assert!(said.out.contains(words), "no {words} in {}", said.out);
    }
    let shown = source.say(&["source", "preview", "raw.orders", "--json"]).exits(0).json();
    assert_eq!(shown["rows"], json!([{ "id": "1", "at": "2", "note": "x" }]));
    source.project.write("tap.py", "import sys; sys.exit('no such host')");
    let said = source.say(&["source", "check"]).exits(3);
    assert!(said.out.contains("no such host"), "{}", said.out);
}

#[test]
fn a_preview_does_not_wait_for_all_rows() {
    let source = Source::of_files(&[ordinary("t")], "  - { table: raw.t, stream: t }\n");
    let rows: Vec<_> = (0..20_000).map(|id| json!({ "id": id, "at": id, "note": "x" })).collect();
    source.rows("t", &rows);
    source.project.write("wait_behind_t", "");
    let shown = source.say(&["source", "preview", "raw.t", "-n", "3", "--json"]).exits(0).json();
    assert_eq!(shown["rows"][2]["id"], "2");
}
