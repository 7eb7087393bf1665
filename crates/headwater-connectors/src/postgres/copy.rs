//! The stream of `COPY … TO STDOUT (FORMAT binary)`: from pieces of bytes to rows.
//!
//! The form is in PostgreSQL's documentation of COPY, "Binary Format": a signature, flags and an extension, then for each row the
//! number of its fields and each field with its length, -1 for null; the number -1 stands at the end.

use bytes::{Buf, Bytes, BytesMut};

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// Takes rows out of pieces of bytes, wherever these are cut.
#[derive(Debug, Default)]
pub(super) struct Rows {
    waiting: BytesMut,
    begun: bool,
    pub(super) ended: bool,
}

impl Rows {
    /// Adds a piece.
    pub(super) fn add(&mut self, piece: &Bytes) {
        self.waiting.extend_from_slice(piece);
    }

    /// The next row that has come whole, its fields being where `fields` says among its bytes.
    ///
    /// # Errors
    /// When the bytes are of another form.
    pub(super) fn next(&mut self, fields: &mut Vec<Option<std::ops::Range<usize>>>) -> Result<Option<Bytes>, String> {
        if !self.begun {
            let Some(head) = self.waiting.get(..SIGNATURE.len() + 8) else { return Ok(None) };
            if !head.starts_with(SIGNATURE) {
                return Err("the server's answer is no binary COPY".to_owned());
            }
            let extension = length_at(head, SIGNATURE.len() + 4).unwrap_or(0);
            let whole = SIGNATURE.len() + 8 + usize::try_from(extension).unwrap_or(0);
            if self.waiting.len() < whole {
                return Ok(None);
            }
            self.waiting.advance(whole);
            self.begun = true;
        }
        fields.clear();
        let Some(count) = self.waiting.get(..2).map(|two| i16::from_be_bytes([two[0], two[1]])) else {
            return Ok(None);
        };
        let Ok(count) = usize::try_from(count) else {
            self.ended = true;
            self.waiting.clear();
            return Ok(None);
        };
        let mut at = 2;
        for _ in 0..count {
            let Some(length) = length_at(&self.waiting, at) else { return Ok(None) };
            at += 4;
            match usize::try_from(length) {
                Err(_) => fields.push(None),
                Ok(length) => {
                    fields.push(Some(at..at + length));
                    at += length;
                }
            }
        }
        Ok((at <= self.waiting.len()).then(|| self.waiting.split_to(at).freeze()))
    }
}

fn length_at(bytes: &[u8], at: usize) -> Option<i32> {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map(i32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A COPY of some rows.
    fn sent(rows: &[Vec<Option<&[u8]>>]) -> Vec<u8> {
        let mut bytes = [SIGNATURE, &[0; 4], &[0, 0, 0, 2, 9, 9]].concat();
        for row in rows {
            bytes.extend((row.len() as i16).to_be_bytes());
            for field in row {
                bytes.extend(field.map_or(-1, |field| field.len() as i32).to_be_bytes());
                bytes.extend(field.unwrap_or_default());
            }
        }
        bytes.extend((-1_i16).to_be_bytes());
        bytes
    }

    #[test]
    fn rows_come_whole_however_the_bytes_are_cut() {
        let rows = [vec![Some(&b"one"[..]), None], vec![Some(b""), Some(b"a longer value")], vec![None, None]];
        let bytes = sent(&rows);
        for size in 1..bytes.len() {
            let (mut reader, mut fields, mut seen) = (Rows::default(), Vec::new(), Vec::new());
            for piece in bytes.chunks(size) {
                reader.add(&Bytes::copy_from_slice(piece));
                while let Some(row) = reader.next(&mut fields).unwrap() {
                    let values = fields.iter().map(|field| field.clone().map(|field| row[field].to_vec()));
                    seen.push(values.collect::<Vec<_>>());
                }
            }
            let wanted: Vec<Vec<Option<Vec<u8>>>> =
                rows.iter().map(|row| row.iter().map(|field| field.map(<[u8]>::to_vec)).collect()).collect();
            assert_eq!(seen, wanted, "in pieces of {size}");
            assert!(reader.ended);
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        let mut reader = Rows::default();
        reader.add(&Bytes::from_static(b"1\tone\n2\ttwo\n3\tthree\n"));
        assert!(reader.next(&mut Vec::new()).is_err());
    }
}
