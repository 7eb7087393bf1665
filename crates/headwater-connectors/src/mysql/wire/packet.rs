//! What stands in packets: numbers of the processor's order, and texts with their length before them.

use std::ops::Range;

use super::{Column, WireError};

/// Bytes that are taken from the front.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Fields<'a>(pub(in super::super) &'a [u8]);

impl<'a> Fields<'a> {
    /// So many bytes.
    pub(in super::super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of so many bytes (at most eight), the least significant first.
    pub(in super::super) fn number(&mut self, length: usize) -> Option<u64> {
        Some(self.take(length)?.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    /// A number of so many bytes (at most eight), the most significant first.
    pub(in super::super) fn big_endian(&mut self, length: usize) -> Option<u64> {
        Some(self.take(length)?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    pub(in super::super) fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    /// A number whose first byte says how many others it has.
    pub(in super::super) fn length(&mut self) -> Option<u64> {
        match self.byte()? {
            small @ ..=0xFA => Some(u64::from(small)),
            0xFC => self.number(2),
            0xFD => self.number(3),
            0xFE => self.number(8),
            _ => None,
        }
    }

    /// Bytes with their length before them.
    pub(in super::super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        self.take(usize::try_from(length).ok()?)
    }

    /// Bytes up to a zero.
    pub(in super::super) fn until_zero(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let taken = self.take(end)?;
        self.byte()?;
        Some(taken)
    }

    /// The place of a field in a row of `all` bytes; the inner `None` is a null.
    pub(super) fn place(&mut self, all: usize) -> Option<Option<Range<usize>>> {
        if self.0.first() == Some(&0xFB) {
            self.byte()?;
            return Some(None);
        }
        let field = self.bytes()?;
        let end = all - self.0.len();
        Some(Some(end - field.len()..end))
    }
}

/// A column of an answer.
pub(super) fn column(packet: &[u8]) -> Option<Column> {
    let mut fields = Fields(packet);
    let (_catalog, _schema, _table, _original) = (fields.bytes()?, fields.bytes()?, fields.bytes()?, fields.bytes()?);
    let (name, _original) = (fields.bytes()?, fields.bytes()?);
    let _length = fields.length()?;
    Some(Column {
        name: String::from_utf8_lossy(name).into_owned(),
        charset: fields.number(2)? as u16,
        length: fields.number(4)? as u32,
        kind: fields.byte()?,
        flags: fields.number(2)? as u16,
        decimals: fields.byte()?,
    })
}

/// What a server says that is wrong.
pub(super) fn error(packet: &[u8]) -> WireError {
    let mut fields = Fields(packet);
    let number = fields.byte().and_then(|_| fields.number(2)).unwrap_or_default() as u16;
    let mut state = "";
    // An error before the login is done has no SQLSTATE.
    if fields.0.first() == Some(&b'#') {
        fields.byte();
        state = fields.take(5).and_then(|state| std::str::from_utf8(state).ok()).unwrap_or_default();
    }
    let message = String::from_utf8_lossy(fields.0).into_owned();
    WireError::Server { number, state: state.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_in_all_their_forms() {
        for (bytes, length) in [
            (&[0x00][..], Some(0)),
            (&[0xFA], Some(250)),
            (&[0xFC, 0x01, 0x02], Some(0x201)),
            (&[0xFD, 1, 2, 3], Some(0x03_02_01)),
            (&[0xFE, 1, 0, 0, 0, 0, 0, 0, 1], Some(0x0100_0000_0000_0001)),
            (&[0xFC, 1], None),
            (&[0xFF], None),
        ] {
            assert_eq!(Fields(bytes).length(), length, "{bytes:?}");
        }
    }

    #[test]
    fn fields_are_found_where_they_stand() {
        let row = [2, b'a', b'b', 0xFB, 0, 1, b'c'];
        let mut fields = Vec::new();
        super::super::text_row(&row, 4, &mut fields).unwrap();
        assert_eq!(fields, [Some(1..3), None, Some(5..5), Some(6..7)]);
        assert!(super::super::text_row(&row, 5, &mut fields).is_err(), "cut off");
        assert!(super::super::text_row(&[9, b'x'], 1, &mut fields).is_err(), "longer than what came");
    }

    #[test]
    fn errors_are_read_with_and_without_a_state() {
        let told = |packet: &[u8]| match error(packet) {
            WireError::Server { number, state, message } => (number, state, message),
            other => panic!("{other:?}"),
        };
        assert_eq!(told(b"\xff\x15\x04#28000no"), (1045, "28000".to_owned(), "no".to_owned()));
        assert_eq!(told(b"\xff\x10\x04too many"), (1040, String::new(), "too many".to_owned()));
    }
}
