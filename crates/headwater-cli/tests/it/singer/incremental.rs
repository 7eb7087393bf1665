//! Rows and state move together, over several runs.

use serde_json::{Value, json};

use super::{Source, lines, ordinary, record, schema, state};
use crate::project::assert_told;

const ORDERS: &str = "  - { table: raw.orders, stream: orders, mode: incremental, cursor: at }\n";
const LINES: &str = "  - { table: raw.lines, stream: lines, mode: incremental, cursor: at }\n";

fn row(id: u64, at: u64, note: &str) -> Value {
    json!({ "id": id, "at": at, "note": note })
}

fn two(streams: &str) -> Source {
    let source = Source::of_files(&[ordinary("orders"), ordinary("lines")], streams);
    source.rows("orders", &[row(1, 10, "a"), row(2, 20, "b")]);
    source.rows("lines", &[row(7, 5, "x")]);
    source
}

#[test]
fn what_has_come_since_takes_the_place_of_what_has_its_key() {
    let source = two(&format!("{ORDERS}{LINES}"));
    source.run();
    assert_eq!(source.query("select id, at, note from raw.orders order by id"), "1,10,a\n2,20,b");
    let calls = source.calls();
    assert_eq!(calls.len(), 1, "one start for both streams: {calls:?}");
    assert_eq!(calls[0], json!({ "state": null, "streams": ["orders", "lines"], "mode": "0o100600" }));

    source.rows("orders", &[row(2, 20, "b"), row(1, 30, "changed"), row(3, 30, "new")]);
    source.run();
    assert_eq!(source.query("select id, at, note from raw.orders order by id"), "1,30,changed\n2,20,b\n3,30,new");
    let calls = source.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(calls[0]["state"], json!({ "bookmarks": { "orders": 20, "lines": 5 } }));

    // The row at the bookmark comes again, and nothing is written.
    let said = source.say(&["run", "--json"]).exits(0).json();
    assert!(said["assets"].as_array().unwrap().iter().all(|asset| asset["bytes_written"] == 0), "{said}");
    assert_eq!(source.calls()[0]["state"], json!({ "bookmarks": { "orders": 30, "lines": 5 } }));
    source.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(source.calls()[0]["state"], json!(null));
    assert_eq!(source.query("select count(*), count(distinct id) from raw.orders"), "3,3");
}

#[test]
fn a_table_that_is_not_published_keeps_its_state() {
    let source = two(&format!("{ORDERS}{}", LINES.replace(" }", ", checks: [{ expression: note <> 'bad' }] }")));
    source.run();
    source.calls();
    source.rows("orders", &[row(3, 30, "c")]);
    source.rows("lines", &[row(8, 6, "bad")]);
    source.say(&["run"]).exits(1);
    assert_eq!(source.query("select count(*), max(id) from raw.orders"), "3,3");
    assert_eq!(source.query("select count(*) from raw.lines"), "1");
    source.calls();
    // The table that went on goes back to where the other one is: its rows have a key, and come again for nothing.
    source.rows("orders", &[row(2, 20, "b"), row(3, 30, "c"), row(4, 40, "d")]);
    source.rows("lines", &[row(8, 6, "good"), row(9, 7, "y")]);
    source.run();
    let calls = source.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(calls[0]["state"], json!({ "bookmarks": { "orders": 20, "lines": 5 } }));
    assert_eq!(source.query("select id, note from raw.orders order by id"), "1,a\n2,b\n3,c\n4,d");
    assert_eq!(source.query("select id, note from raw.lines order by id"), "7,x\n8,good\n9,y");
    source.run();
    let calls = source.calls();
    assert_eq!(
        (calls.len(), &calls[0]["state"]),
        (1, &json!({ "bookmarks": { "orders": 40, "lines": 7 } })),
        "{calls:?}"
    );
}

#[test]
fn a_stream_that_is_new_begins_at_its_beginning() {
    let source = two(ORDERS);
    source.run();
    source.calls();
    source.streams(&format!("{ORDERS}{LINES}"));
    source.run();
    let mut calls = source.calls();
    calls.sort_by_key(|call| call["streams"].to_string());
    let starts: Vec<_> = calls.iter().map(|call| (call["streams"].clone(), call["state"].clone())).collect();
    assert_eq!(
        starts,
        [(json!(["lines"]), json!(null)), (json!(["orders"]), json!({ "bookmarks": { "orders": 20 } }))]
    );
    assert_eq!(source.query("select count(*) from raw.lines"), "1");
    // What is not selected does not go on, and what was selected alone goes on alone.
    source.say(&["run", "--select", "raw.orders"]).exits(0);
    assert!(source.calls().iter().all(|call| call["streams"] == json!(["orders"])));
}

#[test]
fn full_tables_are_replaced_and_have_no_state() {
    let source = two("  - { table: raw.orders, stream: orders }\n");
    source.run();
    source.rows("orders", &[row(9, 1, "only")]);
    source.run();
    assert_eq!(source.query("select id, note from raw.orders"), "9,only");
    assert_eq!(source.calls()[1]["state"], json!(null));
}

#[test]
fn older_taps_are_told_by_properties() {
    let source = two("");
    source.write(&format!("command: [python3, tap.py]\nselection: properties\nstreams:\n{ORDERS}"));
    source.run();
    assert_eq!(source.calls()[0]["streams"], json!(["orders"]));
    assert_eq!(source.query("select count(*) from raw.orders"), "2");
}

/// `t(id)` by a tap that prints messages.
fn printing(messages: &[Value], more: &str) -> Source {
    let entries = [super::entry("t", json!({ "id": { "type": "integer" } }), &[])];
    let told = lines(&[&[schema("t", json!({ "id": { "type": "integer" } }))], messages].concat());
    let streams = format!("  - {{ table: raw.t, stream: t, mode: incremental{more} }}\n");
    Source::printing(&entries, &told, "true", &streams)
}

#[test]
fn rows_that_no_state_covers_are_not_added() {
    let rows = [record("t", json!({ "id": 1 })), record("t", json!({ "id": 2 }))];
    let source = printing(&rows, "");
    assert_told(&source.say(&["run"]).exits(1), "HW0375", &["printed rows of 't' and no state"]);
    let source = printing(&[&rows[..1], &[state(json!(1))], &rows[1..]].concat(), "");
    assert_told(&source.say(&["run"]).exits(1), "HW0375", &["a row of 't' behind its last state"]);
    let source = printing(&[&rows[..], &[state(json!(1))]].concat(), "");
    source.run();
    source.run();
    assert_eq!(source.query("select count(*) from raw.t"), "4", "without a key what comes is added");
    // With a key, rows may come again.
    let source = printing(&rows, ", key: [id]");
    source.run();
    source.run();
    assert_eq!(source.query("select count(*), sum(id) from raw.t"), "2,3");
}

#[test]
fn versions_that_are_activated_empty_the_table() {
    let of =
        |id: u64, version: u64| json!({ "type": "RECORD", "stream": "t", "record": { "id": id }, "version": version });
    let activate = |version: u64| json!({ "type": "ACTIVATE_VERSION", "stream": "t", "version": version });
    let source = printing(&[of(1, 1), of(2, 1), activate(1), state(json!(1))], ", key: [id]");
    source.run();
    let told = |messages: &[Value]| {
        let schema = schema("t", json!({ "id": { "type": "integer" } }));
        source.project.write("messages", lines(&[&[schema], messages].concat()));
    };
    told(&[activate(1), of(3, 1), state(json!(2))]);
    source.run();
    assert_eq!(source.query("select string_agg(id::string, ' ' order by id) from raw.t"), "1 2 3");
    // Rows of the old version may stand before and among those of the new one.
    told(&[of(4, 1), of(5, 2), of(6, 1), of(7, 2), activate(2), of(8, 2), state(json!(3))]);
    source.run();
    assert_eq!(source.query("select string_agg(id::string, ' ' order by id) from raw.t"), "5 7 8");
    told(&[of(9, 3), state(json!(4))]);
    assert_told(&source.say(&["run"]).exits(1), "HW0376", &["begun anew"]);
    assert_eq!(source.query("select count(*) from raw.t"), "3");

    let source = printing(&[of(1, 1), state(json!(1))], "");
    source.run();
    let schema = schema("t", json!({ "id": { "type": "integer" } }));
    source.project.write("messages", lines(&[schema, of(2, 2), activate(2), state(json!(2))]));
    assert_told(&source.say(&["run"]).exits(1), "HW0376", &["--full-refresh"]);
    source.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(source.query("select id from raw.t"), "2");
}
