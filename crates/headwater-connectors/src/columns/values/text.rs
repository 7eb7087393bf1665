//! Columns of strings and of bytes.

use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, StringArray};
use arrow_buffer::{Buffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::ArrowError;

use super::primitive::ROOM;
use super::{Cells, Flaw, Value};

/// Texts being collected, end to end.
#[derive(Debug)]
pub(crate) struct Texts {
    bytes: Vec<u8>,
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl Texts {
    pub(super) fn new() -> Self {
        Self { bytes: Vec::new(), offsets: vec![0], nulls: NullBufferBuilder::new(ROOM) }
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        !self.nulls.is_valid(row)
    }

    /// Bytes collected.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    fn append(&mut self, text: Option<&[u8]>) {
        if let Some(text) = text {
            self.bytes.extend_from_slice(text);
        }
        // Batches end long before 2 GiB: see `Batches::is_full`.
        self.offsets.push(self.bytes.len() as i32);
        self.nulls.append(text.is_some());
    }

    pub(super) fn push(&mut self, value: Value<'_>) -> Result<(), Flaw> {
        match value {
            Value::Text(text) => self.append(Some(text)),
            Value::Null => self.append(None),
            Value::Broken(why) => {
                self.append(None);
                return Err(Flaw::Other(why.to_owned()));
            }
        }
        Ok(())
    }

    /// Takes the values of many rows.
    pub(super) fn fill<C: Cells>(&mut self, cells: &C, scratch: &mut Vec<u8>, bad: &mut dyn FnMut(usize, Flaw)) {
        self.offsets.reserve(cells.rows());
        for row in 0..cells.rows() {
            match cells.value(row, scratch) {
                Value::Text(text) => {
                    self.bytes.extend_from_slice(text);
                    self.offsets.push(self.bytes.len() as i32);
                    self.nulls.append_non_null();
                }
                Value::Null => self.append(None),
                Value::Broken(why) => {
                    bad(row, Flaw::Other(why.to_owned()));
                    self.append(None);
                }
            }
        }
    }

    fn take(&mut self) -> (OffsetBuffer<i32>, Buffer, Option<arrow_buffer::NullBuffer>) {
        let room = self.bytes.len();
        let bytes = std::mem::replace(&mut self.bytes, Vec::with_capacity(room));
        let mut offsets = Vec::with_capacity(ROOM + 1);
        offsets.push(0);
        let offsets = std::mem::replace(&mut self.offsets, offsets);
        (OffsetBuffer::new(ScalarBuffer::from(offsets)), Buffer::from_vec(bytes), self.nulls.finish())
    }

    /// The texts as strings; an error when one is not valid UTF-8, which the caller has ruled out.
    pub(super) fn finish_strings(&mut self) -> Result<ArrayRef, ArrowError> {
        let (offsets, bytes, nulls) = self.take();
        Ok(Arc::new(StringArray::try_new(offsets, bytes, nulls)?))
    }

    /// The texts as bytes.
    pub(super) fn finish_bytes(&mut self) -> Result<ArrayRef, ArrowError> {
        let (offsets, bytes, nulls) = self.take();
        Ok(Arc::new(BinaryArray::try_new(offsets, bytes, nulls)?))
    }
}
