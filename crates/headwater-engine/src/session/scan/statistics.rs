//! What the log knows of the values in files.

use std::collections::HashSet;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::physical_optimizer::pruning::PruningStatistics;

use crate::lake::table::TableVersion;

/// What the log knows of one column in every file.
pub(super) struct Bounds {
    min: Option<ArrayRef>,
    max: Option<ArrayRef>,
    nulls: Option<ArrayRef>,
}

impl Bounds {
    pub(super) fn read(version: &TableVersion, field: &Field) -> Self {
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

    /// Those of the file at an index in the log; `whole` says whether none of its rows is deleted.
    pub(super) fn of_file(&self, index: usize, whole: bool) -> ColumnStatistics {
        let value = |values: &Option<ArrayRef>| {
            let scalar = ScalarValue::try_from_array(values.as_ref()?, index).ok()?;
            (!scalar.is_null()).then_some(scalar)
        };
        // Nulls are counted with those of deleted rows: as many as there are rows left would look like nothing else.
        let nulls = match value(&self.nulls) {
            Some(ScalarValue::UInt64(Some(nulls))) if whole => Precision::Exact(nulls as usize),
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
pub(super) struct FileStatistics<'a> {
    pub(super) files: &'a [PartitionedFile],
    pub(super) schema: &'a SchemaRef,
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
