//! The changes of one table, as batches of rows.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use headwater_sdk::connector::{Operation, ReadPart, RowsByKey, SourceBatch};
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error, Result};

use super::super::decode::Column;
use super::super::describe::select;
use super::super::part::{Load, TablePart};
use super::super::quote;
use super::super::wire::Fields;
use super::event::{MapColumn, RowsKind, TableMap, rows_kind, uncompressed};
use super::reading::{ALTERED, Changes, EMPTIED, LOST, ROWS};
use super::shape::{Absent, Layout, layout};
use super::{Outstanding, values};
use crate::codes;
use crate::database::{Change, Constants, FieldBatch, FieldColumn, KeyedRows, defect, other_values, raw, unlogged};

/// How a key is asked for.
const CONSTANTS: Constants = Constants { name: quote::name, text: quote::text, bytes: |hex| format!("x'{hex}'") };

/// See the module's documentation.
#[derive(Debug)]
pub(in super::super) struct ChangesPart {
    pub(in super::super) load: Arc<Load>,
    /// The table, in SQL.
    pub(in super::super) relation: String,
    /// The places of the key's columns.
    pub(in super::super) key: Vec<usize>,
    pub(in super::super) outstanding: Outstanding,
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
            let changes = self.outstanding.reading.changes(self.outstanding.place).await?;
            if let Some(reason) = &changes.other_values {
                return Err(other_values(&self.load.target.shown, reason));
            }
            if let Some(reason) = &changes.cascaded {
                return Err(unlogged(&self.load.target.shown, reason));
            }
            let collations = self.collations().await?;
            let batch = FieldBatch::new(&self.load.target)?;
            let walk = Walk {
                part: *self,
                changes,
                collations,
                batch,
                altered: 0,
                map: Vec::new(),
                columns: None,
                rows: None,
                progress,
            };
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
    changes: Changes,
    /// The character sets of collations, by their numbers.
    collations: HashMap<u64, String>,
    batch: FieldBatch<Column>,
    /// How often the table was altered up to here.
    altered: usize,
    /// The map that `columns` is made of, as it came.
    map: Vec<u8>,
    columns: Option<Columns>,
    /// An event whose rows are not all read: what it is, its bytes and how far they are read.
    rows: Option<Rows>,
    progress: Arc<Progress>,
}

/// Where the columns of the load stand in rows that come.
struct Columns {
    layout: Layout,
    places: Vec<Option<usize>>,
}

pub(super) struct Rows {
    kind: RowsKind,
    pub(super) bytes: Vec<u8>,
    at: usize,
    /// Which columns there are in rows as they were, and as they are.
    before: Vec<bool>,
    after: Vec<bool>,
}

/// A row as it came: for each column, whether it is there, and the place of its bytes.
pub(super) type Image = Vec<Value>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Absent,
    Null,
    Bytes(Range<usize>),
}

impl Walk {
    /// The next changes; `None` when there are no more.
    fn batch(&mut self) -> Result<Option<SourceBatch>> {
        while !self.batch.is_full() {
            if self.rows.is_some() {
                self.row()?;
                continue;
            }
            let Some(message) = self.changes.messages.next()? else { break };
            self.progress.add_bytes_in(message.len() as u64);
            let (kind, rest) = message.split_first().ok_or_else(unknown)?;
            match *kind {
                EMPTIED => {
                    let nulls = vec![None; self.part.load.target.columns.len()];
                    let change = Change { operation: Operation::Truncate, kept: None, key: None };
                    self.batch.add_change(&self.part.load.target, change, &[], &nulls, None)?;
                }
                ALTERED => {
                    self.altered += 1;
                    self.columns = None;
                }
                LOST => {
                    let reason = String::from_utf8_lossy(rest).into_owned();
                    let message =
                        format!("{}: {}: {reason}", self.part.load.moment.server.name, self.part.load.target.shown);
                    return Err(Error::new(codes::MYSQL_LOST, Blame::Data, message)
                        .help("--full-refresh reads the table anew and follows it from there"));
                }
                ROWS => {
                    let rest = rest.to_vec();
                    self.begin(&rest)?;
                }
                _ => return Err(unknown()),
            }
        }
        if self.batch.is_empty() {
            return Ok(None);
        }
        let batch = self.batch.finish(&self.part.load.target)?;
        self.progress.add_rows_in((batch.rows.num_rows() + batch.rejected.len()) as u64);
        Ok(Some(batch))
    }

    /// Begins with an event of rows.
    fn begin(&mut self, message: &[u8]) -> Result<()> {
        let mut fields = Fields(message);
        let kind = fields.byte().and_then(rows_kind).ok_or_else(unknown)?;
        let length = fields.big_endian(4).ok_or_else(unknown)? as usize;
        let map = fields.take(length).ok_or_else(unknown)?;
        if self.columns.is_none() || self.map != map {
            self.columns = Some(self.columns(&TableMap::read(map).ok_or_else(unknown)?)?);
            self.map = map.to_vec();
        }
        self.rows = Some(Rows::begin(kind, fields.0).ok_or_else(unknown)?);
        Ok(())
    }

    fn columns(&self, map: &TableMap) -> Result<Columns> {
        // Once altered for the last time, it is as it is now.
        let known = match self.altered {
            0 => Some(self.changes.stored.as_slice()),
            times if times == self.changes.altered => Some(self.changes.now.as_slice()),
            _ => None,
        };
        let layout = layout(map, known, &self.changes.now, &self.collations).map_err(|reason| {
            let message = format!("{}: {}: {reason}", self.part.load.moment.server.name, self.part.load.target.shown);
            Error::new(codes::MYSQL_BINLOG, Blame::Data, message).help(
                "--full-refresh reads the table anew; with `set global binlog_row_metadata = FULL` the log says itself which \
                 columns rows have",
            )
        })?;
        let place = |name: &String| layout.columns.iter().position(|(column, ..)| column == name);
        let places = self.part.load.target.columns.iter().map(|column| place(&column.name)).collect();
        Ok(Columns { layout, places })
    }

    /// Takes up the next row of an event.
    fn row(&mut self) -> Result<()> {
        let Self { part, batch, columns, rows, .. } = self;
        let (Some(columns), Some(event)) = (columns, rows.as_mut()) else { return Ok(()) };
        if event.is_at_the_end() {
            *rows = None;
            return Ok(());
        }
        let (kind, delete) = (event.kind, Operation::Delete);
        let mut image = |is_before| {
            let mut types = columns.layout.columns.iter().map(|(_, form, _)| form.column);
            event.image(&mut types, is_before).ok_or_else(unknown)
        };
        let before = if kind == RowsKind::Write { None } else { Some(image(true)?) };
        let after = if kind == RowsKind::Delete { None } else { Some(image(false)?) };
        let bytes = event.bytes.as_slice();
        match (&before, &after) {
            (Some(new), None) => part.add(&Told { operation: delete, columns, bytes, new, old: None }, false, batch),
            (before, Some(new)) => {
                let told = Told { operation: Operation::Upsert, columns, bytes, new, old: before.as_ref() };
                let moved = before.as_ref().filter(|before| part.has_other_key(columns, bytes, before, new));
                if let Some(before) = moved {
                    part.add(&Told { operation: delete, columns, bytes, new: before, old: None }, false, batch)?;
                }
                // What is not sent is no value of the lake's row where that is another row, where the server computes it, or where `replace`
                // may have written the row anew: that is logged as an update whose key is written, too, and the defaults it writes are not.
                let is_anew = moved.is_some() || (before.is_some() && part.has_key(columns, new));
                let afresh = (is_anew && part.lacks(&told, false)) || part.lacks(&told, true);
                if afresh {
                    part.add(&Told { operation: delete, ..told }, false, batch)?;
                }
                part.add(&told, afresh, batch)
            }
            (None, None) => Ok(()),
        }
    }
}

impl Rows {
    pub(super) fn begin((kind, has_more, is_compressed): (RowsKind, bool, bool), body: &[u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let (_table, _flags) = (fields.number(6)?, fields.number(2)?);
        if has_more {
            let length = fields.number(2)? as usize;
            fields.take(length.checked_sub(2)?)?;
        }
        let count = fields.length()? as usize;
        let mut present = || {
            let bits = fields.take(count.div_ceil(8))?;
            Some((0..count).map(|place| bits[place / 8] >> (place % 8) & 1 == 1).collect::<Vec<_>>())
        };
        let before = present()?;
        let after = if kind == RowsKind::Update { present()? } else { before.clone() };
        let bytes = if is_compressed { uncompressed(fields.0)? } else { fields.0.to_vec() };
        Some(Self { kind, bytes, at: 0, before, after })
    }

    pub(super) fn is_at_the_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The next row, whose columns have these types.
    pub(super) fn image(&mut self, types: &mut dyn Iterator<Item = MapColumn>, is_before: bool) -> Option<Image> {
        let present = if is_before { &self.before } else { &self.after };
        let image = (|| {
            let mut fields = Fields(self.bytes.get(self.at..)?);
            let all = self.bytes.len();
            let nulls = fields.take(present.iter().filter(|there| **there).count().div_ceil(8))?;
            let (mut image, mut number) = (Image::with_capacity(present.len()), 0);
            for (there, column) in present.iter().zip(types) {
                if !there {
                    image.push(Value::Absent);
                    continue;
                }
                let is_null = nulls[number / 8] >> (number % 8) & 1 == 1;
                number += 1;
                image.push(if is_null {
                    Value::Null
                } else {
                    let value = values::raw(column, &mut fields)?;
                    let end = all - fields.0.len();
                    Value::Bytes(end - value.len()..end)
                });
            }
            (image.len() == present.len()).then_some((image, all - fields.0.len()))
        })();
        let (image, at) = image?;
        self.at = at;
        Some(image)
    }
}

fn unknown() -> Error {
    defect("rows of the binary log have a form that is not known".to_owned())
}

/// A row that an event tells of.
#[derive(Clone, Copy)]
struct Told<'a> {
    operation: Operation,
    columns: &'a Columns,
    bytes: &'a [u8],
    new: &'a Image,
    /// What the row was: values that are not sent with the new one are here, where all are.
    old: Option<&'a Image>,
}

impl ChangesPart {
    /// Whether the key's values are sent.
    fn has_key(&self, columns: &Columns, new: &Image) -> bool {
        let is_sent = |place: &usize| columns.places[*place].is_some_and(|at| new[at] != Value::Absent);
        self.key.iter().all(is_sent)
    }

    fn has_other_key(&self, columns: &Columns, bytes: &[u8], old: &Image, new: &Image) -> bool {
        let value = |image: &'_ Image, place: &usize| {
            let at = columns.places.get(*place).copied().flatten();
            at.and_then(|at| image.get(at).cloned()).unwrap_or(Value::Absent)
        };
        self.key.iter().any(|place| match (value(old, place), value(new, place)) {
            (Value::Bytes(old), Value::Bytes(new)) => bytes[old] != bytes[new],
            // One that is not sent stays.
            (_, Value::Absent) => false,
            (old, new) => old != new,
        })
    }

    /// Whether values of a row are not sent, or values that the server `computes`, which no default stands for.
    fn lacks(&self, told: &Told<'_>, computes: bool) -> bool {
        let is_sent = |at: usize| told.new[at] != Value::Absent || told.old.is_some_and(|old| old[at] != Value::Absent);
        let is_meant = |at: usize| !computes || self.is_computed(&told.columns.layout.columns[at].0);
        told.columns.places.iter().flatten().any(|at| is_meant(*at) && !is_sent(*at))
    }

    /// Adds a change. `afresh` says that what is not sent is asked for by the key: the lake has no row of it by then.
    fn add(&self, told: &Told<'_>, afresh: bool, batch: &mut FieldBatch<Column>) -> Result<()> {
        let mut row = Vec::new();
        let count = self.load.target.columns.len();
        let mut fields: Vec<Option<Range<usize>>> = Vec::with_capacity(count);
        let (mut kept, mut wrong, mut key) = (None::<Vec<u8>>, None, Some(self.key.as_slice()));
        for (place, at) in told.columns.places.iter().enumerate() {
            // Of a row that is gone the key counts.
            let counts = told.operation == Operation::Upsert || self.key.contains(&place);
            // A column that the table did not have then is null.
            let Some(at) = at.filter(|_| counts) else {
                fields.push(None);
                continue;
            };
            let (name, form, default) = &told.columns.layout.columns[at];
            let mut value = &told.new[at];
            if *value == Value::Absent
                && let Some(old) = told.old
            {
                value = &old[at];
            }
            let begin = row.len();
            let written = match value {
                Value::Null => {
                    fields.push(None);
                    continue;
                }
                Value::Bytes(bytes) => values::text(form, &told.bytes[bytes.clone()], &mut row),
                Value::Absent if afresh || told.old.is_some() => {
                    kept.get_or_insert_with(|| vec![0; count.div_ceil(8)])[place / 8] |= 1 << (place % 8);
                    fields.push(None);
                    continue;
                }
                Value::Absent => match default {
                    Some(Absent::Null) => {
                        fields.push(None);
                        continue;
                    }
                    Some(Absent::Value(text)) => {
                        row.extend_from_slice(text.as_bytes());
                        Ok(())
                    }
                    None => return Err(self.not_sent(name)),
                },
            };
            if let Err(reason) = written {
                key = key.filter(|key| !key.contains(&place));
                wrong.get_or_insert_with(|| format!("column '{name}': {reason}"));
            }
            fields.push(Some(begin..row.len()));
        }
        let bad = wrong.map(|reason| Ok::<_, Error>((reason, self.raw(&row, &fields)?))).transpose()?;
        batch.add_change(&self.load.target, Change { operation: told.operation, kept, key }, &row, &fields, bad)
    }

    /// A row as it came.
    fn raw(&self, row: &[u8], fields: &[Option<Range<usize>>]) -> Result<String> {
        raw(self.load.target.columns.iter().zip(fields).map(|(column, field)| {
            let value = field.clone().map(|field| Column::shown(&column.reading, &row[field]));
            Ok((column.name.as_str(), value.unwrap_or_else(|| "null".to_owned())))
        }))
    }

    fn is_computed(&self, name: &str) -> bool {
        self.outstanding.computed.iter().any(|computed| computed == name)
    }

    fn not_sent(&self, name: &str) -> Error {
        let message = format!(
            "{}: a value of column '{name}' of {} is not in the log, and no default stands for it: its binlog_row_image is not FULL",
            self.load.moment.server.name, self.load.target.shown
        );
        Error::new(codes::MYSQL_BINLOG, Blame::Environment, message)
            .help(format!("set global binlog_row_image = FULL and read the table anew (--full-refresh), or leave the column out: `exclude: [{name}]`"))
    }

    /// The character sets of the server's collations.
    async fn collations(&self) -> Result<HashMap<u64, String>> {
        let mut session = self.load.moment.server.connect().await?;
        // MariaDB has numbers of all of them in this table alone, newer versions of it at least.
        let all = "select id, character_set_name from information_schema.collation_character_set_applicability where id is not null";
        let rows = match session.all(all).await {
            Ok(rows) => rows,
            Err(_) => {
                let sql = "select id, character_set_name from information_schema.collations where id is not null";
                self.load.moment.server.ask(&mut session, sql, "its collations cannot be looked at").await?
            }
        };
        session.quit().await;
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                let mut fields = row.into_iter().flatten();
                Some((fields.next()?.parse().ok()?, fields.next()?))
            })
            .collect())
    }
}
