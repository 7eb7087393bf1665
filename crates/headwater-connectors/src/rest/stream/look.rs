//! A look at the first pages: what their records hold, and whether they are all.

use std::collections::VecDeque;

use arrow_schema::Schema;
use headwater_sdk::{Blame, Error, Result};

use super::RestStream;
use super::pages::{Page, Pages};
use super::reached::Reached;
use crate::codes;
use crate::columns::{Reading, Row, Rows, Sample, read_object, sample_objects, shown};

/// How much of a stream is looked at for its columns: it is read from there on when it is loaded.
const SAMPLE_PAGES: usize = 5;
/// Small pages are looked at until they have so many records, but not more pages than this.
const LEAST_RECORDS: usize = 500;
const MOST_PAGES: usize = 20;
const SAMPLE_RECORDS: usize = 10_000;
const SAMPLE_BYTES: usize = 8 << 20;

/// The first pages of a stream.
pub(super) struct Looked {
    pub(super) pages: VecDeque<Page>,
    /// Whether they are all.
    pub(super) ended: bool,
    /// Records in them.
    records: usize,
    /// A digest of the records.
    pub(super) digest: blake3::Hasher,
}

impl RestStream {
    /// Reads the first pages, and shows a sample what is in them.
    pub(super) async fn look(
        &self,
        pages: &mut Pages,
        table: Option<&Schema>,
        reading: &Reading,
    ) -> Result<(Looked, Sample)> {
        let (mut sample, digest) = (Sample::new(reading), blake3::Hasher::new());
        let mut looked = Looked { pages: VecDeque::new(), ended: false, records: 0, digest };
        let mut bytes = 0;
        let some = |looked: &Looked| {
            let few = looked.records < LEAST_RECORDS && looked.pages.len() < MOST_PAGES;
            looked.pages.len() < SAMPLE_PAGES || few
        };
        while some(&looked) && looked.records < SAMPLE_RECORDS && bytes < SAMPLE_BYTES {
            let Some(page) = pages.next().await? else {
                looked.ended = true;
                break;
            };
            bytes += page.body.len();
            looked.records += page.found.records.len();
            self.sample(&page, table, &mut looked.digest, &mut sample)?;
            looked.pages.push_back(page);
        }
        Ok((looked, sample))
    }

    fn sample(
        &self,
        page: &Page,
        table: Option<&Schema>,
        digest: &mut blake3::Hasher,
        sample: &mut Sample,
    ) -> Result<()> {
        let (mut text, mut rows) = (Vec::new(), Rows::default());
        for record in &page.found.records {
            text.clear();
            page.found.write(*record, &page.body, &mut text);
            self.refuse_namesakes(page, &text)?;
            digest.update(&text);
            rows.clear();
            rows.rows.push(Row { start: 0, end: text.len() as u32, line: 0 });
            sample_objects(&text, &rows, table, sample);
        }
        Ok(())
    }

    /// Columns of what is around a record, or of its parent, may not be its own.
    fn refuse_namesakes(&self, page: &Page, record: &[u8]) -> Result<()> {
        let parents = self.parent.iter().flat_map(|parent| &parent.fields).map(|(name, _)| name.as_str());
        let added: Vec<&str> = parents.chain(self.resource.records.columns()).collect();
        if added.is_empty() {
            return Ok(());
        }
        let (mut seen, mut twice) = (Vec::new(), None);
        let _bad_row = read_object(record, |key, _| {
            if added.contains(&key) {
                if seen.contains(&key.to_owned()) {
                    twice = Some(key.to_owned());
                }
                seen.push(key.to_owned());
            }
            Ok(())
        });
        let Some(twice) = twice else { return Ok(()) };
        let message = format!("{}: the records have '{}' themselves", page.shown, shown(twice.as_bytes()));
        Err(Error::new(codes::REST_COLUMNS, Blame::Project, message)
            .help("give the field of the parent, or of what is around the records, another name"))
    }

    /// What is to be read, in words.
    pub(super) fn described(&self, looked: &Looked, before: Option<&Reached>) -> String {
        let count = match (looked.records, looked.ended) {
            (1, true) => "1 record".to_owned(),
            (count, true) => format!("{count} records"),
            (count, false) => format!("{count} records and more"),
        };
        let (Some(cursor), Some(before)) = (&self.cursor, before.filter(|before| !before.is_nothing())) else {
            return count;
        };
        match before.whole().filter(|_| before.parents().is_empty()) {
            _ if looked.records == 0 => "no new records".to_owned(),
            Some(read_to) => format!("{count} with {} from {read_to} on", cursor.field),
            None => format!("{count} with {} from what each parent was read to on", cursor.field),
        }
    }
}
