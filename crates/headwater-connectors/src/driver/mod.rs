//! Databases behind a driver of ADBC (<https://arrow.apache.org/adbc>): a library of the database's own people that answers queries in
//! Arrow's columns, and takes rows up in them. What connectors that load one have in common.
//!
//! `library.rs` finds a driver and loads it, `database.rs` opens what it drives, `told.rs` says what its errors mean. A stream is planned
//! by `describe.rs` (columns), `types.rs` and `cursor.rs`, and read by `part.rs`, which believes no value before `sound.rs` has looked at it.
//! `outlet` delivers.
//!
//! Invariant: which driver it is, only `dialect.rs` asks.

mod cursor;
mod database;
mod describe;
mod dialect;
mod discover;
mod library;
pub(crate) mod outlet;
mod part;
mod secrets;
mod sound;
mod stream;
mod told;
mod transaction;
mod types;

pub(crate) use database::{Database, Settings};
pub(crate) use discover::{discover, examine};
pub(crate) use library::Library;
pub(crate) use secrets::secrets_of;
pub(crate) use stream::{TableStream, blocking};
