//! Diagnostics: what is wrong in a project's files, where, and what to do about it.
//!
//! A [`Diagnostic`] has a stable code, a severity, labelled [`Span`]s and a way out. Spans are ranges of bytes in the
//! texts of a [`SourceMap`]. [`render_terminal`] shows diagnostics to a person, [`render_json`] to a program.
//!
//! Invariant: this crate reads no files and knows nothing of projects.

mod diagnostic;
mod json;
mod masked;
mod nearest;
mod source;
mod terminal;
#[cfg(test)]
mod tests;

pub use diagnostic::{Diagnostic, Label, Severity};
pub use json::render_json;
pub use nearest::nearest;
pub use source::{FileId, Position, SourceMap, Span};
pub use terminal::render_terminal;
