//! A part of a table: its rows by binary COPY, as batches of columns.

use std::sync::Arc;

use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt};
use headwater_sdk::connector::{ReadPart, SourceBatch};
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error, Result};
use tokio_postgres::CopyOutStream;

use super::connect::Session;
use super::copy::Rows;
use super::decode::Column;
use super::shared::Moment;
use super::types::Reading;
use crate::codes;
use crate::database::{FieldBatch, Target, defect};

/// What the parts of a table share.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) moment: Moment,
    pub(super) target: Target<Reading>,
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
    batch: FieldBatch<Column>,
    progress: Arc<Progress>,
}

impl Reader {
    async fn start(part: TablePart, progress: Arc<Progress>) -> Result<Self> {
        let mut session = part.load.moment.session(&progress).await?;
        let copy = format!("copy ({}) to stdout (format binary)", part.sql);
        session.is_busy = true;
        let pieces = session.copy_out(&copy).await.map_err(|error| part.failed(&error))?;
        let batch = FieldBatch::new(&part.load.target)?;
        Ok(Self { part, session, pieces: Box::pin(pieces), rows: Rows::default(), batch, progress })
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
        let mut fields = Vec::new();
        while !self.batch.is_full() {
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
            self.batch.add(&self.part.load.target, &self.part.name, &row, &fields)?;
        }
        if self.batch.is_empty() {
            return Ok(None);
        }
        let batch = self.batch.finish(&self.part.load.target)?;
        self.progress.add_rows_in((batch.rows.num_rows() + batch.rejected.len()) as u64);
        Ok(Some(batch))
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
