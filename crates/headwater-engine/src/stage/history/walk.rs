//! A walk along the rows of [`super::events`], key by key: what [`super::timeline`] makes of each becomes rows to write and
//! rows to take out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    UInt32Array,
};
use arrow::compute::take;
use arrow::datatypes::{DataType, Date32Type, Int64Type, Schema, SchemaRef, TimestampMicrosecondType};
use futures::{StreamExt, TryStreamExt, stream};
use headwater_sdk::{Blame, Error, Result, TableName};
use roaring::RoaringTreemap;

use super::MICROS_OF_DAY;
use super::columns::Layout;
use super::events::{FILE, FROM, ROW, TO};
use super::hashes::hashes;
use super::timeline::{Event, Moment, Piece, State, Values, Version, amend, is_whole};
use crate::session::arrow_error;
use crate::stage::lanes::by_key::{ByKey, Run, shown_key};
use crate::stage::lanes::{Lane, LaneBatch};

/// How many keys an error names.
const NAMED: usize = 5;

/// What a walk has found, beside the rows to write.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Rows of the table that are taken out, by the places of their files.
    pub(super) removed: HashMap<i64, RoaringTreemap>,
    pub(super) opened: u64,
    pub(super) changed: u64,
    pub(super) deleted: u64,
    pub(super) corrected: u64,
    pub(super) overwritten: u64,
}

impl Ledger {
    fn count(&mut self, event: Event) {
        *match event {
            Event::Opened => &mut self.opened,
            Event::Changed => &mut self.changed,
            Event::Deleted => &mut self.deleted,
            Event::Corrected => &mut self.corrected,
            Event::Overwritten => &mut self.overwritten,
        } += 1;
    }
}

/// What all lanes of a walk share.
pub(super) struct Walk {
    pub(super) table: TableName,
    pub(super) layout: Arc<Layout>,
    pub(super) at: Moment,
    pub(super) ledger: Mutex<Ledger>,
}

impl Walk {
    /// The columns of the rows to write.
    pub(super) fn schema(&self) -> SchemaRef {
        let own = self.layout.schema.fields().iter().skip(self.layout.fields.len());
        Arc::new(Schema::new(self.layout.fields.iter().chain(own).cloned().collect::<Vec<_>>()))
    }

    /// The rows to write that a lane of events leads to.
    pub(super) fn lane(self: Arc<Self>, events: Lane) -> Result<Lane> {
        let places = self.layout.places.key.clone();
        let types = places.iter().map(|place| self.layout.fields[*place].data_type().clone());
        let events = ByKey::new(events, places.clone(), types)?;
        let steps = Steps { schema: self.schema(), walk: self, events };
        let rows = stream::try_unfold(steps, |mut steps| async move {
            Ok::<_, Error>(steps.next().await?.map(|rows| (rows, steps)))
        });
        Ok(rows.map_ok(|rows| LaneBatch { rows, rejected: Vec::new() }).boxed())
    }
}

/// A walk along one lane.
struct Steps {
    walk: Arc<Walk>,
    schema: SchemaRef,
    events: ByKey,
}

impl Steps {
    /// The next rows to write; `None` at the end.
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        while let Some((rows, runs)) = self.events.next().await? {
            let written = self.step(&rows, runs)?;
            if written.num_rows() > 0 {
                return Ok(Some(written));
            }
        }
        Ok(None)
    }

    /// What rows lead to.
    fn step(&mut self, rows: &RecordBatch, runs: Vec<Run>) -> Result<RecordBatch> {
        let events = Events::of(&self.walk, rows)?;
        events.verify(&runs)?;
        let mut written = Written::default();
        let mut ledger = self.walk.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        for run in runs {
            events.amend(run, &mut written, &mut ledger)?;
        }
        drop(ledger);
        events.rows_of(&written, &self.schema)
    }
}

/// Rows to write, each with the values of a row of the events.
#[derive(Debug, Default)]
struct Written {
    values: Vec<u32>,
    from: Vec<Moment>,
    to: Vec<Option<Moment>>,
}

/// Some events, taken apart.
struct Events<'a> {
    walk: &'a Walk,
    rows: &'a RecordBatch,
    tracked: Vec<u128>,
    untracked: Vec<u128>,
    updated_at: Option<Vec<Option<Moment>>>,
    from: &'a TimestampMicrosecondArray,
    to: &'a TimestampMicrosecondArray,
    file: &'a Int64Array,
    row: &'a Int64Array,
}

impl<'a> Events<'a> {
    fn of(walk: &'a Walk, rows: &'a RecordBatch) -> Result<Self> {
        let Layout { fields, places, .. } = walk.layout.as_ref();
        let hashed = |chosen: &[usize]| {
            let columns: Vec<(&str, &ArrayRef)> =
                chosen.iter().map(|place| (fields[*place].name().as_str(), rows.column(*place))).collect();
            hashes(&columns, rows.num_rows()).map_err(arrow_error)
        };
        let own = |column: usize| rows.column(fields.len() + column);
        Ok(Self {
            walk,
            rows,
            tracked: hashed(&places.tracked)?,
            untracked: hashed(&places.untracked)?,
            updated_at: places.updated_at.map(|place| moments(rows.column(place))),
            from: own(FROM).as_primitive::<TimestampMicrosecondType>(),
            to: own(TO).as_primitive::<TimestampMicrosecondType>(),
            file: own(FILE).as_primitive::<Int64Type>(),
            row: own(ROW).as_primitive::<Int64Type>(),
        })
    }

    fn is_input(&self, row: usize) -> bool {
        self.file.is_null(row)
    }

    /// Refuses rows of the query that are no state of a key: a key that is null or comes twice, an unknown time.
    fn verify(&self, runs: &[Run]) -> Result<()> {
        let table = &self.walk.table;
        let key = self.walk.layout.key();
        let by = key.join(", ");
        let refuse = |code: &'static str, rows: Vec<usize>, what: &str, help: String| match rows.as_slice() {
            [] => Ok(()),
            rows => {
                let keys: Vec<String> = rows.iter().take(NAMED).map(|row| self.key_of(*row)).collect();
                let more = if rows.len() > NAMED { ", …" } else { "" };
                let message = format!("{table}: {what}: {}{more}", keys.join(", "));
                Err(Error::new(code, Blame::Data, message).help(help))
            }
        };
        let places = &self.walk.layout.places;
        let has_null = |row: usize| places.key.iter().any(|place| self.rows.column(*place).is_null(row));
        let inputs = |run: &Run| run.clone().filter(|row| self.is_input(*row));
        let nulls = runs.iter().flat_map(inputs).filter(|row| has_null(*row)).collect();
        let help =
            format!("a key tells rows apart: leave such rows out of the query, or choose another key than ({by})");
        refuse("HW0630", nulls, "its key is null in rows of the query", help)?;
        let twice = runs.iter().filter(|run| inputs(run).count() > 1).map(|run| run.start).collect();
        let help = format!(
            "the query has to yield what holds now, one row for each ({by}): keep the newest row of each, or add the column to `key` that tells them apart"
        );
        refuse("HW0630", twice, "several rows of the query have the same key", help)?;
        let Some(updated_at) = &self.updated_at else { return Ok(()) };
        let unknown = runs.iter().flat_map(inputs).filter(|row| updated_at[*row].is_none()).collect();
        let name = places.updated_at.map_or("", |place| self.walk.layout.fields[place].name().as_str());
        let help = format!(
            "a version holds from then on: give these rows a time, e.g. coalesce({name}, created_at) as {name}"
        );
        refuse("HW0631", unknown, &format!("{name} is null in rows of the query"), help)
    }

    /// A row's key, for people.
    fn key_of(&self, row: usize) -> String {
        shown_key(self.rows, &self.walk.layout.places.key, row)
    }

    fn state(&self, row: usize) -> State {
        let updated_at = self.updated_at.as_ref().and_then(|moments| moments[row]);
        State { tracked: self.tracked[row], untracked: self.untracked[row], updated_at }
    }

    /// Amends the versions of one key.
    fn amend(&self, run: Run, written: &mut Written, ledger: &mut Ledger) -> Result<()> {
        let input = run.clone().find(|row| self.is_input(*row));
        let kept = run.start..input.unwrap_or(run.end);
        let to = |row: usize| self.to.is_valid(row).then(|| self.to.value(row));
        let versions: Vec<Version> = kept
            .clone()
            .map(|row| Version { from: self.from.value(row), to: to(row), state: self.state(row) })
            .collect();
        if kept.clone().any(|row| self.from.is_null(row)) || !is_whole(&versions) {
            let (table, key) = (&self.walk.table, self.key_of(run.start));
            let message = format!("{table}: the versions of {key} do not follow each other");
            return Err(Error::new("HW0634", Blame::Environment, message).help(
                "another program has written to the history: `headwater rollback` brings back what it was, or correct it there",
            ));
        }
        let state = input.map(|row| self.state(row));
        let Some(amendment) = amend(&versions, state.as_ref(), self.walk.at, self.walk.layout.deletes) else {
            return Ok(());
        };
        ledger.count(amendment.event);
        for place in amendment.removed {
            let row = kept.start + place;
            let position = u64::try_from(self.row.value(row)).unwrap_or_default();
            ledger.removed.entry(self.file.value(row)).or_default().insert(position);
        }
        for Piece { values, from, to } in amendment.written {
            let row = match values {
                Values::Version(place) => kept.start + place,
                Values::Input => input.unwrap_or(run.start),
            };
            written.values.push(u32::try_from(row).unwrap_or(u32::MAX));
            written.from.push(from);
            written.to.push(to);
        }
        Ok(())
    }

    fn rows_of(&self, written: &Written, schema: &SchemaRef) -> Result<RecordBatch> {
        let places = UInt32Array::from(written.values.clone());
        let width = self.walk.layout.fields.len();
        let values = self.rows.columns().iter().take(width).map(|column| take(column, &places, None));
        let mut columns = values.collect::<std::result::Result<Vec<_>, _>>().map_err(arrow_error)?;
        let utc = |moments: TimestampMicrosecondArray| Arc::new(moments.with_timezone("UTC")) as ArrayRef;
        columns.push(utc(TimestampMicrosecondArray::from(written.from.clone())));
        columns.push(utc(TimestampMicrosecondArray::from(written.to.clone())));
        columns.push(Arc::new(written.to.iter().map(|to| Some(to.is_none())).collect::<BooleanArray>()));
        let hash = |row: &u32| format!("{:032x}", self.tracked[*row as usize]);
        columns.push(Arc::new(StringArray::from_iter_values(written.values.iter().map(hash))));
        RecordBatch::try_new(schema.clone(), columns).map_err(arrow_error)
    }
}

/// The moments of a date or timestamp column: a day begins at midnight in UTC.
fn moments(column: &ArrayRef) -> Vec<Option<Moment>> {
    match column.data_type() {
        DataType::Date32 => {
            let days = column.as_primitive::<Date32Type>().iter();
            days.map(|day| day.map(|day| i64::from(day) * MICROS_OF_DAY)).collect()
        }
        _ => column.as_primitive::<TimestampMicrosecondType>().iter().collect(),
    }
}
