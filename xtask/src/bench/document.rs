//! The parts of a Markdown document that a program writes. What stands around them is left as it is.

use std::path::Path;

use super::places::{read, write};

/// Puts a part into a document, in the place of its last version, or at the end.
pub(super) fn put(document: &Path, name: &str, body: &str) -> Result<(), String> {
    let text = read(document)?;
    let new = replace(&text, name, body).map_err(|e| format!("{}: {e}", document.display()))?;
    write(document, &new)
}

/// The text with the part `name` as in `body`.
pub(super) fn replace(text: &str, name: &str, body: &str) -> Result<String, String> {
    let (start, end) = (format!("<!-- bench: {name} -->\n"), format!("<!-- end of bench: {name} -->\n"));
    let part = format!("{start}{}\n{end}", body.trim_end());
    match (text.split_once(&start), text.split_once(&end)) {
        (None, None) => Ok(format!("{}\n\n{part}", text.trim_end())),
        (Some((before, rest)), Some(_)) => match rest.split_once(&end) {
            Some((_, after)) => Ok(format!("{before}{part}{after}")),
            None => Err(format!("the part '{name}' ends before it starts")),
        },
        _ => Err(format!("the part '{name}' has only one of its two marks")),
    }
}
