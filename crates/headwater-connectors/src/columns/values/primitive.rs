//! Columns of fixed-width values and of booleans.

use std::sync::Arc;

use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{ArrayRef, BooleanArray, PrimitiveArray};
use arrow_buffer::{BooleanBufferBuilder, NullBufferBuilder, ScalarBuffer};

use super::{Cells, Flaw, Value, shown};

/// Rows that a column makes room for at first.
pub(super) const ROOM: usize = 8192;

/// Fixed-width values being collected.
#[derive(Debug)]
pub(crate) struct Primitive<T: ArrowPrimitiveType> {
    values: Vec<T::Native>,
    nulls: NullBufferBuilder,
}

impl<T: ArrowPrimitiveType> Primitive<T> {
    pub(super) fn new() -> Self {
        Self { values: Vec::new(), nulls: NullBufferBuilder::new(ROOM) }
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        !self.nulls.is_valid(row)
    }

    pub(super) fn push_null(&mut self) {
        self.values.push(T::Native::default());
        self.nulls.append_null();
    }

    pub(super) fn push(&mut self, value: Value<'_>, parse: impl Fn(&[u8]) -> Option<T::Native>) -> Result<(), Flaw> {
        let (parsed, flaw) = take(value, parse);
        match parsed {
            Some(parsed) => {
                self.values.push(parsed);
                self.nulls.append_non_null();
            }
            None => self.push_null(),
        }
        flaw.map_or(Ok(()), Err)
    }

    /// Takes the values of many rows: the hot loop of every text format.
    pub(super) fn fill<C: Cells>(
        &mut self,
        cells: &C,
        scratch: &mut Vec<u8>,
        bad: &mut dyn FnMut(usize, Flaw),
        parse: impl Fn(&[u8]) -> Option<T::Native>,
    ) {
        self.values.reserve(cells.rows().max(ROOM.saturating_sub(self.values.len())));
        for row in 0..cells.rows() {
            match cells.value(row, scratch) {
                Value::Text(text) => match parse(text) {
                    Some(value) => {
                        self.values.push(value);
                        self.nulls.append_non_null();
                    }
                    None => {
                        if !text.is_empty() {
                            bad(row, Flaw::NotOfType(shown(text)));
                        }
                        self.push_null();
                    }
                },
                Value::Null => self.push_null(),
                Value::Broken(why) => {
                    bad(row, Flaw::Other(why.to_owned()));
                    self.push_null();
                }
            }
        }
    }

    pub(super) fn finish(&mut self) -> PrimitiveArray<T> {
        let values = ScalarBuffer::from(std::mem::take(&mut self.values));
        PrimitiveArray::new(values, self.nulls.finish())
    }
}

/// Booleans being collected.
#[derive(Debug)]
pub(crate) struct Booleans {
    values: BooleanBufferBuilder,
    nulls: NullBufferBuilder,
}

impl Booleans {
    pub(super) fn new() -> Self {
        Self { values: BooleanBufferBuilder::new(ROOM), nulls: NullBufferBuilder::new(ROOM) }
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        !self.nulls.is_valid(row)
    }

    pub(super) fn push(&mut self, value: Value<'_>) -> Result<(), Flaw> {
        let (parsed, flaw) = take(value, crate::text::number::parse_bool);
        self.values.append(parsed.unwrap_or(false));
        self.nulls.append(parsed.is_some());
        flaw.map_or(Ok(()), Err)
    }

    pub(super) fn finish(&mut self) -> ArrayRef {
        Arc::new(BooleanArray::new(self.values.finish(), self.nulls.finish()))
    }
}

/// The value to store, and what is wrong with it. An empty text (one in quotes) is null in every column but a text one.
fn take<T>(value: Value<'_>, parse: impl Fn(&[u8]) -> Option<T>) -> (Option<T>, Option<Flaw>) {
    match value {
        Value::Null => (None, None),
        Value::Broken(why) => (None, Some(Flaw::Other(why.to_owned()))),
        Value::Text(text) => match parse(text) {
            Some(parsed) => (Some(parsed), None),
            None if text.is_empty() => (None, None),
            None => (None, Some(Flaw::NotOfType(shown(text)))),
        },
    }
}
