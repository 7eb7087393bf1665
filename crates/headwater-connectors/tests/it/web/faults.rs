//! What goes wrong on the way, and is put right or told.

use std::time::Instant;

use serde_json::json;

use super::{Server, lines};
use crate::project::assert_error;

#[test]
fn what_may_pass_is_tried_again() {
    let server = Server::start();
    let (text, rows) = lines(100);
    server.write("a.csv", text);
    assert_eq!(server.project("flaky").load("a.csv", json!({})).unwrap().rows, rows);
    let begun = Instant::now();
    let error = assert_error(server.project("broken").load("a.csv", json!({})), "HW0301", &["503 Service Unavailable"]);
    assert!(error.transient && begun.elapsed().as_secs() < 30);
    server.requests();
    assert_error(server.project("broken").load("a.csv", json!({})), "HW0301", &[]);
    assert_eq!(server.requests().len(), 5);
    drop(server);
    let mut project = crate::project::Project::new();
    project.source = json!({ "location": "http://127.0.0.1:9/" });
    assert!(assert_error(project.load("a.csv", json!({})), "HW0301", &["cannot be read"]).transient);
}

#[test]
fn a_body_that_is_cut_off_is_taken_up_where_it_ended() {
    let server = Server::start();
    // Four cuts, each after half of what is left (and ten bytes at least): three bytes are left for the last try.
    let (text, _) = lines(30);
    server.write("a.csv", &text[..100]);
    let rows = server.project("plain").load("a.csv", json!({})).unwrap().rows;
    server.requests();
    assert_eq!(server.project("cut").load("a.csv", json!({ "max_line": 100 })).unwrap().rows, rows);
    let ranges: Vec<String> = server.requests().into_iter().filter(|line| line.contains("bytes=")).collect();
    assert!(ranges.iter().any(|line| line == "GET /cut/a.csv bytes=50-99"), "{ranges:?}");
    // More cuts than that, or no parts, or another file than before.
    let (text, _) = lines(100_000);
    server.write("large.csv", &text);
    assert!(assert_error(server.project("cut").load("large.csv", json!({})), "HW0301", &["large.csv"]).transient);
    assert!(assert_error(server.project("cutnoparts").load("a.csv", json!({})), "HW0301", &["a.csv"]).transient);
    assert_error(server.project("changing").load("large.csv", json!({})), "HW0311", &["large.csv changed"]);
    server.write("cut.csv", &text);
    assert!(assert_error(server.project("chunked").load("cut.csv", json!({})), "HW0301", &["cut.csv"]).transient);
}
