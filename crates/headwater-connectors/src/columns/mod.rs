//! Columns of rows whose source declares none, or others than the table has: guessed from a sample, judged by the drift policy, and
//! filled with the values of texts and of JSON. What connectors of files and of APIs have in common.
//!
//! Invariant: where rows come from is not known here.

mod batch;
mod drift;
mod objects;
mod reading;
mod rows;
mod sample;
mod values;

pub(crate) use batch::{BATCH_ROWS, Batch, Flaws, Target, bad_row};
pub(crate) use drift::{Evidence, Resolved, Seen, resolve};
pub(crate) use objects::{JsonValues, KeyRules, UnknownKeys, sample_objects};
pub(crate) use reading::{ReadValues, Unread};
pub(crate) use rows::{End, Row, Rows, Why};
pub(crate) use sample::{MAX_COLUMNS, Sample};
pub(crate) use values::{
    Cells, Column, Flaw, MAX_DEPTH, Reading, Value, check_format, json_value, read_array, read_object, shown,
};
