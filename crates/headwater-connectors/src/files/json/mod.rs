//! JSON: one object a line, or the records of documents, which become such lines.

mod document;
mod lines;
mod written;

pub(crate) use document::{DocumentLines, peeked};
pub(crate) use lines::JsonLines;
pub(crate) use written::Written;
