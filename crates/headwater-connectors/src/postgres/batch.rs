//! Rows of a table that become a batch of columns, the bad ones set aside.

use std::ops::Range;

use arrow_array::{BinaryArray, BooleanArray, Int8Array, RecordBatch};
use headwater_sdk::connector::{Changes, OnBadRow, Operation, RejectedRow, SourceBatch};
use headwater_sdk::{Blame, Error, Result};

use super::decode::{Column, shown};
use super::describe::SourceColumn;
use super::part::Load;
use crate::codes;

/// Rows of a batch, at most.
const BATCH_ROWS: usize = 8192;
/// Bytes of a batch, as sent, past which it is handed on.
const BATCH_BYTES: usize = 8 << 20;
/// Of a row that is set aside, this much is kept.
const RAW_BYTES: usize = 4096;

/// A batch that grows.
pub(super) struct Batch {
    columns: Vec<Column>,
    good: Vec<bool>,
    rejected: Vec<RejectedRow>,
    bytes: usize,
    /// Rows before the batch.
    before: u64,
    /// What good and bad rows are, and the columns that they keep, where they are changes.
    changes: Vec<(Operation, Option<Vec<u8>>)>,
}

impl Batch {
    pub(super) fn new(load: &Load) -> Result<Self> {
        let columns = load.columns.iter().map(|column| Column::new(&column.reading));
        let columns = columns.collect::<Result<Vec<_>, String>>().map_err(defect)?;
        let (good, rejected, changes) = (Vec::with_capacity(BATCH_ROWS), Vec::new(), Vec::new());
        Ok(Self { columns, good, rejected, bytes: 0, before: 0, changes })
    }

    pub(super) fn is_full(&self) -> bool {
        self.good.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.good.is_empty()
    }

    /// Adds a row, whose fields are where `fields` says among its bytes, in PostgreSQL's binary formats. `part` is what it is a part
    /// of, for messages.
    ///
    /// # Errors
    /// For a bad row, where the stream is to fail at the first one.
    pub(super) fn add(&mut self, load: &Load, part: &str, row: &[u8], fields: &[Option<Range<usize>>]) -> Result<()> {
        if fields.len() != self.columns.len() {
            return Err(defect(format!("{} fields came for {} columns", fields.len(), self.columns.len())));
        }
        let mut wrong = None;
        for ((column, field), source) in self.columns.iter_mut().zip(fields).zip(&load.columns) {
            match field {
                None => column.push_null(),
                Some(field) => {
                    if let Err(reason) = column.push(&row[field.clone()]) {
                        wrong.get_or_insert_with(|| format!("column '{}': {reason}", source.name));
                    }
                }
            }
        }
        self.count(row.len(), wrong.is_none());
        match wrong {
            None => Ok(()),
            Some(reason) => self.reject(load, part, reason, raw(&load.columns, row, fields)),
        }
    }

    /// Adds a row that is known to be bad.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub(super) fn add_bad(&mut self, load: &Load, part: &str, reason: String, raw: String) -> Result<()> {
        self.columns.iter_mut().for_each(Column::push_null);
        self.count(raw.len(), false);
        self.reject(load, part, reason, raw)
    }

    /// Says what the row is that was added last.
    pub(super) fn is_change(&mut self, operation: Operation, kept: Option<Vec<u8>>) {
        self.changes.push((operation, kept));
    }

    fn count(&mut self, bytes: usize, good: bool) {
        self.bytes += bytes;
        self.good.push(good);
    }

    fn reject(&mut self, load: &Load, part: &str, reason: String, raw: String) -> Result<()> {
        let (line, raw) = (self.before + self.good.len() as u64, cut(raw));
        if load.on_bad_row == OnBadRow::Fail {
            let message = format!("{part}, row {line}: {reason}: {raw}");
            return Err(Error::new(codes::BAD_ROW, Blame::Data, message)
                .help("correct the row, declare the column with a type that holds it, or set rows aside with `on_bad_row: reject`"));
        }
        self.rejected.push(RejectedRow { file: part.to_owned(), line, reason, raw });
        Ok(())
    }

    /// The rows so far; the batch begins anew.
    pub(super) fn finish(&mut self, load: &Load) -> Result<SourceBatch> {
        let good = BooleanArray::from(std::mem::replace(&mut self.good, Vec::with_capacity(BATCH_ROWS)));
        self.before += good.len() as u64;
        self.bytes = 0;
        let columns =
            self.columns.iter_mut().map(Column::finish).collect::<Result<Vec<_>, String>>().map_err(defect)?;
        let rows = RecordBatch::try_new(load.schema.clone(), columns).map_err(|error| defect(error.to_string()))?;
        let rejected = std::mem::take(&mut self.rejected);
        let rows = if rejected.is_empty() {
            rows
        } else {
            arrow_select::filter::filter_record_batch(&rows, &good).map_err(|error| defect(error.to_string()))?
        };
        let mut batch = SourceBatch::new(rows, rejected);
        if !self.changes.is_empty() {
            let changes = std::mem::take(&mut self.changes);
            let kept: Vec<_> =
                changes.into_iter().zip(good.values()).filter(|(_, good)| *good).map(|(c, _)| c).collect();
            let any = kept.iter().any(|(_, kept)| kept.is_some());
            batch.changes = Some(Changes {
                operations: Int8Array::from_iter_values(kept.iter().map(|(operation, _)| *operation as i8)),
                kept: any.then(|| kept.iter().map(|(_, kept)| kept.as_deref()).collect::<BinaryArray>()),
            });
        }
        Ok(batch)
    }
}

/// A row as text: readable where its values are.
fn raw(columns: &[SourceColumn], row: &[u8], fields: &[Option<Range<usize>>]) -> String {
    let mut text = String::new();
    for (column, field) in columns.iter().zip(fields) {
        if !text.is_empty() {
            text.push_str(", ");
        }
        let value = field.clone().map_or_else(|| "null".to_owned(), |field| shown(&column.reading.wire, &row[field]));
        text.push_str(&format!("{}: {value}", column.name));
        if text.len() > RAW_BYTES {
            break;
        }
    }
    text
}

fn cut(mut text: String) -> String {
    if text.len() > RAW_BYTES {
        let end = (0..=RAW_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
    }
    text
}

pub(super) fn defect(reason: String) -> Error {
    Error::new(codes::DEFECT, Blame::Headwater, reason)
}
