//! Diagnostics for a person at a terminal.

use std::borrow::Cow;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::masked::masked;
use crate::source::{SourceMap, floor_boundary};

/// Lines shown before and after the lines that a label covers.
const CONTEXT_LINES: usize = 1;
/// A label over more bytes than this is cut to its first line: nobody reads a page of carets.
const LONGEST_LABEL: usize = 400;
/// Labels further apart than this get a snippet each, so that a long file is never laid out whole.
const WIDEST_SNIPPET: usize = 16 * 1024;

/// The text that a person reads: per diagnostic its code, its message, the lines with carets under them, notes and help.
/// Diagnostics are separated by a blank line. With `color`, ANSI escapes are used. Control characters of messages are
/// shown, never sent to the terminal.
pub fn render_terminal(diagnostics: &[Diagnostic], files: &SourceMap, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        out.push_str(&renderer.render(&[group_of(diagnostic, files)]));
        out.push('\n');
    }
    out
}

fn group_of<'a>(diagnostic: &'a Diagnostic, files: &'a SourceMap) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(visible(&diagnostic.message)).id(diagnostic.code));
    for labels in snippets_of(&diagnostic.labels) {
        let file = labels.first().map(|label| label.span.file);
        if let Some(file) = file.filter(|file| files.text(*file).is_empty()) {
            // There is no text to show: the file as a whole is meant.
            group = group.element(Origin::path(files.path(file)));
        } else if let Some(snippet) = snippet_of(&labels, files) {
            group = group.element(snippet);
        }
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(visible(note)));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(visible(help)));
    }
    group
}

/// Groups labels that are shown in one snippet: same file, not far apart. The file of the first primary label first.
fn snippets_of(labels: &[Label]) -> Vec<Vec<&Label>> {
    let mut ordered: Vec<&Label> = labels.iter().collect();
    ordered.sort_by_key(|l| !l.primary);
    let mut snippets: Vec<Vec<&Label>> = Vec::new();
    for label in ordered {
        let near = |s: &&mut Vec<&Label>| {
            s.iter().all(|l| l.span.file == label.span.file && l.span.start.abs_diff(label.span.start) < WIDEST_SNIPPET)
        };
        match snippets.iter_mut().find(near) {
            Some(snippet) => snippet.push(label),
            None => snippets.push(vec![label]),
        }
    }
    snippets
}

fn snippet_of<'a>(labels: &[&'a Label], files: &'a SourceMap) -> Option<Snippet<'a, Annotation<'a>>> {
    let file = labels.first()?.span.file;
    let whole = files.text(file);
    let mut window = labels.first()?.span;
    window.start = labels.iter().map(|l| l.span.start).min()?.min(whole.len());
    window.end = labels.iter().map(|l| shown_end(l, files)).max()?.clamp(window.start, whole.len());
    let (bytes, first_line) = files.lines_around(window, CONTEXT_LINES);
    let text = whole.get(bytes.clone())?;
    let annotations = labels.iter().map(|label| {
        let kind = if label.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        let start = floor_boundary(text, label.span.start.saturating_sub(bytes.start));
        let end = floor_boundary(text, shown_end(label, files).saturating_sub(bytes.start)).max(start);
        let annotation = kind.span(start..end);
        if label.text.is_empty() { annotation } else { annotation.label(visible(&label.text)) }
    });
    Some(Snippet::source(masked(text)).path(files.path(file)).line_start(first_line).annotations(annotations))
}

/// The end of a label as it is shown: of a long one only the rest of its first line.
fn shown_end(label: &Label, files: &SourceMap) -> usize {
    let text = files.text(label.span.file);
    let start = floor_boundary(text, label.span.start);
    let end = floor_boundary(text, label.span.end).max(start);
    let covered = text.get(start..end).unwrap_or("");
    match covered.find('\n') {
        Some(line_end) if covered.len() > LONGEST_LABEL => start + line_end,
        _ => start + covered.len().min(covered.floor_char_boundary(LONGEST_LABEL)),
    }
}

/// Replaces control characters, except line breaks, by a picture of them: a file's text must not drive a terminal.
fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c.is_control() && c != '\n') {
        return Cow::Borrowed(text);
    }
    let picture = |c: char| match c {
        '\n' => '\n',
        '\t' => ' ',
        '\0'..='\x1f' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    Cow::Owned(text.chars().map(picture).collect())
}
