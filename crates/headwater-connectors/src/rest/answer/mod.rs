//! What an answer holds: the records in it.

mod records;

pub(super) use crate::columns::{At, JsonPath, set};
pub(super) use records::{Include, Records, RecordsAt, member};
