//! Values as SQL text, whatever characters they hold; names are quoted by [`headwater_sdk::name::quote_identifier`].
//!
//! DataFusion's SQL follows the standard here: inside quotes only the quote itself is special, and is doubled; a
//! backslash is a character like any other.

/// A text as a string literal: `'it''s'`.
pub fn quote_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
