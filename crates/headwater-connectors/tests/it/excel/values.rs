//! What cells hold, and what becomes of it.

use headwater_sdk::connector::{Drift, OnBadRow};
use serde_json::json;

use super::openpyxl;
use crate::project::{Project, assert_error, rows};
use crate::python::python;

#[test]
fn what_is_no_value_makes_a_bad_row_that_names_its_cell() {
    let project = Project::new().declare("n", "bigint").declare("x", "double");
    openpyxl(
        project.path(),
        "t.xlsx",
        "
sheet.append(['n', 'x'])
sheet.append([1, 0.5])
sheet.append(['two', 0.5])
sheet.append([3, '#DIV/0!'])
sheet.append([4.5, 0.5])
sheet.append([5, '=A2+1'])
sheet.append([])
sheet.append(['6', '7.5'])
sheet.append([7, None, 'a remark'])
sheet.append([8, '#N/A'])
",
    );
    let loaded = project.load("t.xlsx", json!({})).unwrap();
    assert_eq!(loaded.rows, rows(&[["1", "0.5"], ["6", "7.5"]]), "texts are read as the declared types");
    let told: Vec<(u64, String, String)> =
        loaded.rejected.iter().map(|row| (row.line, row.reason.clone(), row.raw.clone())).collect();
    let expected = [
        (3, "cell A3 of sheet 'Data': column 'n': 'two' is not a bigint", "n=two, x=0.5"),
        (4, "cell B4 of sheet 'Data': column 'x' holds the error #DIV/0!", "n=3, x=#DIV/0!"),
        (5, "cell A5 of sheet 'Data': column 'n': '4.5' is not a bigint", "n=4.5, x=0.5"),
        (
            6,
            "cell B6 of sheet 'Data': column 'x' holds a formula whose value was never computed: open the workbook in a \
             spreadsheet program and save it",
            "n=5, x=?",
        ),
        (
            9,
            "cell C9 of sheet 'Data' holds something beside the table, whose columns are A to B; name the column, or say with \
             `range` which cells are the table's",
            "n=7, x=",
        ),
        (10, "cell B10 of sheet 'Data': column 'x' holds the error #N/A", "n=8, x=#N/A"),
    ];
    assert_eq!(told, expected.map(|(line, reason, raw)| (line, reason.to_owned(), raw.to_owned())));
    let failing = project.with(|settings| settings.on_bad_row = OnBadRow::Fail);
    assert_error(failing.load("t.xlsx", json!({})), "HW0309", &["t.xlsx, line 3", "cell A3 of sheet 'Data'"]);
}

#[test]
fn numbers_are_exact_where_the_type_is() {
    let project = Project::new().declare("d", "decimal(10,2)").declare("n", "bigint").declare("s", "string");
    // As openpyxl would not: it writes 15 digits.
    let program = "
import xlwt
book = xlwt.Workbook()
sheet = book.add_sheet('Data')
for number, row in enumerate([
    ['d', 'n', 's', 'f'],
    [0.1 + 0.2, 2.9999999999999996, 0.1 + 0.2, 0.1 + 0.2],
    [1234567.89, 12345678901234, 1e-7, 1e300],
    [0.005, 1, True, -0.0],
]):
    for column, value in enumerate(row):
        sheet.write(number, column, value)
book.save('t.xls')
";
    python(project.path(), program, &[]);
    let loaded = project.load("t.xls", json!({})).unwrap();
    assert_eq!(
        loaded.rows,
        rows(&[["0.30", "3", "0.3", "0.30000000000000004"], ["1234567.89", "12345678901234", "0.0000001", "1e300"],])
    );
    assert_eq!(loaded.reasons()[0].2, "cell A4 of sheet 'Data': column 'd': '0.005' is not a decimal(10,2)");
}

#[test]
fn types_are_inferred_from_what_cells_are() {
    let project = Project::new();
    openpyxl(
        project.path(),
        "t.xlsx",
        "
sheet.append(['whole', 'mixed', 'digits', 'date', 'times', 'text date', 'nothing', 'big'])
sheet.append([1, 1, '1', datetime.date(2024, 1, 1), datetime.datetime(2024, 1, 1, 12), '2024-01-01', None, 1e20])
sheet.append([2.0, 'x', '2', datetime.date(1900, 2, 28), datetime.date(2024, 1, 2), '2024-01-02', None, 1])
",
    );
    let columns: Vec<String> = project.columns("t.xlsx", json!({})).into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(columns, ["bigint", "string", "string", "date", "timestamp_ntz", "date", "string", "double"]);
    assert_eq!(
        project.load("t.xlsx", json!({})).unwrap().rows,
        rows(&[
            ["1", "1", "1", "2024-01-01", "2024-01-01T12:00:00", "2024-01-01", "-", "1e20"],
            ["2", "x", "2", "1900-02-28", "2024-01-02T00:00:00", "2024-01-02", "-", "1.0"],
        ])
    );
}

#[test]
fn dates_as_texts_are_read_in_the_declared_format_beside_dates() {
    let project = Project::new().declare("day", "date").declare("at", "timestamp");
    openpyxl(
        project.path(),
        "t.xlsx",
        "
sheet.append(['day', 'at'])
sheet.append(['31/12/2023', '31.12.2023 23:59'])
sheet.append([datetime.date(2024, 1, 1), datetime.datetime(2024, 1, 1, 8, 30)])
sheet.append([45292, None])
sheet['A5'] = 60
sheet['A5'].number_format = 'yyyy-mm-dd'
",
    );
    let format = json!({ "date_format": "%d/%m/%Y", "timestamp_format": "%d.%m.%Y %H:%M" });
    let loaded = project.load("t.xlsx", format).unwrap();
    assert_eq!(loaded.rows, rows(&[["2023-12-31", "2023-12-31T23:59:00Z"], ["2024-01-01", "2024-01-01T08:30:00Z"]]));
    let reasons: Vec<String> = loaded.reasons().into_iter().map(|(_, _, reason)| reason).collect();
    assert_eq!(
        reasons,
        [
            "cell A4 of sheet 'Data': column 'day': '45292' is not a date",
            "cell A5 of sheet 'Data': column 'day' holds 1900-02-29, a day that there never was",
        ]
    );
}

#[test]
fn columns_that_come_and_go_are_judged_as_in_other_files() {
    let project = Project::new();
    openpyxl(project.path(), "1.xlsx", "sheet.append(['a', 'b'])\nsheet.append([1, 'x'])");
    openpyxl(project.path(), "2.xlsx", "sheet.append(['a', 'c'])\nsheet.append([2.5, 'y'])");
    let error = assert_error(project.load("*.xlsx", json!({})), "HW0308", &["column 'c' is new in 2.xlsx"]);
    assert!(error.message.contains("column 'b' is missing in 2.xlsx"), "{error}");
    let project = project.with(|settings| settings.drift = Drift::Add);
    let loaded = project.load("*.xlsx", json!({})).unwrap();
    assert_eq!(loaded.rows, rows(&[["1.0", "x", "-"], ["2.5", "-", "y"]]));
    openpyxl(project.path(), "3.xlsx", "pass");
    assert_eq!(
        project.load("*.xlsx", json!({})).unwrap().rows.len(),
        2,
        "an empty sheet adds nothing where columns may come"
    );
}

#[test]
fn many_rows_pass_in_batches() {
    let project = Project::new();
    let program = "
sheet.append(['n', 'text', 'half'])
for n in range(20000):
    sheet.append([n, f'text {n}', n / 2 if n != 15000 else '#REF!'])
";
    openpyxl(project.path(), "t.xlsx", program);
    let loaded = project.load("t.xlsx", json!({})).unwrap();
    let expected = (0..20_000_u32).filter(|n| *n != 15_000);
    let expected = expected.map(|n| vec![n.to_string(), format!("text {n}"), format!("{:?}", f64::from(n) / 2.0)]);
    assert!(loaded.rows.into_iter().eq(expected));
    assert_eq!(loaded.rejected.len(), 1);
    assert_eq!(
        (loaded.rejected[0].line, loaded.rejected[0].raw.as_str()),
        (15_002, "n=15000, text=text 15000, half=#REF!")
    );
}
