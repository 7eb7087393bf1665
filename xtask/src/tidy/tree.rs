//! The files of the repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Files that are written by people line by line.
const TEXT: [&str; 17] = [
    "cfg", "css", "html", "js", "json", "lock", "md", "proto", "py", "rs", "sh", "sql", "svg", "toml", "txt", "yaml",
    "yml",
];
/// Text files that hold code.
const SOURCE: [&str; 7] = ["css", "html", "js", "py", "rs", "sh", "sql"];
/// Folders of inputs and expected outputs, whose bytes are as they must be.
const DATA_FOLDERS: [&str; 3] = ["fixtures", "golden", "testdata"];
/// The same in example projects, whose other folders are written by hand.
const EXAMPLE_DATA_FOLDERS: [&str; 2] = ["data", "seeds"];

/// A file.
pub(super) struct File {
    /// Its path from the root, with `/`.
    pub(super) path: String,
    /// Its text; `None` when it is no text or is data.
    pub(super) text: Option<String>,
}

impl File {
    /// The lines with their numbers, from 1; none when there is no text.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.iter().flat_map(|text| text.lines()).enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Whether it is code that people read, and no data.
    pub(super) fn is_source(&self) -> bool {
        SOURCE.contains(&extension(&self.path)) && !is_data(&self.path)
    }
}

/// All files by path.
pub(super) struct Tree {
    files: BTreeMap<String, File>,
}

impl Tree {
    /// A tree of paths and texts, as read or made up.
    pub(super) fn new(files: impl IntoIterator<Item = (String, Option<String>)>) -> Self {
        let files = files.into_iter().map(|(path, text)| {
            let text = text.filter(|_| !is_data(&path));
            (path.clone(), File { path, text })
        });
        Self { files: files.collect() }
    }

    /// What git tracks at `root`, and what it would add.
    pub(super) fn read(root: &Path) -> Result<Self, String> {
        let listing = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .map_err(|e| format!("cannot run git: {e}"))?;
        if !listing.status.success() {
            return Err(format!("git ls-files failed: {}", String::from_utf8_lossy(&listing.stderr).trim()));
        }
        let mut files = Vec::new();
        for path in String::from_utf8_lossy(&listing.stdout).split('\0').filter(|path| !path.is_empty()) {
            // What is deleted but still tracked is skipped.
            if root.join(path).is_file() {
                files.push((path.to_owned(), read_text(root, path)?));
            }
        }
        Ok(Self::new(files))
    }

    /// All files, by path.
    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        self.files.values()
    }

    /// Whether there is a file, or a folder with files, at a path.
    pub(super) fn has(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        path.is_empty()
            || self.files.contains_key(path)
            || self.files.range(folder.clone()..).next().is_some_and(|(found, _)| found.starts_with(&folder))
    }
}

fn read_text(root: &Path, path: &str) -> Result<Option<String>, String> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_text = TEXT.contains(&extension(path)) || !name.trim_start_matches('.').contains('.');
    if !is_text || is_data(path) {
        return Ok(None);
    }
    let bytes = fs::read(root.join(path)).map_err(|e| format!("cannot read {path}: {e}"))?;
    Ok(String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')))
}

fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// Whether a file is an input or an expected output, or is written by a program.
pub(super) fn is_data(path: &str) -> bool {
    let mut folders = path.rsplit('/').skip(1);
    let example = path.starts_with("examples/");
    path == "Cargo.lock"
        || path.ends_with("/Cargo.lock")
        || folders.any(|name| DATA_FOLDERS.contains(&name) || (example && EXAMPLE_DATA_FOLDERS.contains(&name)))
}
