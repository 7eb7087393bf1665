//! From the parser's character numbers to bytes.

use std::ops::Range;

use headwater_diagnostics::{FileId, Span};
use saphyr_parser::Marker;

/// Turns places in a part of a file into spans of the file.
pub(crate) struct Offsets {
    file: FileId,
    base: usize,
    length: usize,
    /// The byte of every character; `None` when each character is one byte.
    bytes: Option<Vec<u32>>,
}

impl Offsets {
    /// For the text that starts at the byte `base` of the file.
    pub(crate) fn new(file: FileId, base: usize, text: &str) -> Self {
        let bytes = (!text.is_ascii()).then(|| text.char_indices().map(|(byte, _)| byte as u32).collect());
        Self { file, base, length: text.len(), bytes }
    }

    fn byte(&self, marker: Marker) -> usize {
        let index = marker.index();
        self.bytes
            .as_ref()
            .map_or(index, |bytes| bytes.get(index).map_or(self.length, |b| *b as usize))
            .min(self.length)
    }

    /// The bytes of the text between two markers, without white space at the end.
    pub(crate) fn range(&self, text: &str, span: saphyr_parser::Span) -> Range<usize> {
        let start = self.byte(span.start);
        let end = self.byte(span.end).max(start);
        let kept = text.get(start..end).map_or(0, |covered| covered.trim_end().len());
        start..start + kept
    }

    /// The span in the file of a range of the text.
    pub(crate) fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.file, self.base + range.start..self.base + range.end)
    }

    /// The span of the one character at a marker.
    pub(crate) fn point(&self, text: &str, marker: Marker) -> Span {
        let start = self.byte(marker);
        let width = text.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        self.span(start..start + width)
    }
}
