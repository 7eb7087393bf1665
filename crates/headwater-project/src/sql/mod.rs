//! SQL, as far as the graph needs it: is it one query, and which tables does it name? The parser and its dialect are
//! those of the engine.

mod depth;
mod dialect;
mod places;
mod query;
mod statements;
mod tables;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub(crate) use query::{read_condition, read_query, without_end};
pub use statements::statements;

/// A name in a place where SQL takes a table, and that no common table expression has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedTable {
    /// The parts of the name, as the engine sees them: unquoted ones in lower case.
    pub(crate) parts: Vec<String>,
    /// Where it is written.
    pub(crate) range: Range<usize>,
}

/// What is wrong with SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SqlProblem {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// Where, if known.
    pub(crate) range: Option<Range<usize>>,
}
