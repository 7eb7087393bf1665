//! What a program reads: the rows of its inputs, one after another.

use std::collections::HashMap;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::RecordBatch;
use arrow_cast::cast;
use arrow_ipc::writer::StreamWriter;
use arrow_json::writer::LineDelimited;
use arrow_schema::{ArrowError, Schema, SchemaRef};
use futures::StreamExt;
use headwater_sdk::progress::Progress;
use headwater_sdk::script::{DataFormat, ProgramInput};
use headwater_sdk::{Error, TableName};
use tokio::sync::mpsc;

/// Bytes that are gathered before they are written.
const BUFFER: usize = 64 << 10;

/// The key of the schema's metadata that holds the table's name.
const TABLE: &str = "table";

/// What the writer is given.
pub(super) enum Piece {
    /// An input begins.
    Table(TableName, SchemaRef),
    /// Rows of it.
    Rows(RecordBatch),
}

/// Hands the rows of all inputs over, in order. Ends early when nobody takes them.
///
/// # Errors
/// When the rows cannot be computed.
pub(super) async fn hand_over(inputs: Vec<ProgramInput>, pieces: &mpsc::Sender<Piece>) -> Result<(), Error> {
    for mut input in inputs {
        if pieces.send(Piece::Table(input.table, input.schema)).await.is_err() {
            return Ok(());
        }
        while let Some(batch) = input.rows.next().await {
            if pieces.send(Piece::Rows(batch?)).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Writes what is handed over, until that ends or the program reads no more.
///
/// # Errors
/// When rows cannot be written in the format. That the program has closed its end is no error.
pub(super) fn write(
    stdin: impl Write,
    format: DataFormat,
    mut pieces: mpsc::Receiver<Piece>,
    progress: &Progress,
) -> Result<(), ArrowError> {
    let closed = Arc::new(AtomicBool::new(false));
    let pipe = Pipe { stdin, closed: Arc::clone(&closed) };
    match write_all(pipe, format, &mut pieces, progress) {
        Err(_) if closed.load(Ordering::Relaxed) => Ok(()),
        ended => ended,
    }
}

fn write_all(
    pipe: impl Write,
    format: DataFormat,
    pieces: &mut mpsc::Receiver<Piece>,
    progress: &Progress,
) -> Result<(), ArrowError> {
    let mut out = Out::Plain(BufWriter::with_capacity(BUFFER, pipe));
    let mut schema = Arc::new(Schema::empty());
    while let Some(piece) = pieces.blocking_recv() {
        out = match piece {
            Piece::Table(table, columns) => {
                schema = columns;
                Out::begin(out.into_plain()?, format, &table, &schema)?
            }
            Piece::Rows(rows) => {
                let written = out.write(&conformed(&rows, &schema)?)?;
                progress.add_rows_in(rows.num_rows() as u64);
                written
            }
        };
    }
    Ok(out.into_plain()?.flush()?)
}

/// The pipe to a program. It remembers that the program has closed its end: writers do not tell that from other errors.
struct Pipe<W> {
    stdin: W,
    closed: Arc<AtomicBool>,
}

impl<W> Pipe<W> {
    fn watch<T>(&self, done: io::Result<T>) -> io::Result<T> {
        if done.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            self.closed.store(true, Ordering::Relaxed);
        }
        done
    }
}

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.stdin.write(bytes);
        self.watch(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.stdin.flush();
        self.watch(done)
    }
}

/// The rows in the types that the program was told of.
fn conformed(rows: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = rows.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| cast(column, field.data_type())).collect::<Result<Vec<_>, _>>()?;
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

/// A table on its way, or nothing begun.
enum Out<W: Write> {
    Plain(BufWriter<W>),
    Arrow(Box<StreamWriter<BufWriter<W>>>),
    Jsonl(Box<arrow_json::Writer<BufWriter<W>, LineDelimited>>),
    Csv(Box<arrow_csv::Writer<BufWriter<W>>>),
}

impl<W: Write> Out<W> {
    fn begin(plain: BufWriter<W>, format: DataFormat, table: &TableName, schema: &Schema) -> Result<Self, ArrowError> {
        Ok(match format {
            DataFormat::Arrow => {
                let metadata = HashMap::from([(TABLE.to_owned(), table.to_string())]);
                let schema = schema.clone().with_metadata(metadata);
                Self::Arrow(Box::new(StreamWriter::try_new(plain, &schema)?))
            }
            DataFormat::Jsonl => {
                let builder = arrow_json::WriterBuilder::new().with_explicit_nulls(true);
                Self::Jsonl(Box::new(builder.build(plain)))
            }
            DataFormat::Csv => {
                let mut writer = arrow_csv::WriterBuilder::new().with_header(true).build(plain);
                // The header is there whether or not there are rows.
                writer.write(&RecordBatch::new_empty(Arc::new(schema.clone())))?;
                Self::Csv(Box::new(writer))
            }
        })
    }

    fn write(mut self, rows: &RecordBatch) -> Result<Self, ArrowError> {
        match &mut self {
            Self::Plain(_) => {}
            Self::Arrow(writer) => writer.write(rows)?,
            Self::Jsonl(writer) => writer.write(rows)?,
            Self::Csv(writer) => writer.write(rows)?,
        }
        Ok(self)
    }

    /// Ends the table.
    fn into_plain(self) -> Result<BufWriter<W>, ArrowError> {
        match self {
            Self::Plain(plain) => Ok(plain),
            Self::Arrow(writer) => writer.into_inner(),
            Self::Jsonl(mut writer) => {
                writer.finish()?;
                Ok(writer.into_inner())
            }
            Self::Csv(writer) => Ok(writer.into_inner()),
        }
    }
}
