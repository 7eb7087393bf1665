//! Requests: what a stream asks for, filled in.

mod asked;

pub(super) use asked::{Asked, Place, RequestOptions, Values};
