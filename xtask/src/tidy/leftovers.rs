//! Marks of unfinished work, and paths that exist on one machine only.

use super::tree::Tree;
use crate::report::Finding;

// Each in two pieces, so that this file does not hold what it looks for.
const MARKS: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];
const MACHINE_FOLDERS: [&str; 5] =
    [concat!("/ho", "me"), concat!("/ro", "ot"), concat!("/wo", "rk"), concat!("/Us", "ers"), concat!("C:\\Us", "ers")];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        for (number, line) in file.lines() {
            for mark in MARKS.into_iter().filter(|mark| has_word(line, mark)) {
                let message = format!("'{mark}' is left: do it, or say what is missing in the documentation");
                findings.push(Finding::at_line(&file.path, number, message));
            }
            for folder in MACHINE_FOLDERS.into_iter().filter(|folder| has_folder(line, folder)) {
                let message = format!("'{folder}' names a folder of somebody's machine");
                findings.push(Finding::at_line(&file.path, number, message));
            }
        }
    }
    findings
}

fn is_word(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_alphanumeric() || c == '_')
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, found)| {
        !is_word(line[..start].chars().next_back()) && !is_word(line[start + found.len()..].chars().next())
    })
}

/// Whether a line has a path that begins with a folder: `/folder/…` or `/folder`, but not `x/folder` or `/folders`.
fn has_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(start, found)| {
        let before = line[..start].chars().next_back();
        let inside =
            is_word(before) || matches!(before, Some('.' | '-' | '/' | '~' | '$' | '}' | '{' | '*' | '<' | '>'));
        let after = line[start + found.len()..].chars().next();
        !inside && !is_word(after) && after != Some('-')
    })
}
