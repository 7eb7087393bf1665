//! Files of this machine.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error};

use super::unreadable;
use crate::codes;

/// A local file being read, whose bytes are counted.
#[derive(Debug)]
pub(crate) struct LocalFile {
    file: File,
    /// The state that it was listed with.
    size: u64,
    modified: i64,
    name: Arc<str>,
    progress: Option<Arc<Progress>>,
}

/// When a file was changed last, in microseconds since 1970-01-01T00:00:00Z; 0 where the system does not tell.
pub(crate) fn modified_micros(metadata: &std::fs::Metadata) -> i64 {
    let micros = |duration: std::time::Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    match metadata.modified().map(|time| time.duration_since(UNIX_EPOCH)) {
        Ok(Ok(since)) => micros(since),
        Ok(Err(before)) => -micros(before.duration()),
        Err(_) => 0,
    }
}

impl LocalFile {
    /// Opens a file that was listed with this size and time.
    ///
    /// # Errors
    /// When it cannot be opened or has changed since.
    pub(crate) fn open(
        path: &Path,
        name: &Arc<str>,
        size: u64,
        modified: i64,
        progress: Option<Arc<Progress>>,
    ) -> Result<Self, Error> {
        let file = File::open(path).map_err(|error| unreadable(error, name))?;
        let opened = Self { file, size, modified, name: Arc::clone(name), progress };
        opened.verify()?;
        Ok(opened)
    }

    /// Makes sure that it is as it was listed.
    fn verify(&self) -> Result<(), Error> {
        let metadata = self.file.metadata().map_err(|error| unreadable(error, &self.name))?;
        if metadata.len() != self.size || modified_micros(&metadata) != self.modified {
            return Err(changed(&self.name));
        }
        Ok(())
    }
}

/// The error for a file that is not the one that was planned with.
pub(crate) fn changed(name: &str) -> Error {
    Error::new(codes::CHANGED, Blame::Environment, format!("the file {name} changed while it was being loaded"))
        .help("write files under another name and rename them when they are complete, then run again")
        .transient()
}

impl Read for LocalFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.file.read(buffer) {
                Ok(count) => {
                    if count == 0 && !buffer.is_empty() {
                        // Somebody may have written to it meanwhile.
                        self.verify().map_err(io::Error::other)?;
                    }
                    if let Some(progress) = &self.progress {
                        progress.add_bytes_in(count as u64);
                    }
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(io::Error::other(unreadable(error, &self.name))),
            }
        }
    }
}
