//! Looking at what is published.

use std::process::Command;

use serde_json::Value;

use crate::program::Folder;

fn published() -> Folder {
    let folder = Folder::with_project();
    folder.ok(&["run", "--quiet"]);
    folder
}

#[test]
fn queries_are_written_in_every_format() {
    let folder = published();
    let sql = "select order_id, country from raw.orders order by order_id";
    assert!(folder.ok(&["query", sql]).out.starts_with("order_id,country\n1,DE\n"), "CSV where there is no terminal");
    let limited = folder.ok(&["query", sql, "--limit", "2", "--format", "json"]).out;
    assert_eq!(limited, "{\"order_id\":1,\"country\":\"DE\"}\n{\"order_id\":2,\"country\":\"FR\"}\n");
    let table = folder.ok(&["query", sql, "--format", "table", "-n", "1"]).out;
    assert_eq!(table, "order_id  country\n--------  -------\n       1  DE\n");
    let empty = folder.ok(&["query", "select order_id from raw.orders where false"]).out;
    assert_eq!(empty, "order_id\n", "the header stands over no rows");

    for (file, least) in [("out.csv", 6), ("out.jsonl", 5)] {
        folder.ok(&["query", sql, "--output", file]);
        let text = std::fs::read_to_string(folder.project().join(file)).unwrap();
        assert_eq!(text.lines().count(), least, "{file}");
    }
    let said = folder.ok(&["query", sql, "--output", "out.parquet"]);
    assert!(said.err.contains("5 rows written to out.parquet"), "{}", said.err);
    let bytes = std::fs::read(folder.project().join("out.parquet")).unwrap();
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    assert_eq!(folder.headwater(&["query", sql, "--format", "parquet"]).code, Some(2), "not to a pipe");
}

#[test]
fn the_statements_of_a_file_are_answered_in_turn() {
    let folder = published();
    let sql = "-- first; of three\nselect ';' as sign;\n\nselect order_id\nfrom raw.orders order by order_id;\n\
               select country from raw.orders where false; -- the end\n";
    folder.write("queries.sql", sql);
    let said = folder.ok(&["query", "--file", "queries.sql", "--limit", "2"]);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("sign\n;\n\norder_id\n1\n2\n\ncountry\n", ""));
    let said = folder.ok(&["query", "--file", "queries.sql", "--format", "json", "--timing"]);
    assert_eq!(said.out.lines().collect::<Vec<_>>()[..3], ["{\"sign\":\";\"}", "", "{\"order_id\":1}"]);
    let told: Vec<&str> = said.err.lines().filter_map(|line| line.split_once(" in ")?.0.into()).collect();
    assert_eq!(told, ["queries.sql:2: 1 row", "queries.sql:4: 5 rows", "queries.sql:6: 0 rows"], "{}", said.err);

    let said = folder.ok(&["query", "--file", "queries.sql", "--timing", "--json"]);
    let told: Vec<Value> = said.err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let facts = told.iter().map(|one| (one["line"].as_u64().unwrap(), one["rows"].as_u64().unwrap()));
    assert_eq!(facts.collect::<Vec<_>>(), [(2, 1), (4, 5), (6, 0)]);
    assert!(
        told.iter().all(|one| one["source"] == "queries.sql" && one["seconds"].as_f64().unwrap() > 0.0),
        "{told:?}"
    );
    let one = folder.ok(&["query", "select 1 as one", "--timing"]);
    assert!(one.out == "one\n1\n" && one.err.starts_with("query:1: 1 row in "), "{one:?}");
}

#[test]
fn a_file_of_statements_is_refused_where_it_makes_no_sense() {
    let folder = published();
    folder.write("two.sql", "select 1 as a;\nselect wrong\nfrom raw.orders;\nselect 3 as c;\n");
    folder.write("none.sql", "-- nothing; at all\n;\n");
    folder.write("open.sql", "select 1 as a;\nselect 'two;\n");
    let refused = |arguments: &[&str], code: &str, told: &str| {
        let said = folder.headwater(&[&["query"], arguments].concat()).exits(2);
        assert!(said.err.contains(code) && said.err.contains(told), "{arguments:?}: {}", said.err);
        said.out
    };
    refused(&["--file", "two.sql", "--output", "both.csv"], "HW0816", "3 statements");
    assert!(!folder.project().join("both.csv").exists());
    refused(&["--file", "none.sql"], "HW0821", "none.sql has no statement");
    refused(&["--file", "missing.sql"], "HW0822", "missing.sql cannot be read");
    // What came before the wrong statement stands; the place is that in the file.
    let out = refused(&["--file", "two.sql"], "HW0", "two.sql:2:8");
    assert_eq!(out, "a\n1\n\n");
    assert_eq!(refused(&["--file", "open.sql"], "HW0", "open.sql:2:8"), "");
    let both = folder.headwater(&["query", "select 1", "--file", "two.sql"]).exits(2);
    assert!(both.err.contains("cannot be used with"), "{}", both.err);
    folder.headwater(&["query"]).exits(2);
    folder.write("one.sql", "select 1 as a;\n");
    folder.ok(&["query", "--file", "one.sql", "--output", "one.csv"]);
    assert_eq!(std::fs::read_to_string(folder.project().join("one.csv")).unwrap(), "a\n1\n");
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    let folder = published();
    let program = env!("CARGO_BIN_EXE_headwater");
    let sql = "select a.order_id from raw.orders a, raw.orders b, raw.orders c, raw.orders d, raw.orders e, raw.orders f, raw.orders g";
    for format in ["csv", "json", "table"] {
        let line = format!("set -o pipefail; '{program}' query '{sql}' --format {format} | head -n 1");
        let output = Command::new("bash").args(["-c", &line]).current_dir(folder.project()).output().unwrap();
        assert!(output.status.success(), "{format}: {output:?}");
        assert!(output.stderr.is_empty(), "{format}: {output:?}");
    }
}

#[test]
fn a_table_is_described() {
    let folder = published();
    let list = folder.ok(&["show"]).out;
    assert!(list.contains("raw.orders") && list.contains("view"), "{list}");
    let table = folder.ok(&["show", "marts.revenue_by_country"]).out;
    for expected in ["3 rows", "decimal(", "Sum of the orders' amounts", "unique(country)", "passed", "Germany"] {
        assert!(table.contains(expected), "{expected}: {table}");
    }
    let json = folder.ok(&["show", "raw.orders", "--json"]).json();
    assert_eq!((&json["rows"], &json["columns"][0]["type"]), (&5.into(), &"bigint".into()));
    assert_eq!(json["first_rows"].as_array().unwrap().len(), 5);
    let wrong = folder.headwater(&["show", "raw.ordres"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("did you mean raw.orders?"), "{}", wrong.err);
}

#[test]
fn lineage_goes_from_file_to_column() {
    let folder = published();
    let tables = folder.ok(&["lineage", "marts.revenue_by_country", "--upstream"]).out;
    assert!(tables.contains("staging.orders") && tables.contains("raw.orders"), "{tables}");
    assert!(tables.contains("orders/*.csv"), "{tables}");
    let column = folder.ok(&["lineage", "marts.revenue_by_country.revenue"]).out;
    assert!(column.contains("staging.orders.amount") && column.contains("aggregation"), "{column}");
    assert!(column.contains("raw.orders.amount") && !column.contains("country_name"), "{column}");
    let down = folder.ok(&["lineage", "raw.orders.amount", "--downstream", "--format", "mermaid"]).out;
    assert!(down.starts_with("flowchart LR\n") && down.contains("marts.revenue_by_country.revenue"), "{down}");
    let graph = folder.ok(&["lineage", "--json"]).json();
    assert!(graph["edges"].as_array().unwrap().len() >= 3, "{graph}");
    folder.ok(&["lineage", "--output", "lineage.svg"]);
    let picture = std::fs::read_to_string(folder.project().join("lineage.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.contains(">marts.revenue_by_country</text>"));
}

#[test]
fn the_program_explains_itself() {
    let folder = Folder::with_project();
    assert!(folder.ok(&["explain", "HW0911"]).out.contains("the lake is in use"));
    assert!(folder.ok(&["explain"]).out.lines().count() > 50);
    assert_eq!(folder.headwater(&["explain", "HW7777"]).code, Some(2));
    let schemas = folder.ok(&["schema"]).json();
    assert_eq!(folder.ok(&["schema", "model"]).json(), schemas["model"]);
    let help = folder.ok(&["--help"]).out;
    assert!(help.contains("Exit codes:") && help.contains("rollback"), "{help}");
}
