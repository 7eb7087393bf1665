//! What streams of all databases have in common: what is asked of one, how far it was read, and which of its columns are read.
//!
//! Invariant: no database is known here. A connector says what its types are by [`NativeType`].

mod asked;
mod batch;
mod columns;

pub(crate) use asked::{Asked, Relation, Wanted, filter};
pub(crate) use batch::{BatchRows, Finished, defect, raw};
pub(crate) use columns::{ColumnRead, NativeType, SourceColumn, chosen, no_column, schema};

pub(crate) use crate::position::{Position, written};
