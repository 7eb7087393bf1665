//! `headwater show`, `schema` and `explain`.

use super::flights::{expected, flights};
use crate::program::{json, ok, say};
use crate::project::assert_told;

fn dir() -> &'static std::path::Path {
    &flights().dir
}

#[test]
fn show_lists_every_table() {
    let out = ok(dir(), &["show"]);
    let tables = json(dir(), &["show"]);
    assert_eq!(tables["snapshot"], 1);
    for table in expected()["rows"].as_object().unwrap().keys() {
        assert!(out.lines().any(|line| line.split_whitespace().next() == Some(table)), "{table} in\n{out}");
        let kind = if table.starts_with("staging.") { "view" } else { "table" };
        assert_eq!(tables["tables"][table]["relation"]["kind"], kind, "{table}");
    }
}

#[test]
fn the_list_of_tables_tells_what_they_are() {
    let out = ok(dir(), &["show"]);
    assert!(out.contains("Hourly observations at the three airports"), "{out}");
}

#[test]
fn show_describes_a_table() {
    let out = ok(dir(), &["show", "marts.on_time_by_carrier_month"]);
    for words in [
        "185 rows",
        "in snapshot 1",
        "How punctual each airline was",
        "owner: ops-data",
        "on_time_rate",
        "double",
        "Flights that arrived at most 15 minutes late",
        "every_flight_has_one_outcome",
        "passed",
        "airline",
    ] {
        assert!(out.contains(words), "no '{words}' in\n{out}");
    }
    let table = json(dir(), &["show", "raw.flights", "-n", "3"]);
    assert_eq!(table["rows"], expected()["rows"]["raw.flights"]);
    let columns = table["columns"].as_array().unwrap();
    assert_eq!(columns.len(), 19);
    let tailnum = columns.iter().find(|column| column["name"] == "tailnum").unwrap();
    assert_eq!((&tailnum["type"], &tailnum["tags"][0]), (&"string".into(), &"internal".into()));
    let time = columns.iter().find(|column| column["name"] == "time_hour").unwrap();
    assert_eq!(time["type"], "timestamp");
    assert_eq!(table["first_rows"].as_array().unwrap().len(), 3);
    assert_eq!(table["checks"].as_array().unwrap().len(), 10);
}

#[test]
fn show_suggests_the_nearest_table() {
    let said = say(dir(), &["show", "marts.dim_airlin"]).exits(2);
    assert_told(&said, "HW0808", &["marts.dim_airlin", "did you mean marts.dim_airline"]);
}

#[test]
fn schemas_are_those_of_json_schema() {
    let all = json(dir(), &["schema"]);
    let kinds: Vec<&String> = all.as_object().unwrap().keys().collect();
    assert_eq!(kinds, ["destination", "model", "project", "script", "seed", "source", "test"]);
    for kind in kinds {
        let one: serde_json::Value = serde_json::from_str(&ok(dir(), &["schema", kind])).unwrap();
        assert_eq!(one, all[kind]);
        assert!(one["$schema"].as_str().unwrap().contains("json-schema.org"), "{kind}");
    }
    let text = all.to_string();
    for key in ["new_files", "relationships", "accepted_values", "materialize", "allow_outside", "quarantine"] {
        assert!(text.contains(key), "{key}");
    }
    let elsewhere = tempfile::tempdir().unwrap();
    assert!(ok(elsewhere.path(), &["schema", "source"]).contains("connector"), "needs no project");
    assert_told(&say(dir(), &["schema", "sources"]).exits(2), "HW0814", &["source"]);
}

#[test]
fn every_code_is_explained() {
    let elsewhere = tempfile::tempdir().unwrap();
    let list = json(elsewhere.path(), &["explain"]);
    let list = list.as_array().unwrap();
    let mut codes: Vec<&str> = list.iter().map(|code| code["code"].as_str().unwrap()).collect();
    assert!(codes.len() > 100, "{}", codes.len());
    codes.sort_unstable();
    let all = codes.len();
    codes.dedup();
    assert_eq!(codes.len(), all, "no code twice");
    // One of each part of the program.
    for code in ["HW0101", "HW0205", "HW0301", "HW0401", "HW0550", "HW0601", "HW0701", "HW0801", "HW0910"] {
        assert!(codes.contains(&code), "{code}");
        let out = ok(elsewhere.path(), &["explain", code]);
        assert!(out.starts_with(&format!("{code}: ")) && out.lines().count() > 2, "{out}");
    }
    assert_eq!(ok(elsewhere.path(), &["explain", "hw0910"]), ok(elsewhere.path(), &["explain", "[HW0910]"]));
    assert_told(&say(elsewhere.path(), &["explain", "HW9999"]).exits(2), "HW0815", &["HW9999"]);
}

/// Whatever the program can say has a code that it can explain.
#[test]
fn every_code_in_the_source_is_explained() {
    let list = json(dir(), &["explain"]);
    let known: Vec<&str> = list.as_array().unwrap().iter().map(|code| code["code"].as_str().unwrap()).collect();
    let mut unexplained = std::collections::BTreeMap::new();
    let mut folders = vec![crate::program::workspace().join("crates")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
            if path.is_dir() {
                if name != "tests" && name != "target" {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") && !name.contains("tests") {
                let text = std::fs::read_to_string(&path).unwrap();
                // What follows is the file's own tests, with codes made up for them.
                let text = text.split("#[cfg(test)]\nmod").next().unwrap();
                for (at, _) in text.match_indices("\"HW") {
                    let code = text.get(at + 1..at + 7).unwrap_or("");
                    let whole = text.get(at + 7..at + 8) == Some("\"") && code[2..].bytes().all(|b| b.is_ascii_digit());
                    if whole && !known.contains(&code) {
                        unexplained.insert(code.to_owned(), path.clone());
                    }
                }
            }
        }
    }
    assert!(unexplained.is_empty(), "{unexplained:#?}");
}
