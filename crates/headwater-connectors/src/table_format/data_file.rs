//! A data file: its rows without those that are deleted, in the table's columns.

use std::fmt;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_row::{OwnedRow, RowConverter, SortField};
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit};
use arrow_select::filter::filter_record_batch;
use arrow_select::take::take;
use async_trait::async_trait;
use futures::StreamExt;
use headwater_sdk::{Blame, Error, Result};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use parquet::arrow::{PARQUET_FIELD_ID_META_KEY, ProjectionMask};
use parquet::basic::Type as PhysicalType;
use roaring::RoaringTreemap;
use std::collections::HashSet;

use super::columns::{Naming, TableField};
use crate::codes;
use crate::columns::BATCH_ROWS;
use crate::files::{FileEntry, StoreReader, unwrap_parquet};

/// Which rows of a file are gone.
#[derive(Debug, Default)]
pub(crate) struct Gone {
    /// By their places in the file, from 0.
    pub(crate) positions: RoaringTreemap,
    /// By values.
    pub(crate) keys: Vec<Arc<KeysGone>>,
}

/// Rows that are gone by the values of some columns.
pub(crate) struct KeysGone {
    /// The columns.
    pub(crate) fields: Vec<TableField>,
    /// What makes their values comparable.
    pub(crate) converter: RowConverter,
    /// The values.
    pub(crate) rows: HashSet<OwnedRow>,
}

impl fmt::Debug for KeysGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeysGone").field("fields", &self.fields).field("rows", &self.rows.len()).finish_non_exhaustive()
    }
}

impl KeysGone {
    /// No values of these columns yet.
    ///
    /// # Errors
    /// When values of a type cannot be compared.
    pub(crate) fn new(fields: Vec<TableField>) -> Result<Self, ArrowError> {
        let converter = RowConverter::new(fields.iter().map(|field| SortField::new(field.data_type())).collect())?;
        Ok(Self { fields, converter, rows: HashSet::new() })
    }

    /// Adds values, in the columns' types.
    ///
    /// # Errors
    /// When they have other types.
    pub(crate) fn add(&mut self, columns: &[ArrayRef]) -> Result<(), ArrowError> {
        let rows = self.converter.convert_columns(columns)?;
        self.rows.extend(rows.iter().map(|row| row.owned()));
        Ok(())
    }

    fn has(&self, columns: &[ArrayRef]) -> Result<Vec<bool>, ArrowError> {
        let rows = self.converter.convert_columns(columns)?;
        Ok(rows.iter().map(|row| self.rows.contains(&row.owned())).collect())
    }
}

/// What knows which rows of a file are gone.
#[async_trait]
pub(crate) trait Deletes: fmt::Debug + Send + Sync {
    /// Finds out; asked for by each part of the file.
    async fn gone(&self) -> Result<Arc<Gone>>;
}

/// Which rows of a file are read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// Not these.
    pub(crate) without: Option<Arc<dyn Deletes>>,
    /// Of the others, only these.
    pub(crate) only: Option<Arc<dyn Deletes>>,
    /// Of the others, only those with one of these texts in a column of the file.
    pub(crate) marked: Option<(&'static str, &'static [&'static str])>,
}

/// A data file of a table.
#[derive(Debug, Clone)]
pub(crate) struct DataFile {
    /// Where it is.
    pub(crate) entry: FileEntry,
    /// Columns that it does not hold because they have one value, each an array of length 1.
    pub(crate) constants: Arc<Vec<(String, ArrayRef)>>,
    /// Which of its rows are read.
    pub(crate) wanted: Wanted,
}

/// Rows of a batch, chosen and in the table's names.
pub(crate) struct Picked {
    /// The rows.
    pub(crate) batch: RecordBatch,
    /// The place of each in the file, from 0.
    pub(crate) places: Vec<u64>,
}

/// What is gone, or the only thing wanted, found out.
#[derive(Debug, Default)]
pub(super) struct Choice {
    pub(super) without: Option<Arc<Gone>>,
    pub(super) only: Option<Arc<Gone>>,
    pub(super) marked: Option<(&'static str, &'static [&'static str])>,
}

/// A file's footer, whose types are those that it was written with, but for times that have no type of their own in it.
///
/// # Errors
/// When it is no Parquet file.
pub(crate) async fn footer(reader: &StoreReader, name: &str) -> Result<ArrowReaderMetadata> {
    let broken = |error| unwrap_parquet(error, name);
    // What a writer says of Arrow's types goes for nothing: the numbers of fields would not be told.
    let options = || ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = ArrowReaderMetadata::load_async(&mut reader.clone(), options()).await.map_err(broken)?;
    let columns = metadata.parquet_schema().columns();
    if columns.iter().all(|column| column.physical_type() != PhysicalType::INT96) {
        return Ok(metadata);
    }
    // Nanoseconds in 64 bits end in 2262, microseconds do not.
    let fields = metadata.schema().fields().iter().map(|field| micros(field)).collect::<Vec<Field>>();
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata.schema().metadata().clone()));
    let (file, options) = (Arc::clone(metadata.metadata()), options().with_schema(schema));
    ArrowReaderMetadata::try_new(file, options).map_err(broken)
}

/// How a file names its columns: one without numbers was written by somebody who knew of none, and goes by names.
pub(super) fn naming_of(metadata: &ArrowReaderMetadata, naming: Naming) -> Naming {
    let numbered = |field: &Arc<Field>| field.metadata().contains_key(PARQUET_FIELD_ID_META_KEY);
    if metadata.schema().fields().iter().any(numbered) { naming } else { Naming::Names }
}

/// Hands on some columns of a file, in the table's types.
///
/// # Errors
/// When it cannot be read, or `each` fails.
pub(crate) async fn each_batch(
    entry: &FileEntry,
    fields: &[TableField],
    naming: Naming,
    each: &mut (dyn FnMut(&[ArrayRef]) -> Result<(), ArrowError> + Send),
) -> Result<()> {
    let broken = |error| unwrap_parquet(error, &entry.name);
    let wrong = |error| {
        let message = format!("{} does not hold what its table says", entry.name);
        Error::new(codes::TABLE_FILE, Blame::Data, message)
            .help("write the table anew with the program that keeps it")
            .caused_by(error)
    };
    let reader = StoreReader::new(entry, None)?;
    let metadata = footer(&reader, &entry.name).await?;
    let naming = naming_of(&metadata, naming);
    let mask = projection(&metadata, fields, naming, &Choice::default());
    let builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, metadata).with_projection(mask);
    let mut batches = builder.with_batch_size(BATCH_ROWS).build().map_err(broken)?;
    while let Some(batch) = batches.next().await {
        let batch = batch.map_err(broken)?;
        let column =
            |field: &TableField| match batch.schema_ref().fields().iter().position(|found| field.is(found, naming)) {
                Some(place) => arrow_cast::cast(&field.conform(batch.column(place), naming)?, &field.data_type()),
                None => Ok(arrow_array::new_null_array(&field.data_type(), batch.num_rows())),
            };
        let columns = fields.iter().map(column).collect::<Result<Vec<_>, ArrowError>>();
        columns.and_then(|columns| each(&columns)).map_err(wrong)?;
    }
    Ok(())
}

/// A field with microseconds where it has nanoseconds without a zone, which is what INT96 is taken for.
fn micros(field: &Field) -> Field {
    let data_type = match field.data_type() {
        DataType::Timestamp(TimeUnit::Nanosecond, None) => DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|field| micros(field)).collect()),
        DataType::List(item) => DataType::List(Arc::new(micros(item))),
        DataType::Map(entries, sorted) => DataType::Map(Arc::new(micros(entries)), *sorted),
        other => other.clone(),
    };
    field.clone().with_data_type(data_type)
}

/// The columns of a file that are read.
pub(super) fn projection(
    metadata: &ArrowReaderMetadata,
    fields: &[TableField],
    naming: Naming,
    choice: &Choice,
) -> ProjectionMask {
    let keys = || [&choice.without, &choice.only].into_iter().flatten().flat_map(|gone| &gone.keys);
    let wanted = |field: &Field| {
        fields.iter().any(|column| column.is(field, naming))
            || keys().any(|keys| keys.fields.iter().any(|column| column.is(field, naming)))
            || choice.marked.is_some_and(|(column, _)| column == field.name())
    };
    let found = metadata.schema().fields().iter().enumerate();
    let roots: Vec<usize> = found.filter(|(_, field)| wanted(field)).map(|(at, _)| at).collect();
    ProjectionMask::roots(metadata.parquet_schema(), roots)
}

/// Columns of a file in a table's names.
///
/// # Errors
/// When the file holds something else than the table says.
pub(crate) fn conform_all(
    batch: &RecordBatch,
    fields: &[TableField],
    naming: Naming,
) -> Result<RecordBatch, ArrowError> {
    let (mut names, mut arrays) = (Vec::new(), Vec::new());
    for field in fields {
        let found = batch.schema_ref().fields().iter().position(|found| field.is(found, naming));
        if let Some(place) = found {
            let array = field.conform(batch.column(place), naming)?;
            names.push(Field::new(&field.name, array.data_type().clone(), true));
            arrays.push(array);
        }
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(names)), arrays, &options)
}

impl DataFile {
    /// Chooses rows of a batch that begins at the place `from` of the file.
    ///
    /// # Errors
    /// When the file holds something else than the table says.
    pub(super) fn pick(
        &self,
        batch: &RecordBatch,
        from: u64,
        fields: &[TableField],
        naming: Naming,
        choice: &Choice,
    ) -> Result<Picked> {
        self.try_pick(batch, from, fields, naming, choice).map_err(|error| {
            let message = format!("{} does not hold what its table says", self.entry.name);
            Error::new(codes::TABLE_FILE, Blame::Data, message)
                .help("write the table anew with the program that keeps it")
                .caused_by(error)
        })
    }

    fn try_pick(
        &self,
        batch: &RecordBatch,
        from: u64,
        fields: &[TableField],
        naming: Naming,
        choice: &Choice,
    ) -> Result<Picked, ArrowError> {
        let rows = batch.num_rows();
        let mut keep = vec![true; rows];
        for (gone, unless) in [(&choice.without, true), (&choice.only, false)] {
            let Some(gone) = gone else { continue };
            let mut is = vec![false; rows];
            if !gone.positions.is_empty() {
                for (is, place) in is.iter_mut().zip(from..) {
                    *is = gone.positions.contains(place);
                }
            }
            for keys in &gone.keys {
                for (is, has) in is.iter_mut().zip(keys.has(&self.key_columns(batch, keys, naming)?)?) {
                    *is |= has;
                }
            }
            for (keep, is) in keep.iter_mut().zip(is) {
                *keep &= is != unless;
            }
        }
        if let Some((column, texts)) = choice.marked {
            let marks =
                batch.column_by_name(column).map(|marks| arrow_cast::cast(marks, &DataType::Utf8)).transpose()?;
            let marks = marks.ok_or_else(|| ArrowError::SchemaError(format!("it has no column {column}")))?;
            for (keep, mark) in keep.iter_mut().zip(marks.as_string::<i32>()) {
                *keep &= mark.is_some_and(|mark| texts.contains(&mark));
            }
        }
        let mut conformed = conform_all(batch, fields, naming)?;
        let places: Vec<u64> = (from..).zip(&keep).filter(|(_, keep)| **keep).map(|(place, _)| place).collect();
        if places.len() < rows {
            conformed = filter_record_batch(&conformed, &BooleanArray::from(keep))?;
        }
        Ok(Picked { batch: self.with_constants(&conformed, fields)?, places })
    }

    /// Columns by whose values rows are gone, in the types of those values.
    fn key_columns(&self, batch: &RecordBatch, keys: &KeysGone, naming: Naming) -> Result<Vec<ArrayRef>, ArrowError> {
        let column = |field: &TableField| {
            let wanted = field.data_type();
            // What a file holds goes before what is said of it.
            if let Some(place) = batch.schema_ref().fields().iter().position(|found| field.is(found, naming)) {
                return arrow_cast::cast(&field.conform(batch.column(place), naming)?, &wanted);
            }
            match self.constants.iter().find(|(name, _)| *name == field.name) {
                Some((_, value)) => repeated(&arrow_cast::cast(value, &wanted)?, batch.num_rows()),
                None => Ok(arrow_array::new_null_array(&wanted, batch.num_rows())),
            }
        };
        keys.fields.iter().map(column).collect()
    }

    fn with_constants(&self, batch: &RecordBatch, fields: &[TableField]) -> Result<RecordBatch, ArrowError> {
        let mut names: Vec<Field> = batch.schema_ref().fields().iter().map(|field| field.as_ref().clone()).collect();
        let mut arrays = batch.columns().to_vec();
        for (name, value) in self.constants.iter().filter(|(name, _)| fields.iter().any(|field| field.name == *name)) {
            // What a file holds goes before what is said of it.
            if batch.column_by_name(name).is_none() {
                arrays.push(repeated(value, batch.num_rows())?);
                names.push(Field::new(name, value.data_type().clone(), true));
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(names)), arrays, &options)
    }
}

/// An array of length 1, so many times.
fn repeated(value: &ArrayRef, rows: usize) -> Result<ArrayRef, ArrowError> {
    take(value, &UInt32Array::from_value(0, rows), None)
}

#[cfg(test)]
mod tests {
    use arrow_array::Int64Array;

    use super::super::columns::Kind;
    use super::super::root::Root;
    use super::*;
    use crate::files::Location;

    #[test]
    fn what_a_file_holds_goes_before_what_is_said_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str| TableField {
            name: name.to_owned(),
            physical: vec![name.to_owned()],
            id: None,
            kind: Kind::Leaf(DataType::Int64),
        };
        let numbers = |values: Vec<i64>| Arc::new(Int64Array::from(values)) as ArrayRef;
        let location = Location::Local { root: folder.path().to_owned(), within: None, shown: String::new() };
        let root = Root::open(&location, "").unwrap();
        let constants = vec![("here".to_owned(), numbers(vec![9])), ("said".to_owned(), numbers(vec![9]))];
        let file = DataFile { entry: root.file("f", 1), constants: Arc::new(constants), wanted: Wanted::default() };
        let batch = RecordBatch::try_from_iter([("here", numbers(vec![1, 9, 2]))]).unwrap();
        let mut keys = KeysGone::new(vec![of("here"), of("said")]).unwrap();
        keys.add(&[numbers(vec![1, 9]), numbers(vec![9, 8])]).unwrap();
        let gone = Gone { keys: vec![Arc::new(keys)], ..Gone::default() };
        let choice = Choice { without: Some(Arc::new(gone)), ..Choice::default() };
        let picked = file.pick(&batch, 10, &[of("here"), of("said")], Naming::Names, &choice).unwrap();
        assert_eq!(picked.places, [11, 12]);
        assert_eq!(picked.batch.column(0).as_ref(), &Int64Array::from(vec![9, 2]));
        assert_eq!(picked.batch.column(1).as_ref(), &Int64Array::from(vec![9, 9]));
    }
}
