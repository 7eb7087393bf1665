//! Rows that become a batch of columns, the bad ones set aside.

use arrow_array::{BooleanArray, RecordBatch};
use headwater_sdk::connector::{OnBadRow, RejectedRow, SourceBatch};
use headwater_sdk::{Blame, Error, Result};
use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::decode::{Column, shown};
use super::part::Load;
use super::told::told;
use crate::codes;

/// Rows of a batch, at most.
const BATCH_ROWS: usize = 8192;
/// Bytes of a batch past which it is handed on.
const BATCH_BYTES: usize = 8 << 20;
/// Of a row that is set aside, this much is kept.
const RAW_BYTES: usize = 4096;

/// A batch that grows.
pub(super) struct Batch {
    columns: Vec<Column>,
    good: Vec<bool>,
    rejected: Vec<RejectedRow>,
    pub(super) bytes: usize,
    /// Rows before the batch.
    before: u64,
}

impl Batch {
    pub(super) fn new(load: &Load) -> Result<Self> {
        let columns = load.columns.iter().map(|column| Column::new(&column.reading.data_type));
        let columns = columns.collect::<Result<Vec<_>, String>>().map_err(defect)?;
        Ok(Self { columns, good: Vec::with_capacity(BATCH_ROWS), rejected: Vec::new(), bytes: 0, before: 0 })
    }

    pub(super) fn is_full(&self) -> bool {
        self.good.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.good.is_empty()
    }

    /// Adds a row: its rowid, if the relation has one, and the columns.
    ///
    /// # Errors
    /// For a bad row, where the stream is to fail at the first one.
    pub(super) fn add(&mut self, load: &Load, row: &Row<'_>) -> Result<()> {
        let first = usize::from(load.rowid.is_some());
        let mut wrong = None;
        for (at, (column, source)) in self.columns.iter_mut().zip(&load.columns).enumerate() {
            let value = value(load, row, first + at)?;
            self.bytes += match value {
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
                _ => 8,
            };
            if let Err(reason) = column.push(value) {
                wrong.get_or_insert_with(|| format!("column '{}': {reason}", source.name));
            }
        }
        self.good.push(wrong.is_none());
        let Some(mut reason) = wrong else { return Ok(()) };
        let mut line = self.before + self.good.len() as u64;
        if load.rowid.is_some()
            && let ValueRef::Integer(rowid) = value(load, row, 0)?
        {
            match u64::try_from(rowid) {
                Ok(rowid) if rowid > 0 => line = rowid,
                // Lines are counted from 1.
                _ => reason = format!("rowid {rowid}: {reason}"),
            }
        }
        let raw = raw(load, row, first)?;
        if load.on_bad_row == OnBadRow::Fail {
            let message = format!("{}, row {line}: {reason}: {raw}", load.shown);
            return Err(Error::new(codes::BAD_ROW, Blame::Data, message)
                .help("correct the row, declare the column with a type that holds it, or set rows aside with `on_bad_row: reject`"));
        }
        self.rejected.push(RejectedRow { file: load.shown.clone(), line, reason, raw });
        Ok(())
    }

    /// The rows so far; the batch begins anew.
    pub(super) fn finish(&mut self, load: &Load) -> Result<SourceBatch> {
        let good = BooleanArray::from(std::mem::replace(&mut self.good, Vec::with_capacity(BATCH_ROWS)));
        self.before += good.len() as u64;
        self.bytes = 0;
        let columns = self.columns.iter_mut().map(Column::finish).collect();
        let rows = RecordBatch::try_new(load.schema.clone(), columns).map_err(|error| defect(error.to_string()))?;
        let rejected = std::mem::take(&mut self.rejected);
        let rows = if rejected.is_empty() {
            rows
        } else {
            arrow_select::filter::filter_record_batch(&rows, &good).map_err(|error| defect(error.to_string()))?
        };
        Ok(SourceBatch::new(rows, rejected))
    }
}

fn value<'row>(load: &Load, row: &'row Row<'_>, at: usize) -> Result<ValueRef<'row>> {
    row.get_ref(at).map_err(|error| told(&error, &format!("{} cannot be read", load.shown)))
}

/// A row as text.
fn raw(load: &Load, row: &Row<'_>, first: usize) -> Result<String> {
    let mut text = String::new();
    for (at, column) in load.columns.iter().enumerate() {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&format!("{}: {}", column.name, shown(value(load, row, first + at)?)));
        if text.len() > RAW_BYTES {
            text.truncate(text.floor_char_boundary(RAW_BYTES));
            break;
        }
    }
    Ok(text)
}

fn defect(reason: String) -> Error {
    Error::new(codes::DEFECT, Blame::Headwater, reason)
}
