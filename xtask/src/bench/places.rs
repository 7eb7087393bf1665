//! Where a benchmark's inputs, tools and outputs are. What is large or made by a program is outside the clone.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The folders of a benchmark.
#[derive(Debug, Clone)]
pub(super) struct Places {
    root: PathBuf,
    cache: PathBuf,
}

impl Places {
    /// Those of the workspace at `root`, with `HEADWATER_CACHE` or `~/.cache/headwater` as the cache.
    pub(super) fn new(root: &Path) -> Result<Self, String> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let cache = match (set("HEADWATER_CACHE"), set("HOME")) {
            (Some(cache), _) => PathBuf::from(cache),
            (None, Some(home)) => Path::new(&home).join(".cache/headwater"),
            (None, None) => return Err("set HEADWATER_CACHE to a folder for tools and data".to_owned()),
        };
        make_folder(&cache)?;
        let cache = cache.canonicalize().map_err(|e| format!("cannot use {}: {e}", cache.display()))?;
        Ok(Self { root: root.to_owned(), cache })
    }

    /// The workspace.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// A file of the workspace.
    pub(super) fn source(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// The Python environment of a tool.
    pub(super) fn venv(&self, tool: &str) -> PathBuf {
        self.cache.join("venvs").join(tool)
    }

    /// A file or folder that is made once and kept.
    pub(super) fn kept(&self, name: &str) -> PathBuf {
        self.cache.join("bench").join(name)
    }

    /// The folder of a scenario's runs, emptied.
    pub(super) fn work(&self, scenario: &str) -> Result<PathBuf, String> {
        let folder = self.kept("work").join(scenario);
        clear(&folder)?;
        make_folder(&folder)?;
        Ok(folder)
    }

    /// The document that shows what was measured.
    pub(super) fn document(&self) -> PathBuf {
        self.source("docs/benchmarks.md")
    }

    /// The file of every round's figures.
    pub(super) fn results(&self, section: &str) -> PathBuf {
        self.source("bench/results").join(format!("{section}.json"))
    }
}

/// Makes a folder, and those that it is in.
pub(super) fn make_folder(path: &Path) -> Result<(), String> {
    fs::create_dir_all(path).map_err(|e| format!("cannot make {}: {e}", path.display()))
}

/// Removes a file or a folder with all that is in it, if it is there.
pub(super) fn clear(path: &Path) -> Result<(), String> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(format!("cannot remove {}: {e}", path.display())),
        _ => Ok(()),
    }
}

/// Gives a file or a folder another name.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), String> {
    fs::rename(from, to).map_err(|e| format!("cannot rename {}: {e}", from.display()))
}

/// A file's text.
pub(super) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}

/// Writes a file, and makes its folder.
pub(super) fn write(path: &Path, text: &str) -> Result<(), String> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    fs::write(path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))
}

/// Copies the files of a folder, and of those in it, except for folders with a name in `leave`.
pub(super) fn copy_folder(from: &Path, to: &Path, leave: &[&str]) -> Result<(), String> {
    make_folder(to)?;
    let failed = |e: std::io::Error| format!("cannot copy {}: {e}", from.display());
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, name) = (entry.path(), entry.file_name());
        if !path.is_dir() {
            fs::copy(&path, to.join(&name)).map_err(failed)?;
        } else if !leave.iter().any(|left| name == *left) {
            copy_folder(&path, &to.join(&name), leave)?;
        }
    }
    Ok(())
}

/// Gives a file a second name, which costs nothing.
pub(super) fn link(from: &Path, to: &Path) -> Result<(), String> {
    fs::hard_link(from, to).map_err(|e| format!("cannot link {} to {}: {e}", from.display(), to.display()))
}

/// A copy of a folder in which files are links, but for those whose names begin with `copied`.
pub(super) fn link_folder(from: &Path, to: &Path, copied: Option<&str>) -> Result<(), String> {
    make_folder(to)?;
    let failed = |e: std::io::Error| format!("cannot copy {}: {e}", from.display());
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            link_folder(&path, &to.join(&name), copied)?;
        } else if copied.is_some_and(|start| name.to_string_lossy().starts_with(start)) {
            fs::copy(&path, to.join(&name)).map_err(failed)?;
        } else {
            link(&path, &to.join(&name))?;
        }
    }
    Ok(())
}
