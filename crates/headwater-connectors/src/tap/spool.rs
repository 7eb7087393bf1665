//! The records of one stream, on their way from the program to a table: a temporary file that is read while it is written.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use headwater_sdk::Result;
use headwater_sdk::progress::Progress;
use serde_json::Value;

use super::failure::Failure;
use crate::process::unwritable;

/// Bytes that are gathered before they are written.
const BUFFER: usize = 256 << 10;

/// How often somebody who waits looks whether the rows are still wanted.
const LOOK: Duration = Duration::from_millis(100);

/// A file of records, one a line.
#[derive(Debug)]
pub(super) struct Spool {
    /// It has no name, and is gone with the process.
    file: File,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    events: Vec<Event>,
    /// Bytes that can be read.
    written: u64,
    ended: Option<std::result::Result<End, Failure>>,
}

/// What came, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// Records of one version, which stand between two places of the file.
    Records {
        version: Option<i64>,
        from: u64,
        /// `None` while more may come.
        to: Option<u64>,
        /// Records before them.
        before: u64,
    },
    /// Only records of this version count.
    Activate(i64),
}

/// Where a stream ended.
#[derive(Debug, Clone, Default)]
pub(super) struct End {
    /// The last state of the stream; `None` when none came.
    pub(super) state: Option<Value>,
    /// Records that came after it.
    pub(super) beyond: u64,
    /// The mark of the state that the reading began with.
    pub(super) began: Option<String>,
}

impl Spool {
    /// # Errors
    /// When there is no room for a temporary file.
    pub(super) fn new() -> Result<Self> {
        let file = tempfile::tempfile().map_err(unwritable)?;
        Ok(Self { file, state: Mutex::default(), changed: Condvar::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells how it ended, unless that was told.
    pub(super) fn end(&self, ended: std::result::Result<End, Failure>) {
        let mut state = self.state();
        state.ended.get_or_insert(ended);
        drop(state);
        self.changed.notify_all();
    }

    /// Waits until `look` sees something. `None` when `unwanted` says that nobody wants it any more.
    fn wait<T>(&self, unwanted: &dyn Fn() -> bool, look: impl Fn(&State) -> Option<T>) -> Option<T> {
        let mut state = self.state();
        loop {
            if let Some(seen) = look(&state) {
                return Some(seen);
            }
            if unwanted() {
                return None;
            }
            state = self.changed.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The event of a number, which is waited for; `None` when there are no more.
    ///
    /// # Errors
    /// When the program ended badly.
    pub(super) fn event(
        &self,
        number: usize,
        unwanted: &dyn Fn() -> bool,
    ) -> std::result::Result<Option<Event>, Failure> {
        let seen = self.wait(unwanted, |state| match (state.events.get(number), &state.ended) {
            (Some(event), _) => Some(Ok(Some(*event))),
            (None, Some(Ok(_))) => Some(Ok(None)),
            (None, Some(Err(failure))) => Some(Err(failure.clone())),
            (None, None) => None,
        });
        seen.unwrap_or(Ok(None))
    }

    /// The first events.
    pub(super) fn events(&self, count: usize) -> Vec<Event> {
        self.state().events.iter().take(count).copied().collect()
    }

    /// How it ended, which is waited for; `None` when nobody wants to know any more.
    pub(super) fn ended(&self, unwanted: &dyn Fn() -> bool) -> Option<std::result::Result<End, Failure>> {
        self.wait(unwanted, |state| state.ended.clone())
    }
}

/// Writes the records of a stream.
#[derive(Debug)]
pub(super) struct Writer {
    spool: Arc<Spool>,
    buffer: Vec<u8>,
    /// Bytes in the file and in the buffer.
    place: u64,
    records: u64,
    /// The version of the records that come now, once some came.
    version: Option<Option<i64>>,
}

impl Writer {
    pub(super) fn new(spool: Arc<Spool>) -> Self {
        Self { spool, buffer: Vec::new(), place: 0, records: 0, version: None }
    }

    /// Records so far.
    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// Adds a record.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn add(&mut self, record: &str, version: Option<i64>) -> Result<()> {
        if self.version != Some(version) {
            self.close();
            let event = Event::Records { version, from: self.place, to: None, before: self.records };
            self.spool.state().events.push(event);
            self.version = Some(version);
        }
        self.buffer.extend_from_slice(record.as_bytes());
        self.buffer.push(b'\n');
        self.place += record.len() as u64 + 1;
        self.records += 1;
        if self.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    /// Says which version counts from here on.
    pub(super) fn activate(&mut self, version: i64) {
        self.close();
        self.spool.state().events.push(Event::Activate(version));
        self.spool.changed.notify_all();
    }

    /// Lets what was added be read.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn flush(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        (&self.spool.file).write_all(&self.buffer).map_err(unwritable)?;
        self.buffer.clear();
        self.spool.state().written = self.place;
        self.spool.changed.notify_all();
        Ok(())
    }

    /// No more records of the present version come in this place.
    fn close(&mut self) {
        if self.version.take().is_some()
            && let Some(Event::Records { to, .. }) = self.spool.state().events.last_mut()
        {
            *to = Some(self.place);
        }
    }

    /// Ends the spool.
    ///
    /// # Errors
    /// When what is left cannot be written.
    pub(super) fn finish(mut self, end: End) -> Result<()> {
        self.flush()?;
        self.close();
        self.spool.end(Ok(end));
        Ok(())
    }
}

/// Reads the records of one event, as they come.
pub(super) struct Records<U> {
    spool: Arc<Spool>,
    /// The number of the event.
    event: usize,
    place: u64,
    unwanted: U,
    progress: Arc<Progress>,
}

impl<U: Fn() -> bool> Records<U> {
    pub(super) fn new(spool: Arc<Spool>, event: usize, from: u64, unwanted: U, progress: Arc<Progress>) -> Self {
        Self { spool, event, place: from, unwanted, progress }
    }
}

impl<U: Fn() -> bool> Read for Records<U> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let place = self.place;
        let there = self.spool.wait(&self.unwanted, |state| {
            let to = match state.events.get(self.event) {
                Some(Event::Records { to, .. }) => *to,
                _ => Some(place),
            };
            let upto = to.map_or(state.written, |to| to.min(state.written));
            let is_all = to.is_some_and(|to| to <= place) || state.ended.is_some();
            (upto > place || is_all).then(|| upto.saturating_sub(place))
        });
        let Some(there) = there else { return Err(io::Error::other("nobody wants the rows any more")) };
        let count = buffer.len().min(usize::try_from(there).unwrap_or(usize::MAX));
        let count = self.spool.file.read_at(&mut buffer[..count], place)?;
        self.place += count as u64;
        self.progress.add_bytes_in(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(spool: &Arc<Spool>, event: usize, from: u64) -> String {
        let mut text = String::new();
        Records::new(Arc::clone(spool), event, from, || false, Arc::default()).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn records_are_read_while_they_are_written() {
        let spool = Arc::new(Spool::new().unwrap());
        let reading = Arc::clone(&spool);
        let reader = std::thread::spawn(move || {
            let event = reading.event(0, &|| false).unwrap().unwrap();
            assert!(matches!(event, Event::Records { version: None, from: 0, before: 0, .. }), "{event:?}");
            all(&reading, 0, 0)
        });
        let mut writer = Writer::new(Arc::clone(&spool));
        for n in 0..100_000 {
            writer.add(&format!("{{\"n\":{n}}}"), None).unwrap();
        }
        writer.finish(End { state: Some(Value::from(7)), beyond: 3, began: None }).unwrap();
        let expected: String = (0..100_000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
        assert_eq!(reader.join().unwrap(), expected);
        let end = spool.ended(&|| false).unwrap().unwrap();
        assert_eq!((end.state, end.beyond), (Some(Value::from(7)), 3));
    }

    #[test]
    fn versions_stand_apart() {
        let spool = Arc::new(Spool::new().unwrap());
        let mut writer = Writer::new(Arc::clone(&spool));
        for (record, version) in [("{}", 1), ("[]", 1), ("7", 2)] {
            writer.add(record, Some(version)).unwrap();
        }
        writer.activate(2);
        writer.add("8", Some(2)).unwrap();
        writer.finish(End::default()).unwrap();
        let records = |version, from, to, before| Event::Records { version: Some(version), from, to: Some(to), before };
        let expected = [records(1, 0, 6, 0), records(2, 6, 8, 2), Event::Activate(2), records(2, 8, 10, 3)];
        assert_eq!(spool.events(9), expected);
        assert_eq!(
            (all(&spool, 0, 0).as_str(), all(&spool, 1, 6).as_str(), all(&spool, 3, 8).as_str()),
            ("{}\n[]\n", "7\n", "8\n")
        );
    }

    #[test]
    fn a_program_that_failed_is_told_behind_its_records() {
        let spool = Arc::new(Spool::new().unwrap());
        let mut writer = Writer::new(Arc::clone(&spool));
        writer.add("{}", None).unwrap();
        writer.flush().unwrap();
        let error = headwater_sdk::Error::new("HW0323", headwater_sdk::Blame::Project, "it failed");
        spool.end(Err(Failure::from(&error)));
        assert_eq!(all(&spool, 0, 0), "{}\n");
        assert!(spool.event(1, &|| false).is_err());
        assert!(Spool::new().unwrap().event(0, &|| true).unwrap().is_none(), "nobody waits for what nobody wants");
    }
}
