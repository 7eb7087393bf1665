//! The rows that deletion vectors leave.

use datafusion::datasource::physical_plan::parquet::ParquetRowSelection;
use futures::{StreamExt, TryStreamExt};
use headwater_sdk::Result;
use parquet::arrow::arrow_reader::RowSelection;
use roaring::RoaringTreemap;

use crate::lake::changes::Slice;
use crate::lake::deletion_vector;
use crate::lake::location::Location;
use crate::lake::table::TableVersion;

/// Vectors that are read at once.
const PARALLEL_READS: usize = 16;

/// The deleted rows of each file that has some, by the file's path in the log.
pub(super) async fn deleted_rows(location: &Location, version: &TableVersion) -> Result<Slice> {
    let vectors = version
        .snapshot
        .log_data()
        .into_iter()
        .filter_map(|file| Some((file.path().into_owned(), file.deletion_vector_descriptor()?)));
    let vectors: Vec<_> = vectors.collect();
    let load = |(path, vector)| async move {
        let rows = deletion_vector::load(location, &version.folder, &vector).await?;
        Ok((path, rows))
    };
    futures::stream::iter(vectors).map(load).buffer_unordered(PARALLEL_READS).try_collect().await
}

/// What a scan reads of a file of `rows` rows.
pub(super) fn kept_rows(deleted: &RoaringTreemap, rows: usize) -> ParquetRowSelection {
    let mut kept = Vec::new();
    let mut next = 0;
    for row in deleted.iter().map(|row| usize::try_from(row).unwrap_or(usize::MAX)).take_while(|row| *row < rows) {
        if row > next {
            kept.push(next..row);
        }
        next = row + 1;
    }
    if next < rows {
        kept.push(next..rows);
    }
    ParquetRowSelection::new(RowSelection::from_consecutive_ranges(kept.into_iter(), rows))
}
