//! The columns of a Parquet file, and its rows in the table's columns.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;
use futures::{Stream, StreamExt, TryStreamExt};
use headwater_sdk::connector::{OnBadRow, RejectedRow, SourceBatch};
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use tokio::sync::OnceCell;

use super::cast::{cast, value_text};
use super::share::Share;
use super::store::{StoreReader, unwrap};
use crate::codes;
use crate::files::batch::{BATCH_ROWS, Flaws, Target, bad_row, cut};
use crate::files::csv::MAX_COLUMNS;
use crate::files::drift::{Evidence, Seen};
use crate::files::listing::FileEntry;
use crate::files::values::lake_type;

/// The columns that a file's footer names, in lake types.
///
/// # Errors
/// When the file is no Parquet file, or a column's type has no counterpart in the lake.
pub(crate) async fn inspect(file: &FileEntry) -> Result<Seen, Error> {
    let reader = StoreReader::new(file, None)?;
    let builder = ParquetRecordBatchStreamBuilder::new(reader).await.map_err(|error| unwrap(error, &file.name))?;
    let fields = builder.schema().fields();
    if fields.len() > MAX_COLUMNS {
        let message = format!("{} has {} columns; a table has at most {MAX_COLUMNS}", file.name, fields.len());
        return Err(Error::new(codes::TOO_MANY_COLUMNS, Blame::Data, message).help("split the table into several"));
    }
    let mut columns = Vec::with_capacity(fields.len());
    for field in fields {
        let data_type = lake_type(field.data_type()).ok_or_else(|| {
            let what = format!("column '{}' of {} has the type {}", field.name(), file.name, field.data_type());
            Error::new(codes::UNSUPPORTED_TYPE, Blame::Data, format!("{what}, which the lake does not have"))
                .help("write the file with another type for this column")
        })?;
        columns.push((field.name().clone(), Evidence::Typed(data_type)));
    }
    Ok(Seen { file: Arc::clone(&file.name), columns: Some(columns), sparse: false })
}

/// What the parts of a file share: its footer, read by the first of them.
pub(crate) type Footer = OnceCell<ArrowReaderMetadata>;

/// Reads the rows of a part of a file in the table's columns.
pub(crate) fn read(
    file: FileEntry,
    share: Share,
    footer: Arc<Footer>,
    target: Arc<Target>,
    progress: Arc<Progress>,
) -> impl Stream<Item = Result<SourceBatch, Error>> + Send + 'static {
    futures::stream::once(async move {
        let name = Arc::clone(&file.name);
        let broken = |error| unwrap(error, &name);
        let reader = StoreReader::new(&file, Some(Arc::clone(&progress)))?;
        let load = async || ArrowReaderMetadata::load_async(&mut reader.clone(), ArrowReaderOptions::new()).await;
        let metadata = footer.get_or_try_init(load).await.map_err(broken)?.clone();
        let (groups, rows_before) = share.row_groups(metadata.metadata());
        let builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, metadata).with_row_groups(groups);
        let wanted = |(_, field): &(usize, &Arc<arrow_schema::Field>)| {
            target.schema.fields().iter().any(|column| column.name() == field.name())
        };
        let roots: Vec<usize> = builder.schema().fields().iter().enumerate().filter(wanted).map(|(at, _)| at).collect();
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        let builder = builder.with_projection(mask).with_batch_size(BATCH_ROWS);
        let batches = builder.build().map_err(broken)?;
        let mut rows = RowsOf { name, target, progress, read: rows_before };
        Ok::<_, Error>(batches.map(move |batch| {
            let batch = batch.map_err(|error| unwrap(error, &rows.name))?;
            rows.take(&batch)
        }))
    })
    .try_flatten()
}

struct RowsOf {
    name: Arc<str>,
    target: Arc<Target>,
    progress: Arc<Progress>,
    /// Rows of the file before the batch.
    read: u64,
}

impl RowsOf {
    fn take(&mut self, batch: &RecordBatch) -> Result<SourceBatch, Error> {
        let rows = batch.num_rows();
        let mut flaws = Flaws::default();
        flaws.begin(rows);
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.target.schema.fields().len());
        for (at, field) in self.target.schema.fields().iter().enumerate() {
            let Some(array) = batch.column_by_name(field.name()) else {
                arrays.push(new_null_array(field.data_type(), rows));
                continue;
            };
            let bad = &mut |row, flaw| flaws.add(row, || self.target.reason(at, flaw));
            arrays.push(cast(array, field.data_type(), bad).map_err(|error| self.uncastable(field.name(), error))?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let mut taken = RecordBatch::try_new_with_options(Arc::clone(&self.target.schema), arrays, &options)
            .map_err(|error| self.defect(error))?;
        let mut rejected: Vec<RejectedRow> = Vec::new();
        let bad: Vec<usize> = flaws.bad_rows().collect();
        if !bad.is_empty() {
            for (row, reason) in flaws.reasons() {
                let line = self.read + row as u64 + 1;
                rejected.push(RejectedRow { file: self.name.to_string(), line, reason, raw: text_of(batch, row) });
            }
            rejected.sort_by_key(|row| row.line);
            if let (OnBadRow::Fail, Some(first)) = (self.target.on_bad_row, rejected.first()) {
                return Err(bad_row(first));
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
