//! Events of the binary log: what of them is read (MySQL's manual, "Binary Log Event"; MariaDB's, "Replication Protocol").

use bytes::Bytes;

use super::super::wire::Fields;

/// Bytes before an event's own.
pub(super) const HEAD: usize = 19;
/// A flag of events that are made for the stream, and stand in no file.
pub(super) const ARTIFICIAL: u16 = 0x20;

pub(super) const QUERY: u8 = 2;
pub(super) const ROTATE: u8 = 4;
/// What a file begins with.
pub(super) const FORMAT: u8 = 15;
pub(super) const XID: u8 = 16;
pub(super) const TABLE_MAP: u8 = 19;
pub(super) const INCIDENT: u8 = 26;
pub(super) const HEARTBEAT: u8 = 27;
pub(super) const XA_PREPARE: u8 = 38;
pub(super) const PARTIAL_UPDATE: u8 = 39;
pub(super) const PAYLOAD: u8 = 40;
pub(super) const HEARTBEAT_2: u8 = 41;
pub(super) const MARIA_GTID: u8 = 162;
pub(super) const MARIA_QUERY_COMPRESSED: u8 = 165;

/// What rows of an event are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowsKind {
    Write,
    Update,
    Delete,
}

/// What an event of rows has of it, and whether its form has more before the rows (version 2), and is compressed.
pub(super) fn rows_kind(kind: u8) -> Option<(RowsKind, bool, bool)> {
    use RowsKind::{Delete, Update, Write};
    Some(match kind {
        23 => (Write, false, false),
        24 => (Update, false, false),
        25 => (Delete, false, false),
        30 => (Write, true, false),
        31 | PARTIAL_UPDATE => (Update, true, false),
        32 => (Delete, true, false),
        166 => (Write, false, true),
        167 => (Update, false, true),
        168 => (Delete, false, true),
        169 => (Write, true, true),
        170 => (Update, true, true),
        171 => (Delete, true, true),
        _ => return None,
    })
}

/// What stands before every event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    /// When it was written, in seconds.
    pub(super) time: u32,
    pub(super) kind: u8,
    /// Bytes of the event, with the head.
    pub(super) size: usize,
    /// Where the event ends in its file, of which 32 bits are told; 0 for one that stands in none.
    pub(super) end: u32,
    pub(super) flags: u16,
}

impl Head {
    pub(super) fn of(event: &[u8]) -> Option<Self> {
        let mut fields = Fields(event.get(..HEAD)?);
        let time = fields.number(4)? as u32;
        let kind = fields.byte()?;
        let _server = fields.number(4)?;
        let (size, end) = (fields.number(4)? as usize, fields.number(4)? as u32);
        Some(Self { time, kind, size, end, flags: fields.number(2)? as u16 })
    }
}

/// A file begins, or goes on: at which offset.
pub(super) fn rotate(body: &[u8]) -> Option<(String, u64)> {
    let mut fields = Fields(body);
    let offset = fields.number(8)?;
    let name = fields.0.split(|byte| *byte == 0).next().unwrap_or_default();
    Some((String::from_utf8_lossy(name).into_owned(), offset))
}

/// A statement that was run: the database that it was run in, and its text.
pub(super) fn query(body: &[u8], is_compressed: bool) -> Option<(String, String)> {
    let mut fields = Fields(body);
    let (_thread, _seconds) = (fields.number(4)?, fields.number(4)?);
    let database = fields.number(1)? as usize;
    let _error = fields.number(2)?;
    let status = fields.number(2)? as usize;
    fields.take(status)?;
    let name = fields.take(database)?;
    fields.byte()?;
    let text = if is_compressed { uncompressed(fields.0)? } else { fields.0.to_vec() };
    Some((String::from_utf8_lossy(name).into_owned(), String::from_utf8_lossy(&text).into_owned()))
}

/// The number by which rows name their table.
pub(super) fn table_id(body: &[u8]) -> Option<u64> {
    Fields(body).number(6)
}

/// A table's columns, as events of rows have them from here on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableMap {
    pub(super) schema: String,
    pub(super) table: String,
    pub(super) columns: Vec<MapColumn>,
    /// What is told only where `binlog_row_metadata` says so.
    pub(super) names: Vec<String>,
    /// For each column that is a number, whether it has no sign; empty where that is not told.
    pub(super) unsigned: Vec<bool>,
    /// Numbers of collations of columns that are texts; empty where they are not told.
    pub(super) collations: Vec<u64>,
    /// Likewise of columns that are enums and sets.
    pub(super) list_collations: Vec<u64>,
    /// Members of columns that are enums, and that are sets, as their bytes.
    pub(super) enums: Vec<Vec<Vec<u8>>>,
    pub(super) sets: Vec<Vec<Vec<u8>>>,
}

/// A column's type there: its number, and what it has beside (lengths, digits).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MapColumn {
    pub(super) code: u8,
    pub(super) meta: u16,
}

pub(super) const FLOAT: u8 = 4;
pub(super) const DOUBLE: u8 = 5;
pub(super) const VARCHAR: u8 = 15;
pub(super) const BIT: u8 = 16;
pub(super) const TIMESTAMP_2: u8 = 17;
pub(super) const DATETIME_2: u8 = 18;
pub(super) const TIME_2: u8 = 19;
pub(super) const BLOB_COMPRESSED: u8 = 140;
pub(super) const VARCHAR_COMPRESSED: u8 = 141;
pub(super) const VECTOR: u8 = 242;
pub(super) const JSON: u8 = 245;
pub(super) const DECIMAL: u8 = 246;
pub(super) const ENUM: u8 = 247;
pub(super) const SET: u8 = 248;
pub(super) const BLOB: u8 = 252;
pub(super) const VAR_STRING: u8 = 253;
pub(super) const STRING: u8 = 254;
pub(super) const GEOMETRY: u8 = 255;

impl MapColumn {
    /// Whether it is a number that may have a sign or not.
    fn is_numeric(self) -> bool {
        matches!(self.code, 1..=5 | 8 | 9 | DECIMAL)
    }

    /// Whether it is a text or bytes.
    fn is_text(self) -> bool {
        matches!(self.code, VARCHAR | VAR_STRING | STRING | 249..=252) && !self.is_list()
    }

    pub(super) fn is_list(self) -> bool {
        matches!(self.code, ENUM | SET)
    }
}

impl TableMap {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let (_id, _flags) = (fields.number(6)?, fields.number(2)?);
        let mut name = || {
            let name = fields.bytes()?;
            fields.byte()?;
            Some(String::from_utf8_lossy(name).into_owned())
        };
        let (schema, table) = (name()?, name()?);
        let count = fields.length()? as usize;
        let codes = fields.take(count)?;
        let mut metas = Fields(fields.bytes()?);
        let columns = codes.iter().map(|code| column(*code, &mut metas)).collect::<Option<Vec<_>>>()?;
        let _nullable = fields.take(count.div_ceil(8))?;
        let mut map = Self {
            schema,
            table,
            columns,
            names: Vec::new(),
            unsigned: Vec::new(),
            collations: Vec::new(),
            list_collations: Vec::new(),
            enums: Vec::new(),
            sets: Vec::new(),
        };
        while !fields.0.is_empty() {
            let kind = fields.byte()?;
            map.tell(kind, Fields(fields.bytes()?))?;
        }
        Some(map)
    }

    /// What is told beside the types.
    fn tell(&mut self, kind: u8, mut fields: Fields<'_>) -> Option<()> {
        match kind {
            1 => {
                let bit = |place: usize| fields.0.get(place / 8).is_some_and(|byte| byte & (0x80 >> (place % 8)) != 0);
                let mut number = 0;
                let mut unsigned = Vec::with_capacity(self.columns.len());
                for column in &self.columns {
                    unsigned.push(column.is_numeric() && bit(number));
                    number += usize::from(column.is_numeric());
                }
                self.unsigned = unsigned;
            }
            2 => {
                let texts = self.columns.iter().filter(|column| column.is_text()).count();
                self.collations = default_collations(&mut fields, texts)?;
            }
            3 => self.collations = numbers(&mut fields)?,
            4 => {
                while !fields.0.is_empty() {
                    self.names.push(String::from_utf8_lossy(fields.bytes()?).into_owned());
                }
            }
            5 => self.sets = members(&mut fields)?,
            6 => self.enums = members(&mut fields)?,
            10 => {
                let lists = self.columns.iter().filter(|c| c.is_list()).count();
                self.list_collations = default_collations(&mut fields, lists)?;
            }
            11 => self.list_collations = numbers(&mut fields)?,
            _ => {}
        }
        Some(())
    }

    /// The collation of a column, if it has one that is told.
    pub(super) fn collation(&self, place: usize) -> Option<u64> {
        let column = *self.columns.get(place)?;
        let before = |is: fn(MapColumn) -> bool| self.columns[..place].iter().filter(|column| is(**column)).count();
        match () {
            () if column.is_list() => self.list_collations.get(before(MapColumn::is_list)).copied(),
            () if column.is_text() => self.collations.get(before(MapColumn::is_text)).copied(),
            () => None,
        }
    }

    /// The members of a column that is an enum or a set, where they are told.
    pub(super) fn members(&self, place: usize) -> Option<&[Vec<u8>]> {
        let code = self.columns.get(place)?.code;
        let before = self.columns[..place].iter().filter(|column| column.code == code).count();
        match code {
            ENUM => self.enums.get(before).map(Vec::as_slice),
            SET => self.sets.get(before).map(Vec::as_slice),
            _ => None,
        }
    }
}

/// A column's type, with what stands of it among `metas`.
fn column(code: u8, metas: &mut Fields<'_>) -> Option<MapColumn> {
    let meta = match code {
        FLOAT | DOUBLE | TIMESTAMP_2 | DATETIME_2 | TIME_2 | BLOB_COMPRESSED | VECTOR | JSON | GEOMETRY | 249..=252 => {
            metas.number(1)?
        }
        VARCHAR | BIT | VARCHAR_COMPRESSED => metas.number(2)?,
        // Two bytes in their order: the digits and those behind the point; the type proper and a length.
        DECIMAL | ENUM | SET | VAR_STRING | STRING => metas.big_endian(2)?,
        _ => 0,
    } as u16;
    if code != STRING {
        return Some(MapColumn { code, meta });
    }
    // A length of more than 255 bytes has two bits in the type's byte.
    let (kind, length) = ((meta >> 8) as u8, meta & 0xFF);
    Some(match kind {
        ENUM | SET => MapColumn { code: kind, meta: length },
        _ => MapColumn { code: STRING, meta: length | u16::from(!kind & 0x30) << 4 },
    })
}

fn numbers(fields: &mut Fields<'_>) -> Option<Vec<u64>> {
    let mut numbers = Vec::new();
    while !fields.0.is_empty() {
        numbers.push(fields.length()?);
    }
    Some(numbers)
}

/// One number for all, and pairs of a place and a number for others.
fn default_collations(fields: &mut Fields<'_>, count: usize) -> Option<Vec<u64>> {
    let mut collations = vec![fields.length()?; count];
    while !fields.0.is_empty() {
        let (place, collation) = (fields.length()? as usize, fields.length()?);
        *collations.get_mut(place)? = collation;
    }
    Some(collations)
}

fn members(fields: &mut Fields<'_>) -> Option<Vec<Vec<Vec<u8>>>> {
    let mut columns = Vec::new();
    while !fields.0.is_empty() {
        let count = fields.length()?;
        columns.push((0..count).map(|_| fields.bytes().map(<[u8]>::to_vec)).collect::<Option<Vec<_>>>()?);
    }
    Some(columns)
}

/// What MariaDB has compressed: a byte that says how, the length, and the bytes as zlib makes them.
pub(super) fn uncompressed(bytes: &[u8]) -> Option<Vec<u8>> {
    use std::io::Read;
    let mut fields = Fields(bytes);
    let head = fields.byte()?;
    let length = fields.big_endian(usize::from(head & 0x07))? as usize;
    if head & 0x70 != 0 {
        return None;
    }
    let mut text = Vec::with_capacity(length.min(1 << 24));
    flate2::read::ZlibDecoder::new(fields.0).take(length as u64 + 1).read_to_end(&mut text).ok()?;
    (text.len() == length).then_some(text)
}

/// The events that a transaction of MySQL was packed into.
pub(super) fn unpacked(
    body: &[u8],
    mut each: impl FnMut(Bytes) -> headwater_sdk::Result<()>,
) -> Option<headwater_sdk::Result<()>> {
    use std::io::Read;
    let (mut fields, mut is_zstd) = (Fields(body), true);
    loop {
        match fields.length()? {
            0 => break,
            kind => {
                let mut value = Fields(fields.bytes()?);
                if kind == 2 {
                    is_zstd = value.length()? == 0;
                }
            }
        }
    }
    let mut reader: Box<dyn Read + '_> =
        if is_zstd { Box::new(zstd::stream::read::Decoder::new(fields.0).ok()?) } else { Box::new(fields.0) };
    loop {
        let mut event = vec![0; HEAD];
        let mut first = 0;
        while first < HEAD {
            match reader.read(&mut event[first..]).ok()? {
                0 if first == 0 => return Some(Ok(())),
                0 => return None,
                read => first += read,
            }
        }
        let size = Head::of(&event)?.size;
        event.resize(size.max(HEAD), 0);
        reader.read_exact(&mut event[HEAD..]).ok()?;
        if let Err(error) = each(Bytes::from(event)) {
            return Some(Err(error));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_read_with_what_is_told_beside_the_types() {
        let mut body = vec![7, 0, 0, 0, 0, 0, 1, 0, 1, b'd', 0, 1, b't', 0, 4];
        // int unsigned, varchar(300), enum, char(255) of four bytes each.
        body.extend([3, VARCHAR, STRING, STRING]);
        body.extend([6, 0x2C, 0x01, ENUM, 1, 0xCE, 0xFC]);
        body.push(0x0F);
        body.extend([1, 1, 0x80]);
        body.extend([2, 3, 45, 1, 8]);
        body.extend([4, 8, 1, b'a', 1, b'b', 1, b'c', 1, b'd']);
        body.extend([6, 5, 2, 1, b'x', 1, b'y']);
        let map = TableMap::read(&body).unwrap();
        assert_eq!((map.schema.as_str(), map.table.as_str()), ("d", "t"));
        assert_eq!(map.columns[1], MapColumn { code: VARCHAR, meta: 300 });
        assert_eq!(map.columns[2], MapColumn { code: ENUM, meta: 1 });
        assert_eq!(map.columns[3], MapColumn { code: STRING, meta: 1020 });
        assert_eq!(map.unsigned, [true, false, false, false]);
        assert_eq!((map.collation(0), map.collation(1), map.collation(3)), (None, Some(45), Some(8)));
        assert_eq!(map.names, ["a", "b", "c", "d"]);
        assert_eq!(map.members(2).unwrap(), [b"x".to_vec(), b"y".to_vec()]);
        assert!(TableMap::read(&body[..12]).is_none(), "cut off");
    }

    #[test]
    fn what_mariadb_compressed_is_what_it_was() {
        use std::io::Write;
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(&[b'x'; 1000]).unwrap();
        let packed = packed.finish().unwrap();
        let bytes = [&[0x82, 0x03, 0xE8][..], &packed].concat();
        assert_eq!(uncompressed(&bytes).unwrap(), vec![b'x'; 1000]);
        assert!(uncompressed(&[&[0x82, 0x03, 0xE9][..], &packed].concat()).is_none(), "another length");
    }
}
