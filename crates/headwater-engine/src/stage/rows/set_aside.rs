//! Rows that checks set aside, and why.

use arrow::array::{BooleanArray, RecordBatch, StringArray};
use arrow::buffer::BooleanBuffer;
use arrow::compute::filter_record_batch;
use headwater_sdk::Result;
use headwater_sdk::check::{CompiledCheck, Probe};

use super::row_check::RowCheck;
use crate::session::arrow_error;

/// Rows that checks set aside.
pub(crate) struct SetAside {
    pub(crate) rows: RecordBatch,
    /// For each row, the names of the checks that it failed.
    pub(crate) checks: StringArray,
    /// For each row, what those checks say.
    pub(crate) reasons: StringArray,
}

/// Parts the rows that fail a check from the others.
pub(super) fn set_aside(
    batch: RecordBatch,
    failures: &[(&RowCheck, BooleanBuffer)],
) -> Result<(RecordBatch, Option<SetAside>)> {
    let Some(any) = failures.iter().map(|(_, mask)| mask.clone()).reduce(|a, b| &a | &b) else {
        return Ok((batch, None));
    };
    let marks = |text: fn(&RowCheck) -> &str| -> StringArray {
        let failed =
            |row: usize| failures.iter().filter(move |(_, mask)| mask.value(row)).map(|(check, _)| text(check));
        any.set_indices().map(|row| Some(failed(row).collect::<Vec<_>>().join("; "))).collect()
    };
    let set_aside = SetAside {
        rows: filter_record_batch(&batch, &BooleanArray::from(any.clone())).map_err(arrow_error)?,
        checks: marks(|check| &check.name),
        reasons: marks(|check| &check.reason),
    };
    let rows = filter_record_batch(&batch, &BooleanArray::from(!&any)).map_err(arrow_error)?;
    Ok((rows, Some(set_aside)))
}

/// What a failing row did wrong, in words.
pub(crate) fn reason(check: &CompiledCheck) -> String {
    match (&check.description, &check.probe) {
        (Some(description), _) => description.clone(),
        (None, Probe::Row { fails_when }) => format!("fails when {fails_when}"),
        (None, Probe::NotNull { columns }) => format!("null in {}", columns.join(" or ")),
        (None, Probe::Unique { columns }) => format!("another row has the same {}", columns.join(", ")),
        (None, Probe::References { columns, to, to_columns }) => {
            format!("{} not found in {to} ({})", columns.join(", "), to_columns.join(", "))
        }
        (None, _) => check.name.clone(),
    }
}
