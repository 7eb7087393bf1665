//! Random queries, from tapes that proptest makes and shrinks.

mod expression;
pub(crate) mod query;
pub(crate) mod tape;
