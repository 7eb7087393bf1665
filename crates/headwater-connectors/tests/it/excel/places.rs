//! Where in a workbook the table stands.

use serde_json::json;

use super::openpyxl;
use crate::project::{Project, assert_error, rows};

/// A title, a table that begins in B4, a remark beside it, and another table below.
const SHEET: &str = "
sheet['A1'] = 'Prices of fruit'
for row in [['name', 'price'], ['pear', 1.5], ['fig', 2.5]]:
    sheet.append([None] + row)
sheet['B4'] = None
for number, row in enumerate([['name', 'price'], ['pear', 1.5], ['fig', 2.5]], 4):
    for column, value in enumerate(row, 2):
        sheet.cell(number, column, value)
for cell in ['B2', 'C2', 'B3', 'C3']:
    sheet[cell] = None
sheet['E5'] = 'a remark'
sheet['B9'] = 'other'
sheet['B10'] = 'table'
";

#[test]
fn a_part_of_a_sheet_is_read() {
    let project = Project::new();
    openpyxl(project.path(), "t.xlsx", SHEET);
    let fruit = rows(&[["pear", "1.5"], ["fig", "2.5"]]);
    for format in [
        json!({ "range": "B4:C6" }),
        json!({ "range": "$b$4:$c$6" }),
        json!({ "range": "B1:C6", "skip": 3 }),
        json!({ "range": "B5:C6", "header": false }),
        json!({ "range": "B3:C8" }),
    ] {
        assert_eq!(project.load("t.xlsx", format.clone()).unwrap().rows, fruit, "{format}");
    }
    // Without an end, what stands below belongs to the table; without columns, what stands beside it makes bad rows.
    assert_eq!(project.load("t.xlsx", json!({ "range": "B4:C" })).unwrap().rows.len(), 4);
    let loaded = project.load("t.xlsx", json!({ "skip": 3 })).unwrap();
    assert_eq!((loaded.rows.len(), loaded.rejected.len()), (3, 1));
    assert!(loaded.rejected[0].reason.starts_with("cell E5 of sheet 'Data' holds something beside"), "{loaded:?}");
    let columns = project.columns("t.xlsx", json!({ "range": "B5:C6", "header": false }));
    assert_eq!(columns, [("column_1", "string"), ("column_2", "double")].map(|(a, b)| (a.to_owned(), b.to_owned())));
    let named = Project::new().declare("fruit", "").declare("cost", "decimal(5,2)");
    openpyxl(named.path(), "t.xlsx", SHEET);
    let loaded = named.load("t.xlsx", json!({ "range": "B5:C6", "header": false })).unwrap();
    assert_eq!(loaded.rows, rows(&[["pear", "1.50"], ["fig", "2.50"]]));
    let columns = named.columns("t.xlsx", json!({ "range": "5:6", "header": false }));
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["fruit", "cost", "column_3", "column_4"]);
}

#[test]
fn headers_that_cannot_be_used() {
    let project = Project::new();
    openpyxl(project.path(), "gap.xlsx", "sheet.append(['a', None, 'c'])\nsheet.append([1, 2, 3])");
    assert_error(
        project.load("gap.xlsx", json!({})),
        "HW0306",
        &["column 2 of the sheet 'Data' of gap.xlsx has no name: the cell B1 is empty"],
    );
    openpyxl(project.path(), "twice.xlsx", "sheet.append(['a', 'b', 'A'])\nsheet.append([1, 2, 3])");
    assert_error(project.load("twice.xlsx", json!({})), "HW0306", &["'a' and 'A'", "letter case"]);
    openpyxl(
        project.path(),
        "merged.xlsx",
        "sheet.append(['a', 'b'])\nsheet.merge_cells('B1:C1')\nsheet.append([1, 2, 3])",
    );
    let loaded = project.load("merged.xlsx", json!({})).unwrap();
    assert!(loaded.rejected[0].reason.contains("cell C2"), "{loaded:?}");
    openpyxl(project.path(), "odd.xlsx", "sheet.append([2023, ' unit\\nprice ', True])\nsheet.append([1, 2, 3])");
    let names: Vec<String> = project.columns("odd.xlsx", json!({})).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["2023", "unit price", "true"]);
    openpyxl(project.path(), "empty.xlsx", "pass");
    assert_error(project.load("empty.xlsx", json!({})), "HW0310", &[]);
}

#[test]
fn sheets_that_are_not_there() {
    let project = Project::new();
    openpyxl(project.path(), "t.xlsx", "sheet.append(['a'])\nsheet.append([1])\nbook.create_sheet('Prices 2024')");
    for (sheet, words) in [
        (json!("Prices 2023"), &["no sheet 'Prices 2023'"][..]),
        (json!(3), &["no sheet 3"]),
        (json!("data"), &["no sheet 'data'"]),
    ] {
        let error = assert_error(project.load("t.xlsx", json!({ "sheet": sheet })), "HW0315", words);
        assert!(error.help.unwrap().contains("'Data', 'Prices 2024'"));
    }
    for (format, words) in [
        (json!({ "sheet": 0 }), "sheet 0"),
        (json!({ "range": "B3" }), "names no cells"),
        (json!({ "range": "F1:B9" }), "names no cells"),
        (json!({ "max_workbook": 0 }), "`max_workbook` is 0"),
        (json!({ "delimiter": ";" }), "`delimiter` has no meaning for excel files"),
        (json!({ "type": "csv", "sheet": 1 }), "`sheet` has no meaning for csv files"),
    ] {
        let error = project.open(crate::project::stream("t.xlsx", format)).err().unwrap();
        assert!(error.message.contains(words), "{error:?}");
        assert!(error.help.is_some());
    }
}
