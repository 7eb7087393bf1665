//! The rows of an answer, written as they come.

use std::io::{BufWriter, Write};

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use futures::StreamExt;
use headwater_sdk::engine::QueryResult;
use headwater_sdk::{BatchStream, Blame, Error};

use super::{Format, csv};
use crate::console::Console;
use crate::failure::Failure;
use crate::render::rows::{RowTable, cells};

/// Rows after which a table's columns keep their widths.
const LAYOUT_ROWS: usize = 1000;

/// An answer, cut to a number of rows.
pub(super) struct Answer {
    pub(super) schema: SchemaRef,
    stream: BatchStream,
    left: Option<u64>,
    /// Rows handed out so far.
    pub(super) rows: u64,
}

impl Answer {
    pub(super) fn new(result: QueryResult, limit: Option<u64>) -> Self {
        Self { schema: result.schema, stream: result.stream, left: limit, rows: 0 }
    }

    /// The next rows, if there are more.
    pub(super) async fn next(&mut self) -> Result<Option<RecordBatch>, Failure> {
        if self.left == Some(0) {
            return Ok(None);
        }
        let Some(batch) = self.stream.next().await else { return Ok(None) };
        let batch = batch?;
        let taken = self.left.unwrap_or(u64::MAX).min(batch.num_rows() as u64);
        self.left = self.left.map(|left| left - taken);
        self.rows += taken;
        Ok(Some(batch.slice(0, taken as usize)))
    }
}

/// Writes all rows as they come.
pub(super) async fn stream(
    answer: &mut Answer,
    format: Format,
    out: &mut (impl Write + Send),
    console: &Console,
) -> Result<(), Failure> {
    let mut out = BufWriter::new(out);
    match format {
        Format::Csv => csv(answer, &mut out).await?,
        Format::Json => json_lines(answer, &mut out).await?,
        Format::Table | Format::Parquet => table(answer, &mut out, console).await?,
    }
    out.flush()?;
    Ok(())
}

async fn csv(answer: &mut Answer, out: &mut (impl Write + Send)) -> Result<(), Failure> {
    // The titles stand even over no rows.
    let mut text = csv::titles(&answer.schema);
    loop {
        out.write_all(text.as_bytes())?;
        text.clear();
        let Some(batch) = answer.next().await? else { return Ok(()) };
        csv::lines(&batch, &mut text).map_err(written)?;
    }
}

async fn json_lines(answer: &mut Answer, out: &mut (impl Write + Send)) -> Result<(), Failure> {
    let mut writer = arrow_json::WriterBuilder::new()
        .with_explicit_nulls(true)
        .build::<_, arrow_json::writer::LineDelimited>(&mut *out);
    while let Some(batch) = answer.next().await? {
        writer.write(&batch).map_err(written)?;
    }
    writer.finish().map_err(written)
}

async fn table(answer: &mut Answer, out: &mut (impl Write + Send), console: &Console) -> Result<(), Failure> {
    let schema = answer.schema.clone();
    let mut waiting = Vec::new();
    let mut layout: Option<RowTable> = None;
    let lay_out = |rows: &[Vec<Option<String>>]| RowTable::new(&schema, rows, console.color_out, false);
    while let Some(batch) = answer.next().await? {
        let rows = cells(&batch)?;
        match &layout {
            Some(layout) => {
                for row in &rows {
                    out.write_all(layout.row(row).as_bytes())?;
                }
            }
            None => {
                waiting.extend(rows);
                if waiting.len() >= LAYOUT_ROWS {
                    layout = Some(begin(lay_out(&waiting), &schema, &std::mem::take(&mut waiting), out)?);
                }
            }
        }
    }
    if layout.is_none() {
        begin(lay_out(&waiting), &schema, &waiting, out)?;
    }
    Ok(())
}

fn begin(
    layout: RowTable,
    schema: &SchemaRef,
    rows: &[Vec<Option<String>>],
    out: &mut impl Write,
) -> Result<RowTable, Failure> {
    out.write_all(layout.titles(schema).as_bytes())?;
    for row in rows {
        out.write_all(layout.row(row).as_bytes())?;
    }
    Ok(layout)
}

/// An error of a writer: that of the file or pipe underneath, or of a value.
pub(super) fn written(error: ArrowError) -> Failure {
    match error {
        ArrowError::IoError(_, error) => error.into(),
        // The writers hand over some of these as a text.
        ArrowError::CsvError(text) | ArrowError::JsonError(text) if text.contains("Broken pipe") => {
            Failure::NobodyReads
        }
        error => Error::new("HW0813", Blame::Headwater, "a value cannot be written").caused_by(error).into(),
    }
}
