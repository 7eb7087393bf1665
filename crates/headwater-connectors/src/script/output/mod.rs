//! What a program writes: one table, in the format that its script declares.

mod arrow;
mod frames;
mod text;

use std::io::Read;

use arrow_schema::SchemaRef;
use headwater_sdk::connector::{OnBadRow, SourceBatch};
use headwater_sdk::script::DataFormat;

use crate::process::Undecoded;

/// What the standard output is called in messages.
pub(super) const NAME: &str = "stdout";

/// How the table is to be read.
pub(super) struct Expected {
    pub(super) format: DataFormat,
    /// Its columns, in lake types.
    pub(super) schema: SchemaRef,
    pub(super) on_bad_row: OnBadRow,
}

/// Reads the table, batch by batch. `take` returns whether it wants more.
///
/// # Errors
/// [`Undecoded`].
pub(super) fn read(
    stdout: impl Read + Send + 'static,
    expected: &Expected,
    take: &mut dyn FnMut(SourceBatch) -> bool,
) -> Result<(), Undecoded> {
    match expected.format {
        DataFormat::Arrow => arrow::read(stdout, &expected.schema, take),
        DataFormat::Jsonl | DataFormat::Csv => text::read(stdout, expected, take),
    }
}
