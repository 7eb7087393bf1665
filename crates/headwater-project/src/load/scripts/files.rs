//! The files of a folder of scripts: which of them are a part of whose definition.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use headwater_diagnostics::{Diagnostic, nearest};

use crate::codes;
use crate::load::clustering;
use crate::load::files::Folder;
use crate::load::ignored;
use crate::select::Pattern;
use crate::yaml::Node;

/// Folders that programs make of themselves.
const MADE: [&str; 2] = ["__pycache__", "node_modules"];

/// The files in a folder of scripts, declarations apart, and which of them were named.
pub(super) struct ProgramFiles {
    /// The folder's path.
    folder: String,
    /// Paths from the folder.
    paths: Vec<String>,
    named: BTreeSet<String>,
}

impl ProgramFiles {
    pub(super) fn of(folder: &mut Folder, path: &str) -> Self {
        let inside = |found: &str| found.strip_prefix(path).map(|rest| rest.trim_start_matches('/').to_owned());
        let is_made = |path: &String| path.split('/').any(|part| MADE.contains(&part));
        let is_declaration = |path: &String| !path.contains('/') && (path.ends_with(".yml") || path.ends_with(".yaml"));
        let paths = folder.list_deep(path).into_iter().filter_map(|found| inside(&found.path));
        let paths = paths.filter(|path| !is_made(path) && !is_declaration(path)).collect();
        Self { folder: path.to_owned(), paths, named: BTreeSet::new() }
    }

    /// The files that a command names, each with a hash of its contents.
    pub(super) fn of_command(&mut self, command: &[String], node: &Node, folder: &mut Folder) -> Vec<(String, String)> {
        let mut found = BTreeSet::new();
        for (at, word) in command.iter().enumerate() {
            let path = word.trim_start_matches("./");
            if self.paths.iter().any(|known| known == path) {
                found.insert(path.to_owned());
            } else if at == 0 && word.contains(char::is_whitespace) {
                // A whole line, which is reported as such.
                self.take_all();
            } else if at == 0 && self.is_missing(word) {
                let span = node.get("command").map_or(node.span, |list| list.items().first().unwrap_or(list).span);
                let message = format!("there is no program '{word}' in {}", self.folder);
                let diagnostic = Diagnostic::error(codes::SCRIPT_FILE, message).at(span, "");
                folder.diagnostics.push(diagnostic.help(self.suggestion(path)));
                self.take_all();
            }
        }
        self.hashed(found, folder)
    }

    /// Whether a program can only be a file in the folder, and is none: a relative path, or nearly the name of one that is
    /// there. Other names may be on the `PATH`, of which nothing is known here.
    fn is_missing(&self, word: &str) -> bool {
        let is_relative = word.contains('/') && !word.starts_with('/');
        let is_file = word.contains('.') && nearest(word, self.paths.iter().map(String::as_str)).is_some();
        is_relative || is_file
    }

    fn suggestion(&self, path: &str) -> String {
        match nearest(path, self.paths.iter().map(String::as_str)) {
            Some(near) => format!("did you mean '{near}'?"),
            None => "put the program beside the declaration, or name one that is on the PATH".to_owned(),
        }
    }

    /// The files that the patterns under `files` name, each with a hash of its contents.
    pub(super) fn of_patterns(
        &mut self,
        patterns: &[String],
        node: &Node,
        folder: &mut Folder,
    ) -> Vec<(String, String)> {
        let mut found = BTreeSet::new();
        let spans = clustering::spans_of(node, "files", patterns.len(), node.span);
        for (text, span) in patterns.iter().zip(spans) {
            let pattern = Pattern::new(text.as_str());
            let matched: Vec<&String> = self.paths.iter().filter(|path| pattern.matches_path(path)).collect();
            if matched.is_empty() {
                let message = format!("there is no file '{text}' in {}", self.folder);
                let help = match nearest(text, self.paths.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean '{near}'?"),
                    None => {
                        "paths are relative to the folder of the declaration; * and ** stand for any names".to_owned()
                    }
                };
                folder.diagnostics.push(Diagnostic::error(codes::SCRIPT_FILE, message).at(span, "").help(help));
            }
            found.extend(matched.into_iter().cloned());
        }
        self.hashed(found, folder)
    }

    fn hashed(&mut self, found: BTreeSet<String>, folder: &mut Folder) -> Vec<(String, String)> {
        let mut files = Vec::with_capacity(found.len());
        for path in found {
            let whole = format!("{}/{path}", self.folder);
            match hash(&folder.dir().join(&whole)) {
                Ok(hash) => files.push((whole, hash)),
                Err(error) => {
                    let message = format!("{whole} cannot be read: {error}");
                    folder.report_at_file(&whole, Diagnostic::error(codes::UNREADABLE, message));
                }
            }
            self.named.insert(path);
        }
        files
    }

    /// Says nothing of files that are not named: who names them is not known.
    pub(super) fn take_all(&mut self) {
        self.named.extend(self.paths.iter().cloned());
    }

    /// Warns of files whose changes run nothing again, once for each file or folder beside the declarations.
    pub(super) fn warn_of_unnamed(self, folder: &mut Folder) {
        let first = |path: &String| path.split_once('/').map_or(path.as_str(), |(first, _)| first).to_owned();
        let used: BTreeSet<String> = self.named.iter().map(first).collect();
        let unused: BTreeSet<String> = self.paths.iter().map(first).filter(|first| !used.contains(first)).collect();
        for name in unused {
            let help =
                "where a script uses it, say so with `files:` in its declaration, so that a change runs it again";
            ignored::warn(folder, &format!("{}/{name}", self.folder), help);
        }
    }
}

/// 16 hexadecimal digits of the BLAKE3 hash of a file.
fn hash(path: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut file = fs::File::open(path)?;
    let mut block = vec![0; 64 << 10];
    loop {
        match file.read(&mut block)? {
            0 => break,
            count => hasher.update(&block[..count]),
        };
    }
    let mut hex = hasher.finalize().to_hex().to_string();
    hex.truncate(16);
    Ok(hex)
}
