//! What an answer holds: paths into it, and the records in it.

mod path;
mod records;

pub(super) use path::{At, JsonPath, set};
pub(super) use records::{Include, Records, RecordsAt, member};
