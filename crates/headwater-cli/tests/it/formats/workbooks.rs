//! Workbooks as sources.

use super::python;
use crate::program::{query, rows, with_peak};
use crate::project::{Project, assert_told};

const SOURCE: &str = "connector: files
location: data
streams:
  - table: raw.budget
    path: '*.xlsx'
    mode: new_files
    format: { sheet: Plan, range: 'B3:E', null: n/a }
    columns: { amount: { type: 'decimal(12,2)' } }
";

/// Writes the budget of a year, with a title above and a chart's data beside it.
fn budget(year: u32) -> String {
    format!(
        "
import datetime, openpyxl
book = openpyxl.Workbook()
book.active.title = 'Read me'
sheet = book.create_sheet('Plan')
sheet['A1'] = 'Budget {year}'
for number, row in enumerate([
    ['item', 'amount', 'due', 'paid'],
    ['rent', 1200.10, datetime.date({year}, 1, 31), True],
    ['power', 0.1 + 0.2, datetime.date({year}, 2, 28), False],
    ['paper', '#REF!', datetime.date({year}, 3, 1), None],
    ['n/a', 7, None, None],
], 3):
    for column, value in enumerate(row, 2):
        sheet.cell(number, column, value)
sheet['H5'] = 'beside'
book.save('data/{year}.xlsx')
"
    )
}

#[test]
fn a_range_of_a_sheet_becomes_a_table() {
    let project = Project::empty().with("sources/budget.yml", SOURCE).with("data/.keep", "").with(
        "models/marts/sums.sql",
        "select extract(year from due) as year, sum(amount) as amount from raw.budget group by extract(year from due)",
    );
    python(project.path(), &budget(2023));
    let said = project.run();
    assert!(said.out.contains("1 source row unreadable"), "{}", said.out);
    let sql = "select item, amount, due, paid from raw.budget order by due nulls last";
    let expected = "rent,1200.10,2023-01-31,true\npower,0.30,2023-02-28,false\n,7.00,,";
    assert_eq!(query(project.path(), sql), expected);
    let rejected = rows(project.path(), "select _file, _line, _reason, _raw from raw.budget__rejected");
    assert_eq!(rejected.len(), 1);
    assert_eq!((&rejected[0]["_file"], &rejected[0]["_line"]), (&"data/2023.xlsx".into(), &6.into()));
    assert_eq!(rejected[0]["_reason"], "cell C6 of sheet 'Plan': column 'amount' holds the error #REF!");
    assert_eq!(rejected[0]["_raw"], "item=paper, amount=#REF!, due=2023-03-01, paid=");
    python(project.path(), &budget(2024));
    project.run();
    let sums = "select year, amount from marts.sums order by year nulls last";
    assert_eq!(query(project.path(), sums), "2023,1200.40\n2024,1200.40\n,14.00");
    project.write("data/2025.xlsx", "<html>");
    assert_told(&project.say(&["run"]).exits(1), "HW0305", &["data/2025.xlsx is no workbook"]);
    project.write("sources/budget.yml", SOURCE.replace("sheet: Plan", "sheet: Plans"));
    std::fs::remove_file(project.path().join("data/2025.xlsx")).unwrap();
    assert_told(
        &project.say(&["run", "--full-refresh"]).exits(1),
        "HW0315",
        &["no sheet 'Plans'", "did you mean 'Plan'?"],
    );
}

/// A sheet of 200 MB of XML: its rows pass by.
#[test]
fn memory_does_not_grow_with_the_rows_of_a_sheet() {
    let source = "connector: files\nlocation: data\nstreams:\n  - { table: raw.t, path: t.xlsx }\n";
    let project = Project::empty().with("sources/t.yml", source).with("data/.keep", "");
    let make = |rows: u32| {
        let program = format!(
            "
import xlsxwriter
book = xlsxwriter.Workbook('data/t.xlsx', {{'constant_memory': True}})
sheet = book.add_worksheet()
sheet.write_row(0, 0, [f'c{{n}}' for n in range(12)])
for row in range({rows}):
    sheet.write_row(row + 1, 0, [row * 12 + n for n in range(12)])
book.close()
"
        );
        python(project.path(), &program);
        let mut command = crate::program::headwater(project.path());
        command.arg("run");
        let (said, peak) = with_peak(command);
        said.exits(0);
        assert_eq!(query(project.path(), "select count(*), sum(c11) from raw.t"), {
            let n = u64::from(rows);
            format!("{n},{}", n * 11 + 12 * n * (n - 1) / 2)
        });
        peak
    };
    let (small, large) = (make(20_000), make(240_000));
    assert!(large < small + (150 << 10), "{} MB and {} MB", small >> 10, large >> 10);
}
