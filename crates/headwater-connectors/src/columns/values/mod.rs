//! Values: from the text of a field to Arrow arrays, and from texts to a type.

mod column;
mod guess;
mod nested;
mod primitive;
mod scan;
mod text;
mod token;

pub(crate) use crate::text::time::check_format;
pub(crate) use column::{Column, Reading};
pub(crate) use guess::Guess;
pub(crate) use nested::{MAX_DEPTH, read_array, read_object};
pub(crate) use scan::{Key, expectable, scan_object};
pub(crate) use token::json_value;

/// A value as its source has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// No value.
    Null,
    /// The value's text: a field without its quotes, a JSON string without escapes, or a JSON token as it stands.
    Text(&'a [u8]),
    /// The value cannot be made out, for this reason.
    Broken(&'static str),
}

/// The values of one column in a run of rows.
pub(crate) trait Cells {
    /// How many rows there are.
    fn rows(&self) -> usize;
    /// The value of a row. `scratch` may be used for a text that does not stand in the source as it is.
    fn value<'a>(&'a self, row: usize, scratch: &'a mut Vec<u8>) -> Value<'a>;
}

/// Why a value was not taken. A null stands in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// The text, cut to a readable length, is not one of the column's type.
    NotOfType(String),
    /// An object in it has a key that its type does not have: a clause about the value, `has …`.
    UnknownKey(String),
    /// Something else, as a clause about the value: `is …` or `has …`.
    Other(String),
}

/// The longest part of a value that a message shows, in characters.
const SHOWN: usize = 60;

/// A text as a message shows it: valid, on one line and short.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN * 4)]);
    let mut cut: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().count() > SHOWN || bytes.len() > SHOWN * 4 {
        cut.push('…');
    }
    // The quotes around it are single ones, so that double ones need no escape.
    cut.replace("\\\"", "\"")
}
