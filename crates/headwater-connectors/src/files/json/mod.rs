//! JSON: one object a line, or the records of documents, which become such lines.

mod document;
mod lines;

pub(crate) use document::{DocumentLines, peeked};
pub(crate) use lines::JsonLines;
