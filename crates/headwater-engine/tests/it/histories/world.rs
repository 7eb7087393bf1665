//! A lake with a table of rows, and histories of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use futures::TryStreamExt;
use headwater_sdk::Relation;
use headwater_sdk::check::{CheckCount, CompiledCheck};
use headwater_sdk::engine::{Engine, Past, Refresh, Since, StageInput, StageRequest, Staged, WriteMode};
use headwater_sdk::method::{Deletes, History, HistoryColumns, Method};

use super::model::{Row, Told};
use crate::fixture::{Fixture, batch, name};

/// A moment of the model, in microseconds.
const STEP: i64 = 1;

/// A lake, and what each of its histories was last made from.
pub(super) struct World {
    pub(super) lake: Fixture,
    made: BTreeMap<String, Since>,
}

/// The query of a history, over the newest event of each key.
pub(super) const LATEST: &str = "select key, part, name, note, updated from (select *, row_number() over (partition by key, part order by seq desc) as newest from raw.events) as e where newest = 1 and not gone";
/// The query of a history, over a table that is written whole.
pub(super) const WHOLE: &str = "select key, part, name, note, updated from raw.states";

pub(super) fn history(dated: bool, closes: bool) -> History {
    History {
        key: vec!["key".to_owned(), "part".to_owned()],
        track: Some(vec!["name".to_owned()]),
        updated_at: dated.then(|| "updated".to_owned()),
        deletes: if closes { Deletes::Close } else { Deletes::Keep },
        columns: HistoryColumns::default(),
    }
}

/// The number of the event, a key, and its row unless it is gone.
type Event = (i64, i64, Option<Row>);

/// Rows of keys with the number of the event and whether they are gone, as a batch. A key is a number and a part of it.
fn rows(rows: &[Event]) -> RecordBatch {
    let numbers = |value: &dyn Fn(&Event) -> Option<i64>| -> ArrayRef {
        Arc::new(rows.iter().map(value).collect::<Int64Array>())
    };
    let parts = rows.iter().map(|(_, key, _)| if key % 2 == 0 { "even" } else { "odd" });
    let moments = rows.iter().map(|(_, _, row)| row.map(|row| row.updated as i64 * STEP));
    batch(vec![
        ("seq", numbers(&|row| Some(row.0))),
        ("key", numbers(&|row| Some(row.1 / 2))),
        ("part", Arc::new(StringArray::from_iter_values(parts))),
        // A value that is null is a value.
        ("name", numbers(&|row| row.2.and_then(|row| (row.name > 0).then_some(row.name)))),
        ("note", numbers(&|row| row.2.map(|row| row.note))),
        ("updated", Arc::new(TimestampMicrosecondArray::from_iter(moments).with_timezone("UTC"))),
        ("gone", Arc::new(rows.iter().map(|row| Some(row.2.is_none())).collect::<BooleanArray>())),
    ])
}

impl World {
    pub(super) fn new() -> Self {
        Self { lake: Fixture::new(), made: BTreeMap::new() }
    }

    /// Adds events to `raw.events`.
    pub(super) async fn add(&mut self, events: &[(i64, i64, Option<Row>)]) {
        self.lake.load("raw.events", rows(events), WriteMode::Append, vec![]).await;
    }

    /// Writes `raw.states` whole.
    pub(super) async fn write(&mut self, states: &BTreeMap<i64, Row>) {
        let states: Vec<_> = states.iter().map(|(key, row)| (0, *key, Some(*row))).collect();
        self.lake.load("raw.states", rows(&states), WriteMode::Replace, vec![]).await;
    }

    /// Brings a table up to date. With `restricted`, from what has changed.
    pub(super) async fn run(
        &mut self,
        table: &str,
        sql: &str,
        method: Method,
        restricted: bool,
        checks: Vec<CompiledCheck>,
    ) -> Result<Staged, String> {
        let (branch, opened) = self.lake.branch().await;
        let since = self.made.get(table).filter(|_| restricted).cloned();
        let input = StageInput::Query { sql: sql.to_owned(), since, method: method.into() };
        let partition_by = if table.ends_with("parts") { vec!["part".to_owned()] } else { Vec::new() };
        let request = StageRequest { partition_by, ..self.lake.request(table, input, WriteMode::Append, checks) };
        let staged = match opened.stage(request).await {
            Ok(staged) => staged,
            Err(error) => {
                self.lake.engine.drop_branch(&branch).await.unwrap();
                return Err(format!("{}: {}", error.code, error.full_message()));
            }
        };
        let relations = self.lake.relations.clone();
        self.lake.publish(&branch, &staged).await;
        let Some(Relation::Table { version }) = self.lake.relations.get(&name(table)).cloned() else {
            panic!("{table} was not published");
        };
        let checks = staged.checks.iter().map(CheckCount::of).collect();
        self.made.insert(table.to_owned(), Since { relations, version, checks });
        Ok(staged)
    }

    /// The versions that a history has, sorted.
    pub(super) async fn told(&self, table: &str) -> Vec<Told> {
        let sql = format!(
            "select key, part, coalesce(name, 0) as name, note, valid_from, valid_to, is_current, row_hash from {table}"
        );
        let result = self.lake.engine.query(&self.lake.relations, &Past::new(), &sql).await.unwrap();
        let batches: Vec<RecordBatch> = result.stream.try_collect().await.unwrap();
        let mut told = Vec::new();
        for batch in batches {
            // Of a column that partitions the table they come in another form.
            let texts = |column: usize| cast(batch.column(column), &DataType::Utf8).unwrap();
            let number = |column: usize, row: usize| batch.column(column).as_primitive::<Int64Type>().value(row);
            let moment = |column: usize, row: usize| {
                let moments = batch.column(column).as_primitive::<TimestampMicrosecondType>();
                moments.is_valid(row).then(|| usize::try_from(moments.value(row) / STEP).unwrap())
            };
            for row in 0..batch.num_rows() {
                let key = number(0, row) * 2 + i64::from(texts(1).as_string::<i32>().value(row) == "odd");
                let to = moment(5, row);
                assert_eq!(batch.column(6).as_boolean().value(row), to.is_none(), "is_current of {key}");
                assert_eq!(texts(7).as_string::<i32>().value(row).len(), 32, "row_hash of {key}");
                told.push((key, number(2, row), number(3, row), moment(4, row).unwrap(), to));
            }
        }
        told.sort_unstable();
        told
    }
}

/// How many keys were looked at, where these were not all.
pub(super) fn looked_at(staged: &Staged) -> Option<u64> {
    match &staged.refresh {
        Some(Refresh::History { keys, .. }) => *keys,
        _ => None,
    }
}
