//! Messages about several tables that are read once: what concerns each is put into a temporary file of its own.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::sync::{Mutex, PoisonError};

use headwater_sdk::{Blame, Error, Result};

use super::batch::defect;
use crate::codes;

/// Tables that take part in a reading until it begins.
#[derive(Debug)]
pub(crate) struct Gathering<T>(Mutex<(Vec<T>, bool)>);

impl<T> Default for Gathering<T> {
    fn default() -> Self {
        Self(Mutex::new((Vec::new(), false)))
    }
}

impl<T: Clone> Gathering<T> {
    /// Adds a table; its place among all. `None` when the reading has begun.
    pub(crate) fn add(&self, table: T) -> Option<usize> {
        let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if gathered.1 {
            return None;
        }
        gathered.0.push(table);
        Some(gathered.0.len() - 1)
    }

    /// Begins the reading: all that take part.
    pub(crate) fn begin(&self) -> Vec<T> {
        let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.1 = true;
        gathered.0.clone()
    }
}

/// Files that are written, one for each table.
#[derive(Debug)]
pub(crate) struct Spool(Vec<(BufWriter<File>, u64)>);

/// A file that is done.
#[derive(Debug)]
pub(crate) struct Spooled {
    file: File,
    bytes: u64,
}

impl Spool {
    /// # Errors
    /// When no temporary file can be made.
    pub(crate) fn new(tables: usize) -> Result<Self> {
        let file = |_| tempfile::tempfile().map(|file| (BufWriter::with_capacity(1 << 20, file), 0));
        Ok(Self((0..tables).map(file).collect::<std::io::Result<_>>().map_err(|error| disk(&error))?))
    }

    /// Adds a message about a table, which comes in pieces.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn put(&mut self, table: usize, pieces: &[&[u8]]) -> Result<()> {
        let (file, written) = &mut self.0[table];
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        let length = u32::try_from(length).map_err(|_| defect("a message is too long".to_owned()))?;
        let mut put = file.write_all(&length.to_be_bytes());
        for piece in pieces {
            put = put.and_then(|()| file.write_all(piece));
        }
        put.map_err(|error| disk(&error))?;
        *written += 4 + u64::from(length);
        Ok(())
    }

    /// How far each file is.
    pub(crate) fn marks(&self) -> Vec<u64> {
        self.0.iter().map(|(_, written)| *written).collect()
    }

    /// Takes out what was added since.
    ///
    /// # Errors
    /// When the files cannot be cut.
    pub(crate) fn back_to(&mut self, marks: &[u64]) -> Result<()> {
        for ((file, written), mark) in self.0.iter_mut().zip(marks).filter(|((_, written), mark)| written > mark) {
            // Seeking writes first what waits.
            let cut = file.seek(std::io::SeekFrom::Start(*mark)).and_then(|_| file.get_ref().set_len(*mark));
            cut.map_err(|error| disk(&error))?;
            *written = *mark;
        }
        Ok(())
    }

    /// # Errors
    /// When what waits cannot be written.
    pub(crate) fn finish(self) -> Result<Vec<Spooled>> {
        let close = |(file, bytes): (BufWriter<File>, u64)| {
            let file = file.into_inner().map_err(|error| disk(error.error()))?;
            Ok(Spooled { file, bytes })
        };
        self.0.into_iter().map(close).collect()
    }
}

/// Messages that were put into a file.
#[derive(Debug)]
pub(crate) struct Messages {
    file: BufReader<File>,
    left: u64,
    bytes: Vec<u8>,
}

impl Spooled {
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn messages(&self) -> Result<Messages> {
        let mut file = self.file.try_clone().map_err(|error| disk(&error))?;
        file.rewind().map_err(|error| disk(&error))?;
        Ok(Messages { file: BufReader::with_capacity(1 << 20, file), left: self.bytes, bytes: Vec::new() })
    }
}

impl Messages {
    /// The next one; `None` at the end.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut length = [0; 4];
        self.file.read_exact(&mut length).map_err(|error| disk(&error))?;
        let length = u32::from_be_bytes(length);
        self.bytes.resize(length as usize, 0);
        self.file.read_exact(&mut self.bytes).map_err(|error| disk(&error))?;
        self.left = self.left.saturating_sub(4 + u64::from(length));
        Ok(Some(&self.bytes))
    }
}

fn disk(error: &std::io::Error) -> Error {
    let message = format!("the changes cannot be kept in a temporary file: {error}");
    Error::new(codes::UNREADABLE, Blame::Environment, message)
        .help("make room in the folder for temporary files (TMPDIR says which)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_back_is_not_read() {
        let mut spool = Spool::new(2).unwrap();
        spool.put(0, &[b"a", b"b"]).unwrap();
        let marks = spool.marks();
        spool.put(0, &[b"never"]).unwrap();
        spool.put(1, &[b"never"]).unwrap();
        spool.back_to(&marks).unwrap();
        spool.put(0, &[b"c"]).unwrap();
        let files = spool.finish().unwrap();
        let mut messages = files[0].messages().unwrap();
        assert_eq!(messages.next().unwrap(), Some(&b"ab"[..]));
        assert_eq!(messages.next().unwrap(), Some(&b"c"[..]));
        assert_eq!(messages.next().unwrap(), None);
        assert_eq!(files[1].messages().unwrap().next().unwrap(), None);
    }
}
