//! Reading a Delta table: its live files as a Parquet scan that knows the log's statistics.
//!
//! Files are skipped by partition values and file statistics before the scan starts; the Parquet reader then skips row
//! groups and pages, also with the filters that joins and top-k find out while they run. Tables with deletion vectors
//! or mapped columns, which only other engines make, go through delta-rs's own scan.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, DFSchema, Result, ScalarValue, Statistics};
use datafusion::config::TableParquetOptions;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_optimizer::pruning::{PruningPredicateBuilder, PruningStatistics};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion_datasource::compute_all_files_statistics;
use deltalake_core::delta_datafusion::DeltaScanNext;

use crate::lake::table::TableVersion;

/// A table at one version, for queries.
#[derive(Debug)]
pub(crate) struct LakeTable {
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
    statistics: Arc<Statistics>,
    /// Delta-rs's scan, for a table that only it can read.
    foreign: Option<Arc<dyn TableProvider>>,
}

impl LakeTable {
    pub(crate) async fn new(version: TableVersion, store_url: ObjectStoreUrl) -> headwater_sdk::Result<Self> {
        let foreign = foreign_scan(&version).await.map_err(|e| super::sql_error(&e))?;
        let mut table = Self::with_files(version, store_url, None).map_err(|e| super::sql_error(&e))?;
        if let Some(scan) = foreign {
            table.table_schema = scan.schema();
            table.foreign = Some(scan);
        }
        Ok(table)
    }

    /// The table restricted to the given files (paths as in the log).
    pub(crate) fn only(
        version: TableVersion,
        store_url: ObjectStoreUrl,
        files: &HashSet<String>,
    ) -> headwater_sdk::Result<Self> {
        Self::with_files(version, store_url, Some(files)).map_err(|e| super::sql_error(&e))
    }

    fn with_files(version: TableVersion, store_url: ObjectStoreUrl, only: Option<&HashSet<String>>) -> Result<Self> {
        let partition_columns = version.partition_columns().to_vec();
        let logical = version.schema();
        let as_view = |field: &FieldRef| -> FieldRef {
            match field.data_type() {
                DataType::Utf8 => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)),
                DataType::Binary => Arc::new(field.as_ref().clone().with_data_type(DataType::BinaryView)),
                _ => field.clone(),
            }
        };
        let is_partition = |field: &FieldRef| partition_columns.contains(field.name());
        let (partition_fields, file_fields): (Vec<FieldRef>, Vec<FieldRef>) =
            logical.fields().iter().cloned().partition(is_partition);
        let file_fields: Vec<FieldRef> = file_fields.iter().map(as_view).collect();
        let table_schema: Vec<FieldRef> =
            logical.fields().iter().map(|f| if is_partition(f) { f.clone() } else { as_view(f) }).collect();
        let schema = TableSchema::builder(Arc::new(Schema::new(file_fields)))
            .with_table_partition_cols(partition_fields.clone())
            .build();
        let order = table_schema
            .iter()
            .map(|field| schema.table_schema().index_of(field.name()))
            .collect::<std::result::Result<Vec<_>, _>>()?;
        let mut table = Self {
            version,
            store_url,
            schema,
            order,
            table_schema: Arc::new(Schema::new(table_schema)),
            files: Vec::new(),
            statistics: Arc::new(Statistics::default()),
            foreign: None,
        };
        table.read_files(&partition_fields, only)?;
        Ok(table)
    }

    fn read_files(&mut self, partition_fields: &[FieldRef], only: Option<&HashSet<String>>) -> Result<()> {
        let columns = self.schema.table_schema().clone();
        let log = self.version.snapshot.log_data();
        let bounds: Vec<Bounds> = columns.fields().iter().map(|field| Bounds::read(&self.version, field)).collect();
        for (index, view) in log.into_iter().enumerate() {
            if only.is_some_and(|only| !only.contains(view.path().as_ref())) {
                continue;
            }
            let path =
                view.object_store_path().parts().fold(self.version.folder.clone(), object_store::path::Path::join);
            let values = view.partition_values_map();
            let partition_values = partition_fields
                .iter()
                .map(|field| partition_value(field, values.get(field.name()).and_then(Option::as_deref)))
                .collect::<Result<Vec<_>>>()?;
            let rows = view.num_records();
            let statistics = Statistics {
                num_rows: rows.map_or(Precision::Absent, Precision::Exact),
                total_byte_size: Precision::Absent,
                column_statistics: bounds.iter().map(|bounds| bounds.of_file(index)).collect(),
            };
            let size = u64::try_from(view.size()).unwrap_or_default();
            let mut file = PartitionedFile::new(path.to_string(), size);
            // The path is in the store's own form already: `new` would encode it once more.
            file.object_meta.location = path;
            self.files.push(file.with_partition_values(partition_values).with_statistics(Arc::new(statistics)));
        }
        let group = FileGroup::new(self.files.clone());
        let (_, statistics) = compute_all_files_statistics(vec![group], columns, true, false)?;
        self.statistics = Arc::new(statistics);
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
        ParquetFormat::default().with_options(options).create_physical_plan(session, config).await
    }
}

/// Delta-rs's scan, when the table uses what only that reads: deletion vectors or mapped columns.
async fn foreign_scan(version: &TableVersion) -> Result<Option<Arc<dyn TableProvider>>> {
    let mapped = version.snapshot.metadata().configuration().get("delta.columnMapping.mode");
    let has_vectors =
        || version.snapshot.log_data().into_iter().any(|file| file.deletion_vector_descriptor().is_some());
    if mapped.is_none_or(|mode| mode == "none") && !has_vectors() {
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

/// What the log knows of one column in every file.
struct Bounds {
    min: Option<ArrayRef>,
    max: Option<ArrayRef>,
    nulls: Option<ArrayRef>,
}

impl Bounds {
    fn read(version: &TableVersion, field: &Field) -> Self {
        let column = datafusion::common::Column::from_name(field.name());
        // Bounds of strings are cut and those of decimals go through floating point: they tell nothing. Those of
        // timestamps are cut to milliseconds, see `of_file`.
        let decimal = matches!(field.data_type(), DataType::Decimal128(..) | DataType::Decimal256(..));
        let ordered = (field.data_type().is_numeric() && !decimal) || field.data_type().is_temporal();
        let log = version.snapshot.as_ref();
        Self {
            min: ordered.then(|| log.min_values(&column)).flatten(),
            max: ordered.then(|| log.max_values(&column)).flatten(),
            nulls: log.null_counts(&column),
        }
    }

    fn of_file(&self, index: usize) -> ColumnStatistics {
        let value = |values: &Option<ArrayRef>| {
            let scalar = ScalarValue::try_from_array(values.as_ref()?, index).ok()?;
            (!scalar.is_null()).then_some(scalar)
        };
        let nulls = match value(&self.nulls) {
            Some(ScalarValue::UInt64(Some(nulls))) => Precision::Exact(nulls as usize),
            _ => Precision::Absent,
        };
        ColumnStatistics {
            null_count: nulls,
            min_value: value(&self.min).map_or(Precision::Absent, Precision::Inexact),
            max_value: value(&self.max).map(up_to_the_next_milli).map_or(Precision::Absent, Precision::Inexact),
            ..ColumnStatistics::default()
        }
    }
}

/// The largest value that a bound in the log may stand for: logs hold timestamps in milliseconds, cut.
fn up_to_the_next_milli(max: ScalarValue) -> ScalarValue {
    match max {
        ScalarValue::TimestampMicrosecond(Some(micros), zone) => {
            ScalarValue::TimestampMicrosecond(Some(micros.saturating_add(999)), zone)
        }
        other => other,
    }
}

/// The statistics of a list of files, for pruning.
struct FileStatistics<'a> {
    files: &'a [PartitionedFile],
    schema: &'a SchemaRef,
}

impl FileStatistics<'_> {
    fn values(
        &self,
        column: &datafusion::common::Column,
        value: impl Fn(&ColumnStatistics) -> Option<ScalarValue>,
        data_type: &DataType,
    ) -> Option<ArrayRef> {
        let index = self.schema.index_of(&column.name).ok()?;
        let null = ScalarValue::try_from(data_type).ok()?;
        let values = self.files.iter().map(|file| {
            let statistics = file.statistics.as_ref().and_then(|all| all.column_statistics.get(index));
            statistics.and_then(&value).unwrap_or_else(|| null.clone())
        });
        ScalarValue::iter_to_array(values).ok()
    }

    fn type_of(&self, column: &datafusion::common::Column) -> Option<DataType> {
        Some(self.schema.field_with_name(&column.name).ok()?.data_type().clone())
    }
}

impl PruningStatistics for FileStatistics<'_> {
    fn min_values(&self, column: &datafusion::common::Column) -> Option<ArrayRef> {
        self.values(column, |s| s.min_value.get_value().cloned(), &self.type_of(column)?)
    }

    fn max_values(&self, column: &datafusion::common::Column) -> Option<ArrayRef> {
        self.values(column, |s| s.max_value.get_value().cloned(), &self.type_of(column)?)
    }

    fn num_containers(&self) -> usize {
        self.files.len()
    }

    fn null_counts(&self, column: &datafusion::common::Column) -> Option<ArrayRef> {
        let count = |s: &ColumnStatistics| s.null_count.get_value().map(|n| ScalarValue::UInt64(Some(*n as u64)));
        self.values(column, count, &DataType::UInt64)
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        let rows = self.files.iter().map(|file| {
            let rows = file.statistics.as_ref().and_then(|all| all.num_rows.get_value().copied());
            ScalarValue::UInt64(rows.map(|rows| rows as u64))
        });
        ScalarValue::iter_to_array(rows).ok()
    }

    fn contained(&self, _column: &datafusion::common::Column, _values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
