//! Error codes: each is defined once, in a `codes.rs`, and each that the sources name is defined.

use std::collections::BTreeMap;

use super::tree::{File, Tree};
use crate::report::Finding;

/// Codes that mean nothing: the one that documentation shows where any could stand, and the one that tests make up.
const EXAMPLES: [&str; 2] = ["HW0123", "HW9999"];
/// Where the part of a source file begins that only tests see.
const TESTS: &str = "#[cfg(test)]";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let sources: Vec<&File> = tree.files().filter(|file| is_crate_source(&file.path)).collect();
    let mut findings = Vec::new();
    let mut defined: BTreeMap<&str, String> = BTreeMap::new();
    for file in sources.iter().filter(|file| file.path.ends_with("/codes.rs")) {
        for (number, line) in file.lines().take_while(|(_, line)| !line.trim_start().starts_with(TESTS)) {
            for code in codes(line).filter(|code| is_literal(line, code)) {
                let place = format!("{}:{number}", file.path);
                if let Some(first) = defined.get(code) {
                    findings.push(Finding::new(place, format!("{code} is defined already: {first}")));
                } else {
                    defined.insert(code, place);
                }
            }
        }
    }
    for file in sources {
        for (number, line) in file.lines() {
            let undefined = |code: &&str| !defined.contains_key(code) && !EXAMPLES.contains(code);
            for code in codes(line).filter(undefined).filter(|code| !bounds_range(line, code)) {
                let message = format!("{code} is in no codes.rs: define it there, with a title and an explanation");
                findings.push(Finding::at_line(&file.path, number, message));
            }
        }
    }
    findings
}

/// Whether a path is `crates/<name>/src/….rs`.
fn is_crate_source(path: &str) -> bool {
    let mut parts = path.split('/');
    parts.next() == Some("crates") && parts.nth(1) == Some("src") && path.ends_with(".rs")
}

/// The codes in a line: `HW` and four digits that stand alone.
fn codes(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("HW").filter_map(|(start, _)| {
        let code = line.get(start..start + 6)?;
        let alone = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let digits = code[2..].bytes().all(|byte| byte.is_ascii_digit());
        (digits && alone(line[..start].chars().next_back()) && alone(line[start + 6..].chars().next())).then_some(code)
    })
}

/// Whether the code is an end of a range in a line: `HW0501` to `HW0549`.
fn bounds_range(line: &str, code: &str) -> bool {
    let line = line.replace('`', "");
    line.contains(&format!("{code} to HW")) || line.split(" to ").skip(1).any(|end| end.starts_with(code))
}

/// Whether the code is a string of its own in a line, not a part of a sentence.
fn is_literal(line: &str, code: &str) -> bool {
    line.contains(&format!("\"{code}\""))
}
