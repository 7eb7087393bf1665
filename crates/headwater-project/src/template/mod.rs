//! MiniJinja in models: `{{ var("since") }}`, `{% for … %}`, and the macros of `macros/*.sql`.

mod problem;
mod render;

pub(crate) use render::{MacroFile, Templates, is_templated};

use std::ops::Range;

use headwater_diagnostics::{Diagnostic, Span};

/// Rendered SQL, and where its parts come from.
#[derive(Debug, Clone)]
pub(crate) struct Rendered {
    pub(crate) sql: String,
    pub(crate) pieces: Vec<Piece>,
}

/// A part of rendered SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Where it stands in the rendered SQL.
    pub(crate) output: Range<usize>,
    /// Where it comes from in the model's body.
    pub(crate) source: Range<usize>,
    /// Whether the body has it letter for letter; otherwise an expression made it.
    pub(crate) verbatim: bool,
}

/// Where a range of rendered SQL comes from in the body: exactly, as far as it was written there letter for letter, else
/// the expression that made it. `None` when nothing is known of it.
pub(crate) fn source_of(pieces: &[Piece], range: &Range<usize>) -> Option<Range<usize>> {
    let piece_at = |byte: usize| {
        let index = pieces.partition_point(|piece| piece.output.end <= byte);
        pieces.get(index).filter(|piece| piece.output.start <= byte)
    };
    let first = piece_at(range.start)?;
    let last = piece_at(range.end.saturating_sub(1).max(range.start)).unwrap_or(first);
    let start = first.source.start + if first.verbatim { range.start - first.output.start } else { 0 };
    let end = if last.verbatim { last.source.start + (range.end - last.output.start) } else { last.source.end };
    // A loop's text can end before it starts in the source: then the first piece has to do.
    Some(if end >= start { start..end } else { first.source.clone() })
}

/// Where the body of a template stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The path of the file, as the template's name.
    pub(crate) path: &'a str,
    /// The body in its file.
    pub(crate) body: Span,
}

/// A diagnostic, boxed: it is rare and large.
pub(crate) type Problem = Box<Diagnostic>;
