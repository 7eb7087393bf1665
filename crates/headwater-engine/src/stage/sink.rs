//! Writing lanes of rows as data files of a Delta table, with the checks looking on.

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::SchemaRef;
use deltalake_core::datafile::writer::{DeltaWriter, WriterConfig};
use deltalake_core::kernel::Add;
use futures::StreamExt;
use headwater_sdk::engine::Layout;
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error, Result, TableName};
use object_store::ObjectStore;
use object_store::prefix::PrefixStore;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::lanes::Lane;
use super::order;
use super::rows::{self, RowChecks, Tally};
use super::side::SideTable;
use crate::lake::location::Location;
use crate::lake::table::is_disk_full;
use crate::session::arrow_error;
use crate::types::cast_batch;

/// What stands for null in the name of a partition's folder, as Hive has it.
const NULL_FOLDER: &str = "__HIVE_DEFAULT_PARTITION__";
/// Rows in a row group: large enough for dictionaries to pay, small enough to be skipped and to fit into memory for
/// every lane.
const ROW_GROUP_ROWS: usize = 512 * 1024;
/// Bytes of a row group before they are compressed, for wide rows: every lane holds one in memory.
const ROW_GROUP_BYTES: usize = 64 * 1024 * 1024;
/// Rows that are written one after the other: a file is closed between two of these.
pub(crate) const WRITE_BATCH_ROWS: usize = 8192;
/// Columns that the log has statistics of, where there are more: the first ones, and those that rows are clustered by. It is
/// Delta's own number.
const MEASURED_COLUMNS: usize = 32;
/// A lane holds back up to this much (bytes), so that tables of few rows become one file and not one per lane.
const HELD_BACK_BYTES: usize = 4 * 1024 * 1024;

/// How the files of a table are written.
#[derive(Clone)]
pub(crate) struct FileWriter {
    store: Arc<dyn ObjectStore>,
    config: WriterConfig,
    partition_by: Vec<String>,
}

impl FileWriter {
    /// A writer of files with `schema` below the table's folder.
    pub(crate) fn new(
        location: &Location,
        table: &TableName,
        schema: &SchemaRef,
        partition_by: &[String],
        layout: &Layout,
    ) -> Self {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
            .set_created_by(concat!("headwater ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let config = WriterConfig::new(
            schema.clone(),
            partition_by.to_vec(),
            Some(properties),
            std::num::NonZeroU64::new(layout.file_size),
            Some(WRITE_BATCH_ROWS),
            // Statistics of the first 32 columns, as Delta has it by default.
            Default::default(),
            measured(schema, &layout.clustering.columns),
        );
        Self {
            store: Arc::new(PrefixStore::new(location.root.clone(), location.table(table))),
            config,
            partition_by: partition_by.to_vec(),
        }
    }

    /// Refuses texts in columns of partitions that a Delta table cannot tell from null: the empty one (protocol, "Partition Value
    /// Serialization"), and the one that stands for null in names of folders.
    fn refuse_untold(&self, rows: &RecordBatch) -> Result<()> {
        for name in &self.partition_by {
            let Some(texts) = rows.column_by_name(name).and_then(|column| column.as_string_opt::<i32>()) else {
                continue;
            };
            if let Some(text) = texts.iter().flatten().find(|text| text.is_empty() || *text == NULL_FOLDER) {
                let message = format!(
                    "column '{name}' of the partitions holds the text '{text}', which Delta tables cannot tell from null"
                );
                return Err(Error::new("HW0646", Blame::Data, message).help(format!(
                    "make it null (`nullif({name}, '{text}')`) or another text in a model, or leave '{name}' out of `partition_by`"
                )));
            }
        }
        Ok(())
    }

    /// Opens a file (or one per partition value).
    pub(crate) fn open(&self) -> DeltaWriter {
        DeltaWriter::new(self.store.clone(), self.config.clone())
    }
}

/// The columns to be measured; `None` for the first 32. Rows are found by those that they are clustered by only where the log
/// knows their least and greatest values.
fn measured(schema: &SchemaRef, clustered: &[String]) -> Option<Vec<String>> {
    let names: Vec<&String> = schema.fields().iter().map(|field| field.name()).collect();
    let (first, others) = names.split_at(names.len().min(MEASURED_COLUMNS));
    let missing: Vec<&&String> = others.iter().filter(|name| clustered.contains(name)).collect();
    (!missing.is_empty()).then(|| first.iter().chain(missing).map(|name| (*name).clone()).collect())
}

/// What was written.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// The files.
    pub(crate) adds: Vec<Add>,
    /// What the checks have seen.
    pub(crate) tallies: Vec<Tally>,
    /// Rows that came in.
    pub(crate) rows_in: u64,
    /// Rows written.
    pub(crate) rows_out: u64,
    /// Rows set aside by checks.
    pub(crate) quarantined: u64,
    /// Rows that could not be read.
    pub(crate) rejected: u64,
}

/// Where rows go, and who looks at them on the way.
pub(crate) struct Sink {
    pub(crate) schema: SchemaRef,
    pub(crate) files: FileWriter,
    pub(crate) checks: RowChecks,
    /// The columns by which the rows of each lane are sorted; none where they lie as they come.
    pub(crate) order: Vec<String>,
    pub(crate) quarantine: Option<Mutex<SideTable>>,
    pub(crate) rejected: Option<Mutex<SideTable>>,
    pub(crate) progress: Arc<Progress>,
}

impl Sink {
    /// Writes all rows of all lanes. When one lane fails, the others are stopped and nothing refers to what they wrote.
    pub(crate) async fn write(self: &Arc<Self>, lanes: Vec<Lane>) -> Result<Written> {
        let mut tasks = JoinSet::new();
        for lane in lanes {
            let sink = self.clone();
            tasks.spawn(async move { sink.write_lane(lane).await });
        }
        let mut total = Written { tallies: rows::tallies(self.checks.count()), ..Written::default() };
        let mut held_back = Vec::new();
        while let Some(lane) = tasks.join_next().await {
            let (written, rest) = lane.map_err(task_error)??;
            rows::merge(&mut total.tallies, written.tallies);
            total.adds.extend(written.adds);
            total.rows_in += written.rows_in;
            total.rows_out += written.rows_out;
            total.quarantined += written.quarantined;
            total.rejected += written.rejected;
            held_back.extend(rest);
        }
        rows::prove(&mut total.tallies).await;
        if !held_back.is_empty() {
            let mut writer = self.files.open();
            // Lanes are sorted, what several of them have held back is not.
            for batch in &order::sort_batches(held_back, &self.order)? {
                writer.write(batch).await.map_err(write_error)?;
            }
            total.adds.extend(writer.close().await.map_err(write_error)?);
        }
        Ok(total)
    }

    /// Writes one lane; returns the rows of a lane that was too short for a file of its own.
    async fn write_lane(&self, mut lane: Lane) -> Result<(Written, Vec<RecordBatch>)> {
        let mut written = Written::default();
        let mut seen = self.checks.begin();
        let mut held_back: Vec<RecordBatch> = Vec::new();
        let mut held_bytes = 0;
        let mut writer: Option<DeltaWriter> = None;
        while let Some(batch) = lane.next().await {
            let batch = batch?;
            let rejected = batch.rejected.len() as u64;
            written.rows_in += batch.rows.num_rows() as u64 + rejected;
            if let (Some(side), true) = (&self.rejected, rejected > 0) {
                written.rejected += side.lock().await.add_rejected(&batch.rejected).await?;
            } else {
                written.rejected += rejected;
            }
            let rows = cast_batch(&batch.rows, &self.schema).map_err(arrow_error)?;
            let sorted = self.checks.look(rows, &mut seen)?;
            if let (Some(set_aside), Some(side)) = (sorted.quarantined, &self.quarantine) {
                written.quarantined += set_aside.rows.num_rows() as u64;
                side.lock().await.add_quarantined(&set_aside).await?;
            }
            let rows = sorted.rows;
            written.rows_out += rows.num_rows() as u64;
            self.progress.add_rows_out(rows.num_rows() as u64);
            if rows.num_rows() == 0 {
                continue;
            }
            self.files.refuse_untold(&rows)?;
            match &mut writer {
                Some(writer) => writer.write(&rows).await.map_err(write_error)?,
                None => {
                    held_bytes += rows.get_array_memory_size();
                    held_back.push(rows);
                    if held_bytes > HELD_BACK_BYTES {
                        let mut opened = self.files.open();
                        for rows in held_back.drain(..) {
                            opened.write(&rows).await.map_err(write_error)?;
                        }
                        writer = Some(opened);
                    }
                }
            }
            // Decoding and encoding are pure computation: give others a turn between batches.
            tokio::task::yield_now().await;
        }
        written.tallies = seen.tallies;
        if let Some(writer) = writer {
            written.adds = writer.close().await.map_err(write_error)?;
        }
        Ok((written, held_back))
    }
}

/// An error of writing a data file.
pub(crate) fn write_error(error: deltalake_core::DeltaTableError) -> Error {
    let text = error.to_string();
    let help = if is_disk_full(&text) {
        "the disk is full: make room, or put the lake somewhere else, and run again: nothing was published"
    } else {
        "check that the lake's storage can be reached and written, and run again: nothing was published"
    };
    Error::new("HW0615", Blame::Environment, "cannot write a data file").help(help).caused_by(error)
}

/// A panic or a cancellation of a worker.
pub(crate) fn task_error(error: tokio::task::JoinError) -> Error {
    Error::new("HW0616", Blame::Headwater, "a worker stopped in the middle")
        .help("this is a defect of Headwater: please report it")
        .caused_by(error)
}
