//! Rows of a database that become a batch of columns, the bad ones set aside.

use arrow_array::{ArrayRef, BooleanArray, RecordBatch};
use arrow_schema::SchemaRef;
use headwater_sdk::connector::{OnBadRow, RejectedRow};
use headwater_sdk::{Blame, Error, Result};

use crate::codes;
use crate::rejected::{RAW_BYTES, cut};

/// Rows of a batch, at most.
const BATCH_ROWS: usize = 8192;
/// Bytes of a batch, as sent, past which it is handed on.
const BATCH_BYTES: usize = 8 << 20;

/// The rows of a batch that grows, beside their values.
#[derive(Default)]
pub(crate) struct BatchRows {
    good: Vec<bool>,
    rejected: Vec<RejectedRow>,
    bytes: usize,
    /// Rows before the batch.
    before: u64,
}

/// The rows of a batch.
pub(crate) struct Finished {
    /// The good ones.
    pub(crate) rows: RecordBatch,
    /// For each row, whether it is a good one.
    pub(crate) good: BooleanArray,
    pub(crate) rejected: Vec<RejectedRow>,
    pub(crate) bytes: usize,
}

impl BatchRows {
    pub(crate) fn is_full(&self) -> bool {
        self.good.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.good.is_empty()
    }

    /// Counts a row whose values, or nulls in their place, were added to the columns.
    pub(crate) fn add(&mut self, bytes: usize, good: bool) {
        self.bytes += bytes;
        self.good.push(good);
    }

    /// Whether the row that was added last is a bad one.
    pub(crate) fn is_last_bad(&self) -> bool {
        self.good.last() == Some(&false)
    }

    /// The number of the row that was added last, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.before + self.good.len() as u64
    }

    /// Sets the row aside that was added last.
    ///
    /// # Errors
    /// Where the stream is to fail at the first one.
    pub(crate) fn reject(&mut self, on_bad_row: OnBadRow, row: RejectedRow) -> Result<()> {
        if on_bad_row == OnBadRow::Fail {
            let RejectedRow { file, line, reason, raw } = row;
            return Err(Error::new(codes::BAD_ROW, Blame::Data, format!("{file}, row {line}: {reason}: {raw}"))
                .help("correct the row, declare the column with a type that holds it, or set rows aside with `on_bad_row: reject`"));
        }
        self.rejected.push(row);
        Ok(())
    }

    /// The rows so far, whose values are in the columns; the batch begins anew.
    ///
    /// # Errors
    /// When the columns make no batch.
    pub(crate) fn finish(&mut self, schema: SchemaRef, columns: Vec<ArrayRef>) -> Result<Finished> {
        let before = self.line();
        let Self { good, rejected, bytes, .. } = std::mem::replace(self, Self { before, ..Self::default() });
        let good = BooleanArray::from(good);
        let rows = RecordBatch::try_new(schema, columns).map_err(|error| defect(error.to_string()))?;
        let rows = if rejected.is_empty() {
            rows
        } else {
            arrow_select::filter::filter_record_batch(&rows, &good).map_err(|error| defect(error.to_string()))?
        };
        Ok(Finished { rows, good, rejected, bytes })
    }
}

/// A row as text, cut: `id: 7, name: null`.
///
/// # Errors
/// Those of the values.
pub(crate) fn raw<'a>(values: impl IntoIterator<Item = Result<(&'a str, String)>>) -> Result<String> {
    let mut text = String::new();
    for value in values {
        let (name, value) = value?;
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&format!("{name}: {value}"));
        if text.len() > RAW_BYTES {
            break;
        }
    }
    Ok(cut(text.as_bytes()))
}

pub(crate) fn defect(reason: String) -> Error {
    Error::new(codes::DEFECT, Blame::Headwater, reason)
}
