//! Takes apart what the program prints: the records of each stream go to its spool.

use std::io::{BufRead, Read};
use std::sync::Arc;

use headwater_sdk::connector::Drift;
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error, Result};
use serde_json::Value;

use super::catalogue::{Catalogue, Listed};
use super::columns::JsonType;
use super::gathering::Member;
use super::messages::{Message, Protocol, StateOf};
use super::schema::columns;
use super::spool::{End, Writer};
use crate::codes;
use crate::columns::shown;
use crate::lake_types::reads_as;
use crate::process::{Said, unwritable};

/// The most bytes of a message.
const LONGEST: u64 = 256 << 20;

/// What a stream's table takes.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    /// Its columns and what they are read as, but for those whose type the project declares.
    pub(super) columns: Vec<(String, arrow_schema::DataType)>,
    pub(super) drift: Drift,
}

/// See the module's documentation.
pub(super) struct Router {
    protocol: Arc<dyn Protocol>,
    catalogue: Arc<Catalogue>,
    seats: Vec<Seat>,
    /// The name that came last, and which seat it is of.
    last: Option<(String, Option<usize>)>,
    /// The last state that was of all streams.
    common: Option<Value>,
    began: Option<String>,
    said: Arc<Said>,
    /// What is wrong with the program, by its own word.
    pub(super) fault: Option<Error>,
    line: u64,
}

/// A stream that is read.
struct Seat {
    member: Member,
    writer: Writer,
    /// Whether its schema has come.
    is_told: bool,
    /// The last state that was of this stream alone.
    state: Option<Value>,
    /// Records before the last state.
    covered: u64,
}

impl Router {
    pub(super) fn new(
        protocol: Arc<dyn Protocol>,
        catalogue: Arc<Catalogue>,
        members: Vec<Member>,
        began: Option<String>,
        said: Arc<Said>,
    ) -> Self {
        let seat = |member: Member| {
            let writer = Writer::new(Arc::clone(&member.spool));
            Seat { member, writer, is_told: false, state: None, covered: 0 }
        };
        let seats = members.into_iter().map(seat).collect();
        Self { protocol, catalogue, seats, last: None, common: None, began, said, fault: None, line: 0 }
    }

    /// Reads messages to the end.
    ///
    /// # Errors
    /// When something is no message, or not as the protocol has it.
    pub(super) fn route_all(&mut self, mut printed: impl BufRead) -> Result<()> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = printed.by_ref().take(LONGEST).read_until(b'\n', &mut line).map_err(unwritable)?;
            if read == 0 {
                return self.seats.iter_mut().try_for_each(|seat| seat.writer.flush());
            }
            self.line += 1;
            if read as u64 == LONGEST {
                return Err(self.wrong(&format!("is longer than {} MiB", LONGEST >> 20)));
            }
            let text = line.trim_ascii();
            if !text.is_empty() {
                self.route(text)?;
            }
        }
    }

    fn route(&mut self, line: &[u8]) -> Result<()> {
        let protocol = Arc::clone(&self.protocol);
        let message = protocol.message(line).map_err(|clause| {
            let mut error = self.wrong(&format!("{clause}: '{}'", shown(line)));
            error.code = codes::TAP_MESSAGE;
            error.help("let it print its messages, one a line, and nothing else, to the standard output; what is for people belongs on the standard error")
        })?;
        match message {
            Message::Record { stream, record, version } => {
                let Some(place) = self.place(&stream)? else { return Ok(()) };
                if protocol.tells_schemas() && !self.seats[place].is_told {
                    let message = format!("is a record of '{stream}', whose schema has not come");
                    return Err(self.wrong(&message).help("a SCHEMA message comes before the records of a stream"));
                }
                self.seats[place].writer.add(record, version)?;
            }
            Message::Schema { stream, schema } => {
                let Some(place) = self.place(&stream)? else { return Ok(()) };
                let seat = &mut self.seats[place];
                seat.is_told = true;
                seat.member.expected.judge(&stream, &columns(&schema))?;
            }
            Message::Activate { stream, version } => {
                if let Some(place) = self.place(&stream)? {
                    self.seats[place].writer.activate(version);
                }
            }
            Message::State { of, state } => self.keep(of, state)?,
            Message::Said(text) => self.said.keep(text),
            Message::Failed(error) => {
                self.fault.get_or_insert(error);
            }
            Message::Nothing => {}
        }
        Ok(())
    }

    fn keep(&mut self, of: StateOf, state: Value) -> Result<()> {
        match of {
            StateOf::All => {
                self.common = Some(state);
                for seat in &mut self.seats {
                    seat.covered = seat.writer.records();
                    // Whoever waits for rows sees that there are some.
                    seat.writer.flush()?;
                }
            }
            StateOf::Stream(id) => {
                if let Some(seat) = self.seats.iter_mut().find(|seat| seat.member.chosen.id == id) {
                    seat.state = Some(state);
                    seat.covered = seat.writer.records();
                    seat.writer.flush()?;
                }
            }
        }
        Ok(())
    }

    /// The seat of a stream; `None` when nobody asked for it.
    fn place(&mut self, stream: &str) -> Result<Option<usize>> {
        if let Some((last, place)) = &self.last
            && last == stream
        {
            return Ok(*place);
        }
        let place = self.look_up(stream)?;
        self.last = Some((stream.to_owned(), place));
        Ok(place)
    }

    fn look_up(&self, stream: &str) -> Result<Option<usize>> {
        let chosen = || self.seats.iter().map(|seat| &seat.member.chosen);
        if let Some(place) = chosen().position(|chosen| chosen.id == stream) {
            return Ok(Some(place));
        }
        // Some taps put the name of the schema before that of the table, and that of the database before both in ids.
        let end = format!("-{stream}");
        let is_named = |name: &str, id: &str| name == stream || id.ends_with(&end);
        let named: Vec<usize> =
            chosen().enumerate().filter(|(_, chosen)| is_named(&chosen.name, &chosen.id)).map(|(at, _)| at).collect();
        match named.as_slice() {
            [one] => Ok(Some(*one)),
            [] if self.catalogue.streams.iter().any(|Listed { id, name, .. }| id == stream || is_named(name, id)) => {
                Ok(None)
            }
            [] => Err(self.wrong(&format!("is of a stream '{stream}', which its catalogue does not have")).help(
                "let it say all of its streams when it is asked for them, or give it another catalogue (`catalog`)",
            )),
            _ => Err(self
                .wrong(&format!("is of '{stream}', which is the name of several streams that are read"))
                .help("read them in two sources, so that each run of the program has one of them")),
        }
    }

    fn wrong(&self, clause: &str) -> Error {
        let called = self.protocol.called();
        Error::new(
            codes::TAP_PROTOCOL,
            Blame::Environment,
            format!("line {} of what the {called} printed {clause}", self.line),
        )
        .help(format!("ask who keeps the {called}"))
    }

    /// Ends all spools: the program ended well.
    ///
    /// # Errors
    /// When what is left cannot be written.
    pub(super) fn finish(self) -> Result<()> {
        for Seat { member, writer, state, covered, .. } in self.seats {
            let listed = self.catalogue.streams.iter().find(|listed| listed.id == member.chosen.id);
            let common = self.common.as_ref().zip(listed).map(|(common, listed)| self.protocol.own(common, listed));
            let beyond = writer.records() - covered;
            writer.finish(End { state: state.or(common), beyond, began: self.began.clone() })?;
        }
        Ok(())
    }
}

impl Expected {
    /// Compares a schema that comes with the records with the one by which they are read.
    ///
    /// # Errors
    /// `HW0308` when values of a column are of another type now.
    fn judge(&self, stream: &str, told: &[(String, JsonType)]) -> Result<()> {
        if self.drift == Drift::Ignore {
            return Ok(());
        }
        for (name, read_as) in &self.columns {
            let Some((_, now)) = told.iter().find(|(told, _)| told == name) else { continue };
            if !reads_as(&now.data_type, read_as) {
                let (was, is) = (type_name(read_as), type_name(&now.data_type));
                let message = format!(
                    "the records of '{stream}' come with another schema than its catalogue says: column '{name}' was {was} and is {is}"
                );
                return Err(Error::new(codes::DRIFT, Blame::Data, message).help(format!(
                    "run again, so that the catalogue is read anew; or declare the column's type, or set rows aside with `drift: ignore` (columns: {{ {name}: {{ type: {was} }} }})"
                )));
            }
        }
        Ok(())
    }
}
