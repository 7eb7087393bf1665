//! Rows of sources that have types of their own, in the table's columns.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;
use headwater_sdk::connector::{OnBadRow, RejectedRow, SourceBatch};
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error};

use super::batch::{Flaws, Target, bad_row};
use super::cast::{cast, value_text};
use crate::codes;
use crate::rejected::cut;

/// Takes over the rows of a file, batch by batch.
pub(crate) struct TypedRows {
    name: Arc<str>,
    target: Arc<Target>,
    progress: Arc<Progress>,
    /// Rows of the file before the batch.
    read: u64,
}

impl TypedRows {
    /// For the rows of a file, of which `read` were read before.
    pub(crate) fn new(name: Arc<str>, target: Arc<Target>, progress: Arc<Progress>, read: u64) -> Self {
        Self { name, target, progress, read }
    }

    /// Takes rows, whose columns have lake types. Those in `broken` are bad already, each with its reason.
    ///
    /// # Errors
    /// When there is no way from a column's type to the table's, or a bad row fails the load.
    pub(crate) fn take(&mut self, batch: &RecordBatch, broken: Vec<(usize, String)>) -> Result<SourceBatch, Error> {
        let read = self.read;
        self.take_from(batch, broken, |row| read + row as u64)
    }

    /// As [`Self::take`], of rows that stand at other places of the file, from 0.
    ///
    /// # Errors
    /// As that one.
    pub(crate) fn take_from(
        &mut self,
        batch: &RecordBatch,
        broken: Vec<(usize, String)>,
        place: impl Fn(usize) -> u64,
    ) -> Result<SourceBatch, Error> {
        let rows = batch.num_rows();
        let mut flaws = Flaws::default();
        flaws.begin(rows);
        for (row, reason) in broken {
            flaws.add(row, || reason);
        }
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.target.schema.fields().len());
        for (at, field) in self.target.schema.fields().iter().enumerate() {
            let Some(array) = batch.column_by_name(field.name()) else {
                arrays.push(new_null_array(field.data_type(), rows));
                continue;
            };
            let bad = &mut |row, flaw| flaws.add(row, || self.target.reason(at, flaw));
            arrays.push(cast(array, field.data_type(), bad).map_err(|error| self.uncastable(field.name(), error))?);
        }
        for &place in &self.target.key {
            for row in (0..rows).filter(|row| arrays[place].is_null(*row)) {
                flaws.add(row, || self.target.no_key(place));
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let mut taken = RecordBatch::try_new_with_options(Arc::clone(&self.target.schema), arrays, &options)
            .map_err(|error| self.defect(error))?;
        let mut rejected: Vec<RejectedRow> = Vec::new();
        let bad: Vec<usize> = flaws.bad_rows().collect();
        if !bad.is_empty() {
            for (row, reason) in flaws.reasons() {
                let line = place(row) + 1;
                rejected.push(RejectedRow { file: self.name.to_string(), line, reason, raw: text_of(batch, row) });
            }
            rejected.sort_by_key(|row| row.line);
            if let (OnBadRow::Fail, Some(first)) = (self.target.on_bad_row, rejected.first()) {
                return Err(bad_row(first, self.target.unit));
            }
            let mut keep = vec![true; rows];
            for row in bad {
                keep[row] = false;
            }
            taken = filter_record_batch(&taken, &keep.into()).map_err(|error| self.defect(error))?;
        }
        self.read += rows as u64;
        self.progress.add_rows_in(rows as u64);
        Ok(SourceBatch::new(taken, rejected))
    }

    fn uncastable(&self, column: &str, error: ArrowError) -> Error {
        let message = format!("column '{column}' of {} cannot be read as the table's type", self.name);
        Error::new(codes::UNSUPPORTED_TYPE, Blame::Data, message)
            .help("declare the column with the file's own type")
            .caused_by(error)
    }

    fn defect(&self, error: ArrowError) -> Error {
        let message = format!("the rows of {} do not make a batch", self.name);
        Error::new(codes::DEFECT, Blame::Headwater, message).caused_by(error)
    }
}

/// A row as text, for what is kept of a bad one.
fn text_of(batch: &RecordBatch, row: usize) -> String {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns());
    let parts: Vec<String> =
        columns.map(|(field, array)| format!("{}={}", field.name(), value_text(array, row))).collect();
    cut(parts.join(", ").as_bytes())
}
