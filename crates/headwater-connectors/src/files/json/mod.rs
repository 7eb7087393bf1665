//! JSON lines: one object a line.

mod lines;
mod values;

pub(crate) use lines::JsonLines;
pub(crate) use values::{JsonValues, KeyRules, UnknownKeys, sample_lines};
