//! A walk along the rows of [`super::events`], key by key: which row is written, and which ones are taken out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{Int64Type, SchemaRef};
use futures::{StreamExt, TryStreamExt, stream};
use headwater_sdk::connector::{RejectedRow, RowsByKey};
use headwater_sdk::{Blame, Error, Result, TableName};
use roaring::RoaringTreemap;

use super::Layout;
use super::events::{FILE_PLACE, OPERATION_PLACE, ROW_PLACE};
use super::fold::{ChangeRows, State, Values};
use crate::session::arrow_error;
use crate::stage::history::hashes;
use crate::stage::lanes::by_key::{ByKey, Run, shown_key};
use crate::stage::lanes::{Lane, LaneBatch};
use crate::types::cast_batch;

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
    /// Bad rows among those that were read by their keys.
    pub(super) rejected: Vec<RejectedRow>,
}

/// What all lanes of a walk share.
pub(super) struct Walk {
    pub(super) table: TableName,
    pub(super) layout: Arc<Layout>,
    /// Whether rows that stay are written, too.
    pub(super) anew: bool,
    /// Whether the values of the table's rows are known.
    pub(super) has_values: bool,
    /// How rows are read whose values neither the changes nor the table have.
    pub(super) by_key: Option<Arc<dyn RowsByKey>>,
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
                    let (mut written, unknown) = walk.step(&rows, runs, &schema)?;
                    if !unknown.is_empty() {
                        let read = walk.read(&rows, &unknown, &schema).await?;
                        written =
                            concat_batches(&schema, std::iter::once(&written).chain(&read)).map_err(arrow_error)?;
                    }
                    if written.num_rows() > 0 {
                        return Ok(Some((written, (walk, events))));
                    }
                }
                Ok::<_, Error>(None)
            }
        });
        Ok(rows.map_ok(|rows| LaneBatch { rows, rejected: Vec::new() }).boxed())
    }

    /// The rows to write, and changes whose rows have to be read.
    fn step(&self, rows: &RecordBatch, runs: Vec<Run>, schema: &SchemaRef) -> Result<(RecordBatch, Vec<Unknown>)> {
        let events = Events::of(self, rows)?;
        let (mut written, mut unknown) = (Vec::new(), Vec::new());
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        for run in runs {
            match events.settle(run, &mut ledger)? {
                Settled::Written(values) => written.push(values),
                Settled::Unknown(change) => unknown.push(change),
                Settled::Nothing => {}
            }
        }
        drop(ledger);
        let columns = events.changes.values(&written).map_err(arrow_error)?;
        Ok((RecordBatch::try_new(Arc::clone(schema), columns).map_err(arrow_error)?, unknown))
    }

    /// The rows of changes that the source did not send all values of, as the source has them by now. What became of them since comes
    /// with later changes.
    async fn read(&self, rows: &RecordBatch, unknown: &[Unknown], schema: &SchemaRef) -> Result<Vec<RecordBatch>> {
        let Some(by_key) = &self.by_key else { return Err(self.unknown_values(rows, unknown)) };
        let places = UInt32Array::from_iter_values(unknown.iter().map(|change| change.row as u32));
        let keys = rows.project(&self.layout.key).and_then(|keys| take_record_batch(&keys, &places));
        let mut batches = by_key.rows(&keys.map_err(arrow_error)?)?.read(Arc::default());
        let (mut read, mut rejected) = (Vec::new(), Vec::new());
        while let Some(batch) = batches.try_next().await? {
            let kept = cast_batch(&batch.rows, &self.layout.lake).and_then(|rows| cast_batch(&rows, schema));
            read.push(kept.map_err(arrow_error)?);
            rejected.extend(batch.rejected);
        }
        let found: u64 = read.iter().map(|rows| rows.num_rows() as u64).sum();
        let had = unknown.iter().filter(|change| change.had).count() as u64;
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let replaced = found.min(had);
        ledger.replaced += replaced;
        ledger.added += found - replaced;
        ledger.deleted += had - replaced;
        ledger.rejected.append(&mut rejected);
        Ok(read)
    }

    /// A change left values as they were in a row that the table does not have.
    fn unknown_values(&self, rows: &RecordBatch, unknown: &[Unknown]) -> Error {
        let row = unknown.first().map_or(0, |change| change.row);
        let (table, key) = (&self.table, shown_key(rows, &self.layout.key, row));
        let message =
            format!("{table}: the source did not send all values of {key}, and the table has no row to keep them of");
        Error::new("HW0639", Blame::Data, message)
            .help("--full-refresh reads them; a source that sends all values of a changed row does not come to this")
    }
}

/// A change that leaves values as they were in a row that the table does not have.
struct Unknown {
    row: usize,
    /// Whether the table has a row of its key.
    had: bool,
}

/// What becomes of a key.
enum Settled {
    Written(Values),
    Unknown(Unknown),
    Nothing,
}

impl Settled {
    /// A row that stays.
    fn stays(anew: bool, values: Values) -> Self {
        if anew { Self::Written(values) } else { Self::Nothing }
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

    fn settle(&self, run: Run, ledger: &mut Ledger) -> Result<Settled> {
        let first = run.clone().find(|row| self.file.is_null(*row)).unwrap_or(run.end);
        let (kept, changes) = (run.start..first, first..run.end);
        let anew = self.walk.anew;
        if changes.is_empty() {
            // With all of the table's rows.
            return Ok(Settled::stays(anew, Values::Of(kept.start)));
        }
        self.verify(&changes)?;
        let there = (!kept.is_empty() && self.walk.has_values).then_some(State::whole(Values::Of(kept.start)));
        let state = changes.clone().fold(there, |state, row| Some(self.changes.then(state, row)));
        let settled = match state {
            None | Some(State::Gone) => {
                ledger.deleted += u64::from(!kept.is_empty());
                Settled::Nothing
            }
            Some(State::There { kept: Some(_), .. }) => {
                Settled::Unknown(Unknown { row: changes.start, had: !kept.is_empty() })
            }
            Some(State::There { values, kept: None, .. }) => {
                let same = kept.len() == 1 && self.is_same(&values, kept.start);
                match (kept.is_empty(), same) {
                    (true, _) => ledger.added += 1,
                    (false, true) => ledger.same += 1,
                    (false, false) => ledger.replaced += 1,
                }
                if same {
                    return Ok(Settled::stays(anew, values));
                }
                Settled::Written(values)
            }
        };
        for row in kept {
            let position = u64::try_from(self.row.value(row)).unwrap_or_default();
            ledger.removed.entry(self.file.value(row)).or_default().insert(position);
        }
        Ok(settled)
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
}
