//! A data file as a part of a load.

use std::sync::Arc;

use arrow_array::Int8Array;
use arrow_schema::Schema;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use headwater_sdk::connector::{Changes, Operation, ReadPart, SourceBatch, StreamSettings};
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error, Result};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use tokio::sync::OnceCell;

use super::columns::{Naming, TableField, table_columns};
use super::data_file::{Choice, DataFile, footer, naming_of, projection};
use crate::codes;
use crate::columns::TypedRows;
use crate::columns::{BATCH_ROWS, Resolved, Seen, Target, resolve};
use crate::files::{Share, StoreReader, unwrap_parquet};

/// What the parts of a load share.
#[derive(Debug)]
pub(crate) struct Load {
    /// The columns that are read.
    pub(crate) fields: Vec<TableField>,
    /// How files name them.
    pub(crate) naming: Naming,
    /// The table's side.
    pub(crate) target: Arc<Target>,
    /// What to do about a data file that is not there.
    pub(crate) lost: String,
}

/// The columns after a load of a table with these fields, and the load's target.
///
/// # Errors
/// When they have drifted and the policy is to fail.
pub(crate) fn target_of(
    fields: &[TableField],
    shown: &str,
    settings: &StreamSettings,
    table: Option<&Schema>,
) -> Result<(Arc<Target>, Vec<String>)> {
    let seen = Seen { file: shown.into(), columns: Some(table_columns(fields)), sparse: false };
    let Resolved { schema, inferred, notes } = resolve(settings, table, &[seen])?;
    Ok((Arc::new(Target { schema, inferred, on_bad_row: settings.on_bad_row, unit: "row", key: Vec::new() }), notes))
}

/// A data file, or some of its row groups.
#[derive(Debug)]
pub(crate) struct TablePart {
    file: DataFile,
    share: Share,
    footer: Arc<OnceCell<ArrowReaderMetadata>>,
    load: Arc<Load>,
    operation: Option<Operation>,
}

/// The parts of a file. Rows are changes where there is an operation.
pub(crate) fn parts(file: &DataFile, load: &Arc<Load>, operation: Option<Operation>) -> Vec<Box<dyn ReadPart>> {
    let footer = Arc::default();
    let part = |share| {
        let (file, footer, load) = (file.clone(), Arc::clone(&footer), Arc::clone(load));
        Box::new(TablePart { file, share, footer, load, operation }) as Box<dyn ReadPart>
    };
    Share::all(file.entry.stamp.size).map(part).collect()
}

impl ReadPart for TablePart {
    fn name(&self) -> &str {
        &self.file.entry.name
    }

    fn bytes(&self) -> u64 {
        self.share.bytes(self.file.entry.stamp.size)
    }

    fn read(self: Box<Self>, progress: Arc<Progress>) -> BoxStream<'static, Result<SourceBatch>> {
        let lost = Arc::clone(&self.load);
        let batches = futures::stream::once(self.open(progress)).try_flatten();
        batches.map_err(move |error| told_lost(error, &lost.lost)).boxed()
    }
}

/// A data file that is not there is no matter of the network.
fn told_lost(error: Error, help: &str) -> Error {
    if error.code != codes::UNREADABLE {
        return error;
    }
    let message = format!("a data file of the table cannot be read: {}", error.message);
    Error::new(codes::TABLE_FILE, Blame::Data, message).help(help).caused_by(error)
}

impl TablePart {
    async fn open(self: Box<Self>, progress: Arc<Progress>) -> Result<BoxStream<'static, Result<SourceBatch>>> {
        let Self { file, share, footer: shared, load, operation } = *self;
        let name = Arc::clone(&file.entry.name);
        let reader = StoreReader::new(&file.entry, Some(Arc::clone(&progress)))?;
        let metadata = shared.get_or_try_init(|| footer(&reader, &name)).await?.clone();
        let (groups, rows_before) = share.row_groups(metadata.metadata());
        if groups.is_empty() {
            return Ok(futures::stream::empty().boxed());
        }
        let mut choice = Choice { marked: file.wanted.marked, ..Choice::default() };
        if let Some(deletes) = &file.wanted.without {
            choice.without = Some(deletes.gone().await?);
        }
        if let Some(deletes) = &file.wanted.only {
            choice.only = Some(deletes.gone().await?);
        }
        let naming = naming_of(&metadata, load.naming);
        let mask = projection(&metadata, &load.fields, naming, &choice);
        let builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, metadata).with_row_groups(groups);
        let builder = builder.with_projection(mask).with_batch_size(BATCH_ROWS);
        let batches = builder.build().map_err(|error| unwrap_parquet(error, &name))?;
        let mut rows = TypedRows::new(Arc::clone(&name), Arc::clone(&load.target), progress, 0);
        let mut place = rows_before;
        Ok(batches
            .map(move |batch| {
                let batch = batch.map_err(|error| unwrap_parquet(error, &name))?;
                let picked = file.pick(&batch, place, &load.fields, naming, &choice)?;
                place += batch.num_rows() as u64;
                let mut batch = rows.take_from(&picked.batch, Vec::new(), |row| picked.places[row])?;
                batch.changes = operation.map(|operation| {
                    let operations = Int8Array::from_value(operation as i8, batch.rows.num_rows());
                    Changes { operations, kept: None }
                });
                Ok(batch)
            })
            .boxed())
    }
}
