//! Workbooks, made by the libraries of Python and by LibreOffice.

mod damage;
mod kinds;
mod places;
mod values;

use std::path::Path;

use crate::python::python;

/// Makes workbooks of one table, each of the kind that its name says.
pub(crate) fn make(folder: &Path, files: &[&str]) {
    python(folder, include_str!("workbooks.py"), files);
}

/// Makes a workbook with openpyxl: `sheet` is its first sheet.
pub(crate) fn openpyxl(folder: &Path, file: &str, program: &str) {
    let begin =
        "import datetime, sys, openpyxl\nbook = openpyxl.Workbook()\nsheet = book.active\nsheet.title = 'Data'\n";
    python(folder, &format!("{begin}{program}\nbook.save(sys.argv[1])\n"), &[file]);
}
