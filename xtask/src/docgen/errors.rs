//! The page of error codes, from the `codes.rs` of every crate.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::read;
use super::tokens::{Token, tokens};

/// Where the part of a source begins that only tests see.
const TESTS: &str = "#[cfg(test)]";

const INTRODUCTION: &str = "\
# Error codes

Every error has a code that never changes its meaning. `headwater explain HW0123` shows one of these on the terminal.

";

/// A code and what it means.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// `HW` and four digits.
    pub(super) code: String,
    /// A title.
    pub(super) title: String,
    /// What it means and what to do.
    pub(super) explanation: String,
}

/// The page.
pub(super) fn page(root: &Path) -> Result<String, String> {
    let mut crates: BTreeMap<String, (String, Vec<Entry>)> = BTreeMap::new();
    for path in sources(&root.join("crates"))? {
        let entries = entries(&read(&path)?).map_err(|e| format!("{}: {e}", path.display()))?;
        let shown = path.strip_prefix(root.join("crates")).unwrap_or(&path);
        let name = shown.iter().next().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some(first) = entries.first() {
            // Crates stand in the order of their codes.
            let group = crates.entry(name.clone()).or_insert_with(|| (first.code.clone(), Vec::new()));
            group.0 = group.0.clone().min(first.code.clone());
            group.1.extend(entries);
        }
    }
    let mut groups: Vec<(String, (String, Vec<Entry>))> = crates.into_iter().collect();
    groups.sort_by(|a, b| a.1.0.cmp(&b.1.0));
    let mut text = INTRODUCTION.to_owned();
    for (name, (_, mut entries)) in groups {
        entries.sort_by(|a, b| a.code.cmp(&b.code));
        text += &format!("## {}\n\n", chapter(&name));
        for Entry { code, title, explanation } in entries {
            text += &format!("### {code}: {title}\n\n{}\n\n", sentence(&explanation));
        }
    }
    Ok(text)
}

/// What a crate's codes are about; its name for one that is not known here.
fn chapter(name: &str) -> &str {
    match name {
        "headwater-project" => "Reading a project",
        "headwater-connectors" => "Reading sources",
        "headwater-checks" => "Options of checks",
        "headwater-engine" => "SQL and the lake",
        "headwater-catalog" => "The catalogue",
        "headwater-cli" => "The command line",
        "headwater-run" => "Resolving, running and publishing",
        other => other,
    }
}

/// The text with a capital at its beginning.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// Every `codes.rs` under a folder's `src` folders, in the order of paths.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |e: std::io::Error| format!("cannot read {}: {e}", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_owned();
        if path.is_dir() && name != "target" && name != "tests" {
            found.extend(sources(&path)?);
        } else if name == "codes.rs" {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The codes of a source, in the order in which they stand there.
///
/// However it is written, as a struct, a call or a macro's input, an entry is a code, a title and an explanation, one
/// after the other; the code may be named by a constant.
pub(super) fn entries(source: &str) -> Result<Vec<Entry>, String> {
    let mut tokens = tokens(source.split(TESTS).next().unwrap_or(source))?;
    let constants = constants(&tokens);
    for token in &mut tokens {
        if let Token::Word(word) = token
            && let Some(code) = constants.get(word)
        {
            *token = Token::Text(code.clone());
        }
    }
    let mut entries: Vec<Entry> = Vec::new();
    for start in 0..tokens.len() {
        let Some((code, rest)) = code_at(&tokens[start..]) else { continue };
        if let Some((title, rest)) = next_text(rest)
            && let Some((explanation, _)) = next_text(rest)
        {
            entries.push(Entry { code: code.to_owned(), title, explanation });
        }
    }
    for token in &tokens {
        if let Token::Text(text) = token
            && is_code(text)
            && !entries.iter().any(|entry| entry.code == *text)
        {
            return Err(format!("{text} is there without a title and an explanation after it"));
        }
    }
    Ok(entries)
}

fn is_code(text: &str) -> bool {
    text.len() == 6 && text.starts_with("HW") && text[2..].bytes().all(|byte| byte.is_ascii_digit())
}

/// Constants that hold a code: `NAME: &str = "HW0101";`.
fn constants(tokens: &[Token]) -> BTreeMap<String, String> {
    let found = tokens.windows(6).filter_map(|window| match window {
        [
            Token::Word(name),
            Token::Mark(':'),
            Token::Mark('&'),
            Token::Word(kind),
            Token::Mark('='),
            Token::Text(code),
        ] if kind == "str" && is_code(code) => Some((name.clone(), code.clone())),
        _ => None,
    });
    found.collect()
}

/// The code that stands first, and what comes after it.
fn code_at(tokens: &[Token]) -> Option<(&str, &[Token])> {
    match tokens {
        [Token::Text(code), rest @ ..] if is_code(code) => Some((code, rest)),
        _ => None,
    }
}

/// The text after a comma, with or without a field's name before it.
fn next_text(tokens: &[Token]) -> Option<(String, &[Token])> {
    match tokens {
        [Token::Mark(','), Token::Text(text), rest @ ..]
        | [Token::Mark(','), Token::Word(_), Token::Mark(':'), Token::Text(text), rest @ ..] => {
            Some((text.clone(), rest))
        }
        _ => None,
    }
}
