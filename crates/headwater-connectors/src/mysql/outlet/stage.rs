//! The temporary table through which rows go. It is gone with the session.

use arrow_array::RecordBatch;
use arrow_schema::{DataType, SchemaRef};
use futures::StreamExt;
use futures::stream::BoxStream;
use headwater_sdk::Result;
use headwater_sdk::destination::Outgoing;
use headwater_sdk::progress::Progress;

use super::super::quote;
use super::columns::staged;
use super::encode::Encoder;
use super::work::Work;
use crate::database::{STAGE, Stage};

/// The table of rows that are tried again, until it is known that they have not come again.
pub(super) const AGAIN: &str = "headwater_again";
/// The column of a row's number. No column of a table has such a name.
pub(super) const PLACE: &str = "`headwater:place`";
/// The column that says what becomes of a row: an operation's number.
pub(super) const OPERATION: &str = "`headwater:operation`";
/// Characters of a text by which rows are looked for.
const PREFIX: usize = 100;

/// Makes a temporary table for rows. `key` has the columns by which rows are looked for in it.
pub(super) async fn make(work: &mut Work<'_>, name: &str, schema: &SchemaRef, key: &[String]) -> Result<()> {
    let columns = schema.fields().iter();
    let mut parts: Vec<String> =
        columns.map(|field| format!("{} {}", quote::name(field.name()), staged(field.data_type()))).collect();
    let indexed = key.iter().map(|name| {
        let is_long = schema.field_with_name(name).is_ok_and(|field| is_long(field.data_type()));
        let name = quote::name(name);
        if is_long { format!("{name}({PREFIX})") } else { name }
    });
    let indexed: Vec<String> = indexed.collect();
    if !indexed.is_empty() {
        parts.push(format!("key ({})", indexed.join(", ")));
    }
    let target = work.outlet.target.beside(name);
    work.run(format!(
        "create temporary table {target} ({PLACE} bigint not null primary key, {OPERATION} tinyint not null, {}) engine = InnoDB",
        parts.join(", ")
    ))
    .await?;
    Ok(())
}

fn is_long(data_type: &DataType) -> bool {
    let staged = staged(data_type);
    staged.starts_with("longtext") || staged == "longblob"
}

/// Statements that add rows to a temporary table, each of about [`Work::piece`] bytes.
pub(super) struct Filling {
    statement: Vec<u8>,
    words: usize,
    piece: usize,
    longest: usize,
    /// Bytes that were sent.
    sent: u64,
}

impl Filling {
    pub(super) fn new(work: &Work<'_>, name: &str) -> Self {
        let statement = format!("insert into {} values ", work.outlet.target.beside(name)).into_bytes();
        Self { words: statement.len(), statement, piece: work.piece(), longest: work.longest, sent: 0 }
    }

    /// Adds the rows of a batch; `what` says of each its place and its operation, `refused` takes up which cannot be sent.
    ///
    /// # Errors
    /// When the server does not take what it is sent.
    pub(super) async fn add(
        &mut self,
        work: &mut Work<'_>,
        rows: &RecordBatch,
        what: impl Fn(usize) -> (i64, i8) + Send,
        mut refused: impl FnMut(usize, String) + Send,
    ) -> Result<()> {
        let mut next = 0;
        while next < rows.num_rows() {
            next = self.encode(rows, next, &what, &mut refused)?;
            if next < rows.num_rows() || self.statement.len() >= self.piece {
                self.end(work).await?;
            }
        }
        Ok(())
    }

    /// Encodes rows until the statement is full; the first one that is left.
    fn encode(
        &mut self,
        rows: &RecordBatch,
        from: usize,
        what: &impl Fn(usize) -> (i64, i8),
        refused: &mut impl FnMut(usize, String),
    ) -> Result<usize> {
        let mut encoder = Encoder::new(rows)?;
        for row in from..rows.num_rows() {
            if self.statement.len() >= self.piece {
                return Ok(row);
            }
            let (start, (place, operation)) = (self.statement.len(), what(row));
            if start > self.words {
                self.statement.push(b',');
            }
            if let Err(reason) = encoder.row(row, place, operation, &mut self.statement) {
                self.statement.truncate(start);
                refused(row, reason);
                continue;
            }
            let bytes = self.statement.len() - start;
            if bytes + self.words > self.longest {
                self.statement.truncate(start);
                let most = self.longest;
                let reason = format!("the row has {bytes} bytes, and the server takes {most} (max_allowed_packet)");
                refused(row, reason);
            } else if self.statement.len() > self.longest {
                self.statement.truncate(start);
                return Ok(row);
            }
        }
        Ok(rows.num_rows())
    }

    /// Sends what is left.
    pub(super) async fn end(&mut self, work: &mut Work<'_>) -> Result<()> {
        if self.statement.len() > self.words {
            work.run(&self.statement).await?;
            self.sent += self.statement.len() as u64;
            self.statement.truncate(self.words);
        }
        Ok(())
    }
}

/// Makes the table and puts rows into it.
///
/// # Errors
/// When the rows cannot be read, or the server does not take them.
pub(super) async fn fill(
    work: &mut Work<'_>,
    mut rows: BoxStream<'static, Result<Outgoing>>,
    schema: &SchemaRef,
    progress: &Progress,
) -> Result<Stage> {
    make(work, STAGE, schema, &[]).await?;
    let mut stage = Stage::default();
    let mut filling = Filling::new(work, STAGE);
    while let Some(next) = rows.next().await {
        let Outgoing { rows, operations } = next?;
        let first = stage.rows;
        let what = |row: usize| (first + row as i64, operations.as_ref().map_or(0, |operations| operations.value(row)));
        let unsendable = &mut stage.unsendable;
        filling.add(work, &rows, what, |row, reason| unsendable.add(&rows, row, reason)).await?;
        stage.rows += rows.num_rows() as i64;
        progress.add_rows_in(rows.num_rows() as u64);
    }
    filling.end(work).await?;
    stage.bytes = filling.sent;
    Ok(stage)
}
