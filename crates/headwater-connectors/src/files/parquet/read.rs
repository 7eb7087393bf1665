//! The columns of a Parquet file, and its rows in the table's columns.

use std::sync::Arc;

use futures::{Stream, StreamExt, TryStreamExt};
use headwater_sdk::connector::SourceBatch;
use headwater_sdk::progress::Progress;
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use tokio::sync::OnceCell;

use super::share::Share;
use super::store::{StoreReader, unwrap};
use crate::codes;
use crate::columns::{BATCH_ROWS, Evidence, MAX_COLUMNS, Seen, Target, TypedRows};
use crate::files::listing::FileEntry;
use crate::lake_types::lake_type;

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
            let what =
                format!("column '{}' of {} has the type {}", field.name(), file.name, type_name(field.data_type()));
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
        let mut rows = TypedRows::new(Arc::clone(&name), target, progress, rows_before);
        Ok::<_, Error>(batches.map(move |batch| {
            let batch = batch.map_err(|error| unwrap(error, &name))?;
            rows.take(&batch, Vec::new())
        }))
    })
    .try_flatten()
}
