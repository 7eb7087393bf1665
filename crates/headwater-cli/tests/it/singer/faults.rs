//! Taps that fail, or print what they should not.

use serde_json::json;

use super::{Source, entry, lines, record, schema, state};
use crate::program::{Said, headwater};
use crate::project::{Project, assert_told};

const STREAM: &str = "  - { table: raw.t, stream: t }\n";

fn id() -> serde_json::Value {
    json!({ "id": { "type": "integer" } })
}

fn printing(messages: &str, then: &str) -> Source {
    Source::printing(&[entry("t", id(), &[])], messages, then, STREAM)
}

/// Fails with a code and words, and publishes nothing.
#[track_caller]
fn assert_refused(source: &Source, code: &str, words: &[&str]) {
    assert_told(&source.say(&["run"]), code, words);
    assert!(!source.project.lake().join("raw/t/_delta_log/00000000000000000000.json").exists());
}

#[test]
fn a_tap_that_is_not_there() {
    let source = Source { project: Project::empty() };
    source.write(&format!("command: [tap-that-is-nowhere]\nstreams:\n{STREAM}"));
    assert_told(&source.say(&["run"]), "HW0320", &["there is no program 'tap-that-is-nowhere'"]);
    source.write(&format!("command: []\nstreams:\n{STREAM}"));
    assert_told(&source.say(&["check"]).exits(2), "HW0122", &["there is no program to start"]);
    source.write(&format!("command: [x]\ntimeout: soon\nstreams:\n{STREAM}"));
    let said = source.say(&["check"]).exits(2);
    assert!(said.err.contains("a duration such as 36h") || said.out.contains("a duration such as 36h"), "{said:?}");
}

#[test]
fn a_tap_that_fails() {
    let good = lines(&[schema("t", id()), record("t", json!({ "id": 1 })), state(json!(1))]);
    let source = printing(&good, "echo 'cannot log in' >&2; exit 4");
    assert_refused(&source, "HW0323", &["`sh tap.sh` ended with status 4", "cannot log in"]);
    let source = printing(&good, "kill -SEGV $$");
    assert_refused(&source, "HW0323", &["signal 11 (SIGSEGV)"]);
    let source = printing(&good, "true");
    source.project.write("tap.sh", "echo 'no such account' >&2; exit 1");
    assert_refused(&source, "HW0323", &["no such account"]);
}

#[test]
fn what_is_no_message() {
    let source = printing(&lines(&[schema("t", id())]).replace('\n', "\nConnecting…\n"), "true");
    assert_refused(&source, "HW0372", &["line 2 of what the tap printed is no message of Singer", "Connecting…"]);
    let cut = lines(&[schema("t", id()), record("t", json!({ "id": 1 }))]);
    let source = printing(&cut[..cut.len() - 9], "true");
    assert_refused(&source, "HW0372", &["line 2"]);
    let source = printing("{\"type\": \"RECORD\", \"stream\": \"t\"}\n", "true");
    assert_refused(&source, "HW0372", &["is a RECORD without a record"]);
    let source = printing("{\"type\": \"BATCH\", \"stream\": \"t\", \"manifest\": []}\n", "true");
    assert_refused(&source, "HW0372", &["is a BATCH message", "batch_config"]);
}

#[test]
fn what_the_protocol_does_not_have() {
    let row = record("t", json!({ "id": 1 }));
    let source = printing(&lines(std::slice::from_ref(&row)), "true");
    assert_refused(
        &source,
        "HW0373",
        &["line 1 of what the tap printed is a record of 't', whose schema has not come"],
    );
    let source = printing(&lines(&[schema("t", id()), row, record("u", json!({ "id": 1 }))]), "true");
    assert_refused(&source, "HW0373", &["line 3", "is of a stream 'u', which its catalogue does not have"]);
}

#[test]
fn catalogues_that_are_none() {
    let source = printing("", "true");
    for (catalogue, words) in [
        ("", "is empty"),
        ("INFO hello\n{\"streams\": []}", "is no JSON"),
        ("{\"stream\": []}", "has no list `streams`"),
        ("{\"streams\": [{\"schema\": {}}]}", "without a `tap_stream_id`"),
    ] {
        source.project.write("catalog.json", catalogue);
        assert_refused(&source, "HW0371", &["`sh tap.sh` does not say which streams there are", words]);
    }
    source.catalogue(&[entry("tt", id(), &[])]);
    assert_refused(&source, "HW0370", &["there is no stream 't'", "did you mean 'tt'?"]);
    source.write(&format!("command: [sh, tap.sh]\ncatalog: gone.json\nstreams:\n{STREAM}"));
    assert_refused(&source, "HW0371", &["the file gone.json cannot be read"]);
}

#[test]
fn modes_that_a_stream_cannot_be_read_in() {
    let mut forced = entry("t", id(), &[]);
    forced["metadata"] = json!([{ "breadcrumb": [], "metadata": { "forced-replication-method": "FULL_TABLE" } }]);
    let source = Source::printing(&[forced], "", "true", &STREAM.replace(" }", ", mode: incremental, cursor: id }"));
    assert_refused(&source, "HW0370", &["'t' is read as a whole only"]);
    let mut told = entry("t", id(), &[]);
    told["metadata"] = json!([{ "breadcrumb": [], "metadata": { "inclusion": "available" } }]);
    let source = Source::printing(&[told], "", "true", &STREAM.replace(" }", ", mode: incremental }"));
    assert_refused(&source, "HW0370", &["does not say by which column 't' is read on", "cursor:"]);
    source.write(&format!(
        "command: [sh, tap.sh]\nstreams:\n{}",
        STREAM.replace(" }", ", mode: incremental, cursor: idd }")
    ));
    assert_refused(&source, "HW0370", &["has no column 'idd'", "did you mean 'id'?"]);
}

#[test]
fn a_schema_that_changes_on_the_way() {
    let row = |value: serde_json::Value| record("t", json!({ "id": value }));
    let other = schema("t", json!({ "id": { "type": "string" } }));
    let messages = lines(&[schema("t", id()), row(1.into()), other, row("2".into()), row("x".into()), state(json!(1))]);
    let source = printing(&messages, "true");
    assert_refused(&source, "HW0308", &["column 'id' was bigint and is string"]);
    source.write(&format!("command: [sh, tap.sh]\nstreams:\n{}", STREAM.replace(" }", ", drift: ignore }")));
    source.run();
    assert_eq!(source.query("select id from raw.t order by id"), "1\n2");
    assert_eq!(source.query("select _line from raw.t__rejected"), "3");
    // What the catalogue says is another is drift as of any source.
    let source = printing(&lines(&[schema("t", id()), row(1.into())]), "true");
    source.run();
    source.catalogue(&[entry("t", json!({ "id": { "type": "integer" }, "new": { "type": "string" } }), &[])]);
    assert_told(&source.say(&["run"]), "HW0308", &["column 'new' (string) is new"]);
}

#[test]
fn all_streams_of_a_start_fail_together_and_once() {
    let messages = lines(&[schema("t", id()), record("t", json!({ "id": 1 }))]);
    let streams = format!("{STREAM}  - {{ table: raw.u, stream: u }}\n");
    let entries = [entry("t", id(), &[]), entry("u", id(), &[])];
    let source =
        Source::printing(&entries, &messages, "echo started >> starts; echo out of luck >&2; exit 1", &streams);
    let said = source.say(&["run"]).exits(1);
    assert_eq!(said.out.matches("out of luck").count(), 2, "{}", said.out);
    assert_eq!(std::fs::read_to_string(source.project.path().join("starts")).unwrap(), "started\n");
}

#[test]
fn a_secret_of_the_configuration_is_nowhere_to_be_seen() {
    const SECRET: &str = "hunter2-of-the-tap";
    let source = printing("", "true");
    let tap = "for a; do case \"$a\" in */config.json) cat \"$a\" >&2;; esac; done\ntest -e fail && exit 1\n\
               case \"$*\" in *--discover*) cat catalog.json;; *) cat messages;; esac\n";
    source.project.write("tap.sh", tap);
    source.project.write("messages", lines(&[schema("t", id()), record("t", json!({ "id": 1 })), state(json!(1))]));
    source.write(&format!(
        "command: [sh, tap.sh]\nconfig: {{ login: {{ password: '${{PASSWORD_OF_TAP}}' }} }}\nstreams:\n{STREAM}"
    ));
    let say = |arguments: &[&str]| -> Said {
        headwater(source.project.path()).args(arguments).env("PASSWORD_OF_TAP", SECRET).output().unwrap().into()
    };
    let told =
        |said: &Said| assert!(!said.out.contains(SECRET) && !said.err.contains(SECRET), "{}\n{}", said.out, said.err);
    told(&say(&["run"]).exits(0));
    source.project.write("fail", "");
    for arguments in [&["run"][..], &["run", "--json"], &["source", "check"], &["runs"], &["plan"], &["list", "--json"]]
    {
        let said = say(arguments);
        told(&said);
        if arguments == ["run"] {
            assert!(said.out.contains("\"password\":\"***\""), "it was said: {}\n{}", said.out, said.err);
        }
    }
    let mut folders = vec![source.project.lake()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                assert!(!bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()), "{}", path.display());
            }
        }
    }
}
