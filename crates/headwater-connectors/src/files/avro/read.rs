//! A file's columns, and its rows in the table's columns.

use std::io::Read;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, Field, Schema};
use headwater_sdk::connector::SourceBatch;
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error};

use super::block::{Block, Container};
use super::cursor::{Cursor, Damage};
use super::schema::{Type, kind, parse};
use super::sink::{Sink, skip};
use crate::codes;
use crate::columns::{BATCH_ROWS, Evidence, MAX_COLUMNS, Seen, Target, TypedRows};

/// Bytes of records after which a batch ends early.
const BATCH_BYTES: usize = 16 << 20;

fn columns(container: &Container, name: &str) -> Result<Vec<(String, Type)>, Error> {
    let columns = parse(&container.schema).map_err(|clause| {
        Error::new(codes::UNSUPPORTED_TYPE, Blame::Data, format!("the Avro file {name} {clause}"))
            .help("write the file with a record of values, lists and records at its top")
    })?;
    if columns.len() > MAX_COLUMNS {
        let message = format!("{name} has {} columns; a table has at most {MAX_COLUMNS}", columns.len());
        return Err(Error::new(codes::TOO_MANY_COLUMNS, Blame::Data, message).help("split the table into several"));
    }
    Ok(columns)
}

/// The columns that a file's schema names, in lake types.
///
/// # Errors
/// When it is no container file, or a column's type has no counterpart in the lake.
pub(crate) fn inspect(file: Box<dyn Read + Send>, name: &Arc<str>) -> Result<Seen, Error> {
    let container = Container::open(file, name)?;
    let columns = columns(&container, name)?.into_iter().map(|(column, of)| {
        let data_type = of.lake().ok_or_else(|| {
            let message =
                format!("column '{column}' of {name} has the type {}, which the lake does not have", kind(&of));
            Error::new(codes::UNSUPPORTED_TYPE, Blame::Data, message).help(
                "write the file with another type for this column, e.g. a record with a field for each case of a union",
            )
        })?;
        Ok((column, Evidence::Typed(data_type)))
    });
    let columns = columns.collect::<Result<_, Error>>()?;
    Ok(Seen { file: Arc::clone(name), columns: Some(columns), sparse: false })
}

/// Reads a file's rows. `take` returns whether it wants more.
///
/// # Errors
/// When the file cannot be read or is damaged, or a bad row fails the load.
pub(crate) fn read(
    file: Box<dyn Read + Send>,
    name: &Arc<str>,
    target: Arc<Target>,
    progress: Arc<Progress>,
    take: &mut dyn FnMut(SourceBatch) -> bool,
) -> Result<(), Error> {
    let mut container = Container::open(file, name)?;
    let columns = columns(&container, name)?;
    let wanted = |name: &str| target.schema.fields().iter().any(|field| field.name() == name);
    let fields = columns.into_iter().map(|(name, of)| match Sink::new(&of) {
        Some(sink) if wanted(&name) => (name, Reader::Kept(sink)),
        _ => (name, Reader::Skipped(of)),
    });
    let mut rows = Rows { fields: fields.collect(), count: 0, bytes: 0, broken: Vec::new() };
    let mut taken = TypedRows::new(Arc::clone(name), target, progress, 0);
    while let Some(block) = container.next()? {
        let mut cursor = Cursor::new(&block.contents);
        for _ in 0..block.records {
            rows.read(&mut cursor).map_err(|damage| container.damaged(block.offset, damage))?;
            if rows.count >= BATCH_ROWS || rows.bytes >= BATCH_BYTES {
                let (batch, broken) = rows.finish(name)?;
                if !take(taken.take(&batch, broken)?) {
                    return Ok(());
                }
            }
        }
        verify_end(&cursor).map_err(|damage| container.damaged(block.offset, damage))?;
        drop::<Block>(block);
    }
    if rows.count > 0 {
        let (batch, broken) = rows.finish(name)?;
        let _last = take(taken.take(&batch, broken)?);
    }
    Ok(())
}

/// Hands on the records of a file as they are, in lake types. Fields whose type the lake does not have are left out.
///
/// # Errors
/// When the file cannot be read or is damaged, or `each` fails.
pub(crate) fn records(
    file: Box<dyn Read + Send>,
    name: &Arc<str>,
    each: &mut dyn FnMut(&RecordBatch) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut container = Container::open(file, name)?;
    let fields = columns(&container, name)?.into_iter().map(|(name, of)| match Sink::new(&of) {
        Some(sink) => (name, Reader::Kept(sink)),
        None => (name, Reader::Skipped(of)),
    });
    let mut rows = Rows { fields: fields.collect(), count: 0, bytes: 0, broken: Vec::new() };
    while let Some(block) = container.next()? {
        let mut cursor = Cursor::new(&block.contents);
        for _ in 0..block.records {
            rows.read(&mut cursor).map_err(|damage| container.damaged(block.offset, damage))?;
            if rows.count >= BATCH_ROWS || rows.bytes >= BATCH_BYTES {
                each(&rows.finish(name)?.0)?;
            }
        }
        verify_end(&cursor).map_err(|damage| container.damaged(block.offset, damage))?;
    }
    if rows.count > 0 {
        each(&rows.finish(name)?.0)?;
    }
    Ok(())
}

fn verify_end(cursor: &Cursor<'_>) -> Result<(), Damage> {
    if cursor.left() == 0 { Ok(()) } else { Err(Damage("it holds more than the records that it counts")) }
}

/// What becomes of a field of the records.
enum Reader {
    Kept(Sink),
    Skipped(Type),
}

/// Records being collected.
struct Rows {
    fields: Vec<(String, Reader)>,
    count: usize,
    bytes: usize,
    /// Rows with a value that has no place in the lake.
    broken: Vec<(usize, String)>,
}

impl Rows {
    fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Damage> {
        let before = cursor.left();
        let mut reason = None;
        for (name, reader) in &mut self.fields {
            match reader {
                Reader::Kept(sink) => {
                    let mut flaw = None;
                    sink.read(cursor, &mut flaw)?;
                    if let Some(clause) = flaw {
                        reason.get_or_insert_with(|| format!("column '{name}' {clause}"));
                    }
                }
                Reader::Skipped(of) => skip(of, cursor)?,
            }
        }
        if let Some(reason) = reason {
            self.broken.push((self.count, reason));
        }
        self.count += 1;
        self.bytes += before - cursor.left();
        Ok(())
    }

    fn finish(&mut self, file: &str) -> Result<(RecordBatch, Vec<(usize, String)>), Error> {
        let batch = self.batch().map_err(|error| {
            let message = format!("the rows of {file} do not make a batch");
            Error::new(codes::DEFECT, Blame::Headwater, message).caused_by(error)
        })?;
        (self.count, self.bytes) = (0, 0);
        Ok((batch, std::mem::take(&mut self.broken)))
    }

    fn batch(&mut self) -> Result<RecordBatch, ArrowError> {
        let (mut fields, mut arrays): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
        for (name, reader) in &mut self.fields {
            if let Reader::Kept(sink) = reader {
                let array = sink.finish()?;
                fields.push(Field::new(name.as_str(), array.data_type().clone(), true));
                arrays.push(array);
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(self.count));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
    }
}
