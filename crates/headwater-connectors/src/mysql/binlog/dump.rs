//! The stream of the binary log: its events, from a place on.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use bytes::Bytes;
use headwater_sdk::{Blame, Error, Result};

use super::super::connect::{Flavour, Server, Session};
use super::super::quote;
use super::event::{ARTIFICIAL, FORMAT, HEAD, HEARTBEAT, HEARTBEAT_2, Head, ROTATE, rotate};
use super::gtid::encoded;
use super::place::Place;
use super::server::refused;
use crate::codes;
use crate::database::defect;

const BINLOG_DUMP: u8 = 0x12;
const BINLOG_DUMP_GTID: u8 = 0x1E;
/// The server ends the stream where the log ends, and does not wait.
const NON_BLOCK: u16 = 1;
const THROUGH_GTID: u16 = 4;
/// Bytes of a checksum.
const SUM: usize = 4;
/// Before the first event of a file.
const FIRST: u64 = 4;
const DOING: &str = "the binary log cannot be read";

/// Where a reading begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Start {
    /// At a place in the log of this server.
    Place(Place),
    /// Behind these transactions, on whichever server.
    Gtids(String),
}

/// An event.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) kind: u8,
    pub(super) body: Bytes,
    /// Where it begins, and the file it is in.
    pub(super) begin: Place,
}

/// The stream.
#[derive(Debug)]
pub(super) struct Dump {
    session: Session,
    server: Server,
    at: Place,
    /// Whether a checksum stands behind each event.
    has_sums: bool,
    /// When the file that is read was begun, in seconds.
    begun: Option<u32>,
}

impl Dump {
    /// # Errors
    /// When the server does not have the log any more, or refuses.
    pub(super) async fn start(server: &Server, start: &Start) -> Result<Self> {
        let mut session = server.connect().await?;
        let flavour = Flavour::of(&session);
        // Who reads is told apart by a number that no replica has.
        let number = (RandomState::new().hash_one(std::process::id()) as u32) | 1 << 30;
        let sums = "set @master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum = @@global.binlog_checksum";
        let mut set = vec![sums.to_owned()];
        if flavour.is_mariadb() {
            set.push("set @mariadb_slave_capability = 4".to_owned());
        }
        let (command, request, at) = match start {
            Start::Place(place) => {
                // The command has 32 bits for the offset; a file that is longer is read from its beginning.
                let offset = if place.offset > u64::from(u32::MAX) { FIRST } else { place.offset };
                let request = [
                    &(offset as u32).to_le_bytes()[..],
                    &NON_BLOCK.to_le_bytes(),
                    &number.to_le_bytes(),
                    place.file.as_bytes(),
                ];
                (BINLOG_DUMP, request.concat(), Place { file: place.file.clone(), offset })
            }
            Start::Gtids(gtids) if flavour.is_mariadb() => {
                set.push(format!("set @slave_connect_state = {}", quote::text(gtids)));
                let request = [&(FIRST as u32).to_le_bytes()[..], &NON_BLOCK.to_le_bytes(), &number.to_le_bytes()];
                (BINLOG_DUMP, request.concat(), Place { file: String::new(), offset: FIRST })
            }
            Start::Gtids(gtids) => {
                let set = encoded(gtids).ok_or_else(|| defect(format!("'{gtids}' is no set of transactions")))?;
                let request = [
                    &(NON_BLOCK | THROUGH_GTID).to_le_bytes()[..],
                    &number.to_le_bytes(),
                    &0_u32.to_le_bytes(),
                    &FIRST.to_le_bytes(),
                    &(set.len() as u32).to_le_bytes(),
                    &set,
                ];
                (BINLOG_DUMP_GTID, request.concat(), Place { file: String::new(), offset: FIRST })
            }
        };
        for sql in set {
            server.ask(&mut session, &sql, DOING).await?;
        }
        let sums = server.ask(&mut session, "select @@global.binlog_checksum", DOING).await?;
        let has_sums = sums.into_iter().flatten().flatten().next().as_deref() == Some("CRC32");
        let asked = session.dump(command, &request).await;
        asked.map_err(|error| refused(server, flavour, &error, DOING))?;
        Ok(Self { session, server: server.clone(), at, has_sums, begun: None })
    }

    /// When the file was begun that a place is in: it tells the file from one of another log that has its name.
    ///
    /// # Errors
    /// When the log cannot be read from there.
    pub(super) async fn begun_at(server: &Server, place: &Place) -> Result<Option<u32>> {
        let mut dump = Self::start(server, &Start::Place(place.clone())).await?;
        while dump.begun.is_none() && dump.next().await?.is_some() {}
        Ok(dump.begun)
    }

    /// When the file that is read was begun.
    pub(super) fn begun(&self) -> Option<u32> {
        self.begun
    }

    /// How far the log was read.
    pub(super) fn at(&self) -> &Place {
        &self.at
    }

    /// The next event; `None` at the end of the log.
    ///
    /// # Errors
    /// When the connection is cut, and when the server does not have what is asked for.
    pub(super) async fn next(&mut self) -> Result<Option<Event>> {
        loop {
            let flavour = Flavour::of(&self.session);
            let event = self.session.event().await;
            let Some(event) = event.map_err(|error| refused(&self.server, flavour, &error, DOING))? else {
                return Ok(None);
            };
            let head = Head::of(&event).ok_or_else(unknown)?;
            if head.kind == FORMAT {
                self.has_sums = sums_of(&event).unwrap_or(self.has_sums);
                self.begun = Some(head.time);
            }
            let event = if self.has_sums { summed(&event, &head).ok_or_else(damaged)? } else { event };
            let body = event.slice(HEAD..);
            if matches!(head.kind, HEARTBEAT | HEARTBEAT_2) {
                continue;
            }
            if head.kind == ROTATE {
                let (file, offset) = rotate(&body).ok_or_else(unknown)?;
                self.at = Place { file, offset };
                continue;
            }
            let begin = self.at.clone();
            if head.end != 0 && head.flags & ARTIFICIAL == 0 {
                self.at.offset = widened(self.at.offset, head.end);
            }
            return Ok(Some(Event { kind: head.kind, body, begin }));
        }
    }
}

/// Whether the events of a file that begins have checksums: it says so before its own, which it always has.
fn sums_of(event: &[u8]) -> Option<bool> {
    let kind = event.get(event.len().checked_sub(SUM + 1)?)?;
    Some(*kind == 1)
}

/// An event without its checksum; `None` when that is another one's. (A file that is being written has a flag in its first event
/// that is not summed, and what is made for the stream stands in no file.)
fn summed(event: &Bytes, head: &Head) -> Option<Bytes> {
    let end = event.len().checked_sub(SUM).filter(|end| *end >= HEAD)?;
    let is_counted = head.kind != FORMAT && head.end != 0;
    let sum = u32::from_le_bytes(event[end..].try_into().ok()?);
    (!is_counted || crc32fast::hash(&event[..end]) == sum).then(|| event.slice(..end))
}

fn damaged() -> Error {
    Error::new(
        codes::MYSQL_FAILED,
        Blame::Environment,
        "an event of the binary log was damaged on its way, or in its file",
    )
    .help("the next try may succeed; otherwise the file of the log is damaged: --full-refresh reads the tables anew")
    .transient()
}

/// An offset past another one, of which 32 bits are told.
fn widened(before: u64, end: u32) -> u64 {
    let end = before & !u64::from(u32::MAX) | u64::from(end);
    if end < before { end + (1 << 32) } else { end }
}

pub(super) fn unknown() -> Error {
    defect("an event of the binary log has a form that is not known".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_event_is_found_out() {
        let mut event = vec![0; HEAD];
        event[13] = 1;
        event.extend(b"body");
        event.extend(crc32fast::hash(&event).to_le_bytes());
        let head = Head::of(&event).unwrap();
        assert_eq!(&summed(&Bytes::from(event.clone()), &head).unwrap()[HEAD..], b"body");
        event[HEAD] ^= 1;
        assert!(summed(&Bytes::from(event), &head).is_none());
    }

    #[test]
    fn offsets_of_files_past_four_gigabytes_go_on() {
        assert_eq!(widened(4, 300), 300);
        assert_eq!(widened(0xFFFF_FF00, 0x100), 0x1_0000_0100);
        assert_eq!(widened(0x1_0000_0100, 0x200), 0x1_0000_0200);
    }
}
