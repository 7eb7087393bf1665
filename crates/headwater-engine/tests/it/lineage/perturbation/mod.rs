//! The proof of what the edges promise (see the documentation of `analysis::lineage`), by running generated queries
//! before and after a change of one source column.
//!
//! A failure shows the query, the change and both results, after proptest has made them small, and the tapes they come
//! from, with which `PROPTEST_CASES` and the seed in `proptest-regressions` repeat it.

pub(super) mod data;
pub(super) mod properties;
