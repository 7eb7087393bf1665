//! JSON lines: one object a line.

mod lines;

pub(crate) use lines::JsonLines;
