//! XML: one record for each element of a name, as a line of JSON.
//!
//! ```text
//! text ─► events ─► the elements that are records ─► JSON lines ─► the decoder of JSON
//! ```
//!
//! The lines stand where the records begin, so that places in messages are those of the file.

mod lines;
mod record;

pub(crate) use lines::XmlLines;
pub(crate) use record::XmlOptions;
