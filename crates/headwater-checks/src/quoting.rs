//! Names and values as SQL text, whatever characters they hold.
//!
//! DataFusion's SQL follows the standard here: inside quotes only the quote itself is special, and is doubled; a
//! backslash is a character like any other.

/// A name as a quoted identifier, so that it keeps its letter case and is never a keyword: `"total ""net"""`.
pub fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as a string literal: `'it''s'`.
pub fn quote_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
