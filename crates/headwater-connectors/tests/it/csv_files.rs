//! CSV files: types, nulls, bad rows.

use headwater_sdk::Blame;
use headwater_sdk::connector::Drift;
use headwater_sdk::connector::OnBadRow;
use serde_json::json;

use crate::project::{Project, assert_error, rows};

const FLIGHTS: &str = "year,dep_time,carrier,flight,tailnum,air_time,time_hour\n\
    2013,517,UA,1545,N14228,227,2013-01-01T10:00:00Z\n\
    2013,NA,UA,1714,NA,227.5,2013-01-01T10:00:00Z\n\
    2013,542,AA,1141,N619AA,,2013-01-01T10:00:00Z\n";

#[test]
fn types_are_inferred_and_null_tokens_are_null_in_every_column() {
    let project = Project::new();
    project.write("data/flights.csv", FLIGHTS);
    let columns = project.columns("data/flights.csv", json!({ "null": "NA" }));
    let types: Vec<&str> = columns.iter().map(|(_, data_type)| data_type.as_str()).collect();
    assert_eq!(types, ["bigint", "bigint", "string", "bigint", "string", "double", "timestamp"]);
    let loaded = project.load("data/*.csv", json!({ "null": ["NA", "-"] })).unwrap();
    assert_eq!(loaded.rejected, []);
    assert_eq!(
        loaded.rows,
        rows(&[
            ["2013", "517", "UA", "1545", "N14228", "227.0", "2013-01-01T10:00:00Z"],
            ["2013", "-", "UA", "1714", "-", "227.5", "2013-01-01T10:00:00Z"],
            ["2013", "542", "AA", "1141", "N619AA", "-", "2013-01-01T10:00:00Z"],
        ])
    );
}

#[test]
fn declared_types_go_before_inferred_ones() {
    let project = Project::new()
        .declare("id", "string")
        .declare("day", "date")
        .declare("price", "decimal(10,2)")
        .declare("ok", "boolean")
        .declare("small", "smallint");
    project.write("t.csv", "id,day,price,ok,small,at\n7,31/12/2013,1.5,yes,12,31/12/2013 23:59\n8,,x,no,99999,\n");
    let format = json!({ "date_format": "%d/%m/%Y", "timestamp_format": "%d/%m/%Y %H:%M" });
    let loaded = project.load("t.csv", format).unwrap();
    assert_eq!(loaded.rows, rows(&[["7", "2013-12-31", "1.50", "true", "12", "2013-12-31T23:59:00"]]));
    assert_eq!(
        loaded.reasons(),
        [("t.csv".to_owned(), 3, "column 'price': 'x' is not a decimal(10,2)".to_owned())],
        "the first column that is wrong is named"
    );
    assert_eq!(loaded.rejected[0].raw, "8,,x,no,99999,");
}

#[test]
fn numbers_are_read_as_they_are_written() {
    let text = "Umsatz, \"Stand\n\n# je Filiale\nid;betrag;menge;satz;art\n1;1.234,50;1.000;0,5;1,50\n#\n2;-,75;7;1.5;007\n3;12;-2.000.000;;1.5\n";
    let format = json!({ "delimiter": ";", "skip": 2, "comment": "#", "decimal": ",", "grouping": "." });
    let project = Project::new();
    project.write("t.csv", text);
    let columns = project.columns("t.csv", format.clone());
    let types: Vec<&str> = columns.iter().map(|(_, data_type)| data_type.as_str()).collect();
    assert_eq!(
        types,
        ["bigint", "double", "bigint", "string", "string"],
        "1.5 is no number where commas are before fractions"
    );
    let project = project.declare("betrag", "decimal(10,2)").declare("menge", "int").declare("satz", "real");
    let loaded = project.load("t.csv", format).unwrap();
    assert_eq!(loaded.rows, rows(&[["1", "1234.50", "1000", "0.5", "1,50"], ["3", "12.00", "-2000000", "-", "1.5"]]));
    assert_eq!(loaded.reasons(), [("t.csv".to_owned(), 7, "column 'satz': '1.5' is not a float".to_owned())]);
    project.write("u.csv", "betrag,menge,satz\n\"1,234.5\",\"1,5\",1\n\"1,234.5\",\"1,500\",\"1,234.25\"\n");
    let loaded = project.load("u.csv", json!({ "grouping": "," })).unwrap();
    assert_eq!(loaded.rows, rows(&[["1234.50", "1500", "1234.25"]]));
    assert_eq!(loaded.reasons()[0].2, "column 'menge': '1,5' is not an int");
}

#[test]
fn quotes_make_the_difference_between_null_and_empty() {
    let project = Project::new().declare("n", "bigint");
    project.write("t.csv", "s,n\n,\n\"\",\"\"\nNA,NA\n\"NA\",\"5\"\n");
    let loaded = project.load("t.csv", json!({ "null": ["NA"] })).unwrap();
    assert_eq!(loaded.rejected, []);
    assert_eq!(loaded.rows, rows(&[["-", "-"], ["", "-"], ["-", "-"], ["NA", "5"]]));
}

#[test]
fn a_value_past_the_sample_makes_a_bad_row_that_says_so() {
    let project = Project::new();
    let mut text = String::from("id,n\n");
    for n in 0..30_000 {
        text += &format!("{n},{n}\n");
    }
    project.write("t.csv", text + "30000,12.5\n30001,A12\n30002,7\n");
    let loaded = project.load("t.csv", json!({})).unwrap();
    assert_eq!(loaded.rows.len(), 30_001);
    let reasons = loaded.reasons();
    assert_eq!(reasons.len(), 2);
    assert_eq!((reasons[0].1, reasons[1].1), (30_002, 30_003));
    assert!(reasons[0].2.starts_with("column 'n': '12.5' is not a bigint; the type was inferred"), "{reasons:?}");
}

#[test]
fn a_bad_row_fails_the_load_when_told_to() {
    let project = Project::new().with(|s| s.on_bad_row = OnBadRow::Fail).declare("n", "bigint");
    project.write("d/t.csv", "n\n1\ntwo\n3,4\n");
    let error =
        assert_error(project.load("d/t.csv", json!({})), "HW0309", &["d/t.csv, line 3", "'two' is not a bigint"]);
    assert_eq!(error.blame, Blame::Data);
}

#[test]
fn files_may_have_their_columns_in_another_order() {
    let project = Project::new();
    project.write("1.csv", "a,b,c\n1,2,3\n").write("2.csv", "c,a,b\n3,1,2\n");
    let loaded = project.load("*.csv", json!({})).unwrap();
    assert_eq!(loaded.rows, rows(&[["1", "2", "3"], ["1", "2", "3"]]));
}

#[test]
fn a_file_without_a_header_takes_declared_names() {
    let project = Project::new().declare("id", "").declare("name", "string");
    project.write("t.txt", "1;x;true\n2;'y;z';false\n");
    let format = json!({ "type": "csv", "header": false, "delimiter": ";", "quote": "'" });
    let columns = project.columns("t.txt", format.clone());
    let names: Vec<(&str, &str)> = columns.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    assert_eq!(names, [("id", "bigint"), ("name", "string"), ("column_3", "boolean")]);
    let loaded = project.load("t.txt", format).unwrap();
    assert_eq!(loaded.rows, rows(&[["1", "x", "true"], ["2", "y;z", "false"]]));
}

#[test]
fn tabs_are_the_delimiter_of_tsv() {
    let project = Project::new();
    project.write("t.tsv", "a\tb\n1,5\tx\n");
    assert_eq!(project.load("t.tsv", json!({})).unwrap().rows, rows(&[["1,5", "x"]]));
}

#[test]
fn empty_files_are_no_rows_beside_others_and_an_error_alone() {
    let files = |project: Project| {
        project.write("1.csv", "").write("2.csv", "a\n1\n").write("3.csv", "a\n");
        project
    };
    for drift in [Drift::Fail, Drift::Ignore] {
        let project = files(Project::new().with(|s| s.drift = drift));
        assert_eq!(project.load("*.csv", json!({})).unwrap().rows, rows(&[["1"]]), "{drift:?}");
    }
    let strict = files(Project::new());
    assert_error(strict.load("1.csv", json!({})), "HW0310", &["every file is empty"]);
    let headerless = strict.load("*.csv", json!({ "header": false })).unwrap();
    assert_eq!(headerless.rows, rows(&[["a"], ["1"], ["a"]]));
}

#[test]
fn longer_lines_than_allowed_are_bad_rows() {
    let project = Project::new();
    project.write("t.csv", format!("a,b\n1,2\n{},4\n5,6\n", "3".repeat(50)));
    let loaded = project.load("t.csv", json!({ "max_line": 20 })).unwrap();
    assert_eq!(loaded.rows, rows(&[["1", "2"], ["5", "6"]]));
    assert_eq!((loaded.rejected[0].line, loaded.rejected.len()), (3, 1));
}

#[test]
fn a_sparse_gigabyte_without_line_ends_is_refused_as_a_header() {
    let project = Project::new();
    let file = std::fs::File::create(project.path().join("t.csv")).unwrap();
    file.set_len(1 << 30).unwrap();
    assert_error(project.load("t.csv", json!({})), "HW0306", &["the header of t.csv is longer than"]);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let project = Project::new();
    for (path, format, key, words) in [
        ("t.csv", json!({ "delimiter": "::" }), "format", "one ASCII character"),
        ("t.csv", json!({ "delimiter": "\"" }), "format", "are the same"),
        ("t.csv", json!({ "encoding": "klingon" }), "format", "no encoding 'klingon'"),
        ("t.csv", json!({ "timestamp_format": "%H:%M" }), "format", "timestamp_format"),
        ("t.csv", json!({ "max_line": 0 }), "format", "max_line"),
        ("t.csv", json!({ "comment": "," }), "format", "`comment` is the same"),
        ("t.csv", json!({ "decimal": "0" }), "format", "one character that numbers do not have"),
        ("t.csv", json!({ "grouping": "." }), "format", "both '.'"),
        ("t.json", json!({ "decimal": "," }), "format", "no meaning for json"),
        ("t.json", json!({ "delimiter": ";" }), "format", "no meaning for json"),
        ("t.parquet", json!({ "encoding": "utf-8" }), "format", "no meaning for parquet"),
        ("t.dat", json!({}), "format", "does not say which format"),
        ("../t.csv", json!({}), "path", "leaves"),
        ("/t.csv", json!({}), "path", "leaves"),
        ("a[.csv", json!({}), "path", "not a glob"),
        ("", json!({}), "path", "empty"),
    ] {
        let Err(error) = project.open(crate::project::stream(path, format)) else { panic!("{path} opened") };
        assert_eq!(error.key, Some(key), "{error}");
        assert!(error.message.contains(words), "{error}");
        assert!(error.help.is_some(), "{error}");
    }
    let Err(error) = project.open(json!({ "path": "t.csv", "format": { "delimeter": ";" } })) else { panic!() };
    assert!(error.message.contains("delimeter"), "{error}");
}

#[test]
fn the_schemas_of_the_options_name_every_key() {
    let connectors = headwater_connectors::all();
    let names: Vec<_> = connectors.iter().map(|connector| connector.name()).collect();
    assert_eq!(
        names,
        [
            "adbc", "airbyte", "delta", "duckdb", "files", "iceberg", "mysql", "postgres", "program", "rest", "singer",
            "sqlite"
        ]
    );
    let files = connectors.iter().find(|connector| connector.name() == "files").unwrap();
    let source = files.source_schema();
    for key in ["location", "allow_outside", "storage"] {
        assert!(source["properties"][key].is_object(), "{key} in {source}");
    }
    let stream = files.stream_schema();
    let format = &stream["$defs"]["FormatOptions"]["properties"];
    for key in [
        "type",
        "null",
        "delimiter",
        "header",
        "quote",
        "encoding",
        "compression",
        "timestamp_format",
        "date_format",
        "max_line",
    ] {
        assert!(format[key]["description"].is_string(), "{key} in {stream}");
    }
    assert_eq!(stream["additionalProperties"], json!(false));
}
