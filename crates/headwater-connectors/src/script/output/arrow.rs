//! A table as an Arrow IPC stream.

use std::io::{BufReader, Read};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use headwater_sdk::connector::SourceBatch;
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error};

use super::NAME;
use super::frames::{END, Frames, damaged};
use crate::codes;
use crate::columns::cast;
use crate::lake_types::{lake_type, reads_as};
use crate::process::Undecoded;

/// Bytes that are read at a time.
const BUFFER: usize = 256 << 10;

/// The most rows of a batch that is handed on; a program may make larger ones.
const MOST_ROWS: usize = 64 << 10;

/// Reads the table.
///
/// # Errors
/// When there is no whole table, or its columns are others.
pub(super) fn read(
    stdout: impl Read,
    schema: &SchemaRef,
    take: &mut dyn FnMut(SourceBatch) -> bool,
) -> Result<(), Undecoded> {
    let mut frames = Frames::new(BufReader::with_capacity(BUFFER, stdout));
    let mut table = Table { decoder: StreamDecoder::new(), schema, places: None };
    while let Some(message) = frames.next()? {
        for part in message {
            table.decode(part, take)?;
        }
    }
    // A decoder looks at a message without a body when the next one comes.
    table.decode(END.to_vec(), take)?;
    table.decoder.finish().map_err(|error| damaged(&error.to_string()))?;
    match table.places {
        Some(_) => Ok(()),
        None => Err(damaged("it has no schema").into()),
    }
}

/// A table on its way.
struct Table<'s> {
    decoder: StreamDecoder,
    schema: &'s SchemaRef,
    /// Where its columns are among those that were written, once these are known.
    places: Option<Vec<usize>>,
}

impl Table<'_> {
    fn decode(&mut self, bytes: Vec<u8>, take: &mut dyn FnMut(SourceBatch) -> bool) -> Result<(), Undecoded> {
        let mut bytes = Buffer::from_vec(bytes);
        while !bytes.is_empty() {
            let decoded = self.decoder.decode(&mut bytes).map_err(|error| damaged(&error.to_string()))?;
            if self.places.is_none()
                && let Some(written) = self.decoder.schema()
            {
                self.places = Some(places(&written, self.schema)?);
            }
            let (Some(batch), Some(places)) = (decoded, &self.places) else { continue };
            for start in (0..batch.num_rows()).step_by(MOST_ROWS) {
                let rows = batch.slice(start, MOST_ROWS.min(batch.num_rows() - start));
                if !take(SourceBatch::new(conformed(&rows, places, self.schema)?, Vec::new())) {
                    return Err(Undecoded::GivenUp);
                }
            }
        }
        Ok(())
    }
}

/// Where each of the table's columns is among those that were written.
fn places(written: &Schema, schema: &Schema) -> Result<Vec<usize>, Error> {
    let names: Vec<&str> = written.fields().iter().map(|field| field.name().as_str()).collect();
    super::text::verify_names(&names, schema)?;
    let mut places = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let place = names.iter().position(|name| name == field.name());
        let Some(place) = place else { return Err(damaged("a column is gone")) };
        if !fits(written.field(place).data_type(), field.data_type()) {
            return Err(other_type(written.field(place), field));
        }
        places.push(place);
    }
    Ok(places)
}

/// Whether values of a written type are values of a declared one without loss (fractions of a microsecond apart).
fn fits(written: &DataType, declared: &DataType) -> bool {
    match (written, declared) {
        (DataType::Null, _) => true,
        (DataType::Dictionary(_, values), _) => fits(values, declared),
        // Everything can be written as a text; but a number is none.
        (_, DataType::Utf8) => {
            matches!(written, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
        }
        _ => lake_type(written).is_some_and(|written| reads_as(&written, declared)),
    }
}

fn other_type(written: &Field, declared: &Field) -> Error {
    let (name, is) = (declared.name(), written.data_type());
    let wanted = type_name(declared.data_type());
    let told = lake_type(is).map_or_else(|| is.to_string(), |lake| type_name(&lake));
    let help = match (is, declared.data_type()) {
        (DataType::Timestamp(_, None), DataType::Timestamp(_, Some(_))) => {
            format!("let the program say of which zone it is, e.g. UTC, or declare '{name}' as timestamp_ntz")
        }
        _ => format!("let the program convert it, or declare {name}: {{ type: {told} }}"),
    };
    let message = format!("column '{name}' in {NAME} is {told} (Arrow's {is}), and is declared as {wanted}");
    Error::new(codes::COLUMNS, Blame::Project, message).help(help)
}

/// The declared columns of some rows, in their order and types.
fn conformed(rows: &RecordBatch, places: &[usize], schema: &SchemaRef) -> Result<RecordBatch, Error> {
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(places.len());
    for (place, field) in places.iter().zip(schema.fields()) {
        let column = rows.column(*place);
        if *column.data_type() == DataType::Null {
            columns.push(new_null_array(field.data_type(), column.len()));
            continue;
        }
        let mut bad = None;
        let converted = cast(column, field.data_type(), &mut |row, _| {
            bad.get_or_insert(row);
        });
        let converted = converted.map_err(|error| damaged(&error.to_string()))?;
        if bad.is_some() {
            let (name, wanted) = (field.name(), type_name(field.data_type()));
            let message = format!("column '{name}' in {NAME} has a value that is no {wanted}");
            return Err(Error::new(codes::COLUMNS, Blame::Project, message).help("let the program convert it"));
        }
        columns.push(converted);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .map_err(|error| damaged(&error.to_string()))
}
