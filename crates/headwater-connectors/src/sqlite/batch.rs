//! Rows that become a batch of columns, the bad ones set aside.

use headwater_sdk::Result;
use headwater_sdk::connector::{RejectedRow, SourceBatch};
use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::decode::{Column, shown};
use super::part::Load;
use super::told::told;
use crate::database::{BatchRows, Finished, defect, raw};

/// A batch that grows.
pub(super) struct Batch {
    columns: Vec<Column>,
    rows: BatchRows,
}

impl Batch {
    pub(super) fn new(load: &Load) -> Result<Self> {
        let columns = load.columns.iter().map(|column| Column::new(&column.reading.data_type));
        let columns = columns.collect::<Result<Vec<_>, String>>().map_err(defect)?;
        Ok(Self { columns, rows: BatchRows::default() })
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows.is_full()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Adds a row: its rowid, if the relation has one, and the columns.
    ///
    /// # Errors
    /// For a bad row, where the stream is to fail at the first one.
    pub(super) fn add(&mut self, load: &Load, row: &Row<'_>) -> Result<()> {
        let first = usize::from(load.rowid.is_some());
        let (mut wrong, mut bytes) = (None, 0);
        for (at, (column, source)) in self.columns.iter_mut().zip(&load.columns).enumerate() {
            let value = value(load, row, first + at)?;
            bytes += match value {
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
                _ => 8,
            };
            if let Err(reason) = column.push(value) {
                wrong.get_or_insert_with(|| format!("column '{}': {reason}", source.name));
            }
        }
        self.rows.add(bytes, wrong.is_none());
        let Some(mut reason) = wrong else { return Ok(()) };
        let mut line = self.rows.line();
        if load.rowid.is_some()
            && let ValueRef::Integer(rowid) = value(load, row, 0)?
        {
            match u64::try_from(rowid) {
                Ok(rowid) if rowid > 0 => line = rowid,
                // Lines are counted from 1.
                _ => reason = format!("rowid {rowid}: {reason}"),
            }
        }
        let raw = raw(load.columns.iter().enumerate().map(|(at, column)| {
            let value = value(load, row, first + at)?;
            Ok((column.name.as_str(), shown(value)))
        }))?;
        self.rows.reject(load.on_bad_row, RejectedRow { file: load.shown.clone(), line, reason, raw })
    }

    /// The rows so far, and their bytes; the batch begins anew.
    pub(super) fn finish(&mut self, load: &Load) -> Result<(SourceBatch, usize)> {
        let columns = self.columns.iter_mut().map(Column::finish).collect();
        let Finished { rows, rejected, bytes, .. } = self.rows.finish(load.schema.clone(), columns)?;
        Ok((SourceBatch::new(rows, rejected), bytes))
    }
}

fn value<'row>(load: &Load, row: &'row Row<'_>, at: usize) -> Result<ValueRef<'row>> {
    row.get_ref(at).map_err(|error| told(&error, &format!("{} cannot be read", load.shown)))
}
