//! The table of one stream, made from its records while they come.

use std::sync::Arc;

use arrow_array::{Int8Array, RecordBatch, new_null_array};
use arrow_schema::SchemaRef;
use futures::StreamExt;
use futures::stream::BoxStream;
use headwater_sdk::connector::{Changes, LoadPosition, OnBadRow, Operation, ReadPart, SourceBatch};
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error, Result};

use super::gathering::Gathering;
use super::source::Tap;
use super::spool::{End, Event, Records, Spool};
use super::stream::Position;
use crate::codes;
use crate::columns::KeyRules;
use crate::database::{defect, written};
use crate::files::{FormatType, PipedText, Stopped, decode};
use crate::threaded::{self, Batches};

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct StreamPart {
    pub(super) tap: Arc<Tap>,
    pub(super) gathering: Arc<Gathering>,
    /// The stream's place in it.
    pub(super) place: usize,
    pub(super) rows: Rows,
}

/// How its rows are read.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) spool: Arc<Spool>,
    /// What is read, for messages.
    pub(super) shown: String,
    pub(super) schema: SchemaRef,
    pub(super) on_bad_row: OnBadRow,
    pub(super) keys: KeyRules,
    /// The places of the key's columns.
    pub(super) key: Vec<usize>,
    /// Whether rows take the place of others.
    pub(super) keyed: bool,
    /// Where the load ends, where it adds to what the table has.
    pub(super) position: Option<LoadPosition>,
    pub(super) before: Option<Position>,
    /// What the program is called in messages.
    pub(super) called: &'static str,
}

impl ReadPart for StreamPart {
    fn name(&self) -> &str {
        &self.rows.shown
    }

    fn bytes(&self) -> u64 {
        0
    }

    fn read(self: Box<Self>, progress: Arc<Progress>) -> BoxStream<'static, Result<SourceBatch>> {
        let Self { tap, gathering, place, rows } = *self;
        let held = Arc::clone(&gathering);
        let batches = threaded::batches(rows.shown.as_str().into(), move || {
            gathering.begin(place, &tap);
            move |batches: &Batches| Walk { part: rows, progress, batches, rows: 0, live: Vec::new() }.go()
        });
        // The program is ended when nobody listens any more, not when the thread that waits for it notices.
        batches.inspect(move |_| _ = &held).boxed()
    }
}

/// A walk along what comes.
struct Walk<'a> {
    part: Rows,
    progress: Arc<Progress>,
    batches: &'a Batches,
    rows: u64,
    /// The versions of the rows that the table has, with those that were handed on.
    live: Vec<Option<i64>>,
}

impl Walk<'_> {
    fn go(mut self) -> Result<()> {
        let batches = self.batches.clone();
        let unwanted = || batches.is_closed();
        let spool = Arc::clone(&self.part.spool);
        self.live = self.part.before.iter().map(|before| before.version).collect();
        let mut number = 0;
        while let Some(event) = spool.event(number, &unwanted).map_err(|failure| Error::from(&failure))? {
            match event {
                Event::Records { version, from, before, .. } => self.decode(number, version, from, before)?,
                Event::Activate(version) => self.activate(version, number)?,
            }
            number += 1;
        }
        match spool.ended(&unwanted) {
            Some(Ok(end)) => self.conclude(end),
            Some(Err(failure)) => Err(Error::from(&failure)),
            None => Ok(()),
        }
    }

    /// Hands on the rows of an event.
    fn decode(&mut self, event: usize, version: Option<i64>, from: u64, lines: u64) -> Result<()> {
        let batches = self.batches.clone();
        let unwanted = move || batches.is_closed();
        let part = &self.part;
        let text = PipedText {
            text: Records::new(Arc::clone(&part.spool), event, from, unwanted, Arc::clone(&self.progress)),
            name: part.shown.as_str().into(),
            kind: FormatType::Json,
            schema: Arc::clone(&part.schema),
            on_bad_row: part.on_bad_row,
            keys: part.keys.clone(),
            key: part.key.clone(),
            lines,
        };
        let (rows, keyed) = (&mut self.rows, part.keyed);
        let decoded = decode(text, &|_| Ok(()), &mut |mut batch, count| {
            *rows += count;
            self.progress.add_rows_in(count);
            if keyed {
                let upserts = Int8Array::from_value(Operation::Upsert as i8, batch.rows.num_rows());
                batch.changes = Some(Changes { operations: upserts, kept: None });
            }
            self.batches.blocking_send(Ok(batch)).is_ok()
        });
        if !self.live.contains(&version) {
            self.live.push(version);
        }
        match decoded {
            Ok(()) | Err(Stopped::GivenUp | Stopped::Empty) => Ok(()),
            Err(Stopped::Wrong(error)) => Err(error),
        }
    }

    /// Only rows of a version count: when there are others, the table begins anew with those of them that came.
    fn activate(&mut self, version: i64, number: usize) -> Result<()> {
        if self.live.iter().all(|live| *live == Some(version)) {
            return Ok(());
        }
        if !self.part.keyed {
            return Err(self.begun_anew());
        }
        let columns = self.part.schema.fields().iter().map(|field| new_null_array(field.data_type(), 1)).collect();
        let row = RecordBatch::try_new(Arc::clone(&self.part.schema), columns);
        let mut batch = SourceBatch::new(row.map_err(|error| defect(error.to_string()))?, Vec::new());
        batch.changes = Some(Changes { operations: Int8Array::from(vec![Operation::Truncate as i8]), kept: None });
        if self.batches.blocking_send(Ok(batch)).is_err() {
            return Ok(());
        }
        self.live = vec![Some(version)];
        for (event, what) in self.part.spool.events(number).into_iter().enumerate() {
            if let Event::Records { version: of, from, before, .. } = what
                && of == Some(version)
            {
                self.decode(event, of, from, before)?;
            }
        }
        Ok(())
    }

    fn begun_anew(&self) -> Error {
        let message = format!(
            "'{}' was begun anew by the {} (another version of it), and rows of both versions are there",
            self.part.shown, self.part.called
        );
        Error::new(codes::TAP_VERSION, Blame::Data, message)
            .help("--full-refresh loads everything again; with a `key` such a table is emptied and filled again")
    }

    /// Sets where the load ended.
    fn conclude(self, end: End) -> Result<()> {
        let Self { part, rows, live, .. } = &self;
        let Some(position) = &part.position else { return Ok(()) };
        if live.len() > 1 {
            return Err(self.begun_anew());
        }
        let End { state, beyond, began } = end;
        if !part.keyed && *rows > 0 && (state.is_none() || beyond > 0) {
            return Err(part.unplaced(state.is_some().then_some(beyond)));
        }
        let before = part.before.as_ref();
        let state = state.or_else(|| before.and_then(|before| before.state.clone()));
        let moved = before.is_none_or(|before| before.state != state);
        let version = live.first().copied().flatten();
        let now = Position { stream: part.shown.clone(), state, began, version };
        // Streams that are at one state are read together: one of which nothing came goes with the others.
        position.set(written(&now)?, moved);
        Ok(())
    }
}

impl Rows {
    /// That nobody knows where to go on.
    fn unplaced(&self, beyond: Option<u64>) -> Error {
        let Self { shown, called, .. } = self;
        let message = match beyond {
            None => format!("the {called} printed rows of '{shown}' and no state: the next run would add them again"),
            Some(1) => format!(
                "the {called} printed a row of '{shown}' behind its last state: the next run would add it again"
            ),
            Some(rows) => {
                format!(
                    "the {called} printed {rows} rows of '{shown}' behind its last state: the next run would add them again"
                )
            }
        };
        Error::new(codes::TAP_STATE, Blame::Environment, message)
            .help("give the stream a `key`, so that rows may come again, or read it as a whole (`mode: full`)")
    }
}
