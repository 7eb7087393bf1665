//! Two small tables with nulls and duplicates, ways to change one of their columns, and running queries on them.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, Int64Builder, ListBuilder, RecordBatch};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::catalog::{CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider};
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use headwater_sdk::TableName;

use crate::generated::tape::Tape;

/// A column of a table: `p.t` or `p.u`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lineage) struct Place {
    pub(in crate::lineage) table: &'static str,
    pub(in crate::lineage) column: &'static str,
}

const NUMBERS: [(&str, [&str; 4]); 2] = [("t", ["id", "a", "b", "c"]), ("u", ["id", "a", "d", "e"])];

/// Every column of both tables. `id` is a key; `l`, of `t` only, is a list.
pub(in crate::lineage) fn places() -> impl Iterator<Item = Place> {
    let numbers = NUMBERS.into_iter().flat_map(|(table, columns)| columns.map(|column| Place { table, column }));
    numbers.chain([Place { table: "t", column: "l" }])
}

pub(in crate::lineage) fn schema_of(name: &TableName) -> Option<SchemaRef> {
    let (table, columns) = NUMBERS.into_iter().find(|(table, _)| name.schema() == "p" && *table == name.table())?;
    let mut fields: Vec<Field> = columns.iter().map(|column| Field::new(*column, DataType::Int64, true)).collect();
    if table == "t" {
        fields.push(Field::new("l", DataType::new_list(DataType::Int64, true), true));
    }
    Some(Arc::new(Schema::new(fields)))
}

type Number = Option<i64>;
type Numbers = Option<Vec<Number>>;

/// The contents of both tables.
#[derive(Debug, Clone)]
pub(in crate::lineage) struct Data {
    /// Per table four columns of numbers.
    numbers: [[Vec<Number>; 4]; 2],
    lists: Vec<Numbers>,
}

/// How a column is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lineage) enum Change {
    /// Distinct values to distinct new ones; nulls stay.
    Shift,
    /// Other values of the same few, some to null and some from null. Keys change places.
    Mix,
}

const KEY: usize = 0;
const SHIFT: i64 = 100;

impl Data {
    pub(in crate::lineage) fn generate(tape: &mut Tape<'_>) -> Self {
        let mut table = || {
            let rows = 2 + tape.pick(4);
            let key: Vec<Number> = (1..=rows as i64).map(Some).collect();
            let mut column =
                || (0..rows).map(|_| if tape.chance(20) { None } else { Some(tape.pick(4) as i64) }).collect();
            [key, column(), column(), column()]
        };
        let numbers = [table(), table()];
        let mut list = || match tape.pick(5) {
            0 => Some(vec![Some(tape.pick(4) as i64)]),
            1 => Some(vec![Some(tape.pick(4) as i64), Some(tape.pick(4) as i64)]),
            2 => Some(vec![]),
            3 => None,
            _ => Some(vec![None, Some(tape.pick(4) as i64)]),
        };
        let lists = (0..numbers[0][KEY].len()).map(|_| list()).collect();
        Self { numbers, lists }
    }

    /// The same rows in another order.
    pub(in crate::lineage) fn reordered(&self) -> Self {
        let mut other = self.clone();
        other.numbers.iter_mut().flatten().for_each(|column| column.reverse());
        other.lists.reverse();
        other
    }

    /// The same tables but for one column. `None` when the change leaves it as it is.
    pub(in crate::lineage) fn changed(&self, place: Place, change: Change) -> Option<Self> {
        let mut other = self.clone();
        if place.column == "l" {
            other.lists = match change {
                Change::Shift => self.lists.iter().map(|l| l.as_ref().map(|l| shift(l))).collect(),
                Change::Mix => self.lists.iter().map(mix_list).collect(),
            };
            return (other.lists != self.lists).then_some(other);
        }
        let table = NUMBERS.iter().position(|(table, _)| *table == place.table)?;
        let column = NUMBERS[table].1.iter().position(|column| *column == place.column)?;
        let values = &self.numbers[table][column];
        let new: Vec<Number> = match change {
            Change::Shift => shift(values),
            Change::Mix if column == KEY => values.iter().rev().copied().collect(),
            Change::Mix => values.iter().enumerate().map(|(row, value)| mix(row, *value)).collect(),
        };
        let different = new != *values;
        other.numbers[table][column] = new;
        different.then_some(other)
    }

    fn batch(&self, table: usize) -> RecordBatch {
        let name = TableName::new("p", NUMBERS[table].0).unwrap();
        let mut columns: Vec<ArrayRef> =
            self.numbers[table].iter().map(|values| Arc::new(Int64Array::from(values.clone())) as ArrayRef).collect();
        if table == 0 {
            let mut lists = ListBuilder::new(Int64Builder::new());
            self.lists.iter().for_each(|list| lists.append_option(list.clone()));
            columns.push(Arc::new(lists.finish()));
        }
        RecordBatch::try_new(schema_of(&name).unwrap(), columns).unwrap()
    }

    /// The rows that a query yields, as texts, sorted.
    pub(in crate::lineage) async fn run(&self, sql: &str) -> Result<Rows, String> {
        let config = SessionConfig::new()
            .with_target_partitions(1)
            .with_create_default_catalog_and_schema(false)
            .with_default_catalog_and_schema("c", "public")
            .set_str("datafusion.sql_parser.dialect", "PostgreSQL");
        let context = SessionContext::new_with_config(config);
        let schema = MemorySchemaProvider::new();
        for (index, (table, _)) in NUMBERS.iter().enumerate() {
            let batch = self.batch(index);
            let provider = MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap();
            schema.register_table((*table).to_owned(), Arc::new(provider)).unwrap();
        }
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema("p", Arc::new(schema)).unwrap();
        context.register_catalog("c", Arc::new(catalog));
        let frame = context.sql(sql).await.map_err(|error| error.to_string())?;
        let schema = Arc::new(frame.schema().as_arrow().clone());
        let batches = frame.collect().await.map_err(|error| error.to_string())?;
        let batch = match batches.first() {
            Some(first) => concat_batches(&first.schema(), &batches).map_err(|error| error.to_string())?,
            None => RecordBatch::new_empty(schema),
        };
        Ok(Rows::of(&batch))
    }
}

fn shift(values: &[Number]) -> Vec<Number> {
    values.iter().map(|value| value.map(|v| v + SHIFT)).collect()
}

fn mix(row: usize, value: Number) -> Number {
    match value {
        None => Some(row as i64 % 4),
        Some(_) if row % 3 == 2 => None,
        Some(v) => Some((v * 3 + 1 + row as i64) % 5),
    }
}

fn mix_list(list: &Numbers) -> Numbers {
    match list {
        None => Some(vec![Some(1)]),
        Some(items) if items.is_empty() => Some(vec![Some(0), Some(2)]),
        Some(items) if items.len() == 1 => None,
        Some(items) => Some(items[1..].to_vec()),
    }
}

/// A multiset of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::lineage) struct Rows(pub(in crate::lineage) Vec<Vec<String>>);

impl Rows {
    fn of(batch: &RecordBatch) -> Self {
        let options = FormatOptions::default().with_null("∅");
        let columns: Vec<_> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column.as_ref(), &options).unwrap()).collect();
        let row = |row: usize| columns.iter().map(|column| column.value(row).to_string()).collect();
        let mut rows: Vec<Vec<String>> = (0..batch.num_rows()).map(row).collect();
        rows.sort();
        Self(rows)
    }

    /// The rows with only the columns that `keep` says.
    pub(in crate::lineage) fn only(&self, keep: impl Fn(usize) -> bool) -> Self {
        let cut = |row: &Vec<String>| {
            row.iter().enumerate().filter(|(column, _)| keep(*column)).map(|(_, value)| value.clone()).collect()
        };
        let mut rows: Vec<Vec<String>> = self.0.iter().map(cut).collect();
        rows.sort();
        Self(rows)
    }
}
