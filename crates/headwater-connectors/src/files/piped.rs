//! Text that a program writes, decoded like that of a file.

use std::io::Read;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use headwater_sdk::connector::{OnBadRow, SourceBatch};
use headwater_sdk::{Blame, Error};

use super::csv::{self, CsvValues};
use super::decode::{Decoder, Measures};
use super::format::Format;
use super::input::{BLOCK, Compression, DirectBlocks, Feed};
use super::json::JsonLines;
use super::options::{FormatOptions, FormatType};
use super::rows::RowReader;
use crate::codes;
use crate::columns::{Batch, JsonValues, KeyRules, Target, UnknownKeys};

/// A table as text, in a pipe.
pub(crate) struct PipedText<R> {
    /// The pipe.
    pub(crate) text: R,
    /// What it is called in messages.
    pub(crate) name: Arc<str>,
    /// CSV with a header, or JSON lines.
    pub(crate) kind: FormatType,
    /// The columns of every batch.
    pub(crate) schema: SchemaRef,
    /// What happens to a bad row.
    pub(crate) on_bad_row: OnBadRow,
    /// What is asked of JSON objects beside the columns.
    pub(crate) keys: KeyRules,
    /// The places of the columns without which a row is bad: those of a key.
    pub(crate) key: Vec<usize>,
    /// Lines that came before.
    pub(crate) lines: u64,
}

/// Why the text was not decoded to its end.
pub(crate) enum Stopped {
    /// `take` wanted no more.
    GivenUp,
    /// There is no text at all, not even a header.
    Empty,
    /// The text is wrong.
    Wrong(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Wrong(error)
    }
}

/// Decodes a text, batch by batch. `take` returns whether it wants more; `verify` looks at the names in a header of CSV.
///
/// # Errors
/// [`Stopped`].
pub(crate) fn decode(
    text: PipedText<impl Read + Send + 'static>,
    verify: &dyn Fn(&[String]) -> Result<(), Error>,
    take: &mut dyn FnMut(SourceBatch, u64) -> bool,
) -> Result<(), Stopped> {
    let PipedText { text, name, kind, schema, on_bad_row, keys, key, lines } = text;
    let options = FormatOptions { kind: Some(kind), ..FormatOptions::default() };
    let mut format =
        Format::resolve("", &options).map_err(|wrong| Error::new(codes::DEFECT, Blame::Headwater, wrong.message))?;
    format.reading.ignore_unknown_keys = keys.unknown == UnknownKeys::Ignore;
    let inferred = vec![false; schema.fields().len()];
    let target = Arc::new(Target { schema, inferred, on_bad_row, unit: "line", key });
    let blocks = DirectBlocks::new(Box::new(text), Arc::clone(&name), Compression::None, BLOCK);
    let feed = Feed::new(Box::new(blocks));
    let batch = Batch::new(Arc::clone(&target), Arc::clone(&name), &format.reading)?;
    let mut measures = Measures { fields: 0, max_line: format.max_line, encoding: None };
    if kind == FormatType::Csv {
        let Some(opened) = csv::open(feed, &format.csv, format.max_line, &[], &name)? else {
            return Err(Stopped::Empty);
        };
        verify(&opened.names)?;
        measures.fields = opened.rows.fields;
        let values = CsvValues::new(&opened, &format.csv, &target);
        let rows = RowReader::new(opened.feed, opened.rows, opened.lines);
        return all(Decoder::new(rows, values, batch, measures, &name).hand_on(take)?);
    }
    let values = JsonValues::new(&target, keys);
    let rows = RowReader::new(feed, JsonLines { max_line: format.max_line }, lines);
    all(Decoder::new(rows, values, batch, measures, &name).hand_on(take)?)
}

fn all(wanted: bool) -> Result<(), Stopped> {
    if wanted { Ok(()) } else { Err(Stopped::GivenUp) }
}
