//! A look at files before they are read: their columns, and a sample of values.

use std::sync::Arc;

use arrow_schema::Schema;
use futures::{StreamExt, TryStreamExt};
use headwater_sdk::{Blame, Error};

use super::avro;
use super::csv;
use super::excel;
use super::fixed;
use super::format::Format;
use super::json::JsonLines;
use super::listing::FileEntry;
use super::options::FormatType;
use super::parquet;
use super::part::{Source, feed};
use super::rows::{FindRows, RowReader};
use crate::codes;
use crate::columns::{Sample, Seen, sample_objects};

/// Rows looked at, over all files.
const SAMPLE_ROWS: usize = 10_000;

/// Bytes of text looked at in a file, at most (and one block).
const SAMPLE_BYTES: usize = 8 << 20;

/// Rows of a JSON file looked at for its keys, where its values are not sampled.
const KEY_ROWS: usize = 200;

/// Files looked at together.
const TOGETHER: usize = 8;

/// The same of files that are held in memory.
const HELD_TOGETHER: usize = 2;

/// How many rows of which files are looked at: the first, the middle and the last one, as files differ most over time.
fn rows_of(at: usize, files: usize, kind: FormatType) -> usize {
    let sampled = [0, files / 2, files - 1];
    if sampled.contains(&at) {
        SAMPLE_ROWS / files.min(3)
    } else if matches!(kind, FormatType::Json | FormatType::Xml) {
        KEY_ROWS
    } else {
        0
    }
}

/// Looks at files, in order. `table` says which types values should have.
///
/// # Errors
/// When a file cannot be read or its header cannot be used.
pub(crate) async fn inspect(
    files: &[FileEntry],
    format: &Arc<Format>,
    declared: &Arc<Vec<String>>,
    table: Option<&Arc<Schema>>,
) -> Result<Vec<Seen>, Error> {
    let look = |(at, file): (usize, &FileEntry)| {
        let (file, format, declared, table) = (file.clone(), Arc::clone(format), Arc::clone(declared), table.cloned());
        let rows = rows_of(at, files.len(), format.kind);
        async move {
            if let Some(what) = format.not_empty(&file) {
                let message = format!("the file {} is empty (0 bytes), and no {what} is", file.name);
                return Err(Error::new(codes::CORRUPT, Blame::Data, message).help(
                    "fetch or write it again: it was cut off, or is not written yet; or move it away from where `path` finds it",
                ));
            }
            if format.kind == FormatType::Parquet {
                return parquet::inspect(&file).await;
            }
            let source = Source::start(&file, None);
            let look = move || look_at_rows(&file, source, &format, &declared, table.as_deref(), rows);
            tokio::task::spawn_blocking(look).await.map_err(|error| {
                Error::new(codes::DEFECT, Blame::Headwater, "looking at a file was cut off").caused_by(error)
            })?
        }
    };
    // Collected first: a stream over a closure that borrows is not general enough to be sent between threads.
    let looks: Vec<_> = files.iter().enumerate().map(look).collect();
    let together = if format.kind == FormatType::Excel { HELD_TOGETHER } else { TOGETHER };
    futures::stream::iter(looks).buffered(together).try_collect().await
}

fn look_at_rows(
    file: &FileEntry,
    source: Source,
    format: &Format,
    declared: &[String],
    table: Option<&Schema>,
    rows: usize,
) -> Result<Seen, Error> {
    let mut sample = Sample::new(&format.reading);
    let name = &file.name;
    let seen = |columns, sparse| Seen { file: Arc::clone(name), columns, sparse };
    match format.kind {
        FormatType::Avro => avro::inspect(source.plain(file)?, name),
        FormatType::FixedWidth => {
            let text = feed(source, file, format)?;
            let (reader, names) = fixed::open(text, &format.fixed, format.max_line, declared, name)?;
            let Some(names) = names else { return Ok(seen(None, false)) };
            for column in &names {
                sample.column(column, table);
            }
            take_sample(reader, rows, |reader| {
                fixed::sample_lines(reader.text(), reader.found(), &format.fixed, &mut sample);
            })?;
            Ok(seen(Some(sample.evidence(rows > 0)), false))
        }
        FormatType::Excel => {
            let bytes = source.bytes(file, format.excel.max_workbook)?;
            if !excel::inspect(bytes, name, &format.excel, declared, table, rows, &mut sample)? {
                return Ok(seen(None, !format.excel.header));
            }
            Ok(seen(Some(sample.evidence(rows > 0)), false))
        }
        FormatType::Csv => {
            let text = feed(source, file, format)?;
            let Some(opened) = csv::open(text, &format.csv, format.max_line, declared, name)? else {
                // Without a header there is nothing that it lacks.
                return Ok(seen(None, !format.csv.header));
            };
            for column in &opened.names {
                sample.column(column, table);
            }
            let fields = opened.rows.fields;
            let reader = RowReader::new(opened.feed, opened.rows, opened.lines);
            take_sample(reader, rows, |reader| {
                csv::sample_fields(reader.text(), reader.found(), fields, &format.csv, &mut sample);
            })?;
            Ok(seen(Some(sample.evidence(rows > 0)), false))
        }
        _ => {
            let text = feed(source, file, format)?;
            let reader = RowReader::new(text, JsonLines { max_line: format.max_line }, 0);
            let mut any = false;
            take_sample(reader, rows, |reader| {
                any |= !reader.found().rows.is_empty();
                sample_objects(reader.text(), reader.found(), table, &mut sample);
            })?;
            sample.refuse_too_many_keys(name)?;
            Ok(seen(any.then(|| sample.evidence(true)), true))
        }
    }
}

fn take_sample<F: FindRows>(
    mut reader: RowReader<F>,
    rows: usize,
    mut see: impl FnMut(&RowReader<F>),
) -> Result<(), Error> {
    let (mut left, mut bytes) = (rows, 0);
    while left > 0 && bytes < SAMPLE_BYTES && reader.advance(left)? {
        let found = reader.found();
        left = left.saturating_sub(found.rows.len() + found.broken.len());
        bytes += reader.text().len();
        see(&reader);
    }
    Ok(())
}
