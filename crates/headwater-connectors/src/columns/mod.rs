//! Columns of rows whose source declares none, or others than the table has: guessed from a sample, judged by the drift policy, and
//! filled with the values of texts, of JSON and of arrays of other types. What connectors of files, of APIs and of drivers have in common.
//!
//! Invariant: where rows come from is not known here.

mod batch;
mod cast;
mod drift;
mod json_path;
mod late;
mod objects;
mod reading;
mod rows;
mod sample;
mod typed;
mod values;

pub(crate) use batch::{BATCH_ROWS, Batch, Flaws, Target};
pub(crate) use cast::cast;
pub(crate) use drift::{Evidence, Resolved, Seen, resolve};
pub(crate) use json_path::{At, JsonPath, Step, set, value_of, walk};
pub(crate) use late::LateKeys;
pub(crate) use objects::{JsonValues, KeyRules, UnknownKeys, sample_objects};
pub(crate) use reading::{ReadValues, Unread};
pub(crate) use rows::{End, Row, Rows, Why};
pub(crate) use sample::{MAX_COLUMNS, Sample};
pub(crate) use typed::TypedRows;
pub(crate) use values::{Cells, MAX_DEPTH, Reading, Value, check_format, json_value, read_array, read_object, shown};
