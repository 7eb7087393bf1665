//! A part of a table: its rows as they come, as batches of columns.

use std::sync::Arc;

use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt};
use headwater_sdk::Result;
use headwater_sdk::connector::{ReadPart, SourceBatch};
use headwater_sdk::progress::Progress;

use super::decode::Column;
use super::shared::{Lent, Moment};
use super::types::Reading;
use super::wire::text_row;
use crate::database::{FieldBatch, Target};

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
    /// What it is called: the table, with its range.
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
    lent: Lent,
    columns: usize,
    batch: FieldBatch<Column>,
    progress: Arc<Progress>,
}

impl Reader {
    async fn start(part: TablePart, progress: Arc<Progress>) -> Result<Self> {
        let mut lent = part.load.moment.lend().await?;
        let columns = lent.session.ask(&part.sql).await.map_err(|error| part.failed(&error))?.len();
        let batch = FieldBatch::new(&part.load.target)?;
        Ok(Self { part, lent, columns, batch, progress })
    }

    fn batches(self) -> impl Stream<Item = Result<SourceBatch>> {
        futures::stream::try_unfold(Some(self), |reader| async move {
            let Some(mut reader) = reader else { return Ok(None) };
            let batch = reader.batch().await?;
            if !reader.lent.session.is_busy {
                reader.part.load.moment.give_back(reader.lent);
                return Ok(batch.map(|batch| (batch, None)));
            }
            Ok(batch.map(|batch| (batch, Some(reader))))
        })
    }

    /// The next rows; `None` when there are no more.
    async fn batch(&mut self) -> Result<Option<SourceBatch>> {
        let mut fields = Vec::new();
        while !self.batch.is_full() {
            let row = self.lent.session.row().await.map_err(|error| self.part.failed(&error))?;
            let Some(row) = row else { break };
            self.progress.add_bytes_in(row.len() as u64);
            text_row(&row, self.columns, &mut fields).map_err(|error| self.part.failed(&error))?;
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
    fn failed(&self, error: &super::wire::WireError) -> headwater_sdk::Error {
        self.load.moment.server.error(error, &format!("{} cannot be read", self.name))
    }
}
