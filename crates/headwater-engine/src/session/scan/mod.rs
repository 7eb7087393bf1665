//! Reading a Delta table: its live files as a Parquet scan that knows the log's statistics.
//!
//! Files are skipped by partition values and file statistics before the scan starts; the Parquet reader then skips row
//! groups and pages, also with the filters that joins and top-k find out while they run, and the rows that deletion vectors
//! delete. Tables with mapped columns, which only other engines make, go through delta-rs's own scan.

mod deleted;
mod log;
mod restrictions;
mod sizes;
mod statistics;

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DFSchema, Result, ScalarValue, Statistics, internal_err};
use datafusion::config::TableParquetOptions;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion_datasource::compute_all_files_statistics;
use deltalake_core::delta_datafusion::DeltaScanNext;
use headwater_sdk::TableName;
use parquet::arrow::RowNumber;

use self::deleted::{deleted_rows, kept_rows};
use self::log::Planned;
pub(crate) use self::log::ScanLog;
use self::restrictions::{FileBounds, restrictions};
use self::statistics::{Bounds, FileStatistics};
use crate::lake::changes::Slice;
use crate::lake::location::Location;
use crate::lake::table::TableVersion;
use crate::types::computed_type;

/// Where rows are: the file's place among [`LakeTable::paths`], a column of [`LakeTable::with_positions`].
pub(crate) const FILE_COLUMN: &str = "__headwater_file";
/// Where rows are: the row's number in its file, from 0.
pub(crate) const ROW_COLUMN: &str = "__headwater_row";

/// A table at one version, or some rows of it, for queries.
#[derive(Debug, Clone)]
pub(crate) struct LakeTable {
    /// The version, or the first of several.
    version: TableVersion,
    store_url: ObjectStoreUrl,
    /// The file's columns followed by the partition columns: strings and binaries as views, which are read without a
    /// copy.
    schema: TableSchema,
    /// For each column of the table, in the table's order, its place in `schema`.
    order: Vec<usize>,
    /// The table's columns in its own order.
    table_schema: SchemaRef,
    files: Vec<PartitionedFile>,
    /// The path of each file as the log has it.
    paths: Vec<String>,
    statistics: Arc<Statistics>,
    /// Its name, where it is all of a table: its scans are logged.
    name: Option<TableName>,
    /// Delta-rs's scan, for a table that only it can read.
    foreign: Option<Arc<dyn TableProvider>>,
}

impl LakeTable {
    pub(crate) async fn new(
        location: &Location,
        version: TableVersion,
        store_url: ObjectStoreUrl,
    ) -> headwater_sdk::Result<Self> {
        let foreign = foreign_scan(&version).await.map_err(|e| super::sql_error(&e))?;
        let deleted = if foreign.is_some() { Slice::new() } else { deleted_rows(location, &version).await? };
        let rows = Rows { version: &version, left_out: &deleted, only: false };
        let mut table = Self::with_rows(&[rows], store_url, false).map_err(|e| super::sql_error(&e))?;
        table.name = version.name();
        if let Some(scan) = foreign {
            table.table_schema = scan.schema();
            table.foreign = Some(scan);
        }
        Ok(table)
    }

    /// Some of the rows of versions of one table with the same columns; there is at least one version.
    pub(crate) fn slices(slices: &[(TableVersion, Slice)], store_url: ObjectStoreUrl) -> headwater_sdk::Result<Self> {
        let rows: Vec<Rows<'_>> =
            slices.iter().map(|(version, slice)| Rows { version, left_out: slice, only: true }).collect();
        Self::with_rows(&rows, store_url, false).map_err(|e| super::sql_error(&e))
    }

    /// The table with two more columns, [`FILE_COLUMN`] and [`ROW_COLUMN`]; not for a table that only delta-rs can read.
    pub(crate) async fn with_positions(
        location: &Location,
        version: &TableVersion,
        store_url: ObjectStoreUrl,
    ) -> headwater_sdk::Result<Self> {
        let deleted = deleted_rows(location, version).await?;
        let rows = Rows { version, left_out: &deleted, only: false };
        Self::with_rows(&[rows], store_url, true).map_err(|e| super::sql_error(&e))
    }

    /// The table with its files in an order of their paths.
    pub(crate) fn in_order(mut self, order: &[&str]) -> Self {
        let places: HashMap<&str, usize> = order.iter().enumerate().map(|(place, path)| (*path, place)).collect();
        let mut files: Vec<(String, PartitionedFile)> = self.paths.drain(..).zip(self.files.drain(..)).collect();
        files.sort_by_key(|(path, _)| places.get(path.as_str()).copied().unwrap_or(usize::MAX));
        (self.paths, self.files) = files.into_iter().unzip();
        self
    }

    /// The version that it reads.
    pub(crate) fn version(&self) -> &TableVersion {
        &self.version
    }

    /// Whether only delta-rs's scan can read it.
    pub(crate) fn is_foreign(&self) -> bool {
        self.foreign.is_some()
    }

    /// The path of each file as the log has it.
    pub(crate) fn paths(&self) -> &[String] {
        &self.paths
    }

    fn with_rows(rows: &[Rows<'_>], store_url: ObjectStoreUrl, positions: bool) -> Result<Self> {
        let Some(Rows { version, .. }) = rows.first() else { return internal_err!("a table of no version") };
        let partition_columns = version.partition_columns().to_vec();
        let logical = version.schema();
        let as_view = |field: &FieldRef| -> FieldRef {
            Arc::new(field.as_ref().clone().with_data_type(computed_type(field.data_type())))
        };
        let is_partition = |field: &FieldRef| partition_columns.contains(field.name());
        let (mut partition_fields, file_fields): (Vec<FieldRef>, Vec<FieldRef>) =
            logical.fields().iter().cloned().partition(is_partition);
        let file_fields: Vec<FieldRef> = file_fields.iter().map(as_view).collect();
        let mut table_schema: Vec<FieldRef> =
            logical.fields().iter().map(|f| if is_partition(f) { f.clone() } else { as_view(f) }).collect();
        let mut virtual_fields: Vec<FieldRef> = Vec::new();
        if positions {
            let row = Field::new(ROW_COLUMN, DataType::Int64, false).with_extension_type(RowNumber);
            partition_fields.push(Arc::new(Field::new(FILE_COLUMN, DataType::Int64, false)));
            virtual_fields.push(Arc::new(row));
            table_schema.extend(partition_fields.last().into_iter().chain(&virtual_fields).cloned());
        }
        let schema = TableSchema::builder(Arc::new(Schema::new(file_fields)))
            .with_table_partition_cols(partition_fields.clone())
            .with_virtual_columns(virtual_fields)
            .build();
        let order = table_schema
            .iter()
            .map(|field| schema.table_schema().index_of(field.name()))
            .collect::<std::result::Result<Vec<_>, _>>()?;
        let mut table = Self {
            version: TableVersion::clone(version),
            store_url,
            schema,
            order,
            table_schema: Arc::new(Schema::new(table_schema)),
            files: Vec::new(),
            paths: Vec::new(),
            statistics: Arc::new(Statistics::default()),
            name: None,
            foreign: None,
        };
        for rows in rows {
            table.read_files(rows, &partition_fields)?;
        }
        let group = FileGroup::new(table.files.clone());
        let columns = table.schema.table_schema().clone();
        let (_, statistics) = compute_all_files_statistics(vec![group], columns, true, false)?;
        table.statistics = Arc::new(statistics);
        Ok(table)
    }

    fn read_files(&mut self, rows: &Rows<'_>, partition_fields: &[FieldRef]) -> Result<()> {
        let Rows { version, left_out, only } = rows;
        let columns = self.schema.table_schema().clone();
        let log = version.snapshot.log_data();
        let bounds: Vec<Bounds> = columns.fields().iter().map(|field| Bounds::read(version, field)).collect();
        for (index, view) in log.into_iter().enumerate() {
            let gone = left_out.get(view.path().as_ref());
            if *only && gone.is_none() {
                continue;
            }
            let gone = gone.filter(|gone| !gone.is_empty());
            let path = version.place_of(&view);
            let values = view.partition_values_map();
            let place = self.files.len();
            let partition_values = partition_fields
                .iter()
                .map(|field| match field.name().as_str() {
                    FILE_COLUMN => Ok(ScalarValue::Int64(i64::try_from(place).ok())),
                    name => partition_value(field, values.get(name).and_then(Option::as_deref)),
                })
                .collect::<Result<Vec<_>>>()?;
            let rows = view.num_records();
            let kept = rows.map(|rows| rows.saturating_sub(gone.map_or(0, |gone| gone.len() as usize)));
            let statistics = Statistics {
                num_rows: kept.map_or(Precision::Absent, Precision::Exact),
                total_byte_size: Precision::Absent,
                column_statistics: bounds.iter().map(|bounds| bounds.of_file(index, gone.is_none())).collect(),
            };
            let size = u64::try_from(view.size()).unwrap_or_default();
            let mut file = PartitionedFile::new(path.to_string(), size);
            // The path is in the store's own form already: `new` would encode it once more.
            file.object_meta.location = path;
            if let (Some(gone), Some(rows)) = (gone, rows) {
                file = file.with_extension(kept_rows(gone, rows));
            }
            self.files.push(file.with_partition_values(partition_values).with_statistics(Arc::new(statistics)));
            self.paths.push(view.path().into_owned());
        }
        Ok(())
    }

    /// Files that may hold rows for which all `filters` are true.
    fn prune(&self, session: &dyn Session, filters: &[Expr]) -> Result<Vec<PartitionedFile>> {
        let Some(predicate) = conjunction(filters.to_vec()) else { return Ok(self.files.clone()) };
        let schema = self.schema.table_schema();
        let df_schema = DFSchema::try_from(schema.clone())?;
        let Ok(physical) = session.create_physical_expr(predicate, &df_schema) else { return Ok(self.files.clone()) };
        let Some(pruning) = PruningPredicateBuilder::new().with_file_schema(schema.clone()).build(physical) else {
            return Ok(self.files.clone());
        };
        let keep = pruning.prune(&FileStatistics { files: &self.files, schema })?;
        Ok(self.files.iter().zip(keep).filter(|(_, keep)| *keep).map(|(file, _)| file.clone()).collect())
    }

    /// Notes what a scan asks for, where the session is interested.
    fn log(&self, session: &dyn Session, filters: &[Expr], plan: Option<&Arc<dyn ExecutionPlan>>) {
        let rows = self.statistics.num_rows.get_value();
        let (Some(table), Some(rows), Some(log)) = (&self.name, rows, session.config().get_extension::<ScanLog>())
        else {
            return;
        };
        let restrictions = restrictions(filters, |column| self.bounds(column));
        log.note(Planned { table: table.clone(), rows: *rows as u64, restrictions, plan: plan.cloned() });
    }

    /// What each file knows of a column.
    fn bounds(&self, column: &str) -> Vec<FileBounds> {
        let index = self.schema.table_schema().index_of(column).ok();
        let known = |file: &PartitionedFile| {
            let statistics = file.statistics.as_ref()?;
            let rows = statistics.num_rows.get_value().copied()? as u64;
            let column = statistics.column_statistics.get(index?)?;
            let bounds = column.min_value.get_value().cloned().zip(column.max_value.get_value().cloned());
            Some(FileBounds { rows, bounds })
        };
        self.files.iter().map(|file| known(file).unwrap_or(FileBounds { rows: 0, bounds: None })).collect()
    }
}

/// Rows of a version: all but those left out; with `only`, nothing but the files that are named there.
struct Rows<'a> {
    version: &'a TableVersion,
    left_out: &'a Slice,
    only: bool,
}

#[async_trait]
impl TableProvider for LakeTable {
    fn schema(&self) -> SchemaRef {
        self.table_schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    fn statistics(&self) -> Option<Statistics> {
        if self.foreign.is_some() {
            return None;
        }
        let mut statistics = self.statistics.as_ref().clone();
        let columns = self.order.iter().map(|index| statistics.column_statistics[*index].clone()).collect();
        statistics.column_statistics = columns;
        Some(statistics)
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if let Some(scan) = &self.foreign {
            return scan.scan(session, projection, filters, limit).await;
        }
        let wanted: Vec<usize> = match projection {
            Some(projection) => projection.iter().map(|index| self.order[*index]).collect(),
            None => self.order.clone(),
        };
        let files = self.prune(session, filters)?;
        if files.is_empty() {
            let schema = self.schema.table_schema().project(&wanted)?;
            self.log(session, filters, None);
            return Ok(Arc::new(EmptyExec::new(Arc::new(schema))));
        }
        let columns = self.schema.table_schema().clone();
        let groups = FileGroup::new(files).split_files(session.config().target_partitions());
        let (groups, statistics) = compute_all_files_statistics(groups, columns, true, false)?;
        let options = TableParquetOptions {
            global: session.config_options().execution.parquet.clone(),
            ..TableParquetOptions::default()
        };
        let source = ParquetSource::new(self.schema.clone()).with_table_parquet_options(options.clone());
        let config = FileScanConfigBuilder::new(self.store_url.clone(), Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(Some(wanted))?
            .with_limit(limit)
            .build();
        let plan = ParquetFormat::default().with_options(options).create_physical_plan(session, config).await?;
        self.log(session, filters, Some(&plan));
        Ok(plan)
    }
}

/// Whether a table has what only delta-rs's scan reads: mapped columns, or deleted rows of a file whose number of rows the log
/// does not know.
pub(crate) fn needs_delta_rs(version: &TableVersion) -> bool {
    let mapped = version.snapshot.metadata().configuration().get("delta.columnMapping.mode");
    let uncounted = || {
        let mut files = version.snapshot.log_data().into_iter();
        files.any(|file| file.num_records().is_none() && file.deletion_vector_descriptor().is_some())
    };
    mapped.is_some_and(|mode| mode != "none") || uncounted()
}

/// Delta-rs's scan, when the table has what only that reads.
async fn foreign_scan(version: &TableVersion) -> Result<Option<Arc<dyn TableProvider>>> {
    if !needs_delta_rs(version) {
        return Ok(None);
    }
    let scan = DeltaScanNext::builder()
        .with_log_store(version.log_store.clone())
        .with_eager_snapshot(version.snapshot.clone())
        .await?;
    Ok(Some(scan))
}

/// A partition value from its text in the log (Delta protocol, "Partition Value Serialization").
fn partition_value(field: &Field, text: Option<&str>) -> Result<ScalarValue> {
    match text {
        None => ScalarValue::try_from(field.data_type()),
        Some("") if !matches!(field.data_type(), DataType::Utf8) => ScalarValue::try_from(field.data_type()),
        Some(text) => ScalarValue::try_from_string(text.to_owned(), field.data_type()),
    }
}
