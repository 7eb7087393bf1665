//! Workbooks that are damaged, something else, encrypted or too large.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{make, openpyxl};
use crate::project::{Project, assert_error};
use crate::python::python;

#[test]
fn what_is_cut_off_is_found() {
    let project = Project::new();
    let kinds = ["t.xlsx", "t.xlsb", "t.ods", "t.xls"];
    make(project.path(), &kinds);
    for kind in kinds {
        let whole = std::fs::read(project.path().join(kind)).unwrap();
        for length in [0, 3, 100, whole.len() / 2, whole.len() - 30] {
            project.write(kind, &whole[..length]);
            if kind == "t.xls" && length == whole.len() - 30 {
                // The end of a compound file may be padding.
                continue;
            }
            assert_error(project.load(kind, json!({ "null": "NA" })), "HW0305", &[kind]);
        }
    }
}

/// Every byte in turn is changed: either that is found, or the rows are what they were. (Nothing in `.xls` tells that a value was
/// changed: there it is enough that it ends, and well.)
#[test]
fn no_damage_is_taken_for_data_where_there_are_checksums() {
    let project = Project::new();
    let kinds = ["t.xlsx", "t.xlsb", "t.ods", "t.xls"];
    make(project.path(), &kinds);
    for kind in kinds {
        let format = json!({ "null": "NA" });
        let whole = std::fs::read(project.path().join(kind)).unwrap();
        let sound = project.load(kind, format.clone()).unwrap();
        let begun = Instant::now();
        let mut found = 0;
        for at in (0..whole.len()).step_by(7) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x55;
            project.write(kind, &damaged);
            match project.load(kind, format.clone()) {
                Ok(loaded) if kind != "t.xls" => assert_eq!(loaded, sound, "{kind}, byte {at}"),
                Ok(_) => {}
                Err(error) => {
                    found += 1;
                    assert!(
                        ["HW0305", "HW0304", "HW0310", "HW0315", "HW0316", "HW0306"].contains(&error.code),
                        "{kind}, byte {at}: {error}"
                    );
                }
            }
        }
        assert!(found > whole.len() / 7 / 20, "{kind}: {found} of {}", whole.len() / 7);
        assert!(begun.elapsed() < Duration::from_secs(120), "{kind} took {:?}", begun.elapsed());
    }
}

#[test]
fn what_is_no_workbook_is_told_with_what_it_is() {
    let project = Project::new();
    project.write("page.xls", "<html><table><tr><td>1</td></tr></table></html>");
    assert_error(project.load("page.xls", json!({})), "HW0305", &["no workbook", "<html><table>"]);
    project.write("text.xlsx", "a;b\n1;2\n");
    let error = assert_error(project.load("text.xlsx", json!({})), "HW0305", &["'a;b"]);
    assert!(error.help.unwrap().contains("type: csv"));
    python(project.path(), "import zipfile\nwith zipfile.ZipFile('z.xlsx', 'w') as z: z.writestr('a.txt', 'a')", &[]);
    assert_error(project.load("z.xlsx", json!({})), "HW0305", &["no workbook"]);
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/excel/fixtures/encrypted.xlsx");
    std::fs::copy(fixture, project.path().join("secret.xlsx")).unwrap();
    assert_error(project.load("secret.xlsx", json!({})), "HW0304", &["protected by a password"]);
}

#[test]
fn what_would_take_too_much_memory_is_refused() {
    let project = Project::new();
    // Small as a file, large as texts.
    let program = "
import xlsxwriter
book = xlsxwriter.Workbook('t.xlsx')
sheet = book.add_worksheet()
sheet.write(0, 0, 'a')
for n in range(300):
    sheet.write(n + 1, 0, f'{n:05}' * 1000)
book.close()
";
    python(project.path(), program, &[]);
    let size = std::fs::metadata(project.path().join("t.xlsx")).unwrap().len();
    assert!(size < 200_000, "{size}");
    assert_eq!(project.load("t.xlsx", json!({})).unwrap().rows.len(), 300);
    for most in [1000, 1_000_000] {
        let error = assert_error(
            project.load("t.xlsx", json!({ "max_workbook": most })),
            "HW0316",
            &["t.xlsx", "`max_workbook` is"],
        );
        assert!(error.help.unwrap().contains("Parquet"));
    }
    // A cell far away costs nothing: rows pass by as they are.
    openpyxl(project.path(), "far.xlsx", "sheet.append(['a'])\nsheet.append([1])\nsheet['A1048576'] = 2");
    assert_eq!(project.load("far.xlsx", json!({})).unwrap().rows.len(), 2);
}
