//! Rows of a test, from YAML, from CSV in YAML, or from a file beside it.

use std::collections::HashMap;
use std::ops::Range;

use headwater_diagnostics::{Diagnostic, FileId, Span};

use super::{Reader, csv};
use crate::codes;
use crate::unit_test::{CellValue, TestCell, TestRow, TestRows, TestText};
use crate::yaml::{Node, Value};

impl Reader<'_> {
    /// The rows that a node says; `None` when something is wrong with them, which is reported.
    pub(super) fn rows(&mut self, node: &Node) -> Option<TestRows> {
        match &node.value {
            Value::List(items) => Some(self.mappings(items)),
            Value::Map(_) if self.only_one(node) => match (node.get("csv"), node.get("file")) {
                (Some(text), _) => self.csv_text(text),
                (None, Some(path)) => self.csv_file(path),
                (None, None) => None,
            },
            _ => None,
        }
    }

    /// Rows written as mappings.
    fn mappings(&self, items: &[Node]) -> TestRows {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut rows = TestRows::default();
        for item in items {
            let mut cells = vec![None; rows.columns.len()];
            for entry in item.as_map().map_or(&[] as &[_], |map| &map.entries) {
                let place = *places.entry(&entry.key).or_insert_with(|| {
                    rows.columns.push(TestText { text: entry.key.clone(), span: entry.key_span });
                    cells.push(None);
                    rows.columns.len() - 1
                });
                if let Some(cell) = cells.get_mut(place) {
                    *cell = Some(self.cell(&entry.value));
                }
            }
            rows.rows.push(TestRow { span: item.span, cells });
        }
        for row in &mut rows.rows {
            row.cells.resize(rows.columns.len(), None);
        }
        rows
    }

    fn cell(&self, node: &Node) -> TestCell {
        let value = match &node.value {
            Value::List(items) => CellValue::List(items.iter().map(|item| self.cell(item)).collect()),
            Value::Map(map) => {
                let part = |entry: &crate::yaml::Entry| {
                    (TestText { text: entry.key.clone(), span: entry.key_span }, self.cell(&entry.value))
                };
                CellValue::Map(map.entries.iter().map(part).collect())
            }
            _ => match node.scalar_text(self.folder.files.text(node.span.file)) {
                Some(text) => CellValue::Scalar(text),
                None => CellValue::Null,
            },
        };
        TestCell { span: node.span, value }
    }

    fn csv_text(&mut self, node: &Node) -> Option<TestRows> {
        let text = node.as_text()?.to_owned();
        let lines = places_of_lines(self.folder.files.text(node.span.file), node.span.start, &text);
        let place = |range: Range<usize>| match &lines {
            Some(lines) => lines.span(&text, range, node.span.file),
            None => node.span,
        };
        csv::parse(&text, &place, &mut self.folder.diagnostics)
    }

    /// Rows in a file, whose path is written from the folder of the test.
    fn csv_file(&mut self, node: &Node) -> Option<TestRows> {
        let written = node.as_text()?;
        let Some(path) = beside(self.path, written) else {
            let message = format!("'{written}' leads out of the project");
            let diagnostic = Diagnostic::error(codes::OUTSIDE, message).at(node.span, "");
            self.report(diagnostic.help("name a file of the project, from the folder of the test"));
            return None;
        };
        if !self.fixtures.read.contains_key(&path) {
            if !self.folder.has(&path) {
                let diagnostic = Diagnostic::error(codes::UNREADABLE, format!("there is no file {path}"));
                self.report(diagnostic.at(node.span, "").help("paths are written from the folder of the test"));
                return None;
            }
            let file = if self.folder.is_link_out(&path) { None } else { self.folder.read(&path) };
            self.fixtures.read.insert(path.clone(), file);
        }
        let file = (*self.fixtures.read.get(&path)?)?;
        let text = self.folder.files.text(file).to_owned();
        csv::parse(&text, &|range| Span::new(file, range), &mut self.folder.diagnostics)
    }
}

/// The path of a file named beside another one, from the project's folder; `None` when it leads out of that.
fn beside(path: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in name.split('/') {
        match part {
            "" if name.starts_with('/') => return None,
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Where the lines of a text that YAML holds stand in the file.
struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    /// The place of a part of the text.
    fn span(&self, text: &str, range: Range<usize>, file: FileId) -> Span {
        let place = |byte: usize| {
            let before = text.get(..byte).unwrap_or(text);
            let line = before.matches('\n').count();
            let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
            self.starts.get(line).map_or(0, |start| start + column)
        };
        let start = place(range.start);
        Span::new(file, start..place(range.end).max(start))
    }
}

/// Finds the lines of a block of text (`|`), which YAML indents. `None` for texts that are written in another way, whose
/// lines need not be those of the file.
fn places_of_lines(file: &str, start: usize, text: &str) -> Option<Lines> {
    let first = file.get(start..)?;
    // The block may be placed at its `|`, or at its text.
    let mut at = match first.starts_with('|') {
        true => start + first.find('\n')? + 1,
        false => file.get(..start)?.rfind('\n').map_or(0, |at| at + 1),
    };
    let mut starts = Vec::new();
    for line in text.lines() {
        let written = file.get(at..)?.split_inclusive('\n').next().unwrap_or("");
        let content = written.trim_end_matches(['\r', '\n']);
        if !content.ends_with(line) {
            return None;
        }
        starts.push(at + content.len() - line.len());
        at += written.len();
    }
    starts.push(at);
    Some(Lines { starts })
}
