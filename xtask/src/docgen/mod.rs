//! `cargo xtask docgen`: the pages of `docs/reference` that say what the sources say already.
//!
//! A page is a file here with a function from the workspace's root to its text, and a line in [`PAGES`]. The sources are
//! read as text, not linked, so that the pages are made in no time.

mod checks;
mod connectors;
mod errors;
mod keys;
mod manual;
mod project;
mod selection;
#[cfg(test)]
mod tests;
mod tokens;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::report::{self, Finding};

/// A page: its path, and what makes it.
type Page = (&'static str, fn(&Path) -> Result<String, String>);

/// Every page.
const PAGES: [Page; 6] = [
    ("docs/reference/checks.md", checks::page),
    ("docs/reference/connectors.md", connectors::page),
    ("docs/reference/destinations.md", connectors::destinations),
    ("docs/reference/errors.md", errors::page),
    ("docs/reference/project.md", project::page),
    ("docs/reference/selection.md", selection::page),
];

/// The first line of every page.
const MADE: &str = "<!-- Made by `cargo xtask docgen` from the sources: change it there. -->\n";

/// Writes the pages; with `check`, finds those that are not up to date instead.
pub(crate) fn run(root: &Path, check: bool) -> ExitCode {
    report::print("docgen", if check { compare(root) } else { write(root).map(|()| Vec::new()) })
}

fn write(root: &Path) -> Result<(), String> {
    for (path, page) in PAGES {
        let file = root.join(path);
        let text = make(root, page)?;
        let folder = file.parent().unwrap_or(root);
        fs::create_dir_all(folder).map_err(|e| format!("cannot make {}: {e}", folder.display()))?;
        fs::write(&file, text).map_err(|e| format!("cannot write {path}: {e}"))?;
    }
    Ok(())
}

fn compare(root: &Path) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    for (path, page) in PAGES {
        let wanted = make(root, page)?;
        let found = match fs::read_to_string(root.join(path)) {
            Ok(text) => Some(text),
            Err(e) if e.kind() == ErrorKind::NotFound => None,
            Err(e) => return Err(format!("cannot read {path}: {e}")),
        };
        if found.as_deref() != Some(&wanted) {
            findings.push(Finding::new(path, "is not what the sources say: run `cargo xtask docgen`"));
        }
    }
    Ok(findings)
}

fn make(root: &Path, page: fn(&Path) -> Result<String, String>) -> Result<String, String> {
    Ok(format!("{MADE}\n{}\n", page(root)?.trim_end()))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}

/// The folders in a folder that are modules with a `mod.rs`, in alphabetical order.
fn modules(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |e: std::io::Error| format!("cannot read {}: {e}", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.join("mod.rs").is_file() {
            found.push(path);
        }
    }
    found.sort();
    if found.is_empty() { Err(format!("no module in {}", folder.display())) } else { Ok(found) }
}
