//! A walk along the rows of [`super::events`], key by key: which row is written, and which ones are taken out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{Int64Type, SchemaRef};
use futures::{StreamExt, TryStreamExt, stream};
use headwater_sdk::{Blame, Error, Result, TableName};
use roaring::RoaringTreemap;

use super::Layout;
use super::events::{FILE_PLACE, OPERATION_PLACE, ROW_PLACE};
use super::fold::{ChangeRows, State, Values};
use crate::session::arrow_error;
use crate::stage::history::hashes;
use crate::stage::lanes::by_key::{ByKey, Run, shown_key};
use crate::stage::lanes::{Lane, LaneBatch};

/// What a walk has found, beside the rows to write.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Rows of the table that are taken out, by the places of their files.
    pub(super) removed: HashMap<i64, RoaringTreemap>,
    /// Keys that the table did not have.
    pub(super) added: u64,
    /// Keys whose row is another now.
    pub(super) replaced: u64,
    /// Keys that are gone.
    pub(super) deleted: u64,
    /// Keys that came as they were.
    pub(super) same: u64,
}

/// What all lanes of a walk share.
pub(super) struct Walk {
    pub(super) table: TableName,
    pub(super) layout: Arc<Layout>,
    /// Whether rows that stay are written, too.
    pub(super) anew: bool,
    /// Whether the values of the table's rows are known.
    pub(super) has_values: bool,
    pub(super) ledger: Mutex<Ledger>,
}

impl Walk {
    /// The rows to write that a lane of events leads to.
    pub(super) fn lane(self: Arc<Self>, events: Lane) -> Result<Lane> {
        let types = self.layout.key.iter().map(|place| self.layout.fields.field(*place).data_type().clone());
        let events = ByKey::new(events, self.layout.key.clone(), types)?;
        let schema = Arc::clone(&self.layout.fields);
        let rows = stream::try_unfold((self, events), move |(walk, mut events)| {
            let schema = Arc::clone(&schema);
            async move {
                while let Some((rows, runs)) = events.next().await? {
                    let written = walk.step(&rows, runs, &schema)?;
                    if written.num_rows() > 0 {
                        return Ok(Some((written, (walk, events))));
                    }
                }
                Ok::<_, Error>(None)
            }
        });
        Ok(rows.map_ok(|rows| LaneBatch { rows, rejected: Vec::new() }).boxed())
    }

    fn step(&self, rows: &RecordBatch, runs: Vec<Run>, schema: &SchemaRef) -> Result<RecordBatch> {
        let events = Events::of(self, rows)?;
        let mut written = Vec::new();
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        for run in runs {
            written.extend(events.settle(run, &mut ledger)?);
        }
        drop(ledger);
        RecordBatch::try_new(Arc::clone(schema), events.changes.values(&written).map_err(arrow_error)?)
            .map_err(arrow_error)
    }
}

/// Some events, taken apart.
struct Events<'a> {
    walk: &'a Walk,
    rows: &'a RecordBatch,
    changes: ChangeRows<'a>,
    file: &'a Int64Array,
    row: &'a Int64Array,
    /// What rows are compared by; `None` where they are not compared.
    hashes: Option<Vec<u128>>,
}

impl<'a> Events<'a> {
    fn of(walk: &'a Walk, rows: &'a RecordBatch) -> Result<Self> {
        let width = walk.layout.width();
        let own = |place: usize| rows.column(width + place).as_primitive::<Int64Type>();
        let fields = walk.layout.fields.fields().iter();
        let columns: Vec<(&str, &ArrayRef)> = fields.map(|field| field.name().as_str()).zip(rows.columns()).collect();
        // Values of a type that has no hash are taken for others.
        let hashes = walk.has_values.then(|| hashes(&columns, rows.num_rows()).ok()).flatten();
        Ok(Self {
            walk,
            rows,
            changes: ChangeRows::new(rows, width, width + OPERATION_PLACE),
            file: own(FILE_PLACE),
            row: own(ROW_PLACE),
            hashes,
        })
    }

    /// What becomes of one key: the row to write, if any.
    fn settle(&self, run: Run, ledger: &mut Ledger) -> Result<Option<Values>> {
        let first = run.clone().find(|row| self.file.is_null(*row)).unwrap_or(run.end);
        let (kept, changes) = (run.start..first, first..run.end);
        if changes.is_empty() {
            // With all of the table's rows.
            return Ok(self.walk.anew.then_some(Values::Of(kept.start)));
        }
        self.verify(&changes)?;
        let there = (!kept.is_empty() && self.walk.has_values)
            .then_some(State::There { values: Values::Of(kept.start), kept: None });
        let state = changes.clone().fold(there, |state, row| Some(self.changes.then(state, row)));
        let written = match state {
            None | Some(State::Gone) => {
                ledger.deleted += u64::from(!kept.is_empty());
                None
            }
            Some(State::There { kept: Some(_), .. }) => return Err(self.unknown_values(changes.start)),
            Some(State::There { values, kept: None }) => {
                let same = kept.len() == 1 && self.is_same(&values, kept.start);
                match (kept.is_empty(), same) {
                    (true, _) => ledger.added += 1,
                    (false, true) => ledger.same += 1,
                    (false, false) => ledger.replaced += 1,
                }
                if same {
                    return Ok(self.walk.anew.then_some(values));
                }
                Some(values)
            }
        };
        for row in kept {
            let position = u64::try_from(self.row.value(row)).unwrap_or_default();
            ledger.removed.entry(self.file.value(row)).or_default().insert(position);
        }
        Ok(written)
    }

    fn is_same(&self, values: &Values, kept: usize) -> bool {
        match (values, &self.hashes) {
            (Values::Of(row), Some(hashes)) => hashes[*row] == hashes[kept],
            _ => false,
        }
    }

    /// Refuses what cannot be taken up by a key.
    fn verify(&self, changes: &Run) -> Result<()> {
        let Walk { table, layout, .. } = self.walk;
        let by = layout.key_names().join(", ");
        let has_null = layout.key.iter().any(|place| self.rows.column(*place).is_null(changes.start));
        let (what, help) = if has_null {
            ("its key is null in rows of the source", "choose a `key` that is never null, or leave such rows out")
        } else if layout.once && changes.len() > 1 {
            ("several rows of the source have the same key", "name more columns in `key`, until they tell rows apart")
        } else {
            return Ok(());
        };
        let key = shown_key(self.rows, &layout.key, changes.start);
        Err(Error::new("HW0638", Blame::Data, format!("{table} is taken up by ({by}), and {what}: {key}")).help(help))
    }

    /// A change left values as they were in a row that the table does not have.
    fn unknown_values(&self, row: usize) -> Error {
        let (table, key) = (&self.walk.table, shown_key(self.rows, &self.walk.layout.key, row));
        let message =
            format!("{table}: the source did not send all values of {key}, and the table has no row to keep them of");
        Error::new("HW0639", Blame::Data, message).help(
            "--full-refresh reads them; a `replica identity full` of the table in the source makes it send all values",
        )
    }
}
