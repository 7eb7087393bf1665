//! Reading the project's folder: sorted, bounded, and never out of it.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use headwater_diagnostics::{Diagnostic, FileId, SourceMap, Span};

use crate::codes;

/// The largest file that is read, in bytes.
pub(crate) const MAX_FILE: u64 = 4 << 20;
/// How deep folders are searched.
const MAX_FOLDERS: usize = 8;

/// A project's folder, and what was read and found wrong in it.
pub(crate) struct Folder {
    dir: PathBuf,
    /// The folder without symbolic links, to tell what lies outside.
    real: PathBuf,
    pub(crate) files: SourceMap,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// A file or folder in a folder.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its own name.
    pub(crate) name: String,
    /// Its path from the project's folder, with `/` between the parts.
    pub(crate) path: String,
    pub(crate) is_dir: bool,
}

impl Folder {
    pub(crate) fn new(dir: &Path) -> Self {
        let real = fs::canonicalize(dir).unwrap_or_else(|_| dir.to_path_buf());
        Self { dir: dir.to_path_buf(), real, files: SourceMap::default(), diagnostics: Vec::new() }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether there is something at a path.
    pub(crate) fn has(&self, path: &str) -> bool {
        fs::symlink_metadata(self.dir.join(path)).is_ok()
    }

    /// What is in a folder, by name. Hidden files and editors' copies are left out; a folder that is not there is empty.
    pub(crate) fn list(&mut self, path: &str) -> Vec<Found> {
        let mut found = Vec::new();
        let absolute = self.dir.join(path);
        match fs::symlink_metadata(&absolute) {
            Ok(metadata) if metadata.is_symlink() && self.is_outside(path) => return found,
            Ok(_) => {}
            Err(_) => return found,
        }
        let entries = match fs::read_dir(&absolute) {
            Ok(entries) => entries,
            Err(error) => {
                self.unreadable(path, &error.to_string());
                return found;
            }
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.unreadable(path, &error.to_string());
                    break;
                }
            };
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(['.', '#']) || name.ends_with('~') {
                continue;
            }
            let path = format!("{path}/{name}");
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_symlink() && self.is_outside(&path) {
                continue;
            }
            let is_dir = kind.is_dir() || kind.is_symlink() && self.dir.join(&path).is_dir();
            found.push(Found { name, path, is_dir });
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    /// The files in a folder and in the folders in it, by path. Linked folders are not entered: they may go in circles.
    pub(crate) fn list_deep(&mut self, path: &str) -> Vec<Found> {
        self.list_deep_from(path, 0)
    }

    fn list_deep_from(&mut self, path: &str, depth: usize) -> Vec<Found> {
        let mut files = Vec::new();
        for found in self.list(path) {
            let is_link = || fs::symlink_metadata(self.dir.join(&found.path)).is_ok_and(|m| m.is_symlink());
            if !found.is_dir {
                files.push(found);
            } else if depth < MAX_FOLDERS && !is_link() {
                files.extend(self.list_deep_from(&found.path, depth + 1));
            }
        }
        files
    }

    /// Reads a text file. `None` when that fails; why, is among the diagnostics.
    pub(crate) fn read(&mut self, path: &str) -> Option<FileId> {
        let mut text = match self.read_text(path) {
            Ok(text) => text,
            Err(diagnostic) => {
                self.report_at_file(path, *diagnostic);
                return None;
            }
        };
        // The byte order mark is no part of the text; without it, places are what an editor shows.
        if text.starts_with('\u{feff}') {
            text.remove(0);
        }
        Some(self.files.add(path.to_owned(), text))
    }

    fn read_text(&mut self, path: &str) -> Result<String, Box<Diagnostic>> {
        let absolute = self.dir.join(path);
        let failed = |error: &std::io::Error| {
            Box::new(Diagnostic::error(codes::UNREADABLE, format!("{path} cannot be read: {error}")))
        };
        let metadata = fs::metadata(&absolute).map_err(|e| failed(&e))?;
        if !metadata.is_file() {
            let what = if metadata.is_dir() { "a folder" } else { "no regular file" };
            let diagnostic =
                Diagnostic::error(codes::UNREADABLE, format!("{path} is {what}, where a file is expected"));
            return Err(Box::new(diagnostic.help("rename or remove it")));
        }
        let mut bytes = Vec::with_capacity(metadata.len().min(MAX_FILE) as usize);
        let file = fs::File::open(&absolute).map_err(|e| failed(&e))?;
        file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|e| failed(&e))?;
        if bytes.len() as u64 > MAX_FILE {
            let diagnostic =
                Diagnostic::error(codes::TOO_LARGE, format!("{path} is larger than {} MiB", MAX_FILE >> 20));
            return Err(Box::new(diagnostic.help("a project holds code; data belongs where sources read it")));
        }
        String::from_utf8(bytes).map_err(|error| {
            let byte = error.utf8_error().valid_up_to();
            let line =
                error.as_bytes().get(..byte).map_or(0, |before| before.iter().filter(|b| **b == b'\n').count()) + 1;
            let diagnostic = Diagnostic::error(codes::NOT_UTF8, format!("{path} is not UTF-8: see line {line}"));
            Box::new(diagnostic.help("save it as UTF-8"))
        })
    }

    /// Whether a symbolic link leads out of the project (or nowhere); if so, it is reported.
    fn is_outside(&mut self, path: &str) -> bool {
        match fs::canonicalize(self.dir.join(path)) {
            Ok(real) if real.starts_with(&self.real) => false,
            Ok(_) => {
                let diagnostic = Diagnostic::error(codes::OUTSIDE, format!("{path} is a link out of the project"));
                let help = "copy it into the project: a project holds all that its tables are made from";
                self.report_at_file(path, diagnostic.help(help));
                true
            }
            Err(error) => {
                self.unreadable(path, &error.to_string());
                true
            }
        }
    }

    fn unreadable(&mut self, path: &str, why: &str) {
        self.report_at_file(path, Diagnostic::error(codes::UNREADABLE, format!("{path} cannot be read: {why}")));
    }

    /// Reports something about a file as a whole, whose text is not known.
    pub(crate) fn report_at_file(&mut self, path: &str, diagnostic: Diagnostic) {
        let file = self.files.add(path.to_owned(), String::new());
        self.diagnostics.push(diagnostic.at(Span::new(file, 0..0), ""));
    }

    /// Reports a single file that is a link: `headwater.yml` is not found by listing.
    pub(crate) fn is_link_out(&mut self, path: &str) -> bool {
        fs::symlink_metadata(self.dir.join(path)).is_ok_and(|m| m.is_symlink()) && self.is_outside(path)
    }
}
