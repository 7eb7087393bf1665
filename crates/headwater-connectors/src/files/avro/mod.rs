//! Avro object container files (Apache Avro 1.12, <https://avro.apache.org/docs/1.12.0/specification/>).
//!
//! ```text
//! bytes ─► header: schema, codec, marker ─► blocks, verified, decompressed ─► arrays in lake types ─► the table's columns
//! ```
//!
//! The decoder is our own: that of `arrow-avro` 59 takes a block that is cut off for the end of the file, compares no markers, and does
//! not end when a block holds more than it says.

mod block;
mod codec;
mod cursor;
mod duration;
mod read;
mod schema;
mod sink;
#[cfg(test)]
mod tests;

pub(crate) use read::{inspect, read, records};
