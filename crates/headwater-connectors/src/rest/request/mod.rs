//! Requests: what a stream asks for, filled in.

mod asked;
mod template;

pub(super) use asked::{Asked, Outgoing, Place, RequestOptions, Values};
pub(super) use template::{Fields, plain_text};
