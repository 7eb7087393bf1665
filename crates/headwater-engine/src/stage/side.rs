//! Side tables: `<table>__quarantine` and `<table>__rejected`, written beside the table that they belong to.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Field, Schema, SchemaRef};
use deltalake_core::datafile::writer::DeltaWriter;
use deltalake_core::kernel::Add;
use headwater_sdk::connector::RejectedRow;
use headwater_sdk::engine::Layout;
use headwater_sdk::{Result, RunId, TableName};

use super::known::KnownRows;
use super::rows::SetAside;
use super::sink::{FileWriter, write_error};
use crate::lake::location::Location;
use crate::session::arrow_error;
use crate::types::cast_batch;

/// A side table being written.
pub(crate) struct SideTable {
    pub(crate) name: TableName,
    pub(crate) schema: SchemaRef,
    files: FileWriter,
    /// Opened with the first row, so that nothing is written where nothing is set aside.
    writer: Option<DeltaWriter>,
    run: RunId,
    now_micros: i64,
    rows: u64,
    /// The first row that could not be read.
    first: Option<RejectedRow>,
    /// Rows that need not be added once more.
    known: Option<KnownRows>,
}

impl SideTable {
    pub(crate) fn new(location: &Location, name: TableName, schema: SchemaRef, run: &RunId, now_micros: i64) -> Self {
        let files = FileWriter::new(location, &name, &schema, &[], &Layout::default());
        Self { name, schema, files, writer: None, run: run.clone(), now_micros, rows: 0, first: None, known: None }
    }

    /// The same without rows that are known.
    pub(crate) fn knowing(self, known: Option<KnownRows>) -> Self {
        Self { known, ..self }
    }

    /// Adds rows that checks set aside.
    pub(crate) async fn add_quarantined(&mut self, set_aside: &SetAside) -> Result<()> {
        let count = set_aside.rows.num_rows();
        let run = StringArray::from_iter_values(std::iter::repeat_n(self.run.as_str(), count));
        let at = TimestampMicrosecondArray::from_value(self.now_micros, count).with_timezone("UTC");
        let mut columns: Vec<ArrayRef> = set_aside.rows.columns().to_vec();
        let (checks, reasons) = (set_aside.checks.clone(), set_aside.reasons.clone());
        columns.extend([Arc::new(checks) as ArrayRef, Arc::new(reasons), Arc::new(run), Arc::new(at)]);
        let fields: Vec<Field> = columns
            .iter()
            .zip(self.schema.fields())
            .map(|(column, field)| Field::new(field.name(), column.data_type().clone(), true))
            .collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(arrow_error)?;
        self.write(&cast_batch(&batch, &self.schema).map_err(arrow_error)?).await
    }

    /// Adds rows that could not be read. Gives how many of them it had not.
    pub(crate) async fn add_rejected(&mut self, rows: &[RejectedRow]) -> Result<u64> {
        let rows: Vec<&RejectedRow> = match &mut self.known {
            Some(known) => known.without(rows).await?,
            None => rows.iter().collect(),
        };
        let Some(first) = rows.first() else { return Ok(0) };
        self.first.get_or_insert_with(|| (*first).clone());
        let text = |value: fn(&RejectedRow) -> &str| -> ArrayRef {
            Arc::new(rows.iter().map(|row| Some(value(row))).collect::<StringArray>())
        };
        let line: Int64Array = rows.iter().map(|row| i64::try_from(row.line).ok()).collect();
        let run = StringArray::from_iter_values(std::iter::repeat_n(self.run.as_str(), rows.len()));
        let columns: Vec<ArrayRef> =
            vec![text(|row| &row.file), Arc::new(line), text(|row| &row.reason), text(|row| &row.raw), Arc::new(run)];
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(arrow_error)?;
        self.write(&batch).await?;
        Ok(rows.len() as u64)
    }

    async fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        let files = &self.files;
        self.writer.get_or_insert_with(|| files.open()).write(batch).await.map_err(write_error)
    }

    /// The first row added that could not be read.
    pub(crate) fn first(&self) -> Option<&RejectedRow> {
        self.first.as_ref()
    }

    /// Rows added so far.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Closes the files.
    pub(crate) async fn finish(&mut self) -> Result<Vec<Add>> {
        match self.writer.take() {
            Some(writer) => writer.close().await.map_err(write_error),
            None => Ok(Vec::new()),
        }
    }
}
