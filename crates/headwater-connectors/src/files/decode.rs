//! From the rows of a text file to record batches: what CSV and JSON have in common.

use headwater_sdk::Error;
use headwater_sdk::connector::{RejectedRow, SourceBatch};

use super::rows::{FindRows, RowReader};
use crate::columns::{BATCH_ROWS, Batch, Flaws, ReadValues, Row, Why};

/// What rows are measured by, for messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measures {
    /// Fields of a row of CSV.
    pub(crate) fields: usize,
    /// The most bytes of a row.
    pub(crate) max_line: usize,
    /// The encoding that the text was converted from, if any.
    pub(crate) encoding: Option<&'static str>,
}

/// Reads a text file.
pub(crate) struct Decoder<F, V> {
    rows: RowReader<F>,
    values: V,
    batch: Batch,
    flaws: Flaws,
    measures: Measures,
    file: String,
    /// Rows read, good and bad.
    count: u64,
}

impl<F: FindRows, V: ReadValues> Decoder<F, V> {
    /// Reads `rows` into `batch`.
    pub(crate) fn new(rows: RowReader<F>, values: V, batch: Batch, measures: Measures, file: &str) -> Self {
        Self { rows, values, batch, flaws: Flaws::default(), measures, file: file.to_owned(), count: 0 }
    }

    /// The next rows; `None` at the end of the file.
    ///
    /// # Errors
    /// When the file cannot be read, or a bad row fails the load.
    pub(crate) fn next(&mut self) -> Result<Option<SourceBatch>, Error> {
        while self.rows.advance(BATCH_ROWS)? {
            self.take()?;
            if self.batch.is_full() {
                return self.batch.finish().map(Some);
            }
        }
        if self.batch.is_empty() { Ok(None) } else { self.batch.finish().map(Some) }
    }

    /// Hands all rows on, with how many were read for each batch, good and bad. Returns whether all of them were wanted.
    ///
    /// # Errors
    /// As [`Decoder::next`].
    pub(crate) fn hand_on(mut self, take: &mut dyn FnMut(SourceBatch, u64) -> bool) -> Result<bool, Error> {
        while let Some(batch) = self.next()? {
            if !take(batch, std::mem::take(&mut self.count)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes the rows that were found.
    fn take(&mut self) -> Result<(), Error> {
        let count = self.rows.found().rows.len();
        self.flaws.begin(count);
        let mut rejected: Vec<RejectedRow> = Vec::new();
        for &(row, why) in &self.rows.found().broken {
            rejected.push(self.rejected(row, why_text(why, &self.measures)));
        }
        self.count += (count + rejected.len()) as u64;
        if simdutf8::basic::from_utf8(self.rows.text()).is_err() {
            self.set_invalid_aside(&mut rejected);
        }
        let (text, found) = (self.rows.text(), self.rows.found());
        if let Err(unread) = self.values.read(text, found, &mut self.batch, &mut self.flaws) {
            let place = format!("{}, line {}", self.file, self.rows.line(unread.row));
            return Err((unread.error)(&place, &unread.what));
        }
        self.batch.require_key(count, &mut self.flaws);
        self.batch.add_rows(count, self.flaws.bad_rows());
        for (row, reason) in self.flaws.reasons() {
            let row = found.rows[row];
            rejected.push(self.batch.rejected_row(self.rows.line(row), reason, &text[row.range()]));
        }
        rejected.sort_by_key(|row| row.line);
        self.batch.reject(rejected)
    }

    fn rejected(&self, row: Row, reason: String) -> RejectedRow {
        self.batch.rejected_row(self.rows.line(row), reason, &self.rows.text()[row.range()])
    }

    /// Sets rows aside that are not UTF-8, and overwrites them so that what is left is.
    #[cold]
    fn set_invalid_aside(&mut self, rejected: &mut Vec<RejectedRow>) {
        for at in 0..self.rows.found().rows.len() {
            let row = self.rows.found().rows[at];
            let Err(error) = std::str::from_utf8(&self.rows.text()[row.range()]) else { continue };
            let byte = self.rows.text()[row.start as usize + error.valid_up_to()];
            let reason = match self.measures.encoding {
                Some(encoding) => format!("the row holds bytes that are not {encoding}"),
                None => format!(
                    "the row is not valid UTF-8 (byte 0x{byte:02X} at position {}); declare the file's encoding, e.g. \
                     `format: {{ encoding: windows-1252 }}`",
                    error.valid_up_to() + 1
                ),
            };
            rejected.push(self.rejected(row, reason));
            self.flaws.mark(at);
            self.rows.text_mut()[row.range()].fill(b'?');
        }
    }
}

fn why_text(why: Why, measures: &Measures) -> String {
    match why {
        Why::Fields(1) => format!("the row has 1 field where {} are expected", measures.fields),
        Why::Fields(count) => format!("the row has {count} fields where {} are expected", measures.fields),
        Why::TooLong => format!("the line is longer than `max_line`, {} bytes", measures.max_line),
        Why::Unclosed => {
            let most = measures.max_line;
            format!("a quote that begins in this line is not closed before the end of the file or within {most} bytes")
        }
        Why::AfterQuote => "a closing quote is followed by something else than a delimiter".into(),
    }
}
