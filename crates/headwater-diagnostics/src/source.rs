//! The texts that diagnostics point into.

use std::ops::Range;

/// A file of a [`SourceMap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// A range of bytes in a file. `start <= end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

impl Span {
    /// The span of a range of bytes.
    pub fn new(file: FileId, range: Range<usize>) -> Self {
        Self { file, start: range.start, end: range.end.max(range.start) }
    }

    /// The range of bytes.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// A place in a text as people count: from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

#[derive(Debug)]
struct File {
    path: String,
    text: String,
    /// The byte at which each line starts.
    lines: Vec<usize>,
}

/// The files that diagnostics point into: their paths, relative to the project and with `/` between the parts, and
/// their texts.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: Vec<File>,
}

impl SourceMap {
    /// Adds a file.
    pub fn add(&mut self, path: String, text: String) -> FileId {
        let lines = std::iter::once(0).chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1));
        let lines = lines.collect();
        self.files.push(File { path, text, lines });
        FileId(self.files.len() as u32 - 1)
    }

    /// The path of a file; empty for an identifier of another map.
    pub fn path(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("", |f| &f.path)
    }

    /// The text of a file; empty for an identifier of another map.
    pub fn text(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("", |f| &f.text)
    }

    /// Every file, in the order in which they were added.
    pub fn files(&self) -> impl Iterator<Item = FileId> + '_ {
        (0..self.files.len() as u32).map(FileId)
    }

    /// The line and column of a byte. A byte past the end is the end.
    pub fn position(&self, file: FileId, byte: usize) -> Position {
        let Some(file) = self.files.get(file.0 as usize) else { return Position { line: 1, column: 1 } };
        let byte = floor_boundary(&file.text, byte);
        let line = file.lines.partition_point(|start| *start <= byte);
        let start = file.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = file.text.get(start..byte).map_or(0, |before| before.chars().count()) + 1;
        Position { line: line.max(1), column }
    }

    /// The bytes of whole lines around a range: from `context` lines before its first line to as many after its last,
    /// and the number of the first of these lines, from 1.
    pub(crate) fn lines_around(&self, span: Span, context: usize) -> (Range<usize>, usize) {
        let Some(file) = self.files.get(span.file.0 as usize) else { return (0..0, 1) };
        let line_of = |byte: usize| file.lines.partition_point(|start| *start <= byte).saturating_sub(1);
        let first = line_of(span.start).saturating_sub(context);
        let last = line_of(span.end.min(file.text.len())) + context;
        let start = file.lines.get(first).copied().unwrap_or(0);
        let end = file.lines.get(last + 1).copied().unwrap_or(file.text.len());
        (start..end, first + 1)
    }
}

/// The nearest character boundary at or below a byte.
pub(crate) fn floor_boundary(text: &str, byte: usize) -> usize {
    text.floor_char_boundary(byte)
}
