use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use super::*;
use crate::spec::SecretOptions;

/// Secrets declared as in YAML, in a new folder.
fn declared(yaml: &str) -> (tempfile::TempDir, SecretSources) {
    let dir = tempfile::tempdir().unwrap();
    let options: BTreeMap<String, SecretOptions> = serde_json::from_str(yaml).unwrap();
    let mut sources = SecretSources::new(dir.path());
    let mut diagnostics = Vec::new();
    let env = |name: &str| (name == "WHERE").then(|| "vault".to_owned());
    sources.declare(&options, None, &env, &mut diagnostics);
    assert_eq!(diagnostics.iter().map(|d| &d.message).collect::<Vec<_>>(), [""; 0]);
    (dir, sources)
}

#[test]
fn files_are_read_without_the_end_of_their_last_line() {
    let (dir, sources) = declared(r#"{ "A": { "file": "${WHERE}/a" }, "B": { "file": "b" }, "C": { "file": "c" } }"#);
    fs::create_dir(dir.path().join("vault")).unwrap();
    fs::write(dir.path().join("vault/a"), "two\nlines\r\n").unwrap();
    fs::write(dir.path().join("b"), "\n").unwrap();
    fs::write(dir.path().join("c"), [0xff, 0xfe]).unwrap();
    assert_eq!(sources.value("A").unwrap().unwrap(), "two\nlines");
    assert!(sources.value("B").unwrap().unwrap_err().message.ends_with("b is empty"));
    assert!(sources.value("C").unwrap().unwrap_err().message.ends_with("it is not text in UTF-8"));
    assert!(sources.value("NONE").is_none());
}

#[test]
fn a_command_runs_once_for_all_of_its_fields() {
    let (dir, sources) = declared(
        r#"{ "USER": { "command": ["sh", "-c", "echo x >> ran; cat vault.json"], "field": "data.user" },
             "PORT": { "command": ["sh", "-c", "echo x >> ran; cat vault.json"], "field": "data.ports.1" },
             "NO": { "command": ["sh", "-c", "echo x >> ran; cat vault.json"], "field": "data.nobody" },
             "MAP": { "command": ["sh", "-c", "echo x >> ran; cat vault.json"], "field": "data" } }"#,
    );
    fs::write(dir.path().join("vault.json"), r#"{ "data": { "user": "ann", "ports": [1, 5433] } }"#).unwrap();
    assert_eq!(sources.value("USER").unwrap().unwrap(), "ann");
    assert_eq!(sources.value("PORT").unwrap().unwrap(), "5433");
    assert!(sources.value("NO").unwrap().unwrap_err().message.ends_with("its JSON has no 'data.nobody'"));
    let map = sources.value("MAP").unwrap().unwrap_err().message;
    assert!(map.ends_with("'data' of its JSON is neither a text nor a number") && !map.contains("5433"), "{map}");
    assert_eq!(fs::read_to_string(dir.path().join("ran")).unwrap(), "x\n");
}

#[test]
fn a_command_that_fails_says_why() {
    let (_dir, sources) = declared(
        r#"{ "FAILS": { "command": ["sh", "-c", "echo no such entry >&2; exit 3"] },
             "GONE": { "command": ["no-such-program-here"] },
             "SLOW": { "command": ["sh", "-c", "sleep 600 & sleep 600"], "timeout": "1s" },
             "LOUD": { "command": ["sh", "-c", "yes"] } }"#,
    );
    let message = |name: &str| sources.value(name).unwrap().unwrap_err().message;
    assert_eq!(
        message("FAILS"),
        "the secret FAILS cannot be read: `sh -c echo no such entry >&2; exit 3` ended with exit status: 3: no such entry"
    );
    assert!(message("GONE").contains("`no-such-program-here`: it cannot be started"));
    let started = Instant::now();
    assert!(message("SLOW").ends_with("it has not ended in 1 s"), "{}", message("SLOW"));
    assert!(started.elapsed() < Duration::from_secs(30));
    assert!(message("LOUD").ends_with("it prints more than 1048576 bytes"), "{}", message("LOUD"));
}
