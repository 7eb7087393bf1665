//! Names that say nothing about what is inside.

use std::collections::BTreeSet;

use super::tree::{Tree, is_data};
use crate::report::Finding;

const FORBIDDEN: [&str; 7] = ["common", "core", "helpers", "manager", "misc", "util", "utils"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut folders = BTreeSet::new();
    for file in tree.files().filter(|file| !is_data(&file.path)) {
        // Every folder once, then the file itself.
        let ends = file.path.match_indices('/').map(|(end, _)| &file.path[..end]);
        let new_folders = ends.filter(|folder| folders.insert((*folder).to_owned()));
        for path in new_folders.chain([file.path.as_str()]) {
            findings.extend(forbidden_word(path).map(|word| Finding::new(path, say(word))));
        }
        for (number, line) in file.lines().filter(|_| file.path.ends_with(".rs")) {
            if let Some(word) = inline_module(line).and_then(forbidden_word) {
                findings.push(Finding::at_line(&file.path, number, say(word)));
            }
        }
    }
    findings
}

fn say(word: &str) -> String {
    format!("the name '{word}' says nothing: name it after what it is for")
}

/// The forbidden name that a path's last part is, or ends with as a word of its own.
fn forbidden_word(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    let last = stem.rsplit(['_', '-']).next().unwrap_or(stem);
    FORBIDDEN.into_iter().find(|word| *word == last)
}

/// The name of a module that a line opens: `mod name {`.
fn inline_module(line: &str) -> Option<&str> {
    let (before, name) = line.trim().strip_suffix('{')?.trim_end().rsplit_once("mod ")?;
    let is_module = before.is_empty() || before == "pub " || (before.starts_with("pub(") && before.ends_with(") "));
    is_module.then_some(name.trim())
}
