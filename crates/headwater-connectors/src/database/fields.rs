//! Rows whose fields come as bytes: they become a batch of columns, the bad ones set aside.

use std::ops::Range;

use arrow_array::{ArrayRef, BinaryArray, Int8Array};
use arrow_schema::SchemaRef;
use headwater_sdk::Result;
use headwater_sdk::connector::{Changes, OnBadRow, Operation, RejectedRow, SourceBatch};

use super::batch::{BatchRows, Finished, defect, raw};
use super::columns::{ColumnRead, SourceColumn, schema};

/// A column that grows by values as a database sends them.
pub(crate) trait FieldColumn: Sized {
    /// How its values are read.
    type Reading: ColumnRead;

    /// An empty column.
    ///
    /// # Errors
    /// For a type that no reading has.
    fn new(reading: &Self::Reading) -> Result<Self, String>;

    /// Adds a value.
    ///
    /// # Errors
    /// With the reason why it does not fit, without the column's name; a null is added then, so that columns stay as long as
    /// each other.
    fn push(&mut self, bytes: &[u8]) -> Result<(), String>;

    /// Adds a null.
    fn push_null(&mut self);

    /// The values so far, which begin anew.
    ///
    /// # Errors
    /// When they make no array.
    fn finish(&mut self) -> Result<ArrayRef, String>;

    /// A value for a person who looks at a row that was set aside.
    fn shown(reading: &Self::Reading, bytes: &[u8]) -> String;
}

/// What the rows of a load become.
#[derive(Debug)]
pub(crate) struct Target<R> {
    pub(crate) columns: Vec<SourceColumn<R>>,
    pub(crate) schema: SchemaRef,
    pub(crate) on_bad_row: OnBadRow,
    /// What is read, for messages.
    pub(crate) shown: String,
}

impl<R: ColumnRead> Target<R> {
    pub(crate) fn new(columns: Vec<SourceColumn<R>>, on_bad_row: OnBadRow, shown: String) -> Self {
        Self { schema: schema(&columns), columns, on_bad_row, shown }
    }
}

/// What a row is that is added as a change.
pub(crate) struct Change<'a> {
    pub(crate) operation: Operation,
    /// The columns that stay as they are, as in [`Changes::kept`].
    pub(crate) kept: Option<Vec<u8>>,
    /// The places of the key's columns, where these can be read.
    pub(crate) key: Option<&'a [usize]>,
}

/// A batch that grows.
pub(crate) struct FieldBatch<C> {
    columns: Vec<C>,
    rows: BatchRows,
    /// What good and bad rows are, and the columns that they keep, where they are changes.
    changes: Vec<(Operation, Option<Vec<u8>>)>,
}

impl<C: FieldColumn> FieldBatch<C> {
    /// # Errors
    /// For a type that no reading has.
    pub(crate) fn new(target: &Target<C::Reading>) -> Result<Self> {
        let columns = target.columns.iter().map(|column| C::new(&column.reading));
        let columns = columns.collect::<Result<Vec<_>, String>>().map_err(defect)?;
        Ok(Self { columns, rows: BatchRows::default(), changes: Vec::new() })
    }

    pub(crate) fn is_full(&self) -> bool {
        self.rows.is_full()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Adds a row, whose fields are where `fields` says among its bytes, as the database sends them. `part` is what it is a part
    /// of, for messages.
    ///
    /// # Errors
    /// For a bad row, where the stream is to fail at the first one.
    pub(crate) fn add(
        &mut self,
        target: &Target<C::Reading>,
        part: &str,
        row: &[u8],
        fields: &[Option<Range<usize>>],
    ) -> Result<()> {
        if fields.len() != self.columns.len() {
            return Err(defect(format!("{} fields came for {} columns", fields.len(), self.columns.len())));
        }
        let mut wrong = None;
        for ((column, field), source) in self.columns.iter_mut().zip(fields).zip(&target.columns) {
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
            Some(reason) => self.reject(target, part, reason, text::<C>(&target.columns, row, fields)?),
        }
    }

    /// Adds a row that is known to be bad.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub(crate) fn add_bad(
        &mut self,
        target: &Target<C::Reading>,
        part: &str,
        reason: String,
        raw: String,
    ) -> Result<()> {
        self.columns.iter_mut().for_each(C::push_null);
        self.rows.add(raw.len(), false);
        self.reject(target, part, reason, raw)
    }

    /// Adds a change, as [`Self::add`] a row; `bad` are a reason and a text, as for [`Self::add_bad`]. One that is set aside takes the row of
    /// its key along, as it would be gone if all were read anew: it is not what it was, and nothing must be kept of it.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub(crate) fn add_change(
        &mut self,
        target: &Target<C::Reading>,
        change: Change<'_>,
        row: &[u8],
        fields: &[Option<Range<usize>>],
        bad: Option<(String, String)>,
    ) -> Result<()> {
        let Change { operation, kept, key } = change;
        match bad {
            None => self.add(target, &target.shown, row, fields)?,
            Some((reason, raw)) => self.add_bad(target, &target.shown, reason, raw)?,
        }
        self.changes.push((operation, kept));
        let Some(key) = key.filter(|_| operation == Operation::Upsert && self.rows.is_last_bad()) else {
            return Ok(());
        };
        let mut good = true;
        for (place, column) in self.columns.iter_mut().enumerate() {
            match fields.get(place).cloned().flatten().filter(|_| key.contains(&place)) {
                Some(field) => good &= column.push(&row[field]).is_ok(),
                None => column.push_null(),
            }
        }
        self.rows.add(0, good);
        self.changes.push((Operation::Delete, None));
        Ok(())
    }

    fn reject(&mut self, target: &Target<C::Reading>, part: &str, reason: String, raw: String) -> Result<()> {
        let row = RejectedRow { file: part.to_owned(), line: self.rows.line(), reason, raw };
        self.rows.reject(target.on_bad_row, row)
    }

    /// The rows so far; the batch begins anew.
    pub(crate) fn finish(&mut self, target: &Target<C::Reading>) -> Result<SourceBatch> {
        let columns = self.columns.iter_mut().map(C::finish).collect::<Result<Vec<_>, String>>().map_err(defect)?;
        let Finished { rows, good, rejected, .. } = self.rows.finish(target.schema.clone(), columns)?;
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
fn text<C: FieldColumn>(
    columns: &[SourceColumn<C::Reading>],
    row: &[u8],
    fields: &[Option<Range<usize>>],
) -> Result<String> {
    raw(columns.iter().zip(fields).map(|(column, field)| {
        let value = field.clone().map(|field| C::shown(&column.reading, &row[field]));
        Ok((column.name.as_str(), value.unwrap_or_else(|| "null".to_owned())))
    }))
}
