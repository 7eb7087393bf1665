//! A part of a table: its rows by binary COPY, as batches of columns.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::SchemaRef;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt};
use headwater_sdk::connector::{OnBadRow, ReadPart, RejectedRow, SourceBatch};
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error, Result};
use tokio_postgres::CopyOutStream;

use super::connect::Session;
use super::copy::Rows;
use super::decode::Column;
use super::describe::SourceColumn;
use super::shared::Moment;
use crate::codes;

/// Rows of a batch, at most.
const BATCH_ROWS: usize = 8192;
/// Bytes of a batch, as sent, past which it is handed on.
const BATCH_BYTES: usize = 8 << 20;
/// Of a row that is set aside, this much is kept.
const RAW_BYTES: usize = 4096;

/// What the parts of a table share.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) moment: Moment,
    pub(super) columns: Vec<SourceColumn>,
    pub(super) schema: SchemaRef,
    pub(super) on_bad_row: OnBadRow,
    /// What is read, for messages.
    pub(super) shown: String,
}

/// One of them.
#[derive(Debug)]
pub(super) struct TablePart {
    pub(super) load: Arc<Load>,
    /// What it is called: the relation, with its pages.
    pub(super) name: String,
    pub(super) bytes: u64,
    /// The query whose rows it has.
    pub(super) sql: String,
}

impl ReadPart for TablePart {
    fn name(&self) -> &str {
        &self.name
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn read(self: Box<Self>, progress: Arc<Progress>) -> BoxStream<'static, Result<SourceBatch>> {
        // Nothing starts before the stream is asked.
        futures::stream::once(async move { Reader::start(*self, progress).await })
            .map_ok(Reader::batches)
            .try_flatten()
            .boxed()
    }
}

/// A part that is being read.
struct Reader {
    part: TablePart,
    session: Session,
    pieces: std::pin::Pin<Box<CopyOutStream>>,
    rows: Rows,
    columns: Vec<Column>,
    progress: Arc<Progress>,
    /// Rows before the batch.
    before: u64,
}

impl Reader {
    async fn start(part: TablePart, progress: Arc<Progress>) -> Result<Self> {
        let mut session = part.load.moment.session().await?;
        let copy = format!("copy ({}) to stdout (format binary)", part.sql);
        session.is_busy = true;
        let pieces = session.copy_out(&copy).await.map_err(|error| part.failed(&error))?;
        let columns = part.load.columns.iter().map(|column| Column::new(&column.reading));
        let columns = columns.collect::<Result<Vec<_>, String>>().map_err(defect)?;
        let pieces = Box::pin(pieces);
        Ok(Self { part, session, pieces, rows: Rows::default(), columns, progress, before: 0 })
    }

    fn batches(self) -> impl Stream<Item = Result<SourceBatch>> {
        futures::stream::try_unfold(Some(self), |reader| async move {
            let Some(mut reader) = reader else { return Ok(None) };
            let batch = reader.batch().await?;
            if reader.rows.ended {
                let Self { part, mut session, .. } = reader;
                session.is_busy = false;
                part.load.moment.give_back(session);
                return Ok(batch.map(|batch| (batch, None)));
            }
            Ok(batch.map(|batch| (batch, Some(reader))))
        })
    }

    /// The next rows; `None` when there are no more.
    async fn batch(&mut self) -> Result<Option<SourceBatch>> {
        let (mut count, mut bytes, mut rejected) = (0, 0, Vec::new());
        let (mut good, mut fields) = (Vec::with_capacity(BATCH_ROWS), Vec::new());
        while count < BATCH_ROWS && bytes < BATCH_BYTES {
            let Some(row) = self.rows.next(&mut fields).map_err(defect)? else {
                if self.rows.ended {
                    // What the server says at the very end, e.g. that it was cancelled.
                    while self.pieces.try_next().await.map_err(|error| self.part.failed(&error))?.is_some() {}
                    break;
                }
                match self.pieces.try_next().await.map_err(|error| self.part.failed(&error))? {
                    Some(piece) => {
                        self.progress.add_bytes_in(piece.len() as u64);
                        self.rows.add(&piece);
                        continue;
                    }
                    None => return Err(self.part.cut_off()),
                }
            };
            count += 1;
            bytes += row.len();
            let wrong = self.push(&row, &fields)?;
            good.push(wrong.is_none());
            if let Some(reason) = wrong {
                let place = self.before + count as u64;
                rejected.push(self.reject(place, reason, &row, &fields)?);
            }
        }
        if count == 0 {
            return Ok(None);
        }
        self.before += count as u64;
        self.progress.add_rows_in(count as u64);
        let columns =
            self.columns.iter_mut().map(Column::finish).collect::<Result<Vec<_>, String>>().map_err(defect)?;
        let schema = Arc::clone(&self.part.load.schema);
        let rows = RecordBatch::try_new(schema, columns).map_err(|error| defect(error.to_string()))?;
        let rows = if rejected.is_empty() {
            rows
        } else {
            let filtered = arrow_select::filter::filter_record_batch(&rows, &BooleanArray::from(good));
            filtered.map_err(|error| defect(error.to_string()))?
        };
        Ok(Some(SourceBatch { rows, rejected }))
    }

    /// Adds a row's values to the columns; the reason why it is a bad one.
    fn push(&mut self, row: &Bytes, fields: &[Option<Range<usize>>]) -> Result<Option<String>> {
        if fields.len() != self.columns.len() {
            return Err(defect(format!("{} fields came for {} columns", fields.len(), self.columns.len())));
        }
        let mut wrong = None;
        for ((column, field), source) in self.columns.iter_mut().zip(fields).zip(&self.part.load.columns) {
            match field {
                None => column.push_null(),
                Some(field) => {
                    if let Err(reason) = column.push(&row[field.clone()]) {
                        wrong.get_or_insert_with(|| format!("column '{}': {reason}", source.name));
                    }
                }
            }
        }
        Ok(wrong)
    }

    fn reject(&self, line: u64, reason: String, row: &Bytes, fields: &[Option<Range<usize>>]) -> Result<RejectedRow> {
        let load = &self.part.load;
        let raw = raw(&load.columns, row, fields);
        if load.on_bad_row == OnBadRow::Fail {
            let message = format!("{}, row {line}: {reason}: {raw}", self.part.name);
            return Err(Error::new(codes::BAD_ROW, Blame::Data, message)
                .help("correct the row, declare the column with a type that holds it, or set rows aside with `on_bad_row: reject`"));
        }
        Ok(RejectedRow { file: self.part.name.clone(), line, reason, raw })
    }
}

impl TablePart {
    fn failed(&self, error: &tokio_postgres::Error) -> Error {
        self.load.moment.server.error(error, &format!("{} cannot be read", self.name))
    }

    fn cut_off(&self) -> Error {
        Error::new(
            codes::POSTGRES_UNREACHABLE,
            Blame::Environment,
            format!("{}: the rows end in the middle", self.name),
        )
        .help("the connection was cut: the next try begins anew")
        .transient()
    }
}

/// A row as text: readable where its values are.
fn raw(columns: &[SourceColumn], row: &Bytes, fields: &[Option<Range<usize>>]) -> String {
    let mut text = String::new();
    for (column, field) in columns.iter().zip(fields) {
        if !text.is_empty() {
            text.push_str(", ");
        }
        let value = field
            .clone()
            .map_or_else(|| "null".to_owned(), |field| super::decode::shown(&column.reading.wire, &row[field]));
        text.push_str(&format!("{}: {value}", column.name));
        if text.len() > RAW_BYTES {
            let end = (0..=RAW_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
            text.truncate(end);
            break;
        }
    }
    text
}

fn defect(reason: String) -> Error {
    Error::new(codes::DEFECT, Blame::Headwater, reason)
}
