//! The file of what is kept: a head that tells the program by which it was written, then entries, each with its key, how long nobody
//! has asked for it, its length and a hash.

use std::collections::HashMap;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// A hash of a query's text.
pub(super) type Key = [u8; 16];

const MAGIC: &[u8; 16] = b"headwater plans1";
/// Bytes of an entry before its contents: key, age, length and hash.
const HEAD: usize = 16 + 1 + 4 + 16;

/// An entry of a file.
pub(super) struct Entry {
    file: Arc<[u8]>,
    contents: Range<usize>,
    age: u8,
    hash: Key,
}

impl Entry {
    /// In how many files in a row it is without having been asked for.
    pub(super) fn age(&self) -> u8 {
        self.age
    }

    /// Its contents.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.file[self.contents.clone()]
    }

    /// Its contents, if they are as they were written.
    pub(super) fn checked(&self) -> Option<&[u8]> {
        Some(self.bytes()).filter(|bytes| digest(bytes) == self.hash)
    }
}

/// The key of a query.
pub(super) fn key(sql: &str) -> Key {
    digest(sql.as_bytes())
}

fn digest(bytes: &[u8]) -> Key {
    let mut key = Key::default();
    key.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
    key
}

/// The entries of a file; none of one that is not there, is damaged, or was written by another build of the program.
pub(super) fn read(path: &Path) -> HashMap<Key, Entry> {
    let Some((bytes, program)) = std::fs::read(path).ok().zip(program()) else { return HashMap::new() };
    let file: Arc<[u8]> = bytes.into();
    let head = [MAGIC.as_slice(), &program].concat();
    let mut entries = HashMap::new();
    let mut at = if file.starts_with(&head) { head.len() } else { file.len() };
    while let Some(head) = file.get(at..at + HEAD) {
        let array = |range: Range<usize>| <Key>::try_from(&head[range]).unwrap_or_default();
        let length = u32::from_le_bytes([head[17], head[18], head[19], head[20]]) as usize;
        let contents = at + HEAD..at + HEAD + length;
        if contents.end > file.len() {
            break;
        }
        at = contents.end;
        let entry = Entry { file: Arc::clone(&file), contents, age: head[16], hash: array(21..HEAD) };
        entries.insert(array(0..16), entry);
    }
    entries
}

/// Writes a file in place of another.
///
/// # Errors
/// When that cannot be written; the other then stays.
pub(super) fn write<'a>(path: &Path, entries: impl Iterator<Item = (Key, u8, &'a [u8])>) -> std::io::Result<()> {
    let Some(program) = program() else { return Ok(()) };
    // Always the same, so that a process that dies leaves one at most. Two that write at once may spoil it: entries are verified.
    let part = path.with_extension("part");
    let written = (|| {
        let mut file = BufWriter::new(std::fs::File::create(&part)?);
        file.write_all(MAGIC)?;
        file.write_all(&program)?;
        for (key, age, bytes) in entries {
            let Ok(length) = u32::try_from(bytes.len()) else { continue };
            file.write_all(&key)?;
            file.write_all(&[age])?;
            file.write_all(&length.to_le_bytes())?;
            file.write_all(&digest(bytes))?;
            file.write_all(bytes)?;
        }
        file.into_inner()?;
        std::fs::rename(&part, path)
    })();
    if written.is_err() {
        // What is left of it is of no use; that it cannot be removed either changes nothing.
        let _removed = std::fs::remove_file(&part);
    }
    written
}

/// What tells this build of the program from others: its file, how long that is and when it was written.
fn program() -> Option<Key> {
    let path = std::env::current_exe().ok()?;
    let file = std::fs::metadata(&path).ok()?;
    let written = file.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(digest(format!("{}\0{}\0{}", path.display(), file.len(), written.as_nanos()).as_bytes()))
}
