//! What lies in a project's folder but is not read.

use headwater_diagnostics::Diagnostic;

use super::files::Folder;
use crate::codes;

/// Folders and files that are designed but not built, and what they are for.
const NOT_BUILT: &[(&str, &str)] = &[
    ("glossary.yml", "glossaries"),
    ("policies", "roles, grants and masks"),
    ("products", "data products and contracts"),
];

/// Warns about everything that somebody may think is used.
pub(crate) fn report(folder: &mut Folder) {
    for (path, purpose) in NOT_BUILT {
        let is_there = if path.contains('.') { folder.has(path) } else { !folder.list(path).is_empty() };
        if is_there {
            let diagnostic =
                Diagnostic::warning(codes::NOT_BUILT, format!("{path} is ignored: {purpose} are not built yet"));
            let help = match *path {
                "policies" => "nothing in it is enforced by this version",
                _ => "this version does nothing with it",
            };
            folder.report_at_file(path, diagnostic.help(help));
        }
    }
}

/// Warns about a file that lies where files of another kind are read. Notes for people are fine everywhere.
pub(crate) fn warn(folder: &mut Folder, path: &str, help: &str) {
    let is_note = [".md", ".txt"].iter().any(|kind| path.to_lowercase().ends_with(kind));
    if !is_note {
        let diagnostic = Diagnostic::warning(codes::IGNORED_FILE, format!("{path} is not read"));
        folder.report_at_file(path, diagnostic.help(help));
    }
}
