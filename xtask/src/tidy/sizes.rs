//! Files that are too long, and folders that are too full, to be taken in at once.

use std::collections::BTreeMap;

use super::tree::Tree;
use crate::report::Finding;

/// The most lines that a source file may have.
const MOST_LINES: usize = 600;
/// The most source files that a folder may have.
const MOST_FILES: usize = 15;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    for file in tree.files().filter(|file| file.is_source()) {
        let lines = file.lines().count();
        if lines > MOST_LINES {
            let message = format!("has {lines} lines, at most {MOST_LINES} are allowed: split it by concern");
            findings.push(Finding::new(&file.path, message));
        }
        *folders.entry(file.path.rsplit_once('/').map_or(".", |(folder, _)| folder)).or_default() += 1;
    }
    findings.extend(folders.into_iter().filter(|(_, files)| *files > MOST_FILES).map(|(folder, files)| {
        Finding::new(folder, format!("has {files} source files, at most {MOST_FILES} are allowed: make folders"))
    }));
    findings
}
