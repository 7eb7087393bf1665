//! From pages to batches.

use std::sync::Arc;

use headwater_sdk::connector::{LoadPosition, RejectedRow};
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error, Result};

use super::cursor::Kind;
use super::pages::{Page, Told};
use super::reached::{Marks, Reached};
use crate::codes;
use crate::columns::{
    Batch, Flaws, JsonValues, KeyRules, ReadValues, Reading, Row, Rows, Target, Value, json_value, read_object, shown,
};
use crate::position::written;
use crate::rejected::cut;
use crate::threaded::Batches;

/// Records, and bytes of them, that are decoded at a time.
const CHUNK_RECORDS: usize = 8192;
const CHUNK_BYTES: usize = 8 << 20;

/// What a load knows about its table.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) target: Arc<Target>,
    pub(crate) reading: Reading,
    pub(crate) keys: KeyRules,
    pub(crate) cursor: Option<LoadCursor>,
    /// What a person should know when all is read.
    pub(crate) told: Vec<Arc<Told>>,
    pub(crate) position: LoadPosition,
    /// What is read, for messages.
    pub(crate) shown: Arc<str>,
}

/// The cursor of a load.
#[derive(Debug)]
pub(crate) struct LoadCursor {
    /// The column.
    pub(crate) field: String,
    pub(crate) kind: Kind,
    /// How far the last load came.
    pub(crate) before: Reached,
    /// The same, to be compared with.
    pub(crate) marks: Marks,
    /// Whether records up to there are known, and left out: nothing takes their place.
    pub(crate) leaves_out: bool,
    /// Whether how far it came is kept for each record of the parent.
    pub(crate) by_parents: bool,
}

impl Load {
    /// Whether nothing in the pages is new, in a load that adds to another.
    pub(crate) fn knows_all<'a>(&self, mut pages: impl Iterator<Item = &'a Page>) -> bool {
        let Some(cursor) = self.cursor.as_ref().filter(|cursor| !cursor.before.is_nothing()) else { return false };
        let (mut text, mut seen) = (Vec::new(), cursor.marks.clone());
        pages.all(|page| {
            page.found.records.iter().all(|record| {
                text.clear();
                page.found.write(*record, &page.body, &mut text);
                matches!(look(self, &text, &page.parent, &mut seen), Looked::Known)
            })
        })
    }
}

/// What a look at a record shows.
enum Looked {
    Take,
    /// It is known.
    Known,
    /// It is bad, for this reason.
    Bad(String),
}

/// Decodes pages.
pub(crate) struct Decoding {
    load: Arc<Load>,
    values: JsonValues,
    batch: Batch,
    flaws: Flaws,
    /// The records of a chunk, one behind the other.
    text: Vec<u8>,
    rows: Rows,
    /// The numbers of these records in their answer, from 1.
    numbers: Vec<u64>,
    /// The greatest values of the cursor.
    greatest: Marks,
    progress: Arc<Progress>,
}

impl Decoding {
    pub(crate) fn new(load: Arc<Load>, progress: Arc<Progress>) -> Result<Self> {
        let batch = Batch::new(Arc::clone(&load.target), Arc::clone(&load.shown), &load.reading)?;
        let values = JsonValues::new(&load.target, load.keys.clone());
        let greatest = load.cursor.as_ref().map(|cursor| cursor.marks.clone()).unwrap_or_default();
        let (flaws, text, rows, numbers) = (Flaws::default(), Vec::new(), Rows::default(), Vec::new());
        Ok(Self { load, values, batch, flaws, text, rows, numbers, greatest, progress })
    }

    /// Decodes all pages that `next` gives, and says how far they came.
    ///
    /// # Errors
    /// When a page does not come, or a record ends the load.
    pub(crate) fn all(mut self, mut next: impl FnMut() -> Result<Option<Page>>, batches: &Batches) -> Result<()> {
        while let Some(page) = next()? {
            if !self.page(&page, batches)? {
                // Nobody wants the rest.
                return Ok(());
            }
        }
        if !self.batch.is_empty() && batches.blocking_send(self.batch.finish()).is_err() {
            return Ok(());
        }
        if let Some(cursor) = &self.load.cursor {
            let greatest = std::mem::take(&mut self.greatest);
            let reached = greatest.reached(&cursor.before, cursor.by_parents, &self.load.shown)?;
            self.load.position.set(written(&reached)?, false);
        }
        self.note();
        Ok(())
    }

    /// Tells what shows only in the end.
    fn note(&self) {
        let left_out = self.values.left_out().iter().map(|(key, count)| {
            let (key, records) = (shown(key.as_bytes()), if *count == 1 { "record" } else { "records" });
            format!("the key '{key}' of {count} {records} was left out")
        });
        let nested = match self.batch.left_out() {
            0 => None,
            1 => Some("1 value in a nested object, under a key that no field stands for, was left out".to_owned()),
            count => {
                Some(format!("{count} values in nested objects, under keys that no field stands for, were left out"))
            }
        };
        let told = self.load.told.iter().flat_map(|told| told.notes());
        left_out.chain(nested).chain(told).for_each(|note| self.progress.note(note));
    }

    /// Decodes a page; false when nobody wants the rest.
    fn page(&mut self, page: &Page, batches: &Batches) -> Result<bool> {
        self.progress.add_bytes_in(page.body.len() as u64);
        let mut at = 0;
        while at < page.found.records.len() {
            at = self.chunk(page, at)?;
            if self.batch.is_full() && batches.blocking_send(self.batch.finish()).is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Decodes records from the one at `from` on. Gives the place of the one after them.
    fn chunk(&mut self, page: &Page, from: usize) -> Result<usize> {
        self.text.clear();
        self.rows.clear();
        self.numbers.clear();
        let (mut at, mut bad) = (from, Vec::new());
        while at < page.found.records.len() && at - from < CHUNK_RECORDS && self.text.len() < CHUNK_BYTES {
            let start = self.text.len();
            page.found.write(page.found.records[at], &page.body, &mut self.text);
            at += 1;
            match look(&self.load, &self.text[start..], &page.parent, &mut self.greatest) {
                Looked::Known => {
                    self.text.truncate(start);
                    continue;
                }
                Looked::Bad(reason) => bad.push((self.rows.rows.len(), reason)),
                Looked::Take => {}
            }
            self.rows.rows.push(Row { start: start as u32, end: self.text.len() as u32, line: 0 });
            self.numbers.push(at as u64);
        }
        let count = self.rows.rows.len();
        self.flaws.begin(count);
        bad.into_iter().for_each(|(row, reason)| self.flaws.add(row, || reason));
        if let Err(unread) = self.values.read(&self.text, &self.rows, &mut self.batch, &mut self.flaws) {
            let row = self.rows.rows.iter().position(|row| *row == unread.row).unwrap_or_default();
            let place = format!("{}, record {}", page.shown, self.numbers[row]);
            return Err((unread.error)(&place, &unread.what));
        }
        self.batch.require_key(count, &mut self.flaws);
        self.batch.add_rows(count, self.flaws.bad_rows());
        let mut rejected: Vec<RejectedRow> = Vec::new();
        for (row, reason) in self.flaws.reasons() {
            let (file, line) = (page.shown.to_string(), self.numbers[row]);
            rejected.push(RejectedRow { file, line, reason, raw: cut(&self.text[self.rows.rows[row].range()]) });
        }
        rejected.sort_by_key(|row| row.line);
        self.batch.reject(rejected)?;
        self.progress.add_rows_in(count as u64);
        Ok(at)
    }
}

/// Looks at what a load needs of a record beside its values.
fn look(load: &Load, record: &[u8], parent: &str, greatest: &mut Marks) -> Looked {
    let Some(LoadCursor { field, kind, marks, leaves_out, .. }) = &load.cursor else { return Looked::Take };
    let mut at = None;
    let read = read_object(record, |name, token| {
        if name == field && token != b"null" {
            at = Some(token);
        }
        Ok(())
    });
    if read.is_err() {
        // Its values cannot be read, which is told then.
        return Looked::Take;
    }
    let mut scratch = Vec::new();
    let text = match at.map(|token| json_value(token, &mut scratch)) {
        Some(Value::Text(text)) => std::str::from_utf8(text).ok(),
        _ => None,
    };
    let Some(text) = text else {
        return Looked::Bad(format!(
            "column '{field}', the cursor, is null or missing: nothing tells when the record is new"
        ));
    };
    // Another value is not one of the column either.
    let Some(mark) = kind.mark(text) else { return Looked::Take };
    if *leaves_out && marks.of(parent).is_some_and(|past| mark <= *past) {
        return Looked::Known;
    }
    greatest.see(parent, mark, text);
    Looked::Take
}

/// The error of pages that stopped coming.
pub(crate) fn cut_off(shown: &str) -> Error {
    Error::new(codes::DEFECT, Blame::Headwater, format!("reading {shown} was cut off"))
}
