//! Blanks at the ends of lines, and files that do not end with a line break.

use super::tree::Tree;
use crate::report::Finding;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        for (number, line) in file.lines() {
            if line.ends_with(char::is_whitespace) {
                findings.push(Finding::at_line(&file.path, number, "blanks at the end of the line"));
            }
        }
        let text = file.text.as_deref().unwrap_or_default();
        if !text.is_empty() && !text.ends_with('\n') {
            findings.push(Finding::new(&file.path, "no line break at the end of the file"));
        }
        if text.ends_with("\n\n") {
            findings.push(Finding::new(&file.path, "empty lines at the end of the file"));
        }
    }
    findings
}
