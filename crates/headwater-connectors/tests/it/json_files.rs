//! JSON lines.

use headwater_sdk::connector::Drift;
use serde_json::json;

use crate::project::{Project, rows};

#[test]
fn objects_become_columns_structs_and_lists() {
    let project = Project::new();
    project.write(
        "t.jsonl",
        r#"{"id": 1, "name": "a\"b\u00e9", "at": "2013-01-01T10:00:00Z", "tags": ["x", "y"], "plane": {"seats": 55, "year": 2004}}

{"id": 2, "name": null, "score": 1.5, "tags": [], "plane": {"year": null}, "ok": true}
{"plane": null, "id": 3}
"#,
    );
    let columns = project.columns("t.jsonl", json!({}));
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["id", "name", "at", "tags", "plane", "score", "ok"]);
    assert_eq!(
        (columns[0].1.as_str(), columns[2].1.as_str(), columns[5].1.as_str()),
        ("bigint", "timestamp", "double")
    );
    let loaded = project.load("t.jsonl", json!({})).unwrap();
    assert_eq!(loaded.rejected, []);
    assert_eq!(
        loaded.rows,
        rows(&[
            ["1", "a\"bé", "2013-01-01T10:00:00Z", "[x, y]", "{seats: 55, year: 2004}", "-", "-"],
            ["2", "-", "-", "[]", "{seats: , year: }", "1.5", "true"],
            ["3", "-", "-", "-", "-", "-", "-"],
        ])
    );
}

#[test]
fn bad_lines_are_set_aside_with_their_place() {
    let project = Project::new().declare("id", "bigint").declare("s", "string");
    project.write(
        "t.json",
        "{\"id\": 1, \"s\": \"x\"}\n{\"id\": 2\nnot json\n[1]\n{\"id\": 12.5}\n{\"id\": 3, \"id\": 4}\n\
         {\"id\": 5, \"s\": {\"a\": [1, 2]}}\n{\"id\": 6, \"s\": \"\\ud800\"}\n{\"id\": 7} trailing\n{\"s\": \"end\"}",
    );
    let loaded = project.load("t.json", json!({})).unwrap();
    assert_eq!(loaded.rows, rows(&[["1", "x"], ["5", "{\"a\": [1, 2]}"], ["-", "end"]]));
    let lines: Vec<u64> = loaded.rejected.iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 8, 9], "{:?}", loaded.reasons());
    assert_eq!(loaded.rejected[3].reason, "column 'id': '12.5' is not a bigint");
    assert!(loaded.rejected[4].reason.contains("'id' twice"));
}

#[test]
fn numbers_keep_their_digits() {
    let project = Project::new().declare("d", "decimal(38,10)").declare("s", "string");
    project
        .write("t.json", "{\"d\": 1234567890123456789.0123456789, \"s\": 12345678901234567890123}\n{\"d\": \"1.5\"}\n");
    let loaded = project.load("t.json", json!({})).unwrap();
    assert_eq!(loaded.rows[0], ["1234567890123456789.0123456789", "12345678901234567890123"]);
    assert_eq!(loaded.rows[1][0], "1.5000000000");
}

#[test]
fn deep_values_stay_consistent_when_one_of_them_is_wrong() {
    let project = Project::new().with(|s| s.drift = Drift::Ignore);
    let mut text = String::new();
    for n in 0..10_500 {
        text += &format!("{{\"v\": [{{\"a\": {n}, \"b\": [1]}}, {{\"a\": 1}}]}}\n");
    }
    text +=
        "{\"v\": [{\"a\": 1}, {\"a\": \"oops\", \"b\": [1, 2]}, {\"a\": 3}]}\n{\"v\": [{\"b\": [7], \"new\": 1}]}\n";
    project.write("t.json", text);
    let loaded = project.load("t.json", json!({})).unwrap();
    assert_eq!((loaded.rows.len(), loaded.rejected.len()), (10_501, 1));
    assert_eq!(loaded.rows[10_500], ["[{a: , b: [7]}]"]);
    assert_eq!(loaded.rejected[0].line, 10_501);
}

#[test]
fn an_array_is_told_apart_from_lines() {
    let project = Project::new();
    project.write("t.json", "[\n{\"a\": 1},\n{\"a\": 2}\n]\n");
    assert_eq!(project.load("t.json", json!({})).unwrap().rows, rows(&[["1"], ["2"]]));
    project.write("t.json", "{\"a\": 1}\n{\"a\": 2}\n");
    assert_eq!(project.load("t.json", json!({})).unwrap().rows, rows(&[["1"], ["2"]]));
}
