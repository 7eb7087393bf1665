//! Sources that are programs which print messages: what the connectors `singer` and `airbyte` have in common
//! (docs/adr/0017-taps.md).
//!
//! ```text
//!               ┌─► spool of a stream ─► decoded ─► batches of one table
//! tap ─► router ┤
//!               └─► spool of a stream ─► decoded ─► batches of one table
//! ```
//!
//! A run starts the program once for all streams that go on from one state. What it prints is taken apart as it comes ([`router`]):
//! the records of each stream go into a temporary file of their own ([`spool`]), from which the stream's table is made while the
//! program goes on ([`part`]). So nothing waits for a table that is made later, and memory does not grow with what comes.
//!
//! What the two protocols differ in is behind [`Protocol`].

mod catalogue;
mod columns;
mod failure;
mod gathering;
mod messages;
mod part;
mod reading;
mod router;
mod schema;
mod source;
mod spool;
mod stream;

pub(crate) use catalogue::{Catalogue, Listed};
pub(crate) use messages::{Message, Protocol, StateOf};
pub(crate) use schema::columns;
pub(crate) use source::{Tap, TapOptions};
pub(crate) use stream::{Chosen, StreamKeys, TapStream};
