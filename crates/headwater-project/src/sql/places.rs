//! From the parser's lines and columns to bytes.

use std::ops::Range;

use sqlparser::tokenizer::{Location, Span};

/// Finds bytes of a text by line and column.
pub(crate) struct Places<'a> {
    text: &'a str,
    /// The number of the character with which each line starts.
    lines: Vec<usize>,
    /// The byte of every character; `None` when each character is one byte.
    bytes: Option<Vec<u32>>,
}

impl<'a> Places<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let mut lines = vec![0];
        if text.is_ascii() {
            lines.extend(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1));
            return Self { text, lines, bytes: None };
        }
        let mut bytes = Vec::with_capacity(text.len());
        for (index, (byte, letter)) in text.char_indices().enumerate() {
            bytes.push(byte as u32);
            if letter == '\n' {
                lines.push(index + 1);
            }
        }
        Self { text, lines, bytes: Some(bytes) }
    }

    /// The byte at a line and column, both from 1; `None` for a location that says nothing.
    pub(crate) fn byte(&self, location: Location) -> Option<usize> {
        let line = usize::try_from(location.line).ok()?.checked_sub(1)?;
        let column = usize::try_from(location.column).ok()?.checked_sub(1)?;
        let character = self.lines.get(line)? + column;
        let byte = match &self.bytes {
            None => character,
            Some(bytes) => bytes.get(character).map_or(self.text.len(), |b| *b as usize),
        };
        Some(byte.min(self.text.len()))
    }

    /// The bytes of a span; `None` for one that says nothing.
    pub(crate) fn range(&self, span: Span) -> Option<Range<usize>> {
        let start = self.byte(span.start)?;
        Some(start..self.byte(span.end).unwrap_or(start).max(start))
    }

    /// The bytes of the word or character at a location.
    pub(crate) fn word(&self, location: Location) -> Option<Range<usize>> {
        let start = self.byte(location)?;
        let rest = self.text.get(start..)?;
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let first = rest.chars().next().map_or(0, char::len_utf8);
        Some(start..start + word.max(first))
    }
}
