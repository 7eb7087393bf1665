//! The messages of the output plugin `pgoutput`, version 1 (PostgreSQL's documentation, "Logical Replication Message Formats").

use std::ops::Range;

/// A place in the server's log.
pub(super) type Lsn = u64;

/// A message that something is made of; others are passed over.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message<'a> {
    /// A transaction begins whose commit stands at this place of the log.
    Begin {
        commit: Lsn,
        /// The lower half of its number.
        id: u32,
    },
    /// The columns of a table, from now on.
    Relation {
        oid: u32,
        columns: Vec<String>,
    },
    /// A row is there.
    Insert {
        oid: u32,
        new: Tuple<'a>,
    },
    /// A row is another. `old` has the values of its key where these have changed, or all values, where the table is so set.
    Update {
        oid: u32,
        old: Option<Tuple<'a>>,
        new: Tuple<'a>,
    },
    /// A row is gone: the values of its key, or all.
    Delete {
        oid: u32,
        old: Tuple<'a>,
    },
    /// All rows of these tables are gone.
    Truncate {
        oids: Vec<u32>,
    },
    Other,
}

/// A row's fields, as text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tuple<'a> {
    bytes: &'a [u8],
    fields: Vec<Field>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Field {
    Null,
    /// A long value that was not touched.
    Unchanged,
    Text(Range<usize>),
}

/// A value of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Null,
    /// A long value that was not touched, and is not sent.
    Unchanged,
    Text(&'a [u8]),
}

impl Tuple<'_> {
    /// The value of a column; `None` past the end.
    pub(super) fn value(&self, place: usize) -> Option<Value<'_>> {
        Some(match self.fields.get(place)? {
            Field::Null => Value::Null,
            Field::Unchanged => Value::Unchanged,
            Field::Text(range) => Value::Text(&self.bytes[range.clone()]),
        })
    }
}

/// Reads a message.
///
/// # Errors
/// When it has another form.
pub(super) fn read(bytes: &[u8]) -> Result<Message<'_>, String> {
    let mut reader = Reader { bytes, at: 0 };
    reader.message().ok_or_else(|| {
        format!(
            "a message '{}' of pgoutput has a form that is not known",
            bytes.first().map_or(' ', |b| char::from(*b))
        )
    })
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn message(&mut self) -> Option<Message<'a>> {
        Some(match self.take(1)?[0] {
            b'B' => {
                let commit = u64::from_be_bytes(self.take(8)?.try_into().ok()?);
                let _committed_at = self.take(8)?;
                Message::Begin { commit, id: self.number()? }
            }
            b'R' => self.relation()?,
            b'I' => Message::Insert { oid: self.number()?, new: self.tuple(b'N')? },
            b'U' => {
                let oid = self.number()?;
                let old = match self.bytes.get(self.at)? {
                    b'K' => Some(self.tuple(b'K')?),
                    b'O' => Some(self.tuple(b'O')?),
                    _ => None,
                };
                Message::Update { oid, old, new: self.tuple(b'N')? }
            }
            b'D' => {
                let oid = self.number()?;
                let kind = *self.bytes.get(self.at)?;
                Message::Delete { oid, old: self.tuple(if kind == b'O' { b'O' } else { b'K' })? }
            }
            b'T' => {
                let count = self.number()?;
                self.take(1)?;
                Message::Truncate { oids: (0..count).map(|_| self.number()).collect::<Option<_>>()? }
            }
            _ => Message::Other,
        })
    }

    fn relation(&mut self) -> Option<Message<'a>> {
        let oid = self.number()?;
        let (_schema, _name, _identity) = (self.text()?, self.text()?, self.take(1)?);
        let count = self.short()?;
        let mut columns = Vec::with_capacity(count);
        for _ in 0..count {
            self.take(1)?;
            columns.push(self.text()?);
            self.take(8)?;
        }
        Some(Message::Relation { oid, columns })
    }

    fn tuple(&mut self, kind: u8) -> Option<Tuple<'a>> {
        if self.take(1)?[0] != kind {
            return None;
        }
        let count = self.short()?;
        let mut fields = Vec::with_capacity(count);
        for _ in 0..count {
            fields.push(match self.take(1)?[0] {
                b'n' => Field::Null,
                b'u' => Field::Unchanged,
                b't' => {
                    let length = usize::try_from(self.number()?).ok()?;
                    let begin = self.at;
                    self.take(length)?;
                    Field::Text(begin..self.at)
                }
                // Binary values come only when they are asked for.
                _ => return None,
            });
        }
        Some(Tuple { bytes: self.bytes, fields })
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    fn short(&mut self) -> Option<usize> {
        Some(usize::from(u16::from_be_bytes(self.take(2)?.try_into().ok()?)))
    }

    fn text(&mut self) -> Option<String> {
        let rest = self.bytes.get(self.at..)?;
        let end = rest.iter().position(|byte| *byte == 0)?;
        self.at += end + 1;
        Some(String::from_utf8_lossy(&rest[..end]).into_owned())
    }
}

/// A place in the log as PostgreSQL writes it, e.g. `16/B374D848`.
///
/// # Errors
/// When it is no such place.
pub(super) fn read_lsn(text: &str) -> Result<Lsn, String> {
    let place = text.split_once('/').and_then(|(high, low)| {
        let part = |text| u64::from_str_radix(text, 16).ok().filter(|part| *part <= u64::from(u32::MAX));
        Some(part(high)? << 32 | part(low)?)
    });
    place.ok_or_else(|| format!("'{text}' is no place in the log"))
}

/// As PostgreSQL writes it.
pub(super) fn write_lsn(lsn: Lsn) -> String {
    format!("{:X}/{:X}", lsn >> 32, lsn & u64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tuple(kind: u8, fields: &[Option<&str>]) -> Vec<u8> {
        let mut bytes = vec![kind];
        bytes.extend((fields.len() as u16).to_be_bytes());
        for field in fields {
            match field {
                None => bytes.push(b'u'),
                Some("NULL") => bytes.push(b'n'),
                Some(text) => {
                    bytes.push(b't');
                    bytes.extend((text.len() as u32).to_be_bytes());
                    bytes.extend(text.as_bytes());
                }
            }
        }
        bytes
    }

    #[test]
    fn changes_are_read() {
        let update = [&b"U\0\0\0\x07"[..], &tuple(b'K', &[Some("1")]), &tuple(b'N', &[Some("2"), None])].concat();
        let Message::Update { oid: 7, old: Some(old), new } = read(&update).unwrap() else { panic!("no update") };
        assert_eq!((old.value(0), old.value(1)), (Some(Value::Text(b"1")), None));
        assert_eq!((new.value(0), new.value(1)), (Some(Value::Text(b"2")), Some(Value::Unchanged)));
        let insert = [&b"I\0\0\0\x07"[..], &tuple(b'N', &[Some("NULL"), Some("")])].concat();
        let Message::Insert { new, .. } = read(&insert).unwrap() else { panic!("no insert") };
        assert_eq!((new.value(0), new.value(1)), (Some(Value::Null), Some(Value::Text(b""))));
        assert_eq!(read(b"T\0\0\0\x01\0\0\0\0\x09").unwrap(), Message::Truncate { oids: vec![9] });
        let begin = b"B\0\0\0\0\0\0\0\x10\0\0\0\0\0\0\0\0\0\0\x01\x02";
        assert_eq!(read(begin).unwrap(), Message::Begin { commit: 16, id: 258 });
        assert_eq!(read(b"O").unwrap(), Message::Other);
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        let whole = [&b"U\0\0\0\x07"[..], &tuple(b'K', &[Some("1")]), &tuple(b'N', &[Some("2"), None])].concat();
        (1..whole.len()).for_each(|end| assert!(read(&whole[..end]).is_err(), "{end}"));
        assert!(read(b"").is_err());
    }

    #[test]
    fn places_are_read_as_they_are_written() {
        for place in [0, 1, 0x16_B374_D848, u64::MAX] {
            assert_eq!(read_lsn(&write_lsn(place)), Ok(place));
        }
        assert_eq!(write_lsn(0x16_B374_D848), "16/B374D848");
        assert!(read_lsn("16").is_err() && read_lsn("1/1FFFFFFFF").is_err() && read_lsn("x/1").is_err());
    }
}
