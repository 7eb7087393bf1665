//! The changes of one table, as batches of rows.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use headwater_sdk::connector::{Operation, ReadPart, RowsByKey, SourceBatch};
use headwater_sdk::name::quote_identifier;
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error, Result};

use super::super::decode::Column;
use super::super::describe::select;
use super::super::part::{Load, TablePart};
use super::super::quote;
use super::messages::{Message, Tuple, Value, read};
use super::{Outstanding, TextReading};
use crate::codes;
use crate::database::{Change, Constants, FieldBatch, KeyedRows, Messages, defect, raw};

/// How a key is asked for.
const CONSTANTS: Constants =
    Constants { name: quote_identifier, text: quote::text, bytes: |hex| quote::text(&format!("\\x{hex}")) };

/// See the module's documentation.
#[derive(Debug)]
pub(in super::super) struct ChangesPart {
    pub(in super::super) load: Arc<Load>,
    /// How the text of each column is read.
    pub(in super::super) texts: Vec<TextReading>,
    /// The places of the key's columns.
    pub(in super::super) key: Vec<usize>,
    pub(in super::super) outstanding: Outstanding,
    /// The table, in SQL.
    pub(in super::super) relation: String,
}

impl ReadPart for ChangesPart {
    fn name(&self) -> &str {
        &self.load.target.shown
    }

    fn bytes(&self) -> u64 {
        0
    }

    fn rows_by_key(&self) -> Option<Arc<dyn RowsByKey>> {
        let load = Arc::clone(&self.load);
        let columns = &self.load.target.columns;
        let select = columns.iter().map(select).collect::<Vec<_>>().join(", ");
        let part = move |sql| -> Box<dyn ReadPart> {
            Box::new(TablePart { name: load.target.shown.clone(), load: Arc::clone(&load), bytes: 0, sql })
        };
        Some(Arc::new(KeyedRows {
            query: format!("select {select} from {}", self.relation),
            names: self.key.iter().map(|place| columns[*place].name.clone()).collect(),
            constants: CONSTANTS,
            part,
        }))
    }

    fn read(self: Box<Self>, progress: Arc<Progress>) -> BoxStream<'static, Result<SourceBatch>> {
        // Nothing starts before the stream is asked.
        let start = async move {
            let messages = self.outstanding.reading.messages(self.outstanding.place).await?;
            let batch = FieldBatch::new(&self.load.target)?;
            let walk = Walk { part: *self, messages, batch, shapes: HashMap::new(), row: Vec::new(), progress };
            Ok::<_, Error>(futures::stream::try_unfold(walk, |mut walk| async move {
                let batch = walk.batch()?;
                // Decoding is pure computation: others get a turn.
                tokio::task::yield_now().await;
                Ok(batch.map(|batch| (batch, walk)))
            }))
        };
        futures::stream::once(start).try_flatten().boxed()
    }
}

/// A walk along the messages.
struct Walk {
    part: ChangesPart,
    messages: Messages,
    batch: FieldBatch<Column>,
    /// For each relation, where the columns of the load stand in its rows.
    shapes: HashMap<u32, Vec<Option<usize>>>,
    /// The row that is being made, in binary formats.
    row: Vec<u8>,
    progress: Arc<Progress>,
}

/// A row that a message tells of.
struct Told<'a> {
    operation: Operation,
    shape: &'a [Option<usize>],
    new: &'a Tuple<'a>,
    /// What the row was, if that is told: values that are not sent with the new one are here, where all are.
    old: Option<&'a Tuple<'a>>,
}

impl Walk {
    /// The next changes; `None` when there are no more.
    fn batch(&mut self) -> Result<Option<SourceBatch>> {
        let Self { part, messages, batch, shapes, row, progress } = self;
        while !batch.is_full() {
            let Some(bytes) = messages.next()? else { break };
            progress.add_bytes_in(bytes.len() as u64);
            let message = read(bytes).map_err(defect)?;
            let shape = |oid: &u32| {
                let known = shapes.get(oid).map(Vec::as_slice);
                known.ok_or_else(|| defect(format!("changes of the relation {oid} come before its columns")))
            };
            let (upsert, delete) = (Operation::Upsert, Operation::Delete);
            match &message {
                Message::Relation { oid, columns } => {
                    let place = |name: &String| columns.iter().position(|column| column == name);
                    let places = part.load.target.columns.iter().map(|column| place(&column.name)).collect();
                    shapes.insert(*oid, places);
                }
                Message::Insert { oid, new } => {
                    let told = Told { operation: upsert, shape: shape(oid)?, new, old: None };
                    part.add(&told, batch, row)?;
                }
                Message::Update { oid, old, new } => {
                    let shape = shape(oid)?;
                    if let Some(old) = old
                        && part.has_other_key(shape, old, new)
                    {
                        part.add(&Told { operation: delete, shape, new: old, old: None }, batch, row)?;
                    }
                    part.add(&Told { operation: upsert, shape, new, old: old.as_ref() }, batch, row)?;
                }
                Message::Delete { oid, old } => {
                    part.add(&Told { operation: delete, shape: shape(oid)?, new: old, old: None }, batch, row)?;
                }
                Message::Truncate { oids } => part.truncate(oids, batch)?,
                Message::Begin { .. } | Message::Other => {}
            }
        }
        if batch.is_empty() {
            return Ok(None);
        }
        let batch = batch.finish(&part.load.target)?;
        progress.add_rows_in((batch.rows.num_rows() + batch.rejected.len()) as u64);
        Ok(Some(batch))
    }
}

impl ChangesPart {
    fn has_other_key(&self, shape: &[Option<usize>], old: &Tuple<'_>, new: &Tuple<'_>) -> bool {
        let value = |tuple: &Tuple<'_>, place: &usize| {
            let at = shape.get(*place).copied().flatten();
            match at.and_then(|at| tuple.value(at)) {
                Some(Value::Text(text)) => Some(text.to_vec()),
                _ => None,
            }
        };
        self.key.iter().any(|place| value(old, place) != value(new, place))
    }

    /// Adds a change.
    fn add(&self, told: &Told<'_>, batch: &mut FieldBatch<Column>, row: &mut Vec<u8>) -> Result<()> {
        row.clear();
        let mut fields: Vec<Option<Range<usize>>> = Vec::with_capacity(self.texts.len());
        let (mut kept, mut wrong, mut key) = (None::<Vec<u8>>, None, Some(self.key.as_slice()));
        for (place, text) in self.texts.iter().enumerate() {
            // Of a row that is gone the key counts.
            let counts = told.operation == Operation::Upsert || self.key.contains(&place);
            let at = told.shape.get(place).copied().flatten().filter(|_| counts);
            let mut value = at.and_then(|at| told.new.value(at)).unwrap_or(Value::Null);
            if value == Value::Unchanged
                && let Some(Value::Text(old)) = at.and_then(|at| told.old?.value(at))
            {
                value = Value::Text(old);
            }
            fields.push(match value {
                Value::Null => None,
                Value::Unchanged => {
                    let bits = kept.get_or_insert_with(|| vec![0; self.texts.len().div_ceil(8)]);
                    bits[place / 8] |= 1 << (place % 8);
                    None
                }
                Value::Text(bytes) => {
                    let begin = row.len();
                    if let Err(reason) = text.binary(bytes, row) {
                        key = key.filter(|key| !key.contains(&place));
                        wrong.get_or_insert_with(|| {
                            format!("column '{}': {reason}", self.load.target.columns[place].name)
                        });
                    }
                    Some(begin..row.len())
                }
            });
        }
        let bad = wrong.map(|reason| Ok::<_, Error>((reason, self.raw(told)?))).transpose()?;
        batch.add_change(&self.load.target, Change { operation: told.operation, kept, key }, row, &fields, bad)
    }

    /// A row as it came.
    fn raw(&self, told: &Told<'_>) -> Result<String> {
        let columns = self.load.target.columns.iter().zip(told.shape);
        raw(columns.map(|(column, at)| {
            let value = match at.and_then(|at| told.new.value(at)) {
                Some(Value::Text(text)) => String::from_utf8_lossy(text).into_owned(),
                Some(Value::Unchanged) => "as it was".to_owned(),
                Some(Value::Null) | None => "null".to_owned(),
            };
            Ok((column.name.as_str(), value))
        }))
    }

    fn truncate(&self, oids: &[u32], batch: &mut FieldBatch<Column>) -> Result<()> {
        let [table, partitions @ ..] = self.outstanding.oids.as_slice() else { return Ok(()) };
        let all = !partitions.is_empty() && partitions.iter().all(|partition| oids.contains(partition));
        if !oids.contains(table) && !all {
            let message =
                format!("a partition of {} was truncated: which rows that were is not told", self.load.target.shown);
            return Err(Error::new(codes::POSTGRES_LOST, Blame::Data, message)
                .help("--full-refresh reads the table anew; rows that are deleted are told one by one"));
        }
        let change = Change { operation: Operation::Truncate, kept: None, key: None };
        batch.add_change(&self.load.target, change, &[], &vec![None; self.texts.len()], None)
    }
}
