//! Links in Markdown to files that are not there.

use super::tree::Tree;
use crate::report::Finding;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files().filter(|file| file.path.ends_with(".md")) {
        let mut in_code = false;
        for (number, line) in file.lines() {
            if line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~") {
                in_code = !in_code;
            }
            if in_code {
                continue;
            }
            for target in targets(&without_code(line)) {
                if let Some(problem) = problem(tree, &file.path, target) {
                    findings.push(Finding::at_line(&file.path, number, problem));
                }
            }
        }
    }
    findings
}

/// The line with its `code` blanked out.
fn without_code(line: &str) -> String {
    let parts = line.split('`').enumerate();
    parts.map(|(index, part)| if index % 2 == 0 { part } else { " " }).collect()
}

/// Where a line's links lead: `[text](target "title")`, `![image](target)`, `[name]: target`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let inline = line.match_indices("](").filter_map(|(start, _)| {
        let rest = &line[start + 2..];
        if let Some(bracketed) = rest.strip_prefix('<') {
            return bracketed.split('>').next();
        }
        rest.split([')', ' ']).next()
    });
    let reference = line
        .trim_start()
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]: "))
        .and_then(|(_, target)| target.split_whitespace().next());
    inline.chain(reference)
}

/// What is wrong with a link in the file at `from`.
fn problem(tree: &Tree, from: &str, target: &str) -> Option<String> {
    let path = target.split('#').next().unwrap_or_default();
    if path.is_empty() || target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let Some(resolved) = resolve(from, &path.replace("%20", " ")) else {
        return Some(format!("the link '{target}' leaves the repository"));
    };
    (!tree.has(&resolved)).then(|| format!("the link '{target}' leads to {resolved}, which is not there"))
}

/// The path from the root that a link in the file `from` leads to; `None` beyond the root.
fn resolve(from: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    if link.starts_with('/') {
        parts.clear();
    }
    for part in link.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match part {
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
