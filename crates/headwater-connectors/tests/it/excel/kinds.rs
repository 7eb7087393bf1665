//! Every kind of workbook.

use serde_json::json;

use super::make;
use crate::project::{Project, rows};

/// What `workbooks.py` writes, in the lake's types.
const COLUMNS: [(&str, &str); 8] = [
    ("id", "bigint"),
    ("price", "double"),
    ("day", "date"),
    ("moment", "timestamp_ntz"),
    ("clock", "string"),
    ("ok", "boolean"),
    ("note", "string"),
    ("zip", "string"),
];

fn expected() -> Vec<Vec<String>> {
    rows(&[
        ["1", "12.5", "2013-01-01", "2013-01-01T10:30:15", "18:00:00", "true", "é, \"ü\"", "01067"],
        ["2", "0.1", "1999-12-31", "2024-02-29T23:59:59", "00:00:01", "false", "-", "00501"],
        ["-3", "1000000000.0", "2100-06-15", "1970-01-01T00:00:01", "06:15:00", "-", "two\nlines", "99999"],
        ["4", "-", "-", "-", "-", "true", "-", "-"],
    ])
}

#[test]
fn all_kinds_give_the_same_table() {
    let project = Project::new();
    let files = ["t.xlsx", "t.xlsm", "t.xlsb", "t.xls", "t.ods", "t1904.xlsx", "t1904.xlsb", "t1904.xls"];
    make(project.path(), &files);
    for file in files {
        let columns = project.columns(file, json!({ "null": "NA" }));
        assert_eq!(columns, COLUMNS.map(|(name, kind)| (name.to_owned(), kind.to_owned())), "{file}");
        let loaded = project.load(file, json!({ "null": "NA" })).unwrap();
        assert_eq!((loaded.rows, loaded.rejected), (expected(), Vec::new()), "{file}");
        let other = project.load(file, json!({ "sheet": "Other", "header": false })).unwrap();
        assert_eq!(other.rows, rows(&[["other"]]), "{file}");
        assert_eq!(project.load(file, json!({ "sheet": 2, "header": false })).unwrap().rows, other.rows, "{file}");
    }
    // Names lie: what a workbook is, its bytes say.
    std::fs::copy(project.path().join("t.xls"), project.path().join("really.xlsx")).unwrap();
    assert_eq!(project.load("really.xlsx", json!({ "null": ["NA"] })).unwrap().rows, expected());
}

#[test]
fn several_workbooks_are_one_table() {
    let project = Project::new();
    make(project.path(), &["a.xlsx", "b.ods", "c.xls"]);
    let loaded = project.load("*.{xlsx,ods,xls}", json!({ "type": "excel", "null": "NA" })).unwrap();
    assert_eq!(loaded.rows, [expected(), expected(), expected()].concat());
}

/// Saved by LibreOffice 7.4, with formulas, merged cells and errors: see `fixtures/README.md`.
#[test]
fn workbooks_saved_by_libreoffice() {
    for file in ["libreoffice.xlsx", "libreoffice.xls", "libreoffice.ods"] {
        let project = Project::new();
        let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/excel/fixtures/");
        std::fs::copy(format!("{fixture}{file}"), project.path().join(file)).unwrap();
        let loaded = project.load(file, json!({ "range": "B3:G20" })).unwrap();
        assert_eq!(
            loaded.rows,
            rows(&[
                ["pears", "3", "1.25", "3.75", "2024-03-01", "26:30:00"],
                ["apples", "4", "0.1", "0.4", "2024-03-02", "00:45:00"],
                ["-", "5", "2.0", "10.0", "2024-03-03", "01:00:00"],
                ["sum", "12", "-", "14.15", "-", "-"],
            ]),
            "{file}"
        );
        let reasons: Vec<_> = loaded.reasons().into_iter().map(|(_, line, reason)| (line, reason)).collect();
        let reason = "cell E7 of sheet 'Sales': column 'total' holds the error #DIV/0!".to_owned();
        assert_eq!(reasons, [(7, reason)], "{file}");
    }
}
