//! YAML with spans: text → [`Node`]s, with limits against documents that are made to do harm.

mod builder;
mod document;
mod node;
mod offsets;
mod scalar;
mod secrets;
#[cfg(test)]
mod tests;

pub(crate) use builder::parse;
pub use document::document;
pub(crate) use node::{Entry, Map, Node, Text, Value};
pub(crate) use secrets::{Secrets, forbid, is_reference, unfilled};
pub use secrets::{Unfilled, expand};
