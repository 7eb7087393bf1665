//! Rows of a table that become a batch of columns, the bad ones set aside.

use std::ops::Range;

use arrow_array::{BinaryArray, Int8Array};
use headwater_sdk::Result;
use headwater_sdk::connector::{Changes, Operation, RejectedRow, SourceBatch};

use super::decode::{Column, shown};
use super::describe::SourceColumn;
use super::part::Load;
use crate::database::{BatchRows, Finished, defect, raw};

/// A batch that grows.
pub(super) struct Batch {
    columns: Vec<Column>,
    rows: BatchRows,
    /// What good and bad rows are, and the columns that they keep, where they are changes.
    changes: Vec<(Operation, Option<Vec<u8>>)>,
}

impl Batch {
    pub(super) fn new(load: &Load) -> Result<Self> {
        let columns = load.columns.iter().map(|column| Column::new(&column.reading));
        let columns = columns.collect::<Result<Vec<_>, String>>().map_err(defect)?;
        Ok(Self { columns, rows: BatchRows::default(), changes: Vec::new() })
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows.is_full()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
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
        self.rows.add(row.len(), wrong.is_none());
        match wrong {
            None => Ok(()),
            Some(reason) => self.reject(load, part, reason, text(&load.columns, row, fields)?),
        }
    }

    /// Adds a row that is known to be bad.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub(super) fn add_bad(&mut self, load: &Load, part: &str, reason: String, raw: String) -> Result<()> {
        self.columns.iter_mut().for_each(Column::push_null);
        self.rows.add(raw.len(), false);
        self.reject(load, part, reason, raw)
    }

    /// Says what the row is that was added last.
    pub(super) fn is_change(&mut self, operation: Operation, kept: Option<Vec<u8>>) {
        self.changes.push((operation, kept));
    }

    fn reject(&mut self, load: &Load, part: &str, reason: String, raw: String) -> Result<()> {
        let row = RejectedRow { file: part.to_owned(), line: self.rows.line(), reason, raw };
        self.rows.reject(load.on_bad_row, row)
    }

    /// The rows so far; the batch begins anew.
    pub(super) fn finish(&mut self, load: &Load) -> Result<SourceBatch> {
        let columns =
            self.columns.iter_mut().map(Column::finish).collect::<Result<Vec<_>, String>>().map_err(defect)?;
        let Finished { rows, good, rejected, .. } = self.rows.finish(load.schema.clone(), columns)?;
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
fn text(columns: &[SourceColumn], row: &[u8], fields: &[Option<Range<usize>>]) -> Result<String> {
    raw(columns.iter().zip(fields).map(|(column, field)| {
        let value = field.clone().map(|field| shown(&column.reading.wire, &row[field]));
        Ok((column.name.as_str(), value.unwrap_or_else(|| "null".to_owned())))
    }))
}
