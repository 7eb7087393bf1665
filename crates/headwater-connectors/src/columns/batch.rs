//! Rows on their way from a file into record batches, and the bad ones among them.

use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use headwater_sdk::connector::{OnBadRow, RejectedRow, SourceBatch};
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error};

use super::values::{Column, Flaw, Reading, shown};
use crate::codes;
use crate::rejected::cut;

/// Rows of a batch, more or less: batches end where a block does.
pub(crate) const BATCH_ROWS: usize = 8192;

/// Bytes of text after which a batch ends early.
const BATCH_BYTES: usize = 16 << 20;

/// Bad rows after which a batch ends early; each keeps up to 4 KiB.
const BATCH_REJECTED: usize = 2048;

/// What a load knows about its table, shared by its parts.
#[derive(Debug)]
pub(crate) struct Target {
    /// The columns of every batch.
    pub(crate) schema: SchemaRef,
    /// For each, whether its type was inferred from a sample.
    pub(crate) inferred: Vec<bool>,
    /// What happens to a bad row.
    pub(crate) on_bad_row: OnBadRow,
    /// What rows are counted in, for messages: `line`, `record`.
    pub(crate) unit: &'static str,
    /// The places of the columns without which a row is bad: those of a key.
    pub(crate) key: Vec<usize>,
}

impl Target {
    /// The places of the columns of a key. One that no column is called as is told elsewhere.
    pub(crate) fn places_of(key: &[String], schema: &Schema) -> Vec<usize> {
        key.iter().filter_map(|name| schema.index_of(name).ok()).collect()
    }

    /// Empty columns for the table.
    ///
    /// # Errors
    /// When a column's type has no text form.
    pub(crate) fn columns(&self, reading: &Reading) -> Result<Vec<Column>, Error> {
        let column = |(place, field): (usize, &Arc<arrow_schema::Field>)| {
            let inferred = self.inferred.get(place).copied().unwrap_or(false);
            let make = if inferred { Column::inferred } else { Column::new };
            make(field.data_type(), reading).ok_or_else(|| {
                let (name, what) = (field.name(), type_name(field.data_type()));
                Error::new(
                    codes::UNSUPPORTED_TYPE,
                    Blame::Project,
                    format!("column '{name}' is {what}, which cannot be read from text"),
                )
                .help(format!("declare it as a string: `columns: {{ {name}: {{ type: string }} }}`"))
            })
        };
        self.schema.fields().iter().enumerate().map(column).collect()
    }

    /// What is wrong with a row that has no value in a column of the key.
    pub(crate) fn no_key(&self, column: usize) -> String {
        format!("column '{}' is null, and is a part of the key", shown(self.schema.field(column).name().as_bytes()))
    }

    /// What is wrong with a value, as the reason of a bad row.
    pub(crate) fn reason(&self, column: usize, flaw: Flaw) -> String {
        let field = self.schema.field(column);
        let name = shown(field.name().as_bytes());
        match flaw {
            Flaw::UnknownKey(clause) | Flaw::Other(clause) => format!("column '{name}' {clause}"),
            Flaw::NotOfType(text) => {
                let what = type_name(field.data_type());
                let hint = if self.inferred.get(column).copied().unwrap_or(false) {
                    "; the type was inferred from a sample: declare the column's type if such values are right"
                } else {
                    ""
                };
                format!("column '{name}': '{text}' is not {} {what}{hint}", article(&what))
            }
        }
    }
}

fn article(what: &str) -> &'static str {
    if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

/// The rows of a run of text that turn out to be bad, each with the first thing that is wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Flaws {
    bad: Vec<bool>,
    reasons: Vec<(usize, String)>,
}

impl Flaws {
    /// Begins a run of `rows` good rows.
    pub(crate) fn begin(&mut self, rows: usize) {
        self.bad.clear();
        self.bad.resize(rows, false);
        self.reasons.clear();
    }

    /// Whether a row is bad already.
    pub(crate) fn has(&self, row: usize) -> bool {
        self.bad[row]
    }

    /// Marks a row as bad, unless it is.
    pub(crate) fn add(&mut self, row: usize, reason: impl FnOnce() -> String) {
        if !self.bad[row] {
            self.bad[row] = true;
            self.reasons.push((row, reason()));
        }
    }

    /// Marks a row as bad whose reason is kept elsewhere.
    pub(crate) fn mark(&mut self, row: usize) {
        self.bad[row] = true;
    }

    /// The rows that are bad, in order.
    pub(crate) fn bad_rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.bad.iter().enumerate().filter(|(_, bad)| **bad).map(|(row, _)| row)
    }

    /// The bad rows with a reason, in no order.
    pub(crate) fn reasons(&mut self) -> std::vec::Drain<'_, (usize, String)> {
        self.reasons.drain(..)
    }
}

/// A batch being filled.
#[derive(Debug)]
pub(crate) struct Batch {
    target: Arc<Target>,
    file: Arc<str>,
    columns: Vec<Column>,
    rows: usize,
    /// Rows of the batch to be left out, in order.
    bad: Vec<usize>,
    rejected: Vec<RejectedRow>,
}

impl Batch {
    /// An empty batch of rows of `file`.
    ///
    /// # Errors
    /// As [`Target::columns`].
    pub(crate) fn new(target: Arc<Target>, file: Arc<str>, reading: &Reading) -> Result<Self, Error> {
        let columns = target.columns(reading)?;
        Ok(Self { target, file, columns, rows: 0, bad: Vec::new(), rejected: Vec::new() })
    }

    /// The table's side of the load.
    pub(crate) fn target(&self) -> &Arc<Target> {
        &self.target
    }

    /// Where the rows are from.
    pub(crate) fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// The columns, to be given the same number of values each.
    pub(crate) fn columns(&mut self) -> &mut [Column] {
        &mut self.columns
    }

    /// Marks those of the `count` rows as bad that the columns were given last and that have no value in a column of the key.
    pub(crate) fn require_key(&self, count: usize, flaws: &mut Flaws) {
        for &place in &self.target.key {
            for row in (0..count).filter(|row| self.columns[place].is_null(self.rows + row)) {
                flaws.add(row, || self.target.no_key(place));
            }
        }
    }

    /// Counts the rows that the columns were given; those in `bad` (from 0, in order) will be left out.
    pub(crate) fn add_rows(&mut self, rows: usize, bad: impl IntoIterator<Item = usize>) {
        self.bad.extend(bad.into_iter().map(|row| self.rows + row));
        self.rows += rows;
    }

    /// Sets bad rows aside, or fails for the first.
    ///
    /// # Errors
    /// `HW0309` when bad rows are to fail the load.
    pub(crate) fn reject(&mut self, rows: impl IntoIterator<Item = RejectedRow>) -> Result<(), Error> {
        for row in rows {
            if self.target.on_bad_row == OnBadRow::Fail {
                return Err(bad_row(&row, self.target.unit));
            }
            self.rejected.push(row);
        }
        Ok(())
    }

    /// A bad row of the file, cut to what is kept of it.
    pub(crate) fn rejected_row(&self, line: u64, reason: String, raw: &[u8]) -> RejectedRow {
        RejectedRow { file: self.file.to_string(), line, reason, raw: cut(raw) }
    }

    /// Whether the batch is to be handed on.
    pub(crate) fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS
            || self.rejected.len() >= BATCH_REJECTED
            || self.columns.iter().map(Column::size).sum::<usize>() >= BATCH_BYTES
    }

    /// Values in nested objects that were left out so far, as no field stands for their keys.
    pub(crate) fn left_out(&self) -> u64 {
        self.columns.iter().map(Column::left_out).sum()
    }

    /// Whether there is nothing to hand on.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows == 0 && self.rejected.is_empty()
    }

    /// Hands the batch on and begins the next one.
    ///
    /// # Errors
    /// Only for a defect.
    pub(crate) fn finish(&mut self) -> Result<SourceBatch, Error> {
        let rows = self.build().map_err(|error| {
            let message = format!("the rows of {} do not make a batch", self.file);
            Error::new(codes::DEFECT, Blame::Headwater, message).caused_by(error)
        })?;
        self.rows = 0;
        self.bad.clear();
        Ok(SourceBatch::new(rows, std::mem::take(&mut self.rejected)))
    }

    fn build(&mut self) -> Result<RecordBatch, ArrowError> {
        let arrays = self.columns.iter_mut().map(Column::finish).collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.target.schema), arrays, &options)?;
        if self.bad.is_empty() {
            return Ok(batch);
        }
        let mut keep = vec![true; self.rows];
        for &row in &self.bad {
            keep[row] = false;
        }
        filter_record_batch(&batch, &BooleanArray::from(keep))
    }
}

/// The error for a bad row that may not be set aside.
pub(crate) fn bad_row(row: &RejectedRow, unit: &str) -> Error {
    Error::new(codes::BAD_ROW, Blame::Data, format!("{}, {unit} {}: {}", row.file, row.line, row.reason)).help(
        "correct the row, declare what the source holds, or (in a source) set such rows aside with `on_bad_row: reject`",
    )
}
