//! States of streams, shared ones and older ones; and what connectors say of themselves.

use serde_json::{Value, json};

use super::{Source, lines, record, stream};
use crate::project::assert_told;

const TWO: &str =
    "  - { table: raw.a, stream: a, mode: incremental }\n  - { table: raw.b, stream: b, mode: incremental }\n";

fn of_stream(name: &str, value: u64) -> Value {
    json!({ "type": "STREAM", "stream": { "stream_descriptor": { "name": name, "namespace": null }, "stream_state": { "to": value } } })
}

fn state(state: Value) -> Value {
    json!({ "type": "STATE", "state": state })
}

fn two() -> Source {
    let read = [
        record("a", json!({ "id": 1, "n": 1 })),
        state(of_stream("a", 1)),
        record("b", json!({ "id": 1, "n": 1 })),
        json!({ "type": "LOG", "log": { "level": "INFO", "message": "hello" } }),
        state(of_stream("b", 7)),
    ];
    Source::printing(&[stream("a", json!({})), stream("b", json!({}))], &read, TWO)
}

#[test]
fn states_of_streams_are_kept_with_their_tables() {
    let source = two();
    source.run();
    assert_eq!(source.states(), [] as [Value; 0]);
    let given: Value =
        serde_json::from_str(&std::fs::read_to_string(source.project.path().join("given.json")).unwrap()).unwrap();
    let asked = &given["streams"][0];
    assert_eq!(
        (&asked["sync_mode"], &asked["destination_sync_mode"], &asked["primary_key"]),
        (&"incremental".into(), &"append_dedup".into(), &json!([["id"]])),
        "{given}"
    );
    source.prints(&[
        record("a", json!({ "id": 1, "n": 2 })),
        record("a", json!({ "id": 2, "n": 2 })),
        state(of_stream("a", 2)),
    ]);
    source.run();
    assert_eq!(source.query("select id, n from raw.a order by id"), "1,2\n2,2");
    assert_eq!(source.states(), [json!([of_stream("a", 1), of_stream("b", 7)])]);
    // One table fails a check: its state stays, the other's goes on, and one start of the connector serves both.
    source.project.write(
        "sources/connector.yml",
        format!(
            "connector: airbyte\ncommand: [sh, connector.sh]\nstreams:\n{}",
            TWO.replacen(" }", ", checks: [{ expression: n < 100 }] }", 1)
        ),
    );
    source.prints(&[
        record("a", json!({ "id": 3, "n": 100 })),
        state(of_stream("a", 3)),
        record("b", json!({ "id": 2, "n": 2 })),
        state(of_stream("b", 8)),
    ]);
    source.say(&["run"]).exits(1);
    source.states();
    source.prints(&[]);
    source.run();
    assert_eq!(source.states(), [json!([of_stream("a", 2), of_stream("b", 8)])]);
}

#[test]
fn a_shared_state_is_handed_to_those_who_have_it() {
    let global = |shared: u64, parts: &[(&str, u64)]| {
        let parts: Vec<Value> = parts.iter().map(|(name, to)| of_stream(name, *to)["stream"].clone()).collect();
        json!({ "type": "GLOBAL", "global": { "shared_state": { "lsn": shared }, "stream_states": parts } })
    };
    let source = two();
    source.prints(&[
        record("a", json!({ "id": 1 })),
        record("b", json!({ "id": 1 })),
        state(global(5, &[("a", 1), ("b", 2)])),
    ]);
    source.run();
    source.prints(&[state(global(6, &[("a", 1), ("b", 2)]))]);
    source.run();
    assert_eq!(source.states(), [json!([global(5, &[("a", 1), ("b", 2)])])]);
    source.say(&["run", "--select", "raw.a"]).exits(0);
    assert_eq!(source.states(), [json!([global(6, &[("a", 1)])])]);
}

#[test]
fn an_older_connector_gets_its_state_as_it_was() {
    let legacy = |to: u64| json!({ "type": "LEGACY", "data": { "a": to } });
    let source = two();
    source.prints(&[record("a", json!({ "id": 1 })), record("b", json!({ "id": 1 })), state(legacy(1))]);
    source.run();
    source.run();
    assert_eq!(source.states(), [json!({ "a": 1 })]);
}

#[test]
fn what_is_wrong_is_told_in_the_connectors_words() {
    let source = two();
    let trace = |kind: &str| {
        let error = json!({ "message": "the account is closed", "internal_message": "401", "failure_type": kind });
        json!({ "type": "TRACE", "trace": { "type": "ERROR", "emitted_at": 1.0, "error": error } })
    };
    source.prints(&[record("a", json!({ "id": 1 })), trace("config_error")]);
    source.project.write("fail", "");
    assert_told(&source.say(&["run"]), "HW0374", &["the connector says: the account is closed (401)"]);
    source.project.write("discover", lines(&[trace("system_error")]));
    source.project.write("connector.sh", "cat \"$1\"; exit 1\n");
    assert_told(&source.say(&["run"]), "HW0374", &["the account is closed"]);
    source.project.write(
        "check",
        lines(&[
            json!({ "type": "CONNECTION_STATUS", "connectionStatus": { "status": "FAILED", "message": "bad key" } }),
        ]),
    );
    source.project.write("connector.sh", "cat \"$1\"\n");
    let said = source.say(&["source", "check"]).exits(3);
    assert!(said.out.contains("the connector cannot read (check): bad key"), "{}", said.out);
}

#[test]
fn words_between_messages_are_words_and_halves_of_messages_are_not() {
    let source = two();
    source
        .project
        .write("read", format!("hello\n{}", lines(&[record("a", json!({ "id": 1 })), state(of_stream("a", 1))])));
    source.run();
    assert_eq!(source.query("select id from raw.a"), "1");
    source.project.write("read", "{\"type\":\"RECORD\",\"record\":{\"stream\":\"a\",\"da\n");
    assert_told(&source.say(&["run"]), "HW0372", &["is no whole message of Airbyte"]);
}

#[test]
fn streams_of_one_name_are_told_apart_by_their_namespaces() {
    let streams = [stream("t", json!({ "namespace": "x" })), stream("t", json!({ "namespace": "y" }))];
    let of = |namespace: &str, id: u64| json!({ "type": "RECORD", "record": { "stream": "t", "namespace": namespace, "data": { "id": id }, "emitted_at": 1 } });
    let source = Source::printing(
        &streams,
        &[of("x", 1), of("y", 2)],
        "  - { table: raw.x, stream: x.t }\n  - { table: raw.y, stream: y.t }\n",
    );
    source.run();
    assert_eq!(
        (source.query("select id from raw.x"), source.query("select id from raw.y")),
        ("1".to_owned(), "2".to_owned())
    );
    source.project.write(
        "sources/connector.yml",
        "connector: airbyte\ncommand: [sh, connector.sh]\nstreams:\n  - { table: raw.x, stream: t }\n",
    );
    assert_told(&source.say(&["run"]), "HW0370", &["2 streams are called 't'", "x.t or y.t"]);
}
