//! The parts of a container file: a header, and blocks of records.

use std::io::{BufReader, Read};
use std::sync::Arc;

use headwater_sdk::{Blame, Error};

use super::codec::{Codec, MOST_BLOCK};
use super::cursor::Damage;
use crate::codes;
use crate::columns::shown;
use crate::files::input::{Compression, into_error};

/// Bytes that the file is asked for at a time.
const CHUNK: usize = 256 << 10;

/// The most bytes of a header: schemas are some kilobytes.
const MOST_HEADER: u64 = 64 << 20;

/// A file whose header has been read.
pub(super) struct Container {
    reader: BufReader<Box<dyn Read + Send>>,
    name: Arc<str>,
    /// Bytes read.
    offset: u64,
    codec: Codec,
    marker: [u8; 16],
    /// The schema, as JSON.
    pub(super) schema: Vec<u8>,
}

/// Records of a file.
#[derive(Debug)]
pub(super) struct Block {
    /// Where in the file it begins.
    pub(super) offset: u64,
    /// How many records there are.
    pub(super) records: u64,
    /// The records, one after the other.
    pub(super) contents: Vec<u8>,
}

impl Container {
    /// Reads a file's header.
    ///
    /// # Errors
    /// When it is no container file, or is compressed in an unknown way.
    pub(super) fn open(file: Box<dyn Read + Send>, name: &Arc<str>) -> Result<Self, Error> {
        let mut container = Self {
            reader: BufReader::with_capacity(CHUNK, file),
            name: Arc::clone(name),
            offset: 0,
            codec: Codec::Null,
            marker: [0; 16],
            schema: Vec::new(),
        };
        let mut magic = Vec::new();
        container.fill(4, &mut magic)?;
        if magic != *b"Obj\x01" {
            let message = match magic.is_empty() {
                true => format!("{name} is no Avro container file: it is empty"),
                false => format!("{name} is no Avro container file: it begins with '{}'", shown(&magic)),
            };
            return Err(Error::new(codes::CORRUPT, Blame::Data, message).help(
                "name its real format, or write it as an object container file (not single records of a message queue)",
            ));
        }
        let mut codec = Vec::new();
        loop {
            let count = container.header_long()?;
            if count == 0 {
                break;
            }
            if count < 0 {
                let _bytes = container.header_long()?;
            }
            for _ in 0..count.unsigned_abs() {
                let key = container.header_bytes()?;
                let value = container.header_bytes()?;
                match key.as_slice() {
                    b"avro.schema" => container.schema = value,
                    b"avro.codec" => codec = value,
                    _ => {}
                }
            }
        }
        container.marker = container.read_marker()?.ok_or_else(|| container.bad_header())?;
        container.codec = Codec::named(&codec).ok_or_else(|| {
            let message = format!("the Avro file {name} is compressed with '{}', which is not read", shown(&codec));
            Error::new(codes::CODEC, Blame::Data, message)
                .help("write it with the codec deflate, snappy, zstandard or null")
        })?;
        Ok(container)
    }

    /// The next block; `None` at the end of the file.
    ///
    /// # Errors
    /// When the file ends within it, or it is damaged.
    pub(super) fn next(&mut self) -> Result<Option<Block>, Error> {
        let offset = self.offset;
        let Some(records) = self.long()? else { return Ok(None) };
        let records = records.map_err(|damage| self.damaged(offset, damage))?;
        let records =
            u64::try_from(records).map_err(|_| self.damaged(offset, Damage("its number of records is negative")))?;
        let size = match self.long()? {
            Some(size) => size.map_err(|damage| self.damaged(offset, damage))?,
            None => return Err(self.cut_off(offset)),
        };
        let size = u64::try_from(size).ok().filter(|size| *size <= MOST_BLOCK);
        let size = size.ok_or_else(|| self.damaged(offset, Damage("its size is negative or above 256 MiB")))?;
        let mut contents = Vec::new();
        self.fill(size, &mut contents)?;
        if (contents.len() as u64) < size {
            return Err(self.cut_off(offset));
        }
        match self.read_marker()? {
            None => return Err(self.cut_off(offset)),
            Some(marker) if marker != self.marker => {
                return Err(self.damaged(offset, Damage("it does not end with the file's marker")));
            }
            Some(_) => {}
        }
        let contents = self.codec.decompress(contents).map_err(|damage| self.damaged(offset, damage))?;
        Ok(Some(Block { offset, records, contents }))
    }

    /// The error for a damaged block.
    pub(super) fn damaged(&self, offset: u64, damage: Damage) -> Error {
        let message = format!("the Avro file {} is damaged: the block at byte {offset}: {}", self.name, damage.0);
        Error::new(codes::CORRUPT, Blame::Data, message).help("fetch or write the file again")
    }

    fn cut_off(&self, offset: u64) -> Error {
        let message = format!("the Avro file {} ends too early: in the block at byte {offset}", self.name);
        Error::new(codes::CORRUPT, Blame::Data, message).help("fetch or write the file again")
    }

    fn bad_header(&self) -> Error {
        let message = format!("the header of the Avro file {} is damaged or cut off", self.name);
        Error::new(codes::CORRUPT, Blame::Data, message).help("fetch or write the file again")
    }

    /// Reads `count` bytes, or as many as there are.
    fn fill(&mut self, count: u64, into: &mut Vec<u8>) -> Result<(), Error> {
        let read = self.reader.by_ref().take(count).read_to_end(into);
        self.offset += read.map_err(|error| into_error(error, &self.name, Compression::None))? as u64;
        Ok(())
    }

    fn read_marker(&mut self) -> Result<Option<[u8; 16]>, Error> {
        let mut marker = Vec::with_capacity(16);
        self.fill(16, &mut marker)?;
        Ok(marker.try_into().ok())
    }

    /// A number; `None` at the end of the file.
    fn long(&mut self) -> Result<Option<Result<i64, Damage>>, Error> {
        let mut bytes = Vec::with_capacity(10);
        while bytes.len() < 10 && bytes.last().is_none_or(|byte| byte & 0x80 != 0) {
            let before = bytes.len();
            self.fill(1, &mut bytes)?;
            if bytes.len() == before {
                break;
            }
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        Ok(Some(super::cursor::Cursor::new(&bytes).long()))
    }

    fn header_long(&mut self) -> Result<i64, Error> {
        match self.long()? {
            Some(Ok(value)) if self.offset <= MOST_HEADER => Ok(value),
            _ => Err(self.bad_header()),
        }
    }

    fn header_bytes(&mut self) -> Result<Vec<u8>, Error> {
        let length = u64::try_from(self.header_long()?).ok().filter(|length| *length <= MOST_HEADER);
        let length = length.ok_or_else(|| self.bad_header())?;
        let mut bytes = Vec::new();
        self.fill(length, &mut bytes)?;
        if (bytes.len() as u64) < length { Err(self.bad_header()) } else { Ok(bytes) }
    }
}
