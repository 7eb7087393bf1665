//! `headwater source add files`: what lies in a folder becomes a source that runs as it is.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::program::query;
use crate::project::{Project, assert_told};

const FLIGHTS: &str = "flight,tail,dep_delay,day,time_hour,late,miles\n1,N1,4,2013-01-01,2013-01-01T05:00:00Z,true,1.5\n2,NA,NA,2013-01-02,2013-01-01T06:00:00Z,false,2\n";

fn project() -> Project {
    Project::empty()
        .with("data/flights_2013_01.csv", FLIGHTS)
        .with("data/flights_2013_02.csv", FLIGHTS.replace("\n1,", "\n3,").replace("\n2,", "\n4,"))
        .with("data/planes.csv", "tail;name;price\nN1;\"a; b\";1,5\nN2;c;\n")
        .with("data/codes.tsv", "1\tone\n2\ttwo\n")
        .with("data/cities.csv", b"id,name\n1,Z\xFCrich\n2,Bern\n".as_slice())
        .with("data/events/2026/01/e.jsonl", "{\"id\": 1, \"tags\": [\"a\"]}\n")
        .with("data/events/2026/02/e.jsonl", "{\"id\": 2, \"at\": {\"x\": 1.5}}\n")
        .with("data/sales.csv", "Sales, of 2026\n\nid;shop;total\n1;Bern;1.234,50\n2;Basel;7,00\n")
        .with("data/read me.txt", "no table\n")
        .with("data/.hidden.csv", "a\n1\n")
        .with("data/empty.csv", "")
        .with("data/orders.xml", "<orders><order><id>1</id></order></orders>")
}

fn streams(project: &Project, arguments: &[&str]) -> (BTreeMap<String, Value>, Vec<String>) {
    let said =
        project.say(&[&["source", "add", "files"], arguments, &["--dry-run", "--json"]].concat()).exits(0).json();
    let streams = said["streams"].as_array().unwrap().iter();
    let streams = streams.map(|stream| (stream["table"].as_str().unwrap().to_owned(), stream.clone())).collect();
    let left_out = said["left_out"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect();
    (streams, left_out)
}

fn types(stream: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    stream["columns"].as_array().unwrap().iter().map(|column| (text(&column["name"]), text(&column["type"]))).collect()
}

#[test]
fn a_folder_becomes_a_source_that_runs() {
    let project = project();
    let (found, left_out) = streams(&project, &["data"]);
    let tables: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(tables, ["raw.cities", "raw.codes", "raw.e", "raw.flights", "raw.planes", "raw.sales"]);
    assert_eq!(
        (&found["raw.flights"]["name"], &found["raw.flights"]["mode"]),
        (&"flights_*.csv".into(), &"new_files".into())
    );
    let expected = [
        ("flight", "bigint"),
        ("tail", "string"),
        ("dep_delay", "bigint"),
        ("day", "date"),
        ("time_hour", "timestamp"),
        ("late", "boolean"),
        ("miles", "double"),
    ];
    assert_eq!(types(&found["raw.flights"]), expected.map(|(name, kind)| (name.to_owned(), kind.to_owned())));
    let left_out = left_out.join("\n");
    for words in ["read me.txt", ".hidden.csv", "empty.csv", "orders.xml"] {
        assert!(left_out.contains(words), "no {words} in {left_out}");
    }
    assert_eq!(left_out.lines().count(), 4, "{left_out}");
    let said = project.say(&["source", "add", "files", "data"]).exits(0);
    assert!(said.out.contains("wrote sources/files.yml with 6 streams") && said.err.contains("left out: "), "{said:?}");
    let yaml = std::fs::read_to_string(project.path().join("sources/files.yml")).unwrap();
    let flights = "  - table: raw.flights\n    path: \"flights_*.csv\"\n    mode: new_files\n    format: { null: [NA] }\n  - table: raw.planes\n";
    for text in [
        "connector: files\nlocation: data\nstreams:\n",
        flights,
        "    format: { delimiter: \";\", decimal: \",\" }\n",
        "    format: { delimiter: \";\", skip: 2, decimal: \",\", grouping: \".\" }\n",
        "    format: { header: false }\n",
        "    format: { encoding: windows-1252 }\n",
        "    path: \"events/*/*/e.jsonl\"\n",
    ] {
        assert!(yaml.contains(text), "no {text} in\n{yaml}");
    }
    project.run();
    let answer = |sql: &str| query(project.path(), sql);
    assert_eq!(answer("select count(*), sum(flight), sum(dep_delay), count(tail) from raw.flights"), "4,10,8,2");
    assert_eq!(answer("select name from raw.planes where price is not null"), "a; b");
    assert_eq!(answer("select sum(column_1) from raw.codes"), "3");
    assert_eq!(answer("select name from raw.cities where id = 1"), "Zürich");
    assert_eq!(answer("select sum(id) from raw.e"), "3");
    assert_eq!(answer("select sum(total) from raw.sales"), "1241.5");
    let rejected = project.say(&["list", "--json"]).exits(0);
    assert!(!rejected.out.contains("__rejected"), "{}", rejected.out);
}

#[test]
fn a_glob_says_which_files_are_meant() {
    let project = project();
    let (found, left_out) = streams(&project, &["data/flights_*.csv", "--schema", "landing"]);
    assert_eq!((found.keys().map(String::as_str).collect::<Vec<_>>(), left_out.len()), (vec!["landing.flights"], 0));
    let (found, _) = streams(&project, &["data/planes.csv"]);
    assert_eq!(types(&found["raw.planes"])[2], ("price".to_owned(), "double".to_owned()));
    let (found, _) = streams(&project, &["location=data", "--only", "*.jsonl"]);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["raw.e"]);
    assert_told(&project.say(&["source", "add", "files", "data/*.parquet"]).exits(2), "HW0303", &["no file matches"]);
    assert_told(&project.say(&["source", "add", "files", "a.csv", "b.csv"]).exits(2), "HW0823", &["second place"]);
    assert_told(&project.say(&["source", "add", "sqlite", "data"]).exits(2), "HW0823", &["no key 'location'"]);
}

#[test]
fn a_glob_that_finds_one_file_stays_a_glob() {
    let project = Project::empty().with("data/orders.csv", "id\n1\n").with("more/a_1.csv", "id\n1\n");
    for (glob, mode) in [("data/*.csv", "new_files"), ("more/a_*.csv", "new_files"), ("data/orders.csv", "full")] {
        let (found, _) = streams(&project, &[glob]);
        let stream = found.values().next().unwrap();
        assert_eq!(
            (stream["name"].as_str().unwrap(), stream["mode"].as_str().unwrap()),
            (glob.rsplit('/').next().unwrap(), mode),
            "{stream}"
        );
    }
    project.say(&["source", "add", "files", "data/*.csv"]).exits(0);
    project.say(&["run"]).exits(0);
    project.write("data/later.csv", "id\n2\n");
    project.say(&["run"]).exits(0);
    assert_eq!(query(project.path(), "select count(*) from raw.orders"), "2");
}

/// Files of one name that have other columns are no one table.
#[test]
fn files_with_other_columns_are_told_apart() {
    let project = Project::empty()
        .with("in/report_1.csv", "id,amount\n1,10\n")
        .with("in/report_2.csv", "id,amount\n2,20\n")
        .with("in/report_3.csv", "code,text\nx,y\n");
    let (found, _) = streams(&project, &["in"]);
    let paths: Vec<(&str, &str)> =
        found.iter().map(|(table, stream)| (table.as_str(), stream["name"].as_str().unwrap())).collect();
    assert_eq!(paths, [("raw.report", "report_1.csv, report_2.csv"), ("raw.report_2", "report_3.csv")]);
    project.say(&["source", "add", "files", "in"]).exits(0);
    project.run();
    assert_eq!(query(project.path(), "select sum(amount) from raw.report"), "30");
    assert_eq!(query(project.path(), "select text from raw.report_2"), "y");
}

#[test]
fn columns_of_nested_values_alone_are_left_to_what_comes() {
    let project = Project::empty().with("data/tree.jsonl", "{\"data\":[{\"id\":1}]}\n");
    project.say(&["source", "add", "files", "data"]).exits(0);
    project.say(&["check"]).exits(0);
    project.run();
    assert_eq!(query(project.path(), "select data[1]['id'] from raw.tree"), "1");
}

/// Numbers that may be read in two ways are not read in one of them, and numbers with commas are not taken for fields.
#[test]
fn what_a_file_does_not_tell_stays_a_text() {
    let project = Project::empty()
        .with("data/us.csv", "id,total\n1,\"1,234\"\n2,\"12,500\"\n")
        .with("data/plain.csv", "id,total,share\n1,\"1,234\",\"0.5\"\n2,\"12,500.25\",1.5\n")
        .with("data/report.csv", "Bericht\nk;x;y\n1;1,5;2,5\n2;1,25;2,25\n3;1,75;2,75\n");
    let (found, _) = streams(&project, &["data"]);
    assert_eq!(types(&found["raw.us"])[1], ("total".to_owned(), "string".to_owned()));
    project.say(&["source", "add", "files", "data"]).exits(0);
    project.run();
    assert_eq!(query(project.path(), "select sum(total), sum(share) from raw.plain"), "13734.25,2.0");
    assert_eq!(query(project.path(), "select count(*), sum(k), sum(x), sum(y) from raw.report"), "3,6,4.5,7.5");
}
